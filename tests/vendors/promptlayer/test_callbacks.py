"""Warnings and callback addresses."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred
from tests.task import Task
from tests.vendors import PROMPTLAYER
from tests.vendors.promptlayer import (
    CALLBACK,
    CALLBACK_PATH,
    run,
    started,
)


@blocking_and_deferred
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"topic": "x"}, None),
        ({"other": "x"}, "Missing input variables: topic. Unused input variables: other."),
    ],
)
def test_a_warning_is_one_warning_line_in_the_tasks_log(
    emulator: Emulator, given: dict[str, Any], said: str | None, deferrable: bool
) -> None:
    """The run starts all the same; without a warning there is no line."""
    emulator.add_workflow("promptlayer", "strict", required=["topic"])

    with structlog.testing.capture_logs() as logs:
        record = run("strict", input_variables=given, deferrable=deferrable)

    # Airflow itself warns that it did not call the operator.
    lines = [entry for entry in logs if entry["log_level"] == "warning" and "Task Runner" not in str(entry)]
    assert record["state"] == "succeeded"
    assert len(lines) == (1 if said else 0)
    assert said is None or said in str(lines[0])


def test_a_warning_of_several_lines_is_one_and_signed_addresses_in_it_are_cut() -> None:
    note = started({"workflow_version_execution_id": 5, "warning": f"see\n{CALLBACK}\nand mend"}).note

    assert note == "see https://hooks.example.com/promptlayer?*** and mend"


@blocking_and_deferred
@pytest.mark.parametrize("workflow", ["answer-question", "always-fails", "no-such-workflow"])
@pytest.mark.parametrize("callback_url", [CALLBACK, CALLBACK_PATH])
def test_a_callback_address_is_sent_and_kept_nowhere(
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    workflow: str,
    callback_url: str,
    deferrable: bool,
) -> None:
    """It is a key to whoever waits there: it is in no log, XCom, trigger, error, or rendered field."""
    caplog.set_level(logging.DEBUG)
    task = Task(lambda: PROMPTLAYER.task(workflow, callback_url=callback_url, deferrable=deferrable))

    with structlog.testing.capture_logs() as logs:
        try:
            task.run()
        except errors.WorkflowError:
            assert workflow != "answer-question"

    assert emulator.calls("promptlayer", "run")[0]["body"]["callback_url"] == callback_url
    assert "a-callback-secret" not in task.everything_kept() + str(logs) + caplog.text
    rendered = {name: getattr(task.operator, name) for name in task.operator.template_fields}
    assert "callback_url" not in rendered
    assert "a-callback-secret" not in str(rendered)


def test_a_refused_callback_address_is_not_in_the_error() -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        PROMPTLAYER.task(callback_url="hooks.example.com/?token=a-callback-secret")

    assert "callback_url" in str(refused.value)
    assert "a-callback-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("callback_url", "body"),
    [
        (CALLBACK, {"success": False, "message": f"cannot reach {CALLBACK}"}),
        (
            CALLBACK_PATH,
            {"detail": [{"loc": ["body", "callback_url"], "msg": "wrong", "input": CALLBACK_PATH}]},
        ),
    ],
)
def test_a_callback_address_that_the_vendor_repeats_is_not_in_the_error(
    emulator: Emulator, callback_url: str, body: Any
) -> None:
    """Of a list of problems only the places and the words are read, and not the input."""
    emulator.fail("promptlayer", "run", "status", status=422, body=body)
    task = Task(lambda: PROMPTLAYER.task(callback_url=callback_url))

    with pytest.raises(errors.RequestRefused, match="HTTP 422"):
        task.run()

    assert "a-callback-secret" not in task.everything_kept()
