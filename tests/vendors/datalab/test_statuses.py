"""Statuses, and the quota of pages, which is told in a 200."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from tests.vendors.datalab import QUOTA, every_mode, in_mode, looked, run


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", State.QUEUED),
        ("QUEUED", State.QUEUED),
        ("processing", State.RUNNING),
        ("IN_PROGRESS", State.RUNNING),
        ("COMPLETED", State.SUCCEEDED),
        ("FAILED", State.FAILED),
        # Documented nowhere; the engine that Datalab runs on has these ends.
        ("CANCELED", State.STOPPED),
        ("CANCELLED", State.STOPPED),
        ("TERMINATED", State.STOPPED),
        ("TIMED_OUT", State.FAILED),
    ],
)
def test_every_status_has_one_meaning_in_either_case(status: str, state: State) -> None:
    assert status.upper() in api.STATUSES
    for word in (status, status.lower(), status.upper()):
        assert looked({"status": word}).state is state
        assert looked({"status": word}).status == word
    assert (state is State.SUCCEEDED) == (status == "COMPLETED")


def test_no_other_status_is_in_the_table() -> None:
    assert len(api.STATUSES) == 10


@pytest.mark.parametrize(
    "status", ["", "complete", "completed_with_errors", "SUCCESS", "HIBERNATING", "COMPLETED "]
)
def test_any_other_status_is_unknown(status: str) -> None:
    """Datalab may add words, says its page on versioning; an error beside one changes nothing."""
    assert looked({"status": status}).state is State.UNKNOWN
    assert looked({"status": status, "success": False, "error": "no"}).state is State.UNKNOWN


def test_a_run_may_pass_through_queued(emulator: Emulator) -> None:
    """Only one of the two pages lists it."""
    emulator.configure("datalab", queued=True)
    emulator.set_pace(looks=4)

    assert run()["state"] == "succeeded"


@pytest.mark.parametrize("ends", ["CANCELED", "TERMINATED"])
def test_an_execution_that_was_stopped_is_not_waited_for(emulator: Emulator, ends: str) -> None:
    emulator.add_workflow("datalab", "7", ends=ends)

    with pytest.raises(errors.ExecutionStopped, match=ends):
        run(7)


@every_mode
def test_a_quota_that_is_told_in_a_200_fails_the_task_with_its_words(emulator: Emulator, mode: str) -> None:
    """It has no status; there is nothing more to wait for."""
    body = {"success": False, "error": QUOTA}
    emulator.fail("datalab", "get", "status", times=None, status=200, body=body)

    with pytest.raises(errors.ExecutionFailed, match="Page rate limit exceeded"):
        in_mode(mode, 101)


@pytest.mark.parametrize(
    ("body", "state"),
    [
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
    ],
)
def test_an_answer_that_contradicts_itself_is_no_success(body: Any, state: State) -> None:
    execution = looked(body)

    assert execution.state is state
    assert (execution.message or "") == (body.get("error") or "")


@pytest.mark.parametrize("success", ["false", "true", 0, 1, "", [], {}])
def test_a_success_that_is_neither_true_nor_false_is_none(success: Any) -> None:
    """It stands for something that no page has; the error shows it."""
    execution = looked({"status": "COMPLETED", "success": success})

    assert execution.state is State.FAILED
    shown = success if isinstance(success, str) else json.dumps(success)
    assert execution.message == f"success is {shown!r}"
    assert looked({"status": "IN_PROGRESS", "success": success}).state is State.RUNNING


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": None},
        {"status": None, "success": True, "steps": {"parse": {"status": "COMPLETED"}}},
        {"error": "try again"},
        {"status": 5},
        {"status": ["COMPLETED"]},
        [],
        None,
        "COMPLETED",
    ],
)
def test_an_answer_that_says_no_status_cannot_be_read(body: Any) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        looked(body)


@every_mode
def test_answers_without_a_status_end_in_one_error_that_shows_them(emulator: Emulator, mode: str) -> None:
    """In passing they are waited out."""
    odd = {"execution_id": 1, "note": "nothing here"}
    emulator.fail("datalab", "get", "status", times=2, status=200, body=odd)
    assert in_mode(mode, 101)["state"] == "succeeded"

    emulator.fail("datalab", "get", "status", times=None, status=200, body=odd)
    with pytest.raises(errors.UnreadableAnswer, match="nothing here"):
        in_mode(mode, 101)
