"""Outputs: signed addresses in them, and their size."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.datalab import DatalabHook
from tests.task import Task
from tests.vendors import DATALAB
from tests.vendors.datalab import SIGNED, every_mode, in_mode, looked, run


@pytest.mark.parametrize("workflow", [101, 102, 104, 103])
@pytest.mark.parametrize("shape", ["nested", "flat"])
@pytest.mark.parametrize("deferrable", [False, True])
def test_no_signed_address_is_kept_or_said_anywhere(
    emulator: Emulator, workflow: int, shape: str, deferrable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of a success nor of a failure, of a part undone nor of a deadline: it opens the result to anybody."""
    caplog.set_level(logging.DEBUG)
    emulator.configure("datalab", steps=shape)
    task = Task(
        lambda: DATALAB.task(workflow, deferrable=deferrable, timeout=0.15 if workflow == 103 else 60)
    )

    with structlog.testing.capture_logs() as logs:
        try:
            task.run()
        except errors.WorkflowError as error:
            task.errors.append(error)

    kept = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
    assert emulator.calls("datalab", "get")
    assert emulator.account("datalab")["signature"] not in kept
    assert "output_url" not in kept


@pytest.mark.parametrize(
    "body",
    [
        {"status": "COMPLETED", "steps": {"parse": {"output_url": SIGNED}}},
        {"status": "COMPLETED", "steps": {"parse": {"f1": {"status": {"at": SIGNED}}}}},
        {"status": "COMPLETED", "steps": {"parse": {SIGNED: {"status": "FAILED"}}}},
        {"status": "COMPLETED", "steps": {SIGNED: SIGNED}},
        {"status": "FAILED", "error": {"at": SIGNED}, "steps": {"parse": {"f1": {"error": f"at {SIGNED}"}}}},
        {"success": False, "error": f"Could not write {SIGNED}"},
    ],
    ids=["no status", "status", "file", "step", "error", "quota"],
)
def test_no_signature_hides_where_the_page_has_no_address(body: Any) -> None:
    execution = looked(body)

    assert "5ec2e7" not in json.dumps(execution.record()) + repr(execution)


def test_an_answer_that_cannot_be_read_is_shown_without_signatures() -> None:
    steps = {"parse": {"f1": {"status": "COMPLETED", "output_url": SIGNED}}}
    for body in ({"steps": steps}, {"status": 5, "steps": steps}, [SIGNED]):
        with pytest.raises(errors.UnreadableAnswer, match=r"bucket\.example\.com") as unreadable:
            looked(body)
        assert "5ec2e7" not in str(unreadable.value)


@pytest.mark.parametrize("shape", ["nested", "flat"])
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_huge_answer_is_read_and_only_what_counts_is_kept(
    emulator: Emulator, shape: str, deferrable: bool
) -> None:
    """What a cell holds besides its status and its error goes nowhere, however large it is."""
    emulator.configure("datalab", steps=shape)
    emulator.set_pace(looks=1)
    emulator.fail("datalab", "get", "huge", times=None, bytes=6_000_000)

    record = run(deferrable=deferrable)

    assert record["state"] == "succeeded"
    assert len(json.dumps(record)) < 1000


@every_mode
def test_very_many_files_stay_at_the_vendor(emulator: Emulator, mode: str) -> None:
    """The record says how to fetch what became of each."""
    cells = {f"file-{n}": {"status": "COMPLETED", "output_url": SIGNED} for n in range(1500)}
    body = {"status": "COMPLETED", "steps": {"parse": cells}}
    emulator.fail("datalab", "get", "status", times=None, status=200, body=body)

    record = in_mode(mode, 101, max_inline_output=50_000)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] > 50_000
    assert record["output_omitted"]["fetch"] == (
        f"DatalabHook('datalab_default').get_execution('{record['execution_id']}').output"
    )
    with closing(DatalabHook("datalab_default")) as hook:
        output = hook.get_execution(record["execution_id"]).output
    assert len(json.dumps(output)) == record["output_omitted"]["bytes"]
    assert output["parse"]["file-1499"] == {"status": "COMPLETED", "error": None}


def test_a_long_list_of_failures_is_cut() -> None:
    cells = {f"file-{n}": {"status": "FAILED", "error": "x" * 2000} for n in range(100)}
    execution = looked({"status": "COMPLETED", "steps": {"parse": cells}})

    assert execution.message is not None
    assert execution.message.startswith("parse[file-0]: xxx")
    assert len(execution.message) <= 500
