"""A wait with a real scheduler, triggerer and worker; its faults are in `dev/chaos`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core.waiter import GIVE_UP, KEEP_WAITING
from airflow_workflow_providers.emulator import Emulator
from dev.real_airflow import RealAirflow
from tests.otlp import Spans, attributes_of
from tests.otlp import receiving as receiving_spans
from tests.real import wait_for
from tests.statsd import Statsd
from tests.statsd import receiving as receiving_metrics

pytestmark = pytest.mark.real

DAGS = Path(__file__).parent / "dags"
TASK = "run"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.set_pace(seconds=25)
        yield emulator


@pytest.fixture(scope="module")
def statsd() -> Iterator[Statsd]:
    with receiving_metrics() as server:
        yield server


@pytest.fixture(scope="module")
def spans() -> Iterator[Spans]:
    with receiving_spans() as server:
        yield server


@pytest.fixture(scope="module")
def airflow(
    vendor: Emulator, statsd: Statsd, spans: Spans, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    connections = {f"{name}_default": vendor.connection(name) for name in ("refold", "altostrat")}
    # With the default of 5 s, tasks fail on a machine that is busy with something else.
    settings = {"AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60", **statsd.settings, **spans.settings}
    with RealAirflow(home, DAGS, connections, settings) as airflow:
        airflow.wait_for_dags(["ends_deferred", "waits_for_a_person"])
        yield airflow


def started(airflow: RealAirflow, dag_id: str, state: str) -> tuple[str, str]:
    """Start a DAG run; return its id and that of the execution, when the task is in this state."""
    run_id = airflow.trigger(dag_id)
    execution_id = wait_for(airflow, lambda: airflow.xcom(dag_id, run_id, TASK, "execution_id"), 120)
    wait_for(airflow, lambda: airflow.task_instances(dag_id, run_id)[0]["state"] == state, 120)
    return run_id, execution_id


def run_of(vendor: Emulator, execution_id: str) -> dict[str, Any]:
    (run,) = [run for run in vendor.runs("refold") if run["execution_id"] == execution_id]
    return run


def test_a_wait_survives_a_restart_of_the_triggerer_and_shows_the_link(
    airflow: RealAirflow, vendor: Emulator
) -> None:
    """The execution is started once, the restart does not stop it, and its result reaches the DAG."""
    run_id, execution_id = started(airflow, "ends_deferred", "deferred")
    path = f"/api/v2/dags/ends_deferred/dagRuns/{run_id}/taskInstances/{TASK}/links"
    links = airflow.request("GET", path)["extra_links"]
    airflow.restart("triggerer")

    assert airflow.wait_for_run("ends_deferred", run_id, 120) == "success"

    record = airflow.xcom("ends_deferred", run_id, TASK, "return_value")
    record = json.loads(record) if isinstance(record, str) else record
    assert (record["execution_id"], record["state"]) == (execution_id, "succeeded")
    assert links["Open execution"].endswith(execution_id)
    assert airflow.request("GET", path)["extra_links"] == links
    assert run_of(vendor, execution_id)["stops"] == 0
    assert len([run for run in vendor.runs("refold") if run["workflow_id"] == "sync-contacts"]) == 1


@pytest.fixture
def quick(vendor: Emulator) -> Iterator[None]:
    """Let executions end after some seconds."""
    vendor.set_pace(seconds=8)
    yield
    vendor.set_pace(seconds=25)


@pytest.mark.usefixtures("quick")
def test_what_a_deferred_task_does_reaches_the_servers_of_metrics_and_traces(
    airflow: RealAirflow, statsd: Statsd, spans: Spans
) -> None:
    """The worker and the triggerer both emit; the span of the execution is in the trace of its task."""
    before = {name: statsd.total(name) for name in ("starts", "status_checks", "run_duration")}

    run_id, execution_id = started(airflow, "ends_deferred", "deferred")
    assert airflow.wait_for_run("ends_deferred", run_id, 120) == "success"

    def new(name: str) -> int:
        return statsd.total(name, vendor="refold", conn_id="refold_default") - before[name]

    wait_for(airflow, lambda: new("run_duration"), 60)
    assert new("starts") == 1
    # Those of the triggerer, which emits them when its last wait has ended.
    wait_for(airflow, lambda: new("status_checks") > 1, 60)
    assert new("run_duration") >= 8_000

    def span() -> Any:
        found = spans.named("workflow_providers.execution")
        named = [each for each in found if execution_id in attributes_of(each).values()]
        return named[0] if named and spans.parent_of(named[0]) else None

    of_run = wait_for(airflow, span, 60)
    assert of_run.end_time_unix_nano - of_run.start_time_unix_nano >= 8e9
    assert attributes_of(of_run)["workflow_providers.state"] == "succeeded"


# -- an execution that waits for a person ----------------------------------------------------------------------------------


@pytest.fixture
def form(vendor: Emulator) -> Iterator[None]:
    """Add a workflow that waits for a person until the test lets it go on."""
    vendor.add_workflow("altostrat", "fl_form", passes=["awaiting_ui_interaction"])
    vendor.set_pace(seconds=3600)
    yield
    vendor.set_pace(seconds=25)


def question(airflow: RealAirflow, run_id: str) -> dict[str, Any]:
    """Return the question of the task; empty if there is none."""
    found = airflow.request("GET", f"/api/v2/dags/waits_for_a_person/dagRuns/{run_id}/hitlDetails")
    return dict(next(iter(found["hitl_details"]), {}))


def asked(airflow: RealAirflow, vendor: Emulator) -> str:
    """
    Start a DAG run; return its id when a person is asked and the task waits in the triggerer.

    Before the first status check there, Airflow's scheduler may not have noticed the deferral, and fail a task that is resumed.
    """
    run_id = airflow.trigger("waits_for_a_person")
    wait_for(airflow, lambda: question(airflow, run_id).get("response_received") is False, 120)
    wait_for(airflow, lambda: state_of(airflow, run_id) == "deferred", 120)
    checks = len(vendor.requests("altostrat", "get"))
    wait_for(airflow, lambda: len(vendor.requests("altostrat", "get")) > checks, 120)
    return run_id


def state_of(airflow: RealAirflow, run_id: str) -> str:
    return str(airflow.task_instances("waits_for_a_person", run_id)[0]["state"])


def answer(airflow: RealAirflow, run_id: str, option: str) -> None:
    """Do what the page Required Actions does."""
    path = f"/api/v2/dags/waits_for_a_person/dagRuns/{run_id}/taskInstances/{TASK}/-1/hitlDetails"
    airflow.request("PATCH", path, {"chosen_options": [option], "params_input": {}})


@pytest.mark.usefixtures("form")
def test_a_person_answers_and_the_wait_continues_until_the_execution_ends(
    airflow: RealAirflow, vendor: Emulator
) -> None:
    run_id = asked(airflow, vendor)
    found = question(airflow, run_id)
    answer(airflow, run_id, KEEP_WAITING)
    # Airflow has resumed the task with the answer already.
    assert state_of(airflow, run_id) != "deferred"
    wait_for(airflow, lambda: state_of(airflow, run_id) == "deferred", 120)
    vendor.set_pace(seconds=0)

    assert airflow.wait_for_run("waits_for_a_person", run_id, 120) == "success"
    assert (found["subject"], found["options"]) == (
        "Altostrat waits for a person: workflow fl_form",
        [KEEP_WAITING, GIVE_UP],
    )
    assert question(airflow, run_id)["responded_by_user"]


@pytest.mark.usefixtures("form")
def test_a_person_gives_up_and_there_is_no_retry(airflow: RealAirflow, vendor: Emulator) -> None:
    run_id = asked(airflow, vendor)
    (asking,) = airflow.task_instances("waits_for_a_person", run_id)
    answer(airflow, run_id, GIVE_UP)

    assert airflow.wait_for_run("waits_for_a_person", run_id, 120) == "failed"
    (failed,) = airflow.task_instances("waits_for_a_person", run_id)
    assert failed["try_number"] == asking["try_number"] <= failed["max_tries"]
    log = json.dumps(airflow.task_log("waits_for_a_person", run_id, TASK, try_number=failed["try_number"]))
    assert "A person has given up Altostrat execution" in log


@pytest.mark.usefixtures("form")
def test_the_question_is_closed_when_the_execution_goes_on(airflow: RealAirflow, vendor: Emulator) -> None:
    """Nobody has answered in Airflow."""
    run_id = asked(airflow, vendor)
    vendor.set_pace(seconds=0)

    assert airflow.wait_for_run("waits_for_a_person", run_id, 120) == "success"
    found = question(airflow, run_id)
    assert (found["response_received"], found["chosen_options"], found["responded_by_user"]) == (
        True,
        [KEEP_WAITING],
        None,
    )


@pytest.mark.usefixtures("form")
def test_a_question_of_an_earlier_try_is_closed_by_the_next_one(
    airflow: RealAirflow, vendor: Emulator
) -> None:
    """Airflow hands it on when the task is cleared; the new execution does not wait for a person."""
    run_id = asked(airflow, vendor)
    vendor.add_workflow("altostrat", "fl_form")
    body = {"dry_run": False, "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True}
    airflow.request("POST", "/api/v2/dags/waits_for_a_person/clearTaskInstances", body)
    wait_for(airflow, lambda: question(airflow, run_id).get("response_received"), 120)
    assert state_of(airflow, run_id) == "deferred"
    vendor.set_pace(seconds=0)

    assert airflow.wait_for_run("waits_for_a_person", run_id, 120) == "success"
    assert question(airflow, run_id)["responded_by_user"] is None
