"""Law 7: no secret leaves."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred, runs
from tests.task import Task, outcome
from tests.vendors import Vendor


@blocking_and_deferred
@pytest.mark.parametrize("where", ["nowhere", "start", "look"])
def test_no_secret_is_kept_or_said_anywhere(
    vendor: Vendor, emulator: Emulator, deferrable: bool, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where the vendor repeats the key in an error, or logging is at its loudest."""
    caplog.set_level(logging.DEBUG)
    operation = {"start": vendor.start, "look": vendor.look}.get(where)
    if operation:
        emulator.fail(vendor.conn_type, operation, "echo_secret", times=None, status=400)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)

    with structlog.testing.capture_logs() as logs:
        outcome(task)

    kept = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
    hook = task.operator.hook
    kept += repr([vars(hook), hook.session.settings, vars(hook.session), task.operator.start_call(1.0)])
    account = emulator.account(vendor.conn_type)
    assert runs(emulator, vendor) or where == "start"
    assert [name for name in vendor.secrets if account[name] in kept] == []
