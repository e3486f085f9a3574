"""What the state of an execution is read from: its status, its success, its error, and its steps and files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from tests.vendors import misread
from tests.vendors.datalab import QUOTA, read

STATUSES = {
    "PENDING": State.QUEUED,
    "QUEUED": State.QUEUED,
    "PROCESSING": State.RUNNING,
    "IN_PROGRESS": State.RUNNING,
    "COMPLETED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    # No page has these: they are the other ends of a run in Temporal, which Datalab runs on.
    "CANCELED": State.STOPPED,
    "CANCELLED": State.STOPPED,
    "TERMINATED": State.STOPPED,
    "TIMED_OUT": State.FAILED,
}


def test_only_known_statuses_are_read_in_either_case() -> None:
    """An error or a ``success`` beside an unknown status changes nothing: Datalab says that it may add statuses."""
    other = ["", "complete", "completed_with_errors", "SUCCESS", "HIBERNATING", "COMPLETED "]
    known = [(same, state) for status, state in STATUSES.items() for same in (status, status.lower())]
    unknown = [(status, State.UNKNOWN) for status in other]

    assert misread(lambda status: read({"status": status}).state, known + unknown) == {}
    assert misread(lambda status: read({"status": status, "success": False}).state, unknown) == {}
    assert misread(lambda status: read({"status": status, "error": "no"}).state, unknown) == {}
    assert api.STATUSES.keys() == STATUSES.keys()
    assert read({"status": "processing"}).status == "processing"


def test_a_body_that_contradicts_itself_is_not_a_success() -> None:
    """A team above its quota of pages gets a 200 with an error and without a status, which ends the execution."""
    cases: list[tuple[dict[str, Any], State]] = [
        ({"success": False, "error": QUOTA}, State.FAILED),
        ({"success": False}, State.FAILED),
        ({"success": False, "status": "COMPLETED"}, State.FAILED),
        ({"success": False, "error": QUOTA, "status": "COMPLETED"}, State.FAILED),
        ({"success": True, "status": "FAILED"}, State.FAILED),
        ({"success": False, "status": "IN_PROGRESS"}, State.RUNNING),
        ({"status": "COMPLETED", "error": QUOTA}, State.PARTIAL),
        ({"status": "COMPLETED", "error": None, "success": True}, State.SUCCEEDED),
        ({"status": "COMPLETED", "error": "", "success": None}, State.SUCCEEDED),
        ({"status": "COMPLETED", "steps": "all"}, State.SUCCEEDED),
        ({"status": "COMPLETED", "steps": 7, "error": {}}, State.SUCCEEDED),
    ]

    assert misread(lambda body: read(body).state, cases) == {}
    assert [body for body, _ in cases if read(body).message != (body.get("error") or None)] == []


def test_a_success_that_is_neither_true_nor_false_is_a_failure_that_shows_it() -> None:
    for success in ("false", "true", 0, 1, "", [], {}):
        execution = read({"status": "COMPLETED", "success": success})
        shown = success if isinstance(success, str) else json.dumps(success)
        assert (execution.state, execution.message) == (State.FAILED, f"success is {shown!r}")
        going = read({"status": "IN_PROGRESS", "success": success})
        assert (going.state, going.message) == (State.RUNNING, None)


def test_a_body_without_a_status_is_unexpected_and_shown() -> None:
    bodies: list[Any] = [
        *({}, {"status": None}, {"error": "try again"}, {"status": 5}, {"status": ["COMPLETED"]}),
        {"status": None, "success": True, "steps": {"parse": {"status": "COMPLETED"}}},
        *([], None, "COMPLETED"),
    ]

    assert misread(read, ((body, errors.UnexpectedResponse) for body in bodies)) == {}
    with pytest.raises(errors.UnexpectedResponse, match="nothing here"):
        read({"execution_id": 1, "note": "nothing here"})


def test_a_completed_execution_is_a_success_only_if_each_step_and_file_is() -> None:
    """The message names the steps and files that are not."""
    success = (State.SUCCEEDED, None)
    cases: list[tuple[Any, Any]] = [
        ({"parse": {"status": "COMPLETED"}}, success),
        ({"parse": {"status": "completed", "error": None}}, success),
        ({"parse": {"f1": {"status": "COMPLETED"}, "f2": {"status": "COMPLETED"}}}, success),
        # Without a status of its own, the execution's status decides.
        ({"parse": None}, success),
        ({"parse": {}}, success),
        ({"parse": {"status": None}}, success),
        ({"parse": {"f1": None, "f2": {}}}, success),
        ({"parse": "COMPLETED"}, success),
        ([], success),
        (None, success),
        # The branch of a condition that is not taken.
        ({"parse": {"status": "COMPLETED"}, "no": {"status": "SKIPPED"}}, success),
        ({"parse": {"f1": {"status": "COMPLETED"}, "f2": {"status": "skipped"}}}, success),
        ({"no": "SKIPPED"}, success),
        ({"no": {"status": "SKIPPED", "error": "bad page"}}, (State.PARTIAL, "no: bad page")),
        ({"parse": {"status": "COMPLETED\x00"}}, (State.PARTIAL, "parse: COMPLETED")),
        # Failed, in each form.
        ({"parse": {"status": "FAILED"}}, (State.PARTIAL, "parse: FAILED")),
        ({"parse": {"status": "failed", "error": "bad page"}}, (State.PARTIAL, "parse: bad page")),
        ({"parse": {"f1": {"status": "FAILED", "error": "bad page"}}}, (State.PARTIAL, "parse[f1]: bad page")),
        ({"parse": {"f1": {"status": "COMPLETED", "error": "bad page"}}}, (State.PARTIAL, "parse[f1]: bad page")),
        ({"parse": {"f1": {"error_message": "bad page"}}}, (State.PARTIAL, "parse[f1]: bad page")),
        ({"parse": {"status": None, "error": "bad page"}}, (State.PARTIAL, "parse: bad page")),
        ({"parse": {"status": "FAILED"}, "x": {"f1": {"status": "COMPLETED"}}}, (State.PARTIAL, "parse: FAILED")),
        ({"parse": {"f1": {"status": "COMPLETED"}, "f2": {"status": "FAILED"}}}, (State.PARTIAL, "parse[f2]: FAILED")),
        ({"parse": "FAILED"}, (State.PARTIAL, "parse: FAILED")),
        ({"parse": {"f1": "FAILED"}}, (State.PARTIAL, "parse[f1]: FAILED")),
        ([{"step_type": "parse", "status": "FAILED"}], (State.PARTIAL, "0: FAILED")),
        # Not ended, or with an unknown status.
        ({"parse": {"status": "IN_PROGRESS"}}, (State.PARTIAL, "parse: IN_PROGRESS")),
        ({"parse": {"f1": {"status": "PENDING"}}}, (State.PARTIAL, "parse[f1]: PENDING")),
        ({"parse": {"f1": {"status": "HIBERNATING"}}}, (State.PARTIAL, "parse[f1]: HIBERNATING")),
        ({"parse": {"f1": {"status": "COMPLETED"}, "f2": {"status": "PENDING"}}}, (State.PARTIAL, "parse[f2]: PENDING")),
        ({"parse": {"status": 5}}, (State.PARTIAL, "parse: 5")),
        ({"parse": [{"status": "FAILED"}]}, (State.PARTIAL, 'parse: [{"status": "FAILED"}]')),
    ]  # fmt: skip

    def state_and_message(steps: Any) -> tuple[State, str | None]:
        execution = read({"status": "COMPLETED", "steps": steps})
        return execution.state, execution.message

    assert misread(state_and_message, cases) == {}


def test_only_what_failed_is_the_reason() -> None:
    """A file that fails at one step never reaches the next one."""
    failed: dict[str, Any] = {"status": "FAILED", "error": "bad page"}
    pending = {"f1": {"status": "PENDING"}}
    steps = {"parse": {"f1": failed}, "extract": pending}
    without_error = {"parse": {"f1": {"status": "failed"}}, "extract": pending}
    cases = [
        ({"status": "COMPLETED", "steps": steps}, "parse[f1]: bad page"),
        ({"status": "COMPLETED", "steps": without_error}, "parse[f1]: failed"),
        ({"status": "FAILED", "steps": steps}, "parse[f1]: bad page"),
        ({"status": "FAILED", "error": "no", "steps": steps}, "no; parse[f1]: bad page"),
        ({"status": "FAILED", "steps": {"extract": pending}}, None),
    ]

    assert misread(lambda body: read(body).message, cases) == {}


def test_a_file_that_failed_does_not_end_an_execution_that_is_going() -> None:
    steps = {"parse": {"f1": {"status": "FAILED"}, "f2": {"status": "IN_PROGRESS"}}}

    assert read({"status": "IN_PROGRESS", "steps": steps}).state is State.RUNNING


def test_a_long_list_of_failed_files_is_cut() -> None:
    files = {f"file-{n}": {"status": "FAILED", "error": "x" * 2000} for n in range(100)}
    message = read({"status": "COMPLETED", "steps": {"parse": files}}).message

    assert message is not None
    assert message.startswith("parse[file-0]: xxx")
    assert len(message) <= 500
