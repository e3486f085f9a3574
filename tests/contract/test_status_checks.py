"""Guarantee 2: a status check that fails temporarily is repeated."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.contract import blocking_and_deferred, runs, start, starts, status_checks, trigger_for
from tests.contract.crash import EXECUTION_ID, Store
from tests.fake_airflow import Task, first_event, outcome
from tests.vendors import VendorCase

TEMPORARY = [
    ("rate_limit", {}),
    ("status", {"status": 408}),
    ("server_error", {"status": 500}),
    ("server_error", {"status": 503}),
    ("server_error", {"status": 529}),
    ("reset", {}),
    ("lost_response", {}),
    ("hang", {}),
    ("html", {}),
    ("truncated", {}),
    ("list_body", {}),
]


@blocking_and_deferred
def test_a_status_check_that_fails_temporarily_is_repeated(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """Two checks in a row fail, and the task still succeeds."""

    def try_it(fault: str, options: dict[str, Any]) -> tuple[object, ...]:
        connect(monkeypatch, vendor, emulator, **({"read_timeout": 1} if fault == "hang" else {}))
        before = len(status_checks(emulator, vendor))
        emulator.fail(vendor.conn_type, vendor.get_status, fault, times=2, **options)
        how = outcome(Task(lambda: vendor.task(deferrable=deferrable)))[0]
        checks = status_checks(emulator, vendor)[before:]
        return how, [check["fault"] == fault for check in checks[:3]]

    results = {f"{fault} {options}": try_it(fault, options) for fault, options in TEMPORARY}

    assert results == dict.fromkeys(results, ("record", [True, True, False]))
    assert len(runs(emulator, vendor)) == len(TEMPORARY)


@blocking_and_deferred
def test_a_status_check_that_the_server_does_not_support_ends_the_wait(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """HTTP 501 does not pass. The run is read once more before the task fails, as after any wait that has failed."""
    emulator.fail(vendor.conn_type, vendor.get_status, "status", times=None, status=501)

    with pytest.raises(errors.RequestRejected, match="HTTP 501") as failed:
        Task(lambda: vendor.task(deferrable=deferrable)).run()

    (run,) = runs(emulator, vendor)
    assert run["execution_id"] in str(failed.value)
    assert len(status_checks(emulator, vendor)) == 2


@blocking_and_deferred
def test_retry_after_is_obeyed(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    emulator.fail(vendor.conn_type, vendor.get_status, "rate_limit", after=1, retry_after=1)

    Task(lambda: vendor.task(deferrable=deferrable)).run()

    checks = status_checks(emulator, vendor)
    limited = [check["status"] for check in checks].index(429)
    assert checks[limited + 1]["at"] - checks[limited]["at"] >= 0.99


@blocking_and_deferred
def test_responses_that_stay_unreadable_end_in_an_error(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """A task does not wait a day for the page of a proxy. The error shows the response and names the run."""
    emulator.fail(vendor.conn_type, vendor.get_status, "html", times=None)

    with pytest.raises(errors.UnexpectedResponse, match=r"HTTP 200.*<html") as failed:
        Task(lambda: vendor.task(deferrable=deferrable)).run()

    (run,) = runs(emulator, vendor)
    assert run["execution_id"] in str(failed.value)


@blocking_and_deferred
def test_a_key_that_changes_during_a_wait_is_read_again(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """The wait continues with the new key, after one check that was rejected."""
    emulator.set_pace(status_checks=4)

    def change_key() -> None:
        emulator.revoke(vendor.conn_type)
        connect(monkeypatch, vendor, emulator)

    task = Task(lambda: vendor.task(deferrable=deferrable))
    task.store = Store(EXECUTION_ID, change_key)

    assert task.run()["state"] == "succeeded"
    statuses = [check["status"] for check in status_checks(emulator, vendor)]
    assert [status for status in statuses if status >= 300] == [401]


def test_a_changed_key_is_read_once_for_all_triggers(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks of twenty triggers are rejected at the same time."""
    emulator.set_pace(status_checks=3)
    started = [start(vendor, vendor.succeeds) for _ in range(20)]
    emulator.revoke(vendor.conn_type)
    reads = []
    get_connection = BaseHook.get_connection

    async def read(_: type, conn_id: str) -> Any:
        connection = get_connection(conn_id)
        reads.append(conn_id)
        connect(monkeypatch, vendor, emulator)  # the key changes after the first read
        return connection

    monkeypatch.setattr(BaseHook, "aget_connection", classmethod(read))

    async def wait_for_all() -> list[Any]:
        return await asyncio.gather(*(first_event(trigger_for(vendor, run_id)) for run_id in started))

    assert {event["outcome"] for event in asyncio.run(wait_for_all())} == {"ended"}
    assert len(reads) == 2


@blocking_and_deferred
def test_a_wrong_key_is_used_once(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    """The connection is read again and has not changed, so the request is not repeated."""
    emulator.revoke(vendor.conn_type)

    with pytest.raises(errors.AuthFailed, match=f"{vendor.conn_type}_default"):
        Task(lambda: vendor.task(deferrable=deferrable)).run()

    assert [request["status"] for request in starts(emulator, vendor)] == [401]
