"""Law 3: a word that is not in the table is never success."""

from __future__ import annotations

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred, calls
from tests.task import Task
from tests.vendors import Vendor


@blocking_and_deferred
def test_an_unknown_status_is_waited_on_and_ends_in_an_error_at_the_deadline(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """It is said once in the log, not once for each look."""
    emulator.fail(vendor.conn_type, vendor.look, "unknown_status", times=None, status="HIBERNATING")
    task = Task(lambda: vendor.task(deferrable=deferrable, timeout=1))

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.ExecutionTimedOut, match="HIBERNATING"),
    ):
        task.run()

    said = [entry for entry in logs if "HIBERNATING" in str(entry) and entry["log_level"] == "warning"]
    assert len(said) == 1
    assert len(calls(emulator, vendor, vendor.look)) > 2


@blocking_and_deferred
def test_a_status_is_shown_on_one_line_limited_and_without_a_key(
    vendor: Vendor, emulator: Emulator, deferrable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It is a vendor's text like any other: in the log, the event, the error and whatever Airflow stores."""
    key = emulator.account(vendor.conn_type)[vendor.secrets[-1]]
    forged = f"SLEEPY\r\n2026-01-01 ERROR all is lost \x1b[31m {key} " + "z" * 100_000
    emulator.fail(vendor.conn_type, vendor.look, "unknown_status", times=None, status=forged)
    task = Task(lambda: vendor.task(deferrable=deferrable, timeout=0.5))

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionTimedOut) as late:
        task.run()

    said = [str(entry["event"]) for entry in logs if "SLEEPY" in str(entry["event"])] + [str(late.value)]
    assert len(said) >= 2
    assert all(text.isprintable() and len(text) < 2000 for text in said)
    assert key not in f"{logs} {caplog.text} {task.everything_kept()}"
    assert all(len(str(event)) < 2000 for event in task.events)
