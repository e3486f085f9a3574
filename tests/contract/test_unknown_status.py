"""Guarantee 3: a status that is not in the vendor's table is never a success."""

from __future__ import annotations

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, status_checks
from tests.fake_airflow import Task
from tests.vendors import VendorCase


@blocking_and_deferred
def test_an_unknown_status_is_waited_on_and_ends_in_an_error_at_the_deadline(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """It is logged once, and not at each status check."""
    emulator.fail(vendor.conn_type, vendor.get_status, "unknown_status", times=None, status="HIBERNATING")
    task = Task(lambda: vendor.task(deferrable=deferrable, timeout=1))

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.ExecutionTimedOut, match="HIBERNATING"),
    ):
        task.run()

    warnings = [
        entry for entry in logs if entry["log_level"] == "warning" and "HIBERNATING" in entry["event"]
    ]
    assert len(warnings) == 1
    assert len(status_checks(emulator, vendor)) > 2


@blocking_and_deferred
def test_a_status_is_shown_on_one_short_line_and_without_a_key(
    vendor: VendorCase, emulator: Emulator, deferrable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log, the event, the error, and everything that Airflow stores."""
    key = emulator.account(vendor.conn_type)[vendor.secrets[0]]
    status = f"SLEEPY\r\n2026-01-01 ERROR all data is deleted \x1b[31m {key} " + "z" * 100_000
    emulator.fail(vendor.conn_type, vendor.get_status, "unknown_status", times=None, status=status)
    task = Task(lambda: vendor.task(deferrable=deferrable, timeout=1.0))

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionTimedOut) as late:
        task.run()

    shown = [entry["event"] for entry in logs if "SLEEPY" in entry["event"]] + [str(late.value)]
    assert len(shown) >= 2
    assert [line for line in shown if not line.isprintable() or len(line) > 2000] == []
    assert key not in f"{logs} {caplog.text} {task.everything_kept()}"
    assert [event for event in task.events if len(str(event)) > 2000] == []
