"""Law 2: a look that fails in passing costs nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    BaseHook,
)

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.laws import blocking_and_deferred, calls, runs, start, trigger_of
from tests.task import Task, first_event, outcome
from tests.vendors import Vendor


@blocking_and_deferred
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("rate_limit", {}),
        ("status", {"status": 408}),
        ("server_error", {"status": 500}),
        ("server_error", {"status": 503}),
        ("server_error", {"status": 529}),
        ("reset", {}),
        ("lost_answer", {}),
        ("hang", {}),
        ("html", {}),
        ("truncated", {}),
        ("list_body", {}),
    ],
)
def test_a_look_that_fails_in_passing_is_tried_again(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
    fault: str,
    options: dict[str, Any],
) -> None:
    """Two such looks in a row, and the run still ends well."""
    if fault == "hang":
        connect(monkeypatch, vendor, emulator, read_timeout=0.4)
    emulator.fail(vendor.conn_type, vendor.look, fault, times=2, **options)

    assert outcome(Task(lambda: vendor.task(deferrable=deferrable)))[0] == "record"

    assert [call["fault"] for call in calls(emulator, vendor, vendor.look)[:2]] == [fault] * 2
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_retry_after_is_obeyed(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """The next look comes no sooner than the vendor asked."""
    emulator.fail(vendor.conn_type, vendor.look, "rate_limit", after=1, retry_after=1)

    Task(lambda: vendor.task(deferrable=deferrable)).run()

    looks = calls(emulator, vendor, vendor.look)
    refused = next(i for i, call in enumerate(looks) if call["status"] == 429)
    assert looks[refused + 1]["at"] - looks[refused]["at"] >= 0.99


@blocking_and_deferred
def test_a_look_that_makes_no_sense_for_long_ends_in_one_error(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """A page of a proxy is not waited on for a day; the error shows what came, and which run it was about."""
    emulator.fail(vendor.conn_type, vendor.look, "html", times=None)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    with pytest.raises(errors.UnreadableAnswer, match=r"HTTP 200.*<html") as unreadable:
        task.run()

    assert runs(emulator, vendor)[0]["execution_id"] in str(unreadable.value)
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_a_changed_key_is_read_anew(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """The key is changed while a task waits: the wait goes on with the new one."""
    task = Task(lambda: vendor.task(deferrable=deferrable))
    emulator.set_pace(looks=4)

    class ChangesTheKey:
        """Change it when the task has said that its run is known, which it does before any wait."""

        def __setitem__(self, key: str, value: Any) -> None:
            emulator.revoke(vendor.conn_type)
            connect(monkeypatch, vendor, emulator)

        def clear(self) -> None:
            """Forget nothing: nothing is kept."""

    task.xcom = ChangesTheKey()
    assert task.run()["state"] == "succeeded"

    statuses = [call["status"] for call in calls(emulator, vendor, vendor.look)]
    assert statuses.count(401) == 1
    assert {status for status in statuses if status >= 300} == {401}


def test_a_changed_key_is_read_once_for_all_triggers(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty triggers of a connection are refused at once; the connection is read once more, not twenty times."""
    emulator.set_pace(looks=3)
    started = [start(vendor, vendor.succeeds) for _ in range(20)]
    emulator.revoke(vendor.conn_type)
    reads = []
    airflows = BaseHook.get_connection

    async def read(_: type, conn_id: str) -> Any:
        connection = airflows(conn_id)
        reads.append(conn_id)
        connect(monkeypatch, vendor, emulator)  # the key is changed after the first read
        return connection

    monkeypatch.setattr(BaseHook, "aget_connection", classmethod(read))

    async def wait_for_all() -> list[Any]:
        return await asyncio.gather(
            *(first_event(trigger_of(vendor, execution_id)) for execution_id in started)
        )

    events = asyncio.run(wait_for_all())

    assert {event["outcome"] for event in events} == {"ended"}
    assert len(reads) == 2


@blocking_and_deferred
def test_a_wrong_key_is_not_tried_again(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """The connection is read anew, says the same, and the vendor is not asked twice with a key it has refused."""
    emulator.revoke(vendor.conn_type)

    with pytest.raises(errors.AuthFailed, match=f"{vendor.conn_type}_default"):
        Task(lambda: vendor.task(deferrable=deferrable)).run()

    assert [call["status"] for call in calls(emulator, vendor, vendor.start)] == [401]
