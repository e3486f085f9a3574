"""The examples and a few DAGs of our own on a real task runner, trigger and database, by ``dag.test()``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk.definitions.context import Context
from airflow.settings import Session
from sqlalchemy import MetaData, select

from airflow_workflow_providers.emulator import Emulator
from tests.airflow.conftest import EXAMPLES, ODD_OUTPUT, Ended, dag_bag
from tests.vendors import VENDORS

pytestmark = pytest.mark.airflow

#: Every example, and how many runs it starts at the vendor.
EXAMPLE_DAGS = {
    "altostrat_blocking": 1,
    "altostrat_deferred": 1,
    "altostrat_failing": 1,
    "altostrat_mapped": 2,
    "altostrat_sensor": 1,
    "datalab_blocking": 1,
    "datalab_deferred": 1,
    "datalab_failing": 1,
    "datalab_mapped": 2,
    "datalab_sensor": 1,
    "laminar_blocking": 1,
    "laminar_deferred": 1,
    "laminar_failing": 1,
    "laminar_mapped": 2,
    "laminar_sensor": 1,
    "promptlayer_blocking": 1,
    "promptlayer_deferred": 1,
    "promptlayer_failing": 1,
    "promptlayer_mapped": 2,
    "promptlayer_sensor": 1,
    "refold_blocking": 1,
    "refold_deferred": 2,
    "refold_failing": 1,
    "refold_mapped": 3,
    "refold_sensor": 1,
    "refold_stopped": 1,
    "refold_synchronous": 1,
}

HAS_STATE_STORE = "task_state_store" in Context.__annotations__


def test_the_examples_can_be_imported_and_are_those_that_are_written_here() -> None:
    """``airflow dags list-import-errors`` says that all is well where no dag-processor runs; this does not."""
    bag = dag_bag(EXAMPLES)

    assert bag.import_errors == {}
    assert sorted(bag.dag_ids) == sorted(EXAMPLE_DAGS)


ALL_VENDORS = ("altostrat", "datalab", "laminar", "promptlayer", "refold")

#: A deferral of each vendor, a failure, and what is an Airflow's own to do (mapping, a teardown) run on every Airflow.
EVERYWHERE = {
    "laminar_blocking",
    "refold_failing",
    "refold_mapped",
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
    dags: dict[str, Any], ended: Callable[[str], Ended], dag_id: str, started: int
) -> None:
    """Success, unless its tag says otherwise; and the vendor has been asked for just so many runs."""
    expected = "failed" if "expect:failed" in dags[dag_id].tags else "success"

    assert ended(dag_id).state == expected
    assert len(ended(dag_id).started) == started


def test_ids_and_results_pass_between_tasks(ended: Callable[[str], Ended]) -> None:
    """The record is the result, the id is in an XCom of its own, and the button's address is stored."""
    stored = ended("refold_deferred").xcoms
    first, second = ended("refold_deferred").started
    record = stored["sync_contacts", -1, "return_value"]

    assert set(record) == {"execution_id", "state", "status", "output", "url"}
    assert record["execution_id"] == stored["sync_contacts", -1, "execution_id"] == first["execution_id"]
    assert first["input"]["run"].startswith("manual__")
    assert second["input"] == {"after": first["execution_id"], "answer": record["output"]}
    assert stored["sync_contacts", -1, "_link_ExecutionLink"] == record["url"]
    assert record["url"].endswith(first["execution_id"])


def test_mapped_tasks_keep_to_their_own_run(ended: Callable[[str], Ended]) -> None:
    stored = ended("refold_mapped").xcoms
    inputs = {run["execution_id"]: run["input"] for run in ended("refold_mapped").started}

    for index, name in enumerate(("ada", "grace", "jane")):
        record = stored["sync_contacts", index, "return_value"]
        assert inputs[record["execution_id"]] == {"email": f"{name}@example.com"}
    assert stored["count", -1, "return_value"] == 3


def test_a_teardown_stops_what_was_started(ended: Callable[[str], Ended]) -> None:
    (run,) = ended("refold_stopped").started

    assert (run["status"], run["stops"]) == ("STOPPED", 1)


@pytest.mark.parametrize("dag_id", ["retried_blocking", "retried_deferred"])
def test_a_retry_takes_up_the_run_where_airflow_can_remember_it(
    ended: Callable[[str], Ended], dag_id: str
) -> None:
    """On 3.3 the second try finds the first one's run; before that there is nowhere to keep its id."""
    retried = ended(dag_id)

    assert retried.state == "success"
    assert len(retried.started) == (1 if HAS_STATE_STORE else 2)
    record = retried.xcoms["run", -1, "return_value"]
    assert record["execution_id"] == retried.started[-1]["execution_id"]


@pytest.mark.parametrize("dag_id", ["odd_blocking", "odd_deferred"])
def test_an_output_that_airflow_cannot_store_reaches_the_next_task_in_the_nearest_form(
    ended: Callable[[str], Ended], dag_id: str
) -> None:
    """Over Airflow's own XCom and its database: the run has succeeded, and so does the task."""
    odd = ended(dag_id)
    output = odd.xcoms["read", -1, "return_value"]

    assert odd.state == "success"
    assert output["half of a pair"] == "x\ufffdy"
    assert output["not a number"] == ["NaN", "Infinity"]
    assert output["large"] == str(2**70)
    assert output["reserved"] == '{"__classname__": "airflow.sdk.timezone", "__data__": 1}'
    assert output["plain"] == ODD_OUTPUT["plain"]
    assert json.dumps(output["deep"]).count("[") == 120


def test_a_task_that_fails_before_there_is_a_run_asks_for_no_xcom(
    ended: Callable[[str], Ended], capfd: pytest.CaptureFixture[str]
) -> None:
    """Airflow logs an error where it is asked for an XCom that is not there, as the one of the button."""
    assert ended("odd_refused").state == "failed"

    said = "".join(capfd.readouterr())
    assert "could not start workflow no-such-workflow" in said
    assert "XCom not found" not in said


def test_no_secret_is_in_the_database(
    ended: Callable[[str], Ended], workflow_emulator_process: Emulator
) -> None:
    """Whatever Airflow has stored of these runs, in whichever table."""
    for dag_id in ("refold_failing", "laminar_blocking", *(f"{name}_deferred" for name in ALL_VENDORS)):
        ended(dag_id)

    found = []
    secrets = {
        (vendor.conn_type, name): workflow_emulator_process.account(vendor.conn_type)[name]
        for vendor in VENDORS
        for name in vendor.secrets
    }
    with Session() as session:
        tables = MetaData()
        tables.reflect(session.connection())
        for table in tables.sorted_tables:
            kept = repr(session.execute(select(table)).all())
            found += [(table.name, name) for name, secret in secrets.items() if secret in kept]

    assert "xcom" in tables.tables
    assert found == []
