"""Many triggers share one event loop and the connections of one client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import BaseHook

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.contract import Airflow, assert_stopped, runs, start, status_checks, text_of, trigger_for
from tests.fake_airflow import Task, first_event
from tests.vendors import VendorCase


def test_a_stop_arrives_while_every_status_check_hangs(
    vendor: VendorCase,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    task_is: Callable[[str | None], Airflow],
) -> None:
    """The checks of a hundred triggers occupy every connection; the stop opens its own."""
    connect(monkeypatch, vendor, emulator, read_timeout=60)
    emulator.fail(vendor.conn_type, vendor.get_status, "hang", times=None)
    ours = start(vendor, vendor.goes_on)
    others = [start(vendor, vendor.goes_on) for _ in range(3)]
    task_is("failed")

    async def kill() -> tuple[float, str]:
        waiting = [asyncio.create_task(first_event(trigger_for(vendor, others[n % 3]))) for n in range(100)]
        while len(status_checks(emulator, vendor)) < LANES:
            await asyncio.wait(waiting, timeout=0.05)
        began = time.monotonic()
        with structlog.testing.capture_logs() as logs:
            await trigger_for(vendor, ours).on_kill()
        took = time.monotonic() - began
        for task in waiting:
            task.cancel()
        task_is("running")
        await asyncio.gather(*waiting, return_exceptions=True)
        return took, text_of(logs)

    took, log = asyncio.run(kill())

    assert took < 3
    assert_stopped(vendor, emulator, ours, log)
    assert [run["stops"] for run in runs(emulator, vendor) if run["execution_id"] != ours] == [0, 0, 0]


def test_a_key_that_has_not_changed_is_read_once_more_for_all_triggers(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks of a hundred triggers are rejected, and each wait ends with the same error."""
    reads: list[str] = []
    get_connection = BaseHook.get_connection

    async def read(_: type, conn_id: str) -> Any:
        reads.append(conn_id)
        return get_connection(conn_id)

    monkeypatch.setattr(BaseHook, "aget_connection", classmethod(read))
    run_id = start(vendor, vendor.goes_on)
    emulator.revoke(vendor.conn_type)

    async def wait() -> list[Any]:
        return await asyncio.gather(*(first_event(trigger_for(vendor, run_id)) for _ in range(100)))

    events = asyncio.run(wait())

    assert {(event["outcome"], event["error"]) for event in events} == {("check_failed", "AuthFailed")}
    assert len(reads) == 2


def test_no_status_check_and_no_event_comes_after_the_deadline(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Also if the next tick of the poller comes after it."""
    run_id = start(vendor, vendor.goes_on)
    deadline = time.time() + 1.0

    event = asyncio.run(first_event(trigger_for(vendor, run_id, deadline=deadline, poll_interval=0.95)))

    assert event["outcome"] == "timed_out"
    assert time.time() < deadline + 0.5
    assert [check for check in status_checks(emulator, vendor) if check["at"] > deadline + 0.1] == []


def test_a_poll_interval_is_at_least_the_minimum_of_the_deployment(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``poll_interval=0``, in a triggerer, on a worker and in a sensor."""
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL", "0.3")
    run_id = start(vendor, vendor.goes_on)

    asyncio.run(first_event(trigger_for(vendor, run_id, deadline=time.time() + 1.0, poll_interval=0)))
    in_triggerer = len(status_checks(emulator, vendor))
    with pytest.raises(errors.ExecutionTimedOut):
        Task(lambda: vendor.task(vendor.goes_on, poll_interval=0, timeout=1.0)).run()
    on_worker = len(status_checks(emulator, vendor)) - in_triggerer

    assert in_triggerer <= 4
    assert on_worker <= 6
    assert vendor.sensor(task_id="wait", execution_id="1", poke_interval=0).poke_interval == 0.3
