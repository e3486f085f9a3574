"""Steps, by file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.sensors.datalab import DatalabExecutionSensor
from tests.vendors.datalab import every_mode, in_mode, looked, run


@pytest.mark.parametrize(
    ("options", "given", "output"),
    [
        ({}, None, {"parse": {"aggregated": "COMPLETED"}, "extract": {"aggregated": "COMPLETED"}}),
        (
            {},
            {"file_urls": ["https://example.com/a.pdf", "https://example.com/b.pdf"]},
            {
                "parse": {"file-1": "COMPLETED", "file-2": "COMPLETED"},
                "extract": {"file-1": "COMPLETED", "file-2": "COMPLETED"},
            },
        ),
        ({"steps": "flat"}, None, {"parse": "COMPLETED", "extract": "COMPLETED"}),
    ],
)
def test_the_output_is_what_became_of_each_step_and_file(
    emulator: Emulator, options: dict[str, Any], given: Any, output: Any
) -> None:
    """By file as the vendor's client reads it, or flat as the page shows it."""
    emulator.configure("datalab", **options)

    record = run(input_config=given)

    def cells(what: Any) -> Any:
        if isinstance(what, str):
            return {"status": what, "error": None}
        return {name: cells(inner) for name, inner in what.items()}

    assert record["output"] == cells(output)
    assert record["url"] is None


@pytest.mark.parametrize("workflow", [105, 106])
@every_mode
def test_steps_that_are_null_or_missing_are_survived(mode: str, workflow: int) -> None:
    """The status alone says how it ended."""
    record = in_mode(mode, workflow)

    assert (record["state"], record["output"]) == ("succeeded", {})


@pytest.mark.parametrize(
    ("steps", "state", "said"),
    [
        ({"parse": {"status": "COMPLETED"}}, State.SUCCEEDED, None),
        ({"parse": {"status": "completed", "error": None}}, State.SUCCEEDED, None),
        ({"parse": {"f1": {"status": "COMPLETED"}, "f2": {"status": "COMPLETED"}}}, State.SUCCEEDED, None),
        # What says nothing leaves the word to the execution.
        ({"parse": None}, State.SUCCEEDED, None),
        ({"parse": {}}, State.SUCCEEDED, None),
        ({"parse": {"status": None}}, State.SUCCEEDED, None),
        ({"parse": {"f1": None, "f2": {}}}, State.SUCCEEDED, None),
        ({"parse": "COMPLETED"}, State.SUCCEEDED, None),
        ([], State.SUCCEEDED, None),
        # A branch that was not taken leaves nothing undone.
        ({"parse": {"status": "COMPLETED"}, "no": {"status": "SKIPPED"}}, State.SUCCEEDED, None),
        ({"parse": {"f1": {"status": "COMPLETED"}, "f2": {"status": "skipped"}}}, State.SUCCEEDED, None),
        ({"no": "SKIPPED"}, State.SUCCEEDED, None),
        ({"no": {"status": "SKIPPED", "error": "bad page"}}, State.PARTIAL, "no: bad page"),
        ({"parse": {"status": "COMPLETED\x00"}}, State.PARTIAL, "parse: COMPLETED"),
        # Failed, in any of the shapes.
        ({"parse": {"status": "FAILED"}}, State.PARTIAL, "parse: FAILED"),
        ({"parse": {"status": "failed", "error": "bad page"}}, State.PARTIAL, "parse: bad page"),
        ({"parse": {"f1": {"status": "FAILED", "error": "bad page"}}}, State.PARTIAL, "parse[f1]: bad page"),
        (
            {"parse": {"f1": {"status": "COMPLETED", "error": "bad page"}}},
            State.PARTIAL,
            "parse[f1]: bad page",
        ),
        ({"parse": {"f1": {"error_message": "bad page"}}}, State.PARTIAL, "parse[f1]: bad page"),
        ({"parse": {"status": None, "error": "bad page"}}, State.PARTIAL, "parse: bad page"),
        (
            {"parse": {"status": "FAILED"}, "x": {"f1": {"status": "COMPLETED"}}},
            State.PARTIAL,
            "parse: FAILED",
        ),
        ({"parse": "FAILED"}, State.PARTIAL, "parse: FAILED"),
        ({"parse": {"f1": "FAILED"}}, State.PARTIAL, "parse[f1]: FAILED"),
        ([{"step_type": "parse", "status": "FAILED"}], State.PARTIAL, "0: FAILED"),
        # Not over, or in a word that nobody knows: completed it is not.
        ({"parse": {"status": "IN_PROGRESS"}}, State.PARTIAL, "parse: IN_PROGRESS"),
        ({"parse": {"f1": {"status": "PENDING"}}}, State.PARTIAL, "parse[f1]: PENDING"),
        ({"parse": {"f1": {"status": "HIBERNATING"}}}, State.PARTIAL, "parse[f1]: HIBERNATING"),
        ({"parse": {"status": 5}}, State.PARTIAL, "parse: 5"),
        ({"parse": [{"status": "FAILED"}]}, State.PARTIAL, 'parse: [{"status": "FAILED"}]'),
    ],
    ids=str,
)
def test_completed_is_a_success_only_if_no_part_says_otherwise(steps: Any, state: State, said: Any) -> None:
    execution = looked({"status": "COMPLETED", "steps": steps})

    assert (execution.state, execution.message) == (state, said)


def test_what_is_undone_beside_what_failed_is_not_the_reason() -> None:
    """A file that fails at one step never comes to the next."""
    steps = {
        "parse": {"f1": {"status": "FAILED", "error": "bad page"}},
        "extract": {"f1": {"status": "PENDING"}},
    }

    assert looked({"status": "COMPLETED", "steps": steps}).message == "parse[f1]: bad page"
    assert looked({"status": "FAILED", "steps": steps}).message == "parse[f1]: bad page"
    assert looked({"status": "FAILED", "error": "no", "steps": steps}).message == "no; parse[f1]: bad page"


def test_a_file_that_has_failed_does_not_end_a_run_that_goes_on() -> None:
    steps = {"parse": {"f1": {"status": "FAILED"}, "f2": {"status": "IN_PROGRESS"}}}

    assert looked({"status": "IN_PROGRESS", "steps": steps}).state is State.RUNNING


@pytest.mark.parametrize("shape", ["nested", "flat"])
@every_mode
def test_files_that_failed_are_the_authors_choice(emulator: Emulator, mode: str, shape: str) -> None:
    """They fail the task with the names of step and file, unless the author has said otherwise."""
    emulator.configure("datalab", steps=shape)
    named = r"parse\[aggregated\]" if shape == "nested" else "parse"

    with pytest.raises(errors.ExecutionFailed, match=f"a part undone.*{named}: page 3 could not be read"):
        in_mode(mode, 104)

    accepted = in_mode(mode, 104, on_partial_failure="succeed")
    assert (accepted["state"], accepted["status"]) == ("partial", "COMPLETED")
    assert "page 3 could not be read" in json.dumps(accepted["output"])


def test_of_many_files_the_one_that_failed_is_named() -> None:
    files = {"file_urls": [f"https://example.com/{n}.pdf" for n in range(3)]}

    with pytest.raises(errors.ExecutionFailed, match=r"parse\[file-3\]: page 3") as failed:
        run(104, input_config=files)

    assert "file-1" not in str(failed.value)


@pytest.mark.parametrize("shape", ["nested", "flat"])
@every_mode
def test_a_failed_run_fails_whatever_is_accepted_and_says_why(
    emulator: Emulator, mode: str, shape: str
) -> None:
    emulator.configure("datalab", steps=shape)

    with pytest.raises(errors.ExecutionFailed, match=r"FAILED.*document is encrypted"):
        in_mode(mode, 102, on_partial_failure="succeed")


def test_a_sensor_refuses_a_choice_that_is_none() -> None:
    with pytest.raises(errors.InvalidInput, match="on_partial_failure"):
        DatalabExecutionSensor(task_id="wait", execution_id="1", on_partial_failure="ignore")
