"""A poller that reads the vendor's list, whatever the list shows: a list can only say that nothing has changed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.core.status_list import MOST_BELIEVED
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.polling import lists
from tests.contract import requests, status_checks, until
from tests.contract.test_poller import CROWD, crowd, event_of, events_of
from tests.fake_airflow import Task
from tests.vendors import ROWS, VendorCase

pytestmark = pytest.mark.parametrize("vendor", [row for row in ROWS if row.values[0].list_statuses])

INTERVAL = 0.1

#: How long runs go on, in seconds: also on a busy machine long enough for two readings of a list.
GOES_ON = 5


def readings(emulator: Emulator, vendor: VendorCase) -> list[dict[str, Any]]:
    return requests(emulator, vendor, vendor.list_statuses)


def assert_each_has_its_end(events: list[dict[str, Any]], triggers: list[Any]) -> None:
    assert [event["execution_id"] for event in events] == [each.execution_id for each in triggers]
    assert {event["outcome"] for event in events} == {"ended"}


def test_a_list_saves_most_checks_of_a_crowd_and_each_wait_gets_its_own_end(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Some succeed, some fail. Each end is seen by a check of its own."""
    emulator.set_pace(seconds=6)
    triggers = crowd(vendor, vendor.succeeds, poll_interval=INTERVAL)
    if vendor.name == "refold":  # its list is that of the whole account
        triggers[:10] = crowd(vendor, vendor.fails, poll_interval=INTERVAL)[:10]

    events = asyncio.run(events_of(triggers))

    assert_each_has_its_end(events, triggers)
    alone = Counter(request["execution_id"] for request in status_checks(emulator, vendor))
    assert len(readings(emulator, vendor)) >= 8
    assert {each.execution_id for each in triggers} <= alone.keys()
    # At this interval a run alone is checked about sixty times; Refold's list does not show a run that is queued, half of it.
    assert sum(alone.values()) < 40 * CROWD


@pytest.mark.parametrize("variant", ["stale", "repeats", "drops"])
def test_a_list_that_is_late_or_moves_while_it_is_read_hides_no_end(
    vendor: VendorCase, emulator: Emulator, variant: str
) -> None:
    """A run that a list still shows as going is checked itself after it was believed for some time."""
    emulator.configure(vendor.conn_type, list=variant)
    emulator.set_pace(seconds=GOES_ON)
    triggers = crowd(vendor, vendor.succeeds, poll_interval=INTERVAL)
    began = time.time()

    events = asyncio.run(events_of(triggers))

    assert_each_has_its_end(events, triggers)
    # Read again after the first time; how often depends on the machine.
    assert len(readings(emulator, vendor)) >= 2
    # Twice as long as the list may be believed, for a machine that is busy.
    assert time.time() - began < GOES_ON + 2 * (MOST_BELIEVED + 2) * INTERVAL + 5


def test_a_list_that_contradicts_the_checks_ends_no_wait_and_is_asked_less_and_less(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """It shows as ended what goes on."""
    ended = {"refold": "COMPLETED"}.get(vendor.name, "completed")
    emulator.fail(vendor.conn_type, str(vendor.list_statuses), "unknown_status", times=None, status=ended)
    workflow = vendor.new_workflow.format(1)
    emulator.add_workflow(vendor.conn_type, workflow, **vendor.added, **vendor.never_ends)
    triggers = crowd(vendor, workflow, poll_interval=INTERVAL)

    async def run() -> int:
        tasks = [asyncio.create_task(event_of(each)) for each in triggers]
        await until(lambda: len(status_checks(emulator, vendor)) > 6 * CROWD)
        done = [each for each in tasks if each.done()]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(done)

    assert asyncio.run(run()) == 0
    # Seven intervals at least, which would be as many readings of a list that is of use.
    assert 1 <= len(readings(emulator, vendor)) <= 3


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("status", {"status": 403}),
        ("status", {"status": 404}),
        ("server_error", {}),
        ("garbled", {}),
        ("list_body", {}),
        ("not_json", {}),
        ("echo_secret", {"status": 403}),
        ("reset", {}),
    ],
)
def test_a_list_that_cannot_be_read_costs_few_requests_and_no_end(
    vendor: VendorCase, emulator: Emulator, fault: str, options: dict[str, Any]
) -> None:
    emulator.fail(vendor.conn_type, str(vendor.list_statuses), fault, times=None, **options)
    emulator.set_pace(status_checks=4)
    triggers = crowd(vendor, vendor.succeeds, poll_interval=INTERVAL)

    events = asyncio.run(events_of(triggers))

    assert_each_has_its_end(events, triggers)
    # Two readings; what only reads is sent again over a new connection if the old one is closed without a byte.
    assert 1 <= len(readings(emulator, vendor)) <= 4


def test_a_list_that_hangs_delays_no_check_for_long(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs that it was asked for are checked when its time is over; others are checked meanwhile."""
    monkeypatch.setattr(lists, "BUDGET", 1.0)
    emulator.fail(vendor.conn_type, str(vendor.list_statuses), "hang", times=None)
    emulator.set_pace(status_checks=4)
    triggers = crowd(vendor, vendor.succeeds, poll_interval=INTERVAL)

    events = asyncio.run(events_of(triggers))

    assert_each_has_its_end(events, triggers)
    after = [request["at"] for request in status_checks(emulator, vendor)][CROWD]
    assert after - readings(emulator, vendor)[0]["at"] < 1.0 + 1.0


def test_a_429_to_a_list_holds_every_request_of_the_connection(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.fail(vendor.conn_type, str(vendor.list_statuses), "rate_limit", times=1, retry_after=2)
    emulator.set_pace(status_checks=4)
    triggers = crowd(vendor, vendor.succeeds, poll_interval=INTERVAL)

    events = asyncio.run(events_of(triggers))

    assert_each_has_its_end(events, triggers)
    [told] = [request["at"] for request in readings(emulator, vendor) if request["status"] == 429]
    # What was on its way already arrives within a moment.
    asked = [request["at"] - told for request in requests(emulator, vendor)]
    assert [after for after in asked if 0.3 < after < 1.9] == []


def test_the_last_status_before_the_deadline_is_not_from_a_list(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told that a run has not ended because a list says so."""
    monkeypatch.setattr(lists, "BUDGET", 0.5)
    emulator.configure(vendor.conn_type, list="stale")
    deadline = time.time() + 4
    triggers = crowd(vendor, vendor.goes_on, poll_interval=INTERVAL, deadline=deadline)

    events = asyncio.run(events_of(triggers))

    assert {event["outcome"] for event in events} == {"timed_out"}
    assert readings(emulator, vendor)
    last = {request["execution_id"]: request["at"] for request in status_checks(emulator, vendor)}
    assert all(abs(last[each.execution_id] - deadline) < 1.0 for each in triggers)


def test_a_task_tells_its_trigger_whose_list_shows_the_run(vendor: VendorCase, emulator: Emulator) -> None:
    """Refold's list is that of the account; the others list the runs of one workflow."""
    assert emulator.runs(vendor.conn_type) == []
    with pytest.raises(TaskDeferred) as deferred:
        Task(lambda: vendor.task(vendor.goes_on, deferrable=True)).execute()

    known = deferred.value.trigger.serialize()[1]["workflow_id"]
    assert known == ("" if vendor.name == "refold" else vendor.goes_on)
