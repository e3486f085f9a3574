"""A run that waits for a person, in an operator and in a sensor."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import ALTOSTRAT
from tests.vendors.altostrat import run

operator_and_sensor = pytest.mark.parametrize("kind", ["operator", "sensor"])


def waiting(kind: str, workflow: str, **options: Any) -> Task:
    """Return a task that waits for a run of the workflow: the operator that starts it, or a sensor."""
    if kind == "operator":
        return Task(lambda: ALTOSTRAT.task(workflow, **options))
    execution_id = run(workflow, wait_for_completion=False)["execution_id"]
    options = {"task_id": "wait", "execution_id": execution_id, "poke_interval": 0.01, **options}
    return Task(lambda: AltostratExecutionSensor(**options))


@operator_and_sensor
@blocking_and_deferred
def test_a_task_waits_for_the_person_and_logs_it_once(
    emulator: Emulator, kind: str, deferrable: bool
) -> None:
    """As a warning that names the run, so that somebody responds to it."""
    emulator.set_pace(status_checks=8)
    task = waiting(kind, "fl_asked_and_answered", deferrable=deferrable)

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    (line,) = [entry for entry in logs if "waits for a person" in str(entry)]
    assert line["log_level"] == "warning"
    assert record["execution_id"] in str(line)
    assert (record["state"], record["status"]) == ("succeeded", "completed")
    assert len(emulator.requests("altostrat", "get")) >= 8


@blocking_and_deferred
def test_a_run_that_waits_from_its_start_is_logged_once_too(emulator: Emulator, deferrable: bool) -> None:
    """The response to the start says so already."""
    emulator.set_pace(status_checks=6)
    emulator.add_workflow("altostrat", "fl_form", passes=["awaiting_ui_interaction"])

    with structlog.testing.capture_logs() as logs:
        record = run("fl_form", deferrable=deferrable)

    assert record["state"] == "succeeded"
    assert len([entry for entry in logs if "waits for a person" in str(entry)]) == 1
    with pytest.raises(errors.ExecutionFailed, match="waits for a person"):
        run("fl_form", deferrable=deferrable, on_ui_interaction="fail")


@operator_and_sensor
@blocking_and_deferred
def test_a_task_fails_at_a_pause_if_its_author_wants_that(
    emulator: Emulator, kind: str, deferrable: bool
) -> None:
    """The error names the run, which goes on waiting for the person."""
    emulator.set_pace(status_checks=4)
    task = waiting(kind, "fl_asks_a_person", deferrable=deferrable, on_ui_interaction="fail", timeout=5)

    with pytest.raises(errors.ExecutionFailed, match=r"waits for a person \(awaiting_ui_inter") as failed:
        task.run()

    (run_at_vendor,) = emulator.runs("altostrat")
    assert failed.value.execution_id == run_at_vendor["execution_id"]
    assert run_at_vendor["execution_id"] in str(failed.value)
    assert run_at_vendor["status"] == "awaiting_ui_interaction"
    assert bool(task.deferrals) == deferrable


@blocking_and_deferred
def test_a_pause_that_nobody_ends_is_an_error_at_the_deadline(emulator: Emulator, deferrable: bool) -> None:
    task = waiting("operator", "fl_asks_a_person", deferrable=deferrable, timeout=1)

    with pytest.raises(errors.ExecutionTimedOut, match="awaiting_ui_interaction"):
        task.run()

    assert len(emulator.requests("altostrat", "get")) > 2
