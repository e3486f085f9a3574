"""
What every vendor must do in every mode. Verdicts come from the emulator's ledger: what was asked of the vendor.

The numbers are those of the laws in CONTRIBUTING.md. Laws that a vendor cannot obey are named there, and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.task import Task
from tests.vendors import Vendor

blocking_and_deferred = pytest.mark.parametrize("deferrable", [False, True], ids=["blocking", "deferred"])


def runs(emulator: Emulator, vendor: Vendor) -> list[dict[str, Any]]:
    return emulator.runs(vendor.conn_type)


def calls(emulator: Emulator, vendor: Vendor, operation: str) -> list[dict[str, Any]]:
    return emulator.calls(vendor.conn_type, operation)


def starts(emulator: Emulator, vendor: Vendor) -> int:
    return len(calls(emulator, vendor, vendor.start))


def start(vendor: Vendor, workflow: str) -> str:
    """Start a run that no task waits for yet."""
    with closing(vendor.hook()) as hook:
        return hook.send(vendor.task(workflow).start_call(60.0)).execution_id


def trigger_of(vendor: Vendor, execution_id: str, **options: Any) -> Any:
    parameters = {"deadline": time.time() + 60, "poll_interval": 0.01, "stop_on_kill": True, **options}
    trigger = vendor.trigger(conn_id=f"{vendor.conn_type}_default", execution_id=execution_id, **parameters)
    trigger.task_instance = Task(vendor.task).context(vendor.task())["ti"]
    return trigger


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> Any:
        raise error

    return call
