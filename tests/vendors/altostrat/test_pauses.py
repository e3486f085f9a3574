"""A run that waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.task import Task
from tests.vendors.altostrat import every_mode, run


@every_mode
def test_a_run_that_waits_for_a_person_is_waited_for_and_said_once(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """Nobody would go and answer if the log did not say so; and nobody would read a log that said it each time."""
    emulator.set_pace(looks=8)
    task = kind("fl_asked_and_answered", deferrable)

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    said = [entry for entry in logs if "waits for a person" in str(entry)]
    assert (record["state"], record["status"]) == ("succeeded", "completed")
    assert [entry["log_level"] for entry in said] == ["warning"]
    assert record["execution_id"] in str(said[0])
    assert len(emulator.calls("altostrat", "get")) >= 8


@every_mode
def test_a_run_that_waits_for_a_person_fails_the_task_where_the_author_wants_it(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """It is looked at until then, and the error says why; the run itself is left to the person."""
    emulator.set_pace(looks=4)
    task = kind("fl_asks_a_person", deferrable, on_ui_interaction="fail", timeout=5)

    with pytest.raises(errors.ExecutionFailed, match=r"waits for a person \(awaiting_ui_inter") as failed:
        task.run()

    (known,) = emulator.runs("altostrat")
    assert failed.value.execution_id == known["execution_id"]
    assert known["execution_id"] in str(failed.value)
    assert known["status"] == "awaiting_ui_interaction"
    assert [kwargs["stop_at_pause"] for kwargs in task.deferrals] == [True] * len(task.deferrals)
    assert bool(task.deferrals) == deferrable


@every_mode
def test_a_run_that_no_person_answers_ends_at_the_deadline(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    task = kind("fl_asks_a_person", deferrable, timeout=0.15)

    with pytest.raises(errors.ExecutionTimedOut, match="awaiting_ui_interaction"):
        task.run()

    assert len(emulator.calls("altostrat", "get")) > 2


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_run_that_waits_for_a_person_from_its_start_is_the_same(
    emulator: Emulator, deferrable: bool
) -> None:
    """The answer to the start may say so already; it is said once, also where the trigger goes on with the wait."""
    emulator.set_pace(looks=6)
    emulator.add_workflow("altostrat", "fl_form", passes=["awaiting_ui_interaction"])

    with structlog.testing.capture_logs() as logs:
        record = run("fl_form", deferrable=deferrable)

    said = [entry for entry in logs if "waits for a person" in str(entry)]
    assert len(said) == 1
    assert record["state"] == "succeeded"
    with pytest.raises(errors.ExecutionFailed, match="waits for a person"):
        run("fl_form", deferrable=deferrable, on_ui_interaction="fail")


@pytest.mark.parametrize("choice", ["click", None, "", True])
def test_no_other_choice_is_taken_when_the_dag_is_parsed(choice: Any) -> None:
    for refused in (
        lambda: AltostratExecuteWorkflowOperator(task_id="a", workflow_id="w", on_ui_interaction=choice),
        lambda: AltostratExecutionSensor(task_id="a", execution_id="e", on_ui_interaction=choice),
    ):
        with pytest.raises(errors.InvalidInput, match="on_ui_interaction"):
            refused()
