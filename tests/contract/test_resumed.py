"""A deferred task that something else than its trigger resumes, such as a person's answer to a request of Airflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import runs, start
from tests.fake_airflow import Task
from tests.vendors import VendorCase

#: What a task can be resumed with that is no event of our triggers; none of it says that the run has ended.
OTHER_EVENTS = [
    {"chosen_options": ["Approve"], "params_input": {}},
    {"state": "success"},
    {"outcome": "ended"},
    {"outcome": "succeeded", "execution_id": "70001"},
    "ended",
    None,
]


def deferral_of(call: Callable[[], Any]) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        call()
    return deferred.value


@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_a_task_that_something_else_resumes_continues_its_wait(
    vendor: VendorCase, emulator: Emulator, kind: str
) -> None:
    """With the same deadline, until the run ends."""
    emulator.set_pace(status_checks=len(OTHER_EVENTS) + 4)
    task = Task(lambda: vendor.task(deferrable=True, timeout=300))
    if kind == "sensor":
        run_id = start(vendor, vendor.succeeds)
        options = {"execution_id": run_id, "deferrable": True, "poke_interval": 0.01}
        task = Task(lambda: vendor.sensor(task_id="wait", **options))
    first = deferred = deferral_of(task.execute)

    for event in OTHER_EVENTS:
        deferred = deferral_of(lambda: task.resume(deferred, event))  # noqa: B023  # called at once
        again, before = (each.trigger.serialize()[1] for each in (deferred, first))
        seen = {name: again[name] for name in ("status", "progress", "changed_at")}
        assert again == {**before, **seen}

    assert task.resume(deferred, task.fire(deferred))["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


def test_a_task_that_is_resumed_after_the_end_of_its_run_ends_with_it(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.set_pace(status_checks=4)
    task = Task(lambda: vendor.task(deferrable=True, timeout=300))
    deferred = deferral_of(task.execute)
    emulator.set_pace(seconds=0)

    assert task.resume(deferred, None)["state"] == "succeeded"


def test_a_task_is_resumed_by_an_event_alone(vendor: VendorCase, emulator: Emulator) -> None:
    """``dag.test()`` before Airflow 3.4 drops the arguments of a deferral. An event that is not ours is no success then."""
    task = Task(lambda: vendor.task(deferrable=True))
    deferred = deferral_of(task.execute)
    event = task.fire(deferred)
    deferred.kwargs = None

    assert task.resume(deferred, event)["state"] == "succeeded"
    with pytest.raises(errors.WorkflowError, match="cannot read"):
        task.resume(deferred, {"state": "success"})
