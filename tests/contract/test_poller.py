"""All guarantees of a wait, in a crowd: one poller makes the status checks of all waits of a connection."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.polling import poller as poller_module
from tests.conftest import connect
from tests.contract import requests, start, status_checks, text_of, trigger_for, until
from tests.vendors import VendorCase
from tests.vendors.facts import FACTS

CROWD = 50


async def event_of(trigger: Any) -> dict[str, Any]:
    async for event in trigger.run():
        return dict(event.payload)
    raise AssertionError("no event")


async def events_of(triggers: list[Any]) -> list[dict[str, Any]]:
    return await asyncio.gather(*map(event_of, triggers))


def crowd(vendor: VendorCase, workflow: str, **options: Any) -> list[Any]:
    """Return triggers for so many runs; they know their workflow, like those of a task."""
    options = {"workflow_id": workflow, **options}
    return [trigger_for(vendor, start(vendor, workflow), **options) for _ in range(CROWD)]


@contextmanager
def logged_by(keep: Callable[[Any, str, dict[str, Any]], Any]) -> Iterator[None]:
    """Give a function every line of the log, and nobody else."""
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[keep])
    try:
        yield
    finally:
        structlog.configure(processors=before)


def test_each_wait_of_a_crowd_gets_the_end_of_its_own_run(vendor: VendorCase, emulator: Emulator) -> None:
    """Some succeed, some fail; every one is checked as often as if it was alone, by itself or in a list."""
    emulator.set_pace(status_checks=3)
    good, bad = crowd(vendor, vendor.succeeds), crowd(vendor, vendor.fails)

    events = asyncio.run(events_of([*good, *bad]))

    assert [event["execution_id"] for event in events] == [each.execution_id for each in [*good, *bad]]
    assert {event["outcome"] for event in events} == {"ended"}
    checks = [request["execution_id"] for request in status_checks(emulator, vendor)]
    alone = {checks.count(each.execution_id) for each in [*good, *bad]}
    assert alone == {3} if vendor.list_statuses is None else alone <= {2, 3}


def test_a_wait_that_is_cancelled_or_fails_touches_no_other(vendor: VendorCase, emulator: Emulator) -> None:
    """One trigger is cancelled, and one waits for a run that the vendor does not know."""
    emulator.set_pace(status_checks=4)
    known = crowd(vendor, vendor.succeeds)
    unknown = FACTS[vendor.name].unknown_id
    lost = trigger_for(vendor, unknown)
    if vendor.name == "refold":
        emulator.configure("refold", unknown_execution="404")

    async def run() -> tuple[list[dict[str, Any]], dict[str, Any]]:
        cancelled, *others = [asyncio.create_task(event_of(each)) for each in known]
        failing = asyncio.create_task(event_of(lost))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        return await asyncio.gather(*others), await failing

    events, failed = asyncio.run(run())

    assert {event["outcome"] for event in events} == {"ended"}
    assert (failed["outcome"], failed["execution_id"]) == ("check_failed", unknown)
    assert [
        each for each in status_checks(emulator, vendor) if each["execution_id"] == known[0].execution_id
    ] == []


def test_each_trigger_speaks_in_its_own_log(vendor: VendorCase, emulator: Emulator) -> None:
    """A poller that logs would write into the log of the trigger that happened to create it."""
    mine: contextvars.ContextVar[str] = contextvars.ContextVar("mine", default="nobody's")
    said: list[tuple[str, str]] = []

    def keep(_: Any, __: str, entry: dict[str, Any]) -> dict[str, Any]:
        said.append((mine.get(), entry["event"]))
        raise structlog.DropEvent

    async def wait(trigger: Any) -> dict[str, Any]:
        mine.set(trigger.execution_id)
        return await event_of(trigger)

    triggers = crowd(vendor, vendor.succeeds)

    async def run() -> None:
        await asyncio.gather(*map(wait, triggers))

    with logged_by(keep):
        asyncio.run(run())

    spoken = [(whose, line) for whose, line in said if line.startswith("Execution ")]
    assert len(spoken) >= CROWD
    assert [line for whose, line in spoken if whose not in line] == []


def test_a_connection_whose_vendor_hangs_slows_no_other(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have a crowd in the same event loop; the one that hangs keeps all of its connections busy."""
    connection = emulator.connection(vendor.conn_type)
    monkeypatch.setenv(
        f"AIRFLOW_CONN_{vendor.conn_type.upper()}_OTHER",
        json.dumps({**connection, "extra": {**connection.get("extra", {}), "read_timeout": 60}}),
    )
    workflow = vendor.new_workflow.format(1)
    emulator.add_workflow(vendor.conn_type, workflow, **vendor.added, **vendor.never_ends)
    stuck = crowd(vendor, workflow)
    for each in stuck:
        each.hook.conn_id = each.conn_id = f"{vendor.conn_type}_other"
    emulator.fail(vendor.conn_type, vendor.get_status, "hang", times=None, workflow_id=workflow)
    others = crowd(vendor, vendor.succeeds)

    async def run() -> list[dict[str, Any]]:
        hanging = [asyncio.create_task(event_of(each)) for each in stuck]
        await until(
            lambda: [each["fault"] for each in status_checks(emulator, vendor)].count("hang") == LANES
        )
        events = await events_of(others)
        for each in hanging:
            each.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        return events

    events = asyncio.run(run())

    assert {event["outcome"] for event in events} == {"ended"}


def test_a_triggerer_that_is_stopped_in_the_middle_leaves_nothing_open(
    vendor: VendorCase, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """No task, no timer that keeps a poller, no socket; and another event loop begins anew."""
    caplog.set_level(logging.WARNING, logger="asyncio")
    triggers = crowd(vendor, vendor.goes_on)

    async def run() -> set[asyncio.Task[Any]]:
        tasks = [asyncio.create_task(event_of(each)) for each in triggers]
        await until(lambda: len(status_checks(emulator, vendor)) >= 2 * CROWD)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.1)
        return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]  # there is one

    # A batch of an earlier test that ended in the middle of a request keeps its poller until the response.
    of_others = set(poller_module._pollers.values())
    for _ in range(2):
        assert asyncio.run(run()) == set()
    # Older Airflows ask for connections in a thread, which may hold what it was asked for a moment longer.
    deadline = time.monotonic() + 10
    while (left := set(poller_module._pollers.values()) - of_others) and time.monotonic() < deadline:
        del left
        gc.collect()

    assert left == set()
    assert text_of([{"event": record.message} for record in caplog.records]) == text_of([])


def test_a_poller_that_dies_wakes_up_all_of_its_waits(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the bug is, no wait hangs until its deadline."""
    triggers = crowd(vendor, vendor.goes_on)
    assert status_checks(emulator, vendor) == []
    monkeypatch.setattr(poller_module, "LANES", "not a number")

    async def run() -> list[Any]:
        return await asyncio.gather(*map(event_of, triggers), return_exceptions=True)

    ended = asyncio.run(asyncio.wait_for(run(), 30))

    assert {type(each) for each in ended} == {WorkflowError}


def test_the_interval_does_not_grow_by_the_time_of_a_response(vendor: VendorCase, emulator: Emulator) -> None:
    """The next check is due an interval after the last one was, not after its response."""
    emulator.fail(vendor.conn_type, vendor.get_status, "slow", times=None, seconds=0.1)
    trigger = trigger_for(
        vendor, start(vendor, vendor.goes_on), poll_interval=0.2, deadline=time.time() + 2.1
    )

    event = asyncio.run(event_of(trigger))

    assert event["outcome"] == "timed_out"
    assert 9 <= len(status_checks(emulator, vendor)) <= 12


def test_the_interval_grows_with_the_age_of_the_run(vendor: VendorCase, emulator: Emulator) -> None:
    """A run of an hour is checked once a minute; with an interval of the author it is checked as often as he says."""
    run = start(vendor, vendor.goes_on)
    hour_ago = time.time() - 3600

    def checks(**options: Any) -> int:
        before = len(status_checks(emulator, vendor))
        asyncio.run(event_of(trigger_for(vendor, run, deadline=time.time() + 1.0, **options)))
        return len(status_checks(emulator, vendor)) - before

    assert checks(poll_interval=0.05, max_poll_interval=60.0, began_at=hour_ago) == 1
    assert checks(poll_interval=0.05) > 10


def test_after_a_429_the_vendor_gets_no_request_of_a_crowd_before_the_time_that_it_has_asked_for(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """One wait was told so, and all others of the connection keep to it; then they continue, a few at first."""
    triggers = crowd(vendor, vendor.succeeds, poll_interval=0.2)
    emulator.set_pace(status_checks=4)
    emulator.fail(vendor.conn_type, vendor.get_status, "rate_limit", times=1, after=CROWD, retry_after=2)

    events = asyncio.run(events_of(triggers))

    assert {event["outcome"] for event in events} == {"ended"}
    checks = status_checks(emulator, vendor)
    [told] = [request["at"] for request in checks if request["status"] == 429]
    # Those that were on their way already arrive within a moment.
    assert [at - told for request in checks if told + 0.5 < (at := request["at"]) < told + 1.9] == []


def test_after_a_429_the_checks_that_are_due_already_are_put_off_too(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a crowd that is due at once, only what is on its way to the vendor still arrives."""
    monkeypatch.setattr(poller_module, "LANES", 4)
    triggers = crowd(vendor, vendor.succeeds)
    emulator.fail(vendor.conn_type, vendor.get_status, "rate_limit", times=1, after=4, retry_after=2)

    events = asyncio.run(events_of(triggers))

    assert {event["outcome"] for event in events} == {"ended"}
    checks = status_checks(emulator, vendor)
    [told] = [request["at"] for request in checks if request["status"] == 429]
    assert len([request for request in checks if request["at"] < told + 1.9]) <= 12


def test_a_deadline_that_comes_while_the_vendor_is_left_alone_is_kept(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Without a request; the event says why nothing was known."""
    emulator.fail(vendor.conn_type, vendor.get_status, "rate_limit", times=None, retry_after=60)
    soon = time.time() + 1.0
    triggers = [trigger_for(vendor, start(vendor, vendor.goes_on), deadline=soon) for _ in range(5)]

    events = asyncio.run(events_of(triggers))

    assert {event["outcome"] for event in events} == {"timed_out"}
    assert time.time() < soon + 1


def test_a_429_without_a_time_leaves_no_wait_behind(vendor: VendorCase, emulator: Emulator) -> None:
    """All of the crowd were told so at once, and continue with one connection at first."""
    triggers = crowd(vendor, vendor.succeeds)
    emulator.fail(vendor.conn_type, vendor.get_status, "status", times=CROWD, status=429)

    events = asyncio.run(events_of(triggers))

    assert {event["outcome"] for event in events} == {"ended"}


def test_a_crowd_keeps_to_the_limit_of_its_connection_and_one_wait_says_that_checks_are_late(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No check is lost: each wait sees the end of its run. A triggerer sends half of 40 requests a second, after a burst."""
    monkeypatch.setattr(poller_module, "_LATE", 0.5)
    triggers = crowd(vendor, vendor.succeeds, poll_interval=0.1)
    emulator.set_pace(status_checks=3)
    connect(monkeypatch, vendor, emulator, requests_per_second=40)
    began = time.time()
    said: list[str] = []

    def keep(_: Any, __: str, entry: dict[str, Any]) -> dict[str, Any]:
        said.append(entry["event"])
        raise structlog.DropEvent

    with logged_by(keep):
        events = asyncio.run(events_of(triggers))

    assert {event["outcome"] for event in events} == {"ended"}
    arrived = sorted(each["at"] for each in requests(emulator, vendor) if each["at"] > began)
    # A burst of five, and one of them is the first; the clocks of the limit and of the ledger differ a little.
    assert [place for place, at in enumerate(arrived) if at - arrived[0] < (place - 5) / 20 - 0.05] == []
    [late] = [line for line in said if "Status checks come" in line]
    assert "at most 20 requests a second, 48 requests at once" in late


def test_a_check_whose_deadline_has_come_goes_before_all_others(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a crowd that would take 25 s to check once."""
    triggers = crowd(vendor, vendor.goes_on, poll_interval=0.1)
    deadline = time.time() + 4
    last = trigger_for(vendor, start(vendor, vendor.goes_on), poll_interval=0.1, deadline=deadline)
    connect(monkeypatch, vendor, emulator, requests_per_second=4)

    async def run() -> dict[str, Any]:
        others = [asyncio.create_task(event_of(each)) for each in triggers]
        event = await event_of(last)
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        return event

    event = asyncio.run(run())

    assert (event["outcome"], event["execution_id"]) == ("timed_out", last.execution_id)
    assert time.time() < deadline + 3
    assert [each["execution_id"] for each in status_checks(emulator, vendor)].count(last.execution_id) >= 1
