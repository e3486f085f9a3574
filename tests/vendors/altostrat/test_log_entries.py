"""The entries of a run's log, in the log of the task."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.waiter import Waiter
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import ALTOSTRAT, response
from tests.vendors.altostrat import WEBHOOK, run
from tests.vendors.facts.odd_values import KEY, ODD

operator_and_sensor = pytest.mark.parametrize("kind", ["operator", "sensor"])

NODES = ["n1", "n2", "n3", "n4"]


@pytest.fixture(autouse=True)
def workflow(emulator: Emulator) -> None:
    """Add a workflow with four steps, of which a status check sees three before the end."""
    emulator.add_workflow("altostrat", "fl_mine", logs=[{"node_id": node} for node in NODES])
    emulator.set_pace(status_checks=6)


def waiting(kind: str, workflow: str = "fl_mine", **options: Any) -> Task:
    """Return a task that waits for a run of the workflow: the operator that starts it, or a sensor."""
    options = {"log_entries": True, **options}
    if kind == "operator":
        return Task(lambda: ALTOSTRAT.task(workflow, **options))
    execution_id = run(workflow, wait_for_completion=False)["execution_id"]
    options = {"task_id": "wait", "execution_id": execution_id, "poke_interval": 0.01, **options}
    return Task(lambda: AltostratExecutionSensor(**options))


def said(logs: list[Any]) -> list[str]:
    """Return the nodes of the entries in a log, in order."""
    lines = [str(entry["event"]) for entry in logs]
    return [line.partition(", node ")[2].split()[0] for line in lines if ", node " in line]


def ended(execution_id: str) -> None:
    """Wait until a run has ended at the vendor."""
    with closing(AltostratHook()) as hook:
        while not hook.get_status(execution_id).is_terminal:
            pass


@operator_and_sensor
@blocking_and_deferred
def test_each_entry_is_written_once_and_in_order_without_a_request_of_its_own(
    emulator: Emulator, kind: str, deferrable: bool
) -> None:
    """Some of them before the end of the run."""
    requests = []
    for wanted in (False, True):
        before = len(emulator.requests("altostrat", "get"))
        with structlog.testing.capture_logs() as logs:
            record = waiting(kind, deferrable=deferrable, log_entries=wanted).run()
        requests.append(len(emulator.requests("altostrat", "get")) - before)
        assert record["state"] == "succeeded"
        assert said(logs) == (NODES if wanted else [])

    assert requests[0] == requests[1]
    lines = [str(entry["event"]) for entry in logs]
    first = next(number for number, line in enumerate(lines) if ", node n1" in line)
    assert first < next(number for number, line in enumerate(lines) if "is completed" in line)


@blocking_and_deferred
def test_the_entries_of_a_run_that_fails_are_written_too(emulator: Emulator, deferrable: bool) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionFailed):
        waiting("operator", "fl_always_fails", deferrable=deferrable).run()

    assert said(logs) == ["n1", "n2"]
    assert "n2 (webhook) at 2" in str(logs)
    line = next(str(entry["event"]) for entry in logs if ", node n2" in str(entry))
    assert line.endswith(': error, output {"error": "Webhook request failed: 503 Service Unavailable"}')


def test_an_entry_is_one_line_that_is_not_long_and_has_no_secret(emulator: Emulator) -> None:
    key = emulator.account("altostrat")["api_key"]
    outputs: list[Any] = [f"one\n\x1btwo {key}", {"key": [key], "to": WEBHOOK}, "x" * 100_000, "end"]
    logs = [{"node_id": f"n{number}", "output": output} for number, output in enumerate(outputs)]
    emulator.add_workflow("altostrat", "fl_mine", logs=logs)

    for deferrable in (False, True):
        with structlog.testing.capture_logs() as captured:
            waiting("operator", deferrable=deferrable).run()

        lines = [str(entry["event"]) for entry in captured if ", node " in str(entry)]
        assert len(lines) == len(outputs)
        assert [line for line in lines if not line.isprintable() or len(line) > 400] == []
        assert key not in json.dumps(lines)
        assert "whsec_abc" not in json.dumps(lines)
        assert "***" in lines[0]
        assert lines[2].endswith("x…")


@pytest.mark.parametrize(
    "name", ["logs", "an entry", "node_id", "component_id", "status", "output", "created_at"]
)
def test_odd_entries_never_change_what_a_status_check_sees(name: str) -> None:
    """Whatever Altostrat sends in a log, the wait goes on, and what is shown is fit to be shown."""
    endpoint = Endpoint("Altostrat", api.API, HttpSettings("https://vendor.example", secrets=(KEY,)))
    entry = {
        "node_id": "n1",
        "component_id": "webhook",
        "status": "success",
        "output": {},
        "created_at": "now",
    }
    for odd, text in ODD.items():
        logs: Any = (
            "@odd@"
            if name == "logs"
            else ["@odd@", entry]
            if name == "an entry"
            else [{**entry, name: "@odd@"}]
        )
        body = json.dumps({"status": "running", "logs": logs}).replace('"@odd@"', text).encode()
        request = endpoint.get_status("fl_run_1", with_details=True)

        step = Waiter("fl_run_1", 1e12, 1.0, logged_entries=0).on_status(
            endpoint.receive(request, response(body)), 0.0
        )

        for line in step.entries:
            assert line.startswith("Execution fl_run_1, "), odd
            assert line.isprintable(), odd
            assert len(line) < 2_000, odd
            assert KEY not in line, odd


def test_a_wait_that_moves_to_another_triggerer_loses_no_entry(emulator: Emulator) -> None:
    """One that is written already can be written once more; the worker that finishes repeats none."""
    emulator.set_pace(status_checks=30)
    task = waiting("operator", deferrable=True)

    with pytest.raises(TaskDeferred) as deferred:
        task.execute()

    async def until_first_entry(logs: list[Any]) -> None:
        waiting = asyncio.create_task(task.trigger(deferred.value).wait())
        while not said(logs):
            assert not waiting.done()
            await asyncio.sleep(0.01)  # the vendor is in another thread
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    with structlog.testing.capture_logs() as first:
        asyncio.run(until_first_entry(first))
    with structlog.testing.capture_logs() as second:
        event = task.fire(deferred.value)
    with structlog.testing.capture_logs() as third:
        task.resume(deferred.value, event)

    assert said(first) == NODES[:3]
    assert said(second) == NODES
    assert said(third) == []
    assert event["logged_entries"] == len(NODES)


@operator_and_sensor
def test_the_entries_after_the_last_check_of_a_deferral_are_written_by_the_worker(
    emulator: Emulator, kind: str
) -> None:
    """The run has ended just after the deadline; what the triggerer has written is not written again."""
    task = waiting(kind, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    execution_id = emulator.runs("altostrat")[0]["execution_id"]
    ended(execution_id)
    event = {"version": 1, "outcome": "timed_out", "execution_id": execution_id, "logged_entries": 2}

    with structlog.testing.capture_logs() as logs:
        record = task.resume(deferred.value, event)

    assert record["state"] == "succeeded"
    assert said(logs) == NODES[2:]


@pytest.mark.parametrize("fault", [None, "server_error", "html"])
def test_a_retry_that_finds_its_run_ended_writes_its_log_if_that_can_be_read(
    emulator: Emulator, fault: str | None
) -> None:
    """A failure to read it never fails the task."""
    task = Task(lambda: ALTOSTRAT.task("fl_mine", log_entries=True, deferrable=True), retries=1)
    with pytest.raises(TaskDeferred):
        task.execute()
    ended(emulator.runs("altostrat")[0]["execution_id"])
    if fault:
        emulator.fail("altostrat", "get", fault, after=1)

    with structlog.testing.capture_logs() as logs:
        record = task.execute()

    assert record["state"] == "succeeded"
    assert said(logs) == ([] if fault else NODES)
    assert len(emulator.runs("altostrat")) == 1


def test_many_entries_leave_the_event_loop_to_others(emulator: Emulator) -> None:
    emulator.add_workflow("altostrat", "fl_mine", logs=[{"node_id": f"n{number}"} for number in range(300)])
    task = waiting("operator", deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    counts = set()

    async def wait(logs: list[Any]) -> None:
        waiting = asyncio.create_task(task.trigger(deferred.value).wait())
        while not waiting.done():
            counts.add(len(logs))
            await asyncio.sleep(0)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(wait(logs))

    assert len(said(logs)) == 300
    assert len(counts) > 20


def test_only_a_wait_that_shows_entries_reads_details_and_is_served_by_no_list(emulator: Emulator) -> None:
    """``tests/vendors/test_required_actions.py`` has what a list does for such a wait."""
    details = []
    for wanted in (False, True):
        task = waiting("operator", deferrable=True, log_entries=wanted)
        task.run()
        details.append(task.deferrals[0]["with_details"])

    assert details == [False, True]


def test_what_cannot_write_entries_rejects_the_parameter_when_the_dag_is_parsed() -> None:
    """A batch has too many of them; a poke of a sensor that is rescheduled does not know what was written."""
    with pytest.raises(errors.InvalidInput, match="log_entries does nothing"):
        ALTOSTRAT.batch([{"workflow_id": "fl_mine"}], log_entries=True)
    sensor = {"task_id": "wait", "execution_id": "7", "log_entries": True, "mode": "reschedule"}
    with pytest.raises(
        errors.InvalidInput, match="log_entries=True and mode='reschedule' exclude each other"
    ):
        AltostratExecutionSensor(**sensor, deferrable=False)
    assert AltostratExecutionSensor(**sensor, deferrable=True).log_entries
