"""The output of an execution: the status and error of each step and file, without signed addresses."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import DATALAB, misread
from tests.vendors.datalab import SIGNED, read

DONE = {"status": "COMPLETED", "error": None}


def test_the_output_has_the_status_and_error_of_each_step_and_file() -> None:
    """By file, as the vendor's client reads it, or one for each step, as the page shows it; nothing else is kept."""
    cell = {"id": 1, "status": "COMPLETED", "output_url": SIGNED, "file_ids": ["f1"]}
    cases: list[tuple[Any, Any]] = [
        ({"parse": cell, "extract": cell}, {"parse": DONE, "extract": DONE}),
        ({"parse": {"aggregated": cell}}, {"parse": {"aggregated": DONE}}),
        (
            {"parse": {"f1": cell, "f2": {**cell, "status": "FAILED", "error": "page 3"}}},
            {"parse": {"f1": DONE, "f2": {"status": "FAILED", "error": "page 3"}}},
        ),
        (None, {}),
        ({}, {}),
        ("all", {}),
    ]

    assert misread(lambda steps: read({"status": "COMPLETED", "steps": steps}).output, cases) == {}
    assert read({"status": "COMPLETED"}).output == {}


def test_a_large_response_has_a_small_output() -> None:
    """However much else a cell holds; and of very many files each is in the output."""
    large = read({"status": "COMPLETED", "steps": {"parse": {"f1": {**DONE, "text": "x" * 6_000_000}}}})
    assert large.output == {"parse": {"f1": DONE}}

    files = {f"file-{n}": {"status": "COMPLETED", "output_url": SIGNED} for n in range(1500)}
    many = read({"status": "COMPLETED", "steps": {"parse": files}})
    assert many.output == {"parse": dict.fromkeys(files, DONE)}


def test_a_signature_is_cut_wherever_the_address_is() -> None:
    """Also where the page has no address. It opens the result to anybody."""
    bodies: list[Any] = [
        {"status": "COMPLETED", "steps": {"parse": {"output_url": SIGNED}}},
        {"status": "COMPLETED", "steps": {"parse": {"f1": {"status": {"at": SIGNED}}}}},
        {"status": "COMPLETED", "steps": {"parse": {SIGNED: {"status": "FAILED"}}}},
        {"status": "COMPLETED", "steps": {SIGNED: SIGNED}},
        {"status": "FAILED", "error": {"at": SIGNED}, "steps": {"parse": {"f1": {"error": f"at {SIGNED}"}}}},
        {"success": False, "error": f"Could not write {SIGNED}"},
    ]
    for body in bodies:
        execution = read(body)
        assert "5ec2e7" not in json.dumps(execution.record()) + repr(execution), body

    steps = {"parse": {"f1": {"status": "COMPLETED", "output_url": SIGNED}}}
    for body in ({"steps": steps}, {"status": 5, "steps": steps}, [SIGNED]):
        with pytest.raises(errors.UnexpectedResponse, match=r"bucket\.example\.com") as unexpected:
            read(body)
        assert "5ec2e7" not in str(unexpected.value), body


@pytest.mark.parametrize("form", ["nested", "flat"])
@blocking_and_deferred
def test_a_task_stores_and_logs_no_signed_address(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, form: str, deferrable: bool
) -> None:
    """However its execution ends, and at log level DEBUG."""
    caplog.set_level(logging.DEBUG)
    emulator.configure("datalab", steps=form)

    def stored(workflow: str, timeout: float = 60) -> str:
        task = Task(lambda: DATALAB.task(workflow, deferrable=deferrable, timeout=timeout))
        try:
            task.run()
        except errors.WorkflowError:
            assert workflow != DATALAB.succeeds
        return task.everything_kept()

    with structlog.testing.capture_logs() as logs:
        kept = [stored(workflow) for workflow in (DATALAB.succeeds, DATALAB.fails, str(DATALAB.partial))]
        kept.append(stored(DATALAB.goes_on, timeout=1.0))

    everything = "".join(kept) + json.dumps(logs, default=str) + caplog.text
    assert emulator.requests("datalab", "get")
    assert emulator.account("datalab")["signature"] not in everything
    assert "output_url" not in everything
