"""What a run's status, output and error are read from."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import ALTOSTRAT, misread, response
from tests.vendors.altostrat import WEBHOOK

STATUSES = {
    "pending": State.QUEUED,
    "running": State.RUNNING,
    "awaiting_ui_interaction": State.PAUSED,
    "completed": State.SUCCEEDED,
    "failed": State.FAILED,
}

FAILURE = "Webhook request failed: 503 Service Unavailable"


def read(body: Any) -> Execution:
    """Read a run. A status check, which does not read the output, says the same about it."""
    execution = api.get_execution("fl_run_1").parse(response(body))
    checked = api.get_status("fl_run_1").parse(response(body))
    assert checked.execution_id == execution.execution_id == "fl_run_1"
    assert (checked.state, checked.status, checked.output) == (execution.state, execution.status, None)
    return execution


def test_only_the_statuses_of_the_page_are_known() -> None:
    """The rest of the body does not matter."""
    other = ["Completed", "success", "cancelled", "HIBERNATING", ""]
    cases = [*STATUSES.items(), *((status, State.UNKNOWN) for status in other)]
    rest = {"error_message": FAILURE, "completed_at": "2025-10-31T12:00:05Z"}

    assert misread(lambda status: read({"status": status, **rest}).state, cases) == {}
    assert api.STATUSES.keys() == STATUSES.keys()


@pytest.mark.parametrize("build", [api.get_status, api.get_execution, api.get_run])
def test_a_body_without_a_status_is_unexpected(build: Any) -> None:
    """However much else it has."""
    bodies = [{}, {"status": None}, {"status": 1}, {"status": ["completed"]}, [], None]
    rest = {"id": "fl_run_1", "completed_at": "2025-10-31T12:00:05Z", "logs": [{"output": 1}]}
    whole = [{**rest, **body} if isinstance(body, dict) else body for body in bodies]

    def parse(body: Any) -> Any:
        return build("fl_run_1").parse(response(body))

    assert misread(parse, ((body, errors.UnexpectedResponse) for body in whole)) == {}


def test_the_output_of_a_run_is_that_of_the_last_entry_of_its_log() -> None:
    """A run has no other output. A log of another form is searched for entries."""
    first, last = {"output": {"a": 1}}, {"output": {"b": 2}, "status": "warning"}
    cases: list[tuple[Any, Any]] = [
        (None, None),
        ([], None),
        ([{}], None),
        ([{"output": None}], None),
        ([first, last], {"b": 2}),
        ([first, {"node_id": "n2", "status": "error"}], None),
        # The page says that an output is an object; any other value is an output too.
        ([{"output": []}], []),
        ([{"output": "text"}], "text"),
        ([{"output": 0}], 0),
        ([{"node_id": 7, "component_id": None, "status": None, "output": False}], False),
        ("text", None),
        ([None, "text", 7], None),
        ([first, None], {"a": 1}),
        ({"node_id": "n2", "output": {"a": 1}}, {"a": 1}),
        ({"n1": first, "n2": last, "n3": None}, {"b": 2}),
    ]

    assert misread(lambda logs: read({"status": "completed", "logs": logs}).output, cases) == {}
    assert read({"status": "completed"}).output is None


@pytest.mark.parametrize("status", ["pending", "running", "awaiting_ui_interaction", "HIBERNATING"])
def test_a_run_that_has_not_ended_has_no_output_and_no_error(status: str) -> None:
    """The last entry of its log is that of an earlier step, and the workflow can continue after an error."""
    logs = [{"node_id": "n1", "status": "error", "output": {"a": 1}}]
    execution = read({"status": status, "error_message": FAILURE, "logs": logs})

    assert (execution.is_terminal, execution.output, execution.message) == (False, None, None)


def test_a_completed_run_is_a_success_although_it_has_an_error_message() -> None:
    """As in the page's example, and after an error that the workflow continues after."""
    logs = [
        {"node_id": "n1", "status": "error"},
        {"node_id": "n2", "status": "success", "output": {"ok": True}},
    ]
    execution = read({"status": "completed", "error_message": FAILURE, "logs": logs})

    assert (execution.state, execution.output, execution.message) == (State.SUCCEEDED, {"ok": True}, None)


def test_a_failed_run_is_explained_by_its_message_or_by_the_nodes_that_failed() -> None:
    """No output is part of the explanation."""
    failed = {"node_id": "n2", "status": "error", "output": {"password": "hunter2"}}
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"error_message": FAILURE, "logs": [failed]}, FAILURE),
        (
            {"error_message": None, "logs": [{"status": "success"}, failed, {"node_id": "n4", "status": "error"}]},
            "an error in node 'n2'; an error in node 'n4'",
        ),
        ({"error_message": "", "logs": [failed]}, "an error in node 'n2'"),
        ({"error_message": {"reason": "no"}}, '{"reason": "no"}'),
        ({"error_message": "two\nlines"}, "two lines"),
        (
            {"error_message": f"POST {WEBHOOK}?sig=s3cr3t failed"},
            "POST https://v1.api.altostrat.io/workflows/webhooks/***?*** failed",
        ),
        ({"error_message": None, "logs": [{"node_id": "n1", "status": "success"}]}, None),
        ({"logs": None}, None),
        ({}, None),
    ]  # fmt: skip

    assert misread(lambda body: read({"status": "failed", **body}).message, cases) == {}


@blocking_and_deferred
def test_the_address_of_a_webhook_is_not_stored_or_logged(emulator: Emulator, deferrable: bool) -> None:
    """The vendor repeats it in the error of a run."""
    error = f"cURL error 28 for {WEBHOOK}"
    emulator.add_workflow("altostrat", "fl_calls", ends="failed", error=error)
    task = Task(lambda: ALTOSTRAT.task("fl_calls", deferrable=deferrable))

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.ExecutionFailed, match=r"webhooks/\*\*\*"),
    ):
        task.run()

    assert "abc123-XYZ" not in task.everything_kept() + str(logs)


@blocking_and_deferred
def test_the_whole_log_is_the_output_if_the_author_wants_that(emulator: Emulator, deferrable: bool) -> None:
    """Of an operator and of a sensor; its last entry has the output that is returned otherwise."""
    record = Task(lambda: ALTOSTRAT.task(deferrable=deferrable, return_log=True)).run()
    waiting = {"task_id": "wait", "execution_id": record["execution_id"], "deferrable": deferrable}

    with_log = Task(lambda: ALTOSTRAT.sensor(**waiting, return_log=True)).run()
    without = Task(lambda: ALTOSTRAT.sensor(**waiting)).run()

    assert [entry["status"] for entry in record["output"]] == ["success"] * len(record["output"])
    assert len(record["output"]) > 1
    assert with_log["output"] == record["output"]
    assert without["output"] == record["output"][-1]["output"]
