"""A task that something else than its trigger has resumed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import runs
from tests.task import Task
from tests.vendors import Vendor


@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_a_task_that_something_else_resumes_waits_on(vendor: Vendor, emulator: Emulator, kind: str) -> None:
    """A person's answer resumes a deferred task too; it says nothing of the run. The deadline stays as it was."""
    emulator.set_pace(looks=4)
    make = lambda: vendor.task(deferrable=True, timeout=300)  # noqa: E731
    if kind == "sensor":
        run_id = Task(lambda: vendor.task(wait_for_completion=False)).run()["execution_id"]
        make = lambda: vendor.sensor(  # noqa: E731
            task_id="wait",
            execution_id=run_id,
            deferrable=True,
            poke_interval=0.01,
        )
    task = Task(make)
    deferred = deferral(task.execute)

    again = deferral(lambda: task.resume(deferred, {"chosen_options": ["Approve"], "params_input": {}}))

    assert again.trigger.serialize() == deferred.trigger.serialize()
    assert task.resume(again, task.fire(again))["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


def test_a_task_that_is_resumed_when_its_run_is_over_ends_as_the_run_did(
    vendor: Vendor, emulator: Emulator
) -> None:
    emulator.set_pace(looks=4)
    task = Task(lambda: vendor.task(deferrable=True, timeout=300))
    deferred = deferral(task.execute)
    emulator.set_pace(seconds=0)

    assert task.resume(deferred, None)["state"] == "succeeded"


def test_an_event_that_is_none_of_ours_is_no_success(vendor: Vendor, emulator: Emulator) -> None:
    """Where the deferral has kept nothing of the wait, as one of an older release."""
    task = Task(lambda: vendor.task(deferrable=True, timeout=300))
    emulator.set_pace(looks=4)
    deferred = deferral(task.execute)
    deferred.kwargs = None

    with pytest.raises(errors.WorkflowError, match="cannot read"):
        task.resume(deferred, {"state": "success"})


def deferral(call: Callable[[], Any]) -> Any:
    with pytest.raises(TaskDeferred) as deferred:
        call()
    return deferred.value
