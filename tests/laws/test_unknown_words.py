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
    assert 1 <= len(said) <= (2 if deferrable else 1)  # the worker looks once before it defers
    assert len(calls(emulator, vendor, vendor.look)) > 2
