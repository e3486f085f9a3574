"""Guarantee 7: no secret leaves the process but in a request to its vendor."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, runs
from tests.fake_airflow import Task, outcome
from tests.vendors import VendorCase


@blocking_and_deferred
@pytest.mark.parametrize("repeated_in", ["nothing", "start", "status check"])
def test_no_secret_is_stored_logged_or_shown(
    vendor: VendorCase,
    emulator: Emulator,
    deferrable: bool,
    repeated_in: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also at log level DEBUG, and if the vendor repeats the key in an error."""
    caplog.set_level(logging.DEBUG)
    operation = {"start": vendor.start, "status check": vendor.get_status}.get(repeated_in)
    if operation:
        emulator.fail(vendor.conn_type, operation, "echo_secret", times=None, status=400)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)

    with structlog.testing.capture_logs() as logs:
        ended = outcome(task)

    hook = task.operator.hook
    shown = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
    shown += repr([hook, vars(hook), vars(hook.client), task.operator.build_start_request(1.0)])
    account = emulator.account(vendor.conn_type)
    assert ended[0] == ("error" if operation else "record")
    assert runs(emulator, vendor) or repeated_in == "start"
    assert [name for name in vendor.secrets if account[name] in shown] == []
