"""The examples and a few DAGs of the tests, with ``dag.test()``: Airflow's own task runner, trigger and database."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow import sdk
from airflow.models.asset import AssetEvent, AssetModel
from airflow.sdk import task_group
from airflow.sdk.definitions.context import Context
from airflow.settings import Session
from sqlalchemy import MetaData, select

from airflow_workflow_providers.emulator import Emulator
from dev.vendors import CASES, NAMES
from tests.airflow.conftest import EXAMPLES, ODD_OUTPUT, Result, dag_bag

pytestmark = pytest.mark.airflow

#: The examples of every vendor, and how many runs each starts at the vendor.
USUAL = {"blocking": 1, "deferred": 1, "failing": 1, "mapped": 2, "sensor": 1}
#: Each example, with those that only one vendor has, or that start more runs.
EXAMPLE_DAGS = {
    "altostrat_upgrades": 4,
    "laminar_claims": 8,
    **{f"{vendor}_{kind}": started for vendor in NAMES for kind, started in USUAL.items()},
    "altostrat_log_entries": 1,
    "altostrat_required_action": 1,
    "altostrat_synchronous": 1,
    "datalab_batch": 200,
    "datalab_convert": 2,
    "datalab_document": 2,
    "datalab_pipeline": 2,
    "datalab_to_warehouse": 1,
    "laminar_synchronous": 1,
    "promptlayer_nightly_evaluation": 2,
    "refold_decorated": 4,
    "refold_deferred": 2,
    "refold_events": 0,
    "refold_every_customer": 4,
    "refold_hook": 2,
    "refold_mapped": 3,
    "refold_outlet": 1,
    "refold_payload_file": 2,
    "refold_required_action": 1,
    "refold_stopped": 1,
    "refold_synchronous": 1,
}

HAS_STATE_STORE = "task_state_store" in Context.__annotations__
CAN_RESCHEDULE = hasattr(getattr(sdk, "RetryDecision", None), "reschedule")
if hasattr(task_group(lambda: None), "loop"):
    EXAMPLE_DAGS["promptlayer_ask_again"] = 2


def test_every_example_can_be_imported_and_is_in_the_table_above() -> None:
    """``airflow dags list-import-errors`` would find nothing: it reads what a running dag-processor has stored."""
    bag = dag_bag(EXAMPLES)

    assert bag.import_errors == {}
    assert sorted(bag.dag_ids) == sorted(EXAMPLE_DAGS)


#: These run on every Airflow: a deferral of each vendor, a batch, a failure, and what Airflow does itself (mapping, a teardown).
EVERYWHERE = {
    "datalab_batch",
    "laminar_blocking",
    "promptlayer_ask_again",
    "refold_decorated",
    "refold_failing",
    "refold_mapped",
    "refold_payload_file",
    "refold_stopped",
    *(dag_id for dag_id in EXAMPLE_DAGS if dag_id.endswith("_deferred")),
}


@pytest.mark.parametrize(
    ("dag_id", "started"),
    [
        pytest.param(dag_id, started, marks=[] if dag_id in EVERYWHERE else [pytest.mark.newest])
        for dag_id, started in EXAMPLE_DAGS.items()
    ],
)
def test_an_example_ends_as_it_says(
    dags: dict[str, Any], result_of: Callable[[str], Result], dag_id: str, started: int
) -> None:
    """With success, unless its tag says something else; and so many runs were started."""
    expected = "failed" if "expect:failed" in dags[dag_id].tags else "success"

    assert result_of(dag_id).state == expected
    assert len(result_of(dag_id).started) == started


def test_a_mapped_task_reads_its_input_from_a_file_and_renders_it(result_of: Callable[[str], Result]) -> None:
    result = result_of("refold_payload_file")

    assert result.xcoms["addresses", -1, "return_value"] == ["jane@example.com", "john@example.com"]
    assert "{{" not in json.dumps([run["input"] for run in result.started])


def test_a_decorated_function_returns_the_input_of_each_mapped_task(
    result_of: Callable[[str], Result],
) -> None:
    result = result_of("refold_decorated")

    assert result.xcoms["addresses", -1, "return_value"] == ["ada@example.com", "jane@example.com"]
    assert result.xcoms["confirm", -1, "return_value"]["counts"] == {"succeeded": 2}


def test_each_document_of_a_bucket_becomes_a_row(result_of: Callable[[str], Result]) -> None:
    """The pipeline has several steps, and each has a result."""
    loaded = result_of("datalab_to_warehouse").xcoms["load", -1, "return_value"]

    with closing(sqlite3.connect(Path(tempfile.gettempdir()) / "datalab_warehouse.db")) as warehouse:
        rows = warehouse.execute("SELECT uri, content FROM documents").fetchall()
    assert loaded >= 1
    assert len(rows) >= loaded
    assert all(json.loads(content) for _, content in rows)


@pytest.mark.newest
def test_a_retry_resumes_the_upgrade_of_each_site(result_of: Callable[[str], Result]) -> None:
    """The first upgrade of each site fails at its last step; the second one is none of its own."""
    started = result_of("altostrat_upgrades").started

    assert sorted(run["status"] for run in started) == ["completed", "completed", "failed", "failed"]
    first = {run["execution_id"] for run in started if run["status"] == "failed"}
    assert {run.get("resumed_from") for run in started if run["status"] == "completed"} == first


def test_ids_and_results_pass_between_tasks(result_of: Callable[[str], Result]) -> None:
    """The record is the return value. The id and the address of the button have XComs of their own."""
    stored = result_of("refold_deferred").xcoms
    first, second = result_of("refold_deferred").started
    record = stored["sync_contacts", -1, "return_value"]

    assert set(record) == {"execution_id", "state", "status", "output", "url"}
    assert record["execution_id"] == stored["sync_contacts", -1, "execution_id"] == first["execution_id"]
    assert first["input"]["run"].startswith("manual__")
    assert second["input"] == {"after": first["execution_id"], "answer": record["output"]}
    assert stored["sync_contacts", -1, "_link_ExecutionLink"] == record["url"]
    assert record["url"].endswith(first["execution_id"])


@pytest.mark.newest
def test_an_outlet_of_an_operator_is_an_event_of_its_asset(result_of: Callable[[str], Result]) -> None:
    """The DAG that the asset schedules starts without a watcher."""
    (run,) = result_of("refold_outlet").started

    with Session() as session:
        rows = select(AssetEvent.source_task_id, AssetModel.uri).join(
            AssetModel, AssetModel.id == AssetEvent.asset_id
        )
        events = [tuple(row) for row in session.execute(rows)]
    assert events == [("sync_contacts", f"refold://workflow/{run['workflow_id']}")]


def test_each_mapped_task_has_its_own_run(result_of: Callable[[str], Result]) -> None:
    stored = result_of("refold_mapped").xcoms
    inputs = {run["execution_id"]: run["input"] for run in result_of("refold_mapped").started}

    for index, name in enumerate(("ada", "grace", "jane")):
        record = stored["sync_contacts", index, "return_value"]
        assert inputs[record["execution_id"]] == {"email": f"{name}@example.com"}
    assert stored["count", -1, "return_value"] == 3


def test_a_task_can_be_mapped_over_linked_accounts(result_of: Callable[[str], Result]) -> None:
    """Each has its own run, which its trigger polls. A sensor finds a run with the same linked account."""
    stored, started = result_of("customers").xcoms, result_of("customers").started

    assert result_of("customers").state == "success"
    ids = {run["execution_id"]: run["linked_account_id"] for run in started}
    records = [stored["run", index, "return_value"] for index in (0, 1)]
    assert [ids[record["execution_id"]] for record in records] == ["customer_1", "customer_2"]
    assert stored["wait", -1, "return_value"] == records[1]


def test_a_teardown_stops_the_run(result_of: Callable[[str], Result]) -> None:
    (run,) = result_of("refold_stopped").started

    assert (run["status"], run["stops"]) == ("STOPPED", 1)


@pytest.mark.parametrize("dag_id", ["retried_blocking", "retried_deferred"])
def test_a_retry_reattaches_to_the_run_where_airflow_has_a_state_store(
    result_of: Callable[[str], Result], dag_id: str
) -> None:
    """Airflow 3.3 has one. Earlier versions store nothing for a retry, so it submits a new run."""
    retried = result_of(dag_id)

    assert retried.state == "success"
    assert len(retried.started) == (1 if HAS_STATE_STORE else 2)
    record = retried.xcoms["run", -1, "return_value"]
    assert record["execution_id"] == retried.started[-1]["execution_id"]


def test_a_task_runs_again_without_using_up_a_retry_where_airflow_can_reschedule(
    result_of: Callable[[str], Result],
) -> None:
    """The vendor is down twice, and the task has no retry. Airflow 3.4 reschedules it; earlier versions fail it."""
    result = result_of("rescheduled")

    assert result.state == ("success" if CAN_RESCHEDULE else "failed")
    assert result.xcoms.get(("ask", -1, "return_value")) == (2 if CAN_RESCHEDULE else None)


@pytest.mark.parametrize("dag_id", ["odd_blocking", "odd_deferred"])
def test_an_output_that_airflow_cannot_store_reaches_the_next_task_in_the_nearest_form(
    result_of: Callable[[str], Result], dag_id: str
) -> None:
    """Through Airflow's XCom and its database. The run has succeeded, and so does the task."""
    odd = result_of(dag_id)
    output = odd.xcoms["read", -1, "return_value"]

    assert odd.state == "success"
    assert output["lone surrogate"] == "x\ufffdy"
    assert output["not a number"] == ["NaN", "Infinity"]
    assert output["large"] == str(2**70)
    assert output["reserved"] == '{"__classname__": "airflow.sdk.timezone", "__data__": 1}'
    assert output["plain"] == ODD_OUTPUT["plain"]
    assert json.dumps(output["deep"]).count("[") == 120


def test_a_task_that_fails_without_a_run_reads_no_xcom(
    result_of: Callable[[str], Result], capfd: pytest.CaptureFixture[str]
) -> None:
    """Airflow would log an error about a missing XCom, such as the address of the button."""
    assert result_of("odd_rejected").state == "failed"

    output = "".join(capfd.readouterr())
    assert "could not start workflow no-such-workflow" in output
    assert "XCom not found" not in output


def test_no_secret_is_in_the_database(
    result_of: Callable[[str], Result], workflow_emulator_process: Emulator
) -> None:
    """In no table of all that Airflow has stored of these runs."""
    for dag_id in ("refold_failing", "laminar_blocking", *(f"{name}_deferred" for name in NAMES)):
        result_of(dag_id)

    found, searched = [], set()
    link = result_of("refold_deferred").xcoms["sync_contacts", -1, "_link_ExecutionLink"]
    secrets = {
        (vendor.conn_type, name): workflow_emulator_process.account(vendor.conn_type)[name]
        for vendor in CASES.values()
        for name in vendor.secrets
    }
    with Session() as session:
        tables = MetaData()
        tables.reflect(session.connection())
        for table in tables.sorted_tables:
            stored = repr(session.execute(select(table)).all())
            found += [(table.name, name) for name, secret in secrets.items() if secret in stored]
            searched |= {table.name} if link in stored else set()

    assert searched, "the search sees what a task has stored"
    assert found == []
