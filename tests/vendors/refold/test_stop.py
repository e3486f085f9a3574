"""The operator that stops a run."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.refold import RefoldStopExecutionOperator
from tests.fake_airflow import Task
from tests.vendors.refold import run


def stop(execution_id: Any, **options: Any) -> Any:
    options = {"task_id": "stop", "execution_id": execution_id, "poll_interval": 0.01, **options}
    return Task(lambda: RefoldStopExecutionOperator(**options)).run()


def running() -> str:
    """Start a run that does not end, and return its id."""
    return str(run("never-ends", wait_for_completion=False)["execution_id"])


def test_the_task_ends_when_the_run_has_ended(emulator: Emulator) -> None:
    """Refold acknowledges the stop at once; then the run is STOPPING, and STOPPED."""
    record = stop(running())

    assert (record["state"], record["status"]) == ("stopped", "STOPPED")
    assert emulator.runs("refold")[0]["stops"] == 1


def test_without_a_wait_the_task_ends_at_once(emulator: Emulator) -> None:
    record = stop(running(), wait_for_completion=False)

    assert record["state"] in ("stopping", "stopped")
    assert emulator.runs("refold")[0]["stops"] == 1


def test_a_run_that_has_ended_is_not_stopped(emulator: Emulator) -> None:
    """No page says what Refold does then."""
    assert stop(run()["execution_id"])["state"] == "succeeded"
    assert emulator.requests("refold", "stop") == []


@pytest.mark.parametrize("nothing", [None, "", "None"])
def test_a_task_with_nothing_to_stop_is_skipped(emulator: Emulator, nothing: Any) -> None:
    """A template over the XCom of a task that started nothing renders to one of these."""
    with pytest.raises(AirflowSkipException):
        stop(nothing)

    assert emulator.requests("refold") == []


def test_a_stop_that_takes_too_long_is_an_error_that_names_the_run(emulator: Emulator) -> None:
    execution_id = running()
    emulator.fail("refold", "get", "unknown_status", times=None)

    with pytest.raises(errors.ExecutionTimedOut, match=execution_id):
        stop(execution_id, timeout=0.2)


def test_a_stop_that_the_vendor_rejects_fails_the_task(emulator: Emulator) -> None:
    execution_id = running()
    emulator.fail("refold", "stop", "status", status=403)

    with pytest.raises(errors.AuthFailed, match=f"could not stop execution {execution_id}: HTTP 403"):
        stop(execution_id)
