"""The account of a run: a connection that leads to another account reads, stops and starts nothing for this task there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import BaseHook, TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.contract import blocking_and_deferred, runs, start, starts, text_of, trigger_for
from tests.contract.crash import EXECUTION_ID, INTENT, Store
from tests.fake_airflow import Task, first_event
from tests.vendors import VendorCase


@pytest.fixture
def elsewhere(vendor: VendorCase) -> Iterator[Emulator]:
    """Return another account, in which a run may have the same id as the task's own."""
    with Emulator() as account:
        account.set_pace(seconds=0)
        yield account


@pytest.fixture
def move(
    vendor: VendorCase, emulator: Emulator, elsewhere: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Return a function after which the connection leads to the other account, and the first one rejects its key."""

    def change() -> None:
        emulator.revoke(vendor.conn_type)
        connect(monkeypatch, vendor, elsewhere)

    return change


def deferred(task: Task) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    return deferral.value


def test_a_deferred_wait_reads_no_run_of_another_account(
    vendor: VendorCase, emulator: Emulator, elsewhere: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection changes after the deferral. The error names the run, and both addresses."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True, timeout=20))
    deferral = deferred(task)
    (run,) = runs(emulator, vendor)
    connect(monkeypatch, vendor, elsewhere)

    event = task.fire(deferral)
    with pytest.raises(errors.AuthFailed) as refused:
        task.resume(deferral, event)

    assert (event["outcome"], event["error"]) == ("check_failed", "AuthFailed")
    parts = [run["execution_id"], "another account", emulator.url, elsewhere.url, "may go on"]
    assert [part for part in parts if part not in str(refused.value)] == []
    assert elsewhere.requests(vendor.conn_type) == []


def test_a_result_is_not_read_in_another_account(
    vendor: VendorCase, emulator: Emulator, elsewhere: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection changes after the trigger has seen the end of the run."""
    emulator.set_pace(status_checks=2)
    task = Task(lambda: vendor.task(deferrable=True))
    deferral = deferred(task)
    event = task.fire(deferral)
    connect(monkeypatch, vendor, elsewhere)
    start(vendor, vendor.succeeds)

    with pytest.raises(errors.AuthFailed, match="another account"):
        task.resume(deferral, event)

    assert [request["operation"] for request in elsewhere.requests(vendor.conn_type)] == [vendor.start]


def test_a_trigger_stops_no_run_of_another_account(
    vendor: VendorCase, emulator: Emulator, elsewhere: Emulator, monkeypatch: pytest.MonkeyPatch, task_is: Any
) -> None:
    """A person ends the task after the connection has changed. The log names the run, which may go on."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True, timeout=20))
    deferral = deferred(task)
    (run,) = runs(emulator, vendor)
    task_is("failed")
    connect(monkeypatch, vendor, elsewhere)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(task.trigger(deferral).on_kill())

    assert f"Execution {run['execution_id']} may still be going" in text_of(logs)
    assert "another account" in text_of(logs)
    assert elsewhere.requests(vendor.conn_type) == []


@pytest.mark.parametrize("why", ["Trigger timeout", "Trigger failure"])
def test_a_deferral_that_failed_touches_no_run_of_another_account(
    vendor: VendorCase, emulator: Emulator, elsewhere: Emulator, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """Airflow resumes the task without what the deferral has stored, after the connection has changed."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True))
    deferred(task)
    (run,) = runs(emulator, vendor)
    connect(monkeypatch, vendor, elsewhere)

    with pytest.raises(errors.WorkflowError) as failed:
        task.resume_with_error(why)

    assert failed.value.execution_id == run["execution_id"]
    assert re.search("may (still be going|go on)", str(failed.value))
    assert elsewhere.requests(vendor.conn_type) == []


@blocking_and_deferred
def test_a_start_that_is_refused_is_not_sent_to_another_account(
    vendor: VendorCase, emulator: Emulator, elsewhere: Emulator, move: Callable[[], None], deferrable: bool
) -> None:
    """The stored start names the first account. So nothing is started, and the retry starts one run in the other."""
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    task.store = Store(INTENT, move)
    with pytest.raises(errors.AuthFailed, match="another account"):
        task.try_once()

    assert runs(emulator, vendor) == starts(elsewhere, vendor) == []
    record = task.try_once()
    assert [run["execution_id"] for run in runs(elsewhere, vendor)] == [record["execution_id"]]


def test_a_wait_on_the_worker_reads_no_run_of_another_account(
    vendor: VendorCase, elsewhere: Emulator, move: Callable[[], None]
) -> None:
    """The vendor refuses the old key during the wait, and the connection leads to another account by then."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=20))
    task.store = Store(EXECUTION_ID, move)

    with pytest.raises(errors.AuthFailed, match="another account"):
        task.try_once()

    assert elsewhere.requests(vendor.conn_type) == []


def test_waits_in_two_accounts_of_one_connection_do_not_share_a_client(
    vendor: VendorCase, emulator: Emulator, elsewhere: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that starts after the change waits in the new account while an older one waits in the old account."""
    emulator.set_pace(status_checks=3)
    old = Task(lambda: vendor.task(deferrable=True))
    before = deferred(old)
    old_trigger = old.trigger(before)

    async def both() -> list[Any]:
        wait = old_trigger.run()
        waiting = asyncio.ensure_future(anext(wait))
        while len(emulator.requests(vendor.conn_type, vendor.get_status)) < 2:
            await asyncio.wait([waiting], timeout=0.02)
        connect(monkeypatch, vendor, elsewhere)
        elsewhere.set_pace(status_checks=2)
        new = await asyncio.to_thread(lambda: Task(lambda: vendor.task(deferrable=True)))
        after = await asyncio.to_thread(deferred, new)
        ended = [await anext(new.trigger(after).run()), await waiting]
        return [event.payload["outcome"] for event in ended]

    assert asyncio.run(both()) == ["ended", "ended"]
    assert len(runs(elsewhere, vendor)) == 1


def test_a_connection_that_has_moved_is_read_once_for_all_triggers(
    vendor: VendorCase, move: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks of twenty triggers are rejected at the same time, and none of them goes on in the other account."""
    started = [start(vendor, vendor.goes_on) for _ in range(20)]
    account = vendor.hook().client.endpoint.account
    reads = []
    get_connection = BaseHook.get_connection

    async def read(_: type, conn_id: str) -> Any:
        connection = get_connection(conn_id)
        reads.append(conn_id)
        if len(reads) == 1:
            move()
        return connection

    monkeypatch.setattr(BaseHook, "aget_connection", classmethod(read))

    async def wait_for_all() -> list[Any]:
        triggers = [trigger_for(vendor, run_id, account=account) for run_id in started]
        return await asyncio.gather(*(first_event(trigger) for trigger in triggers))

    assert {event["error"] for event in asyncio.run(wait_for_all())} == {"AuthFailed"}
    assert len(reads) == 2
