"""Every decision of a watcher, with given times and a vendor that is a table."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from airflow_workflow_providers.core.errors import NotFound, Unavailable, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.request import ListedRun, Request, RunPage
from airflow_workflow_providers.core.status_list import MOST_BELIEVED
from airflow_workflow_providers.core.watcher import (
    MAX_AGE,
    MAX_CHECKS,
    MAX_ENDED,
    MAX_OPEN,
    OVERLAP,
    Reading,
    Watcher,
)

NOW = 1_000_000.0
HOUR = 3600.0
ACCOUNT = {"conn_id": "refold_default"}


@dataclass
class Run:
    """A run of the vendor: when it begins, ends, and is in the list for the first time."""

    began: float
    ends: float
    listed: float

    def state(self, now: float) -> State:
        return State.SUCCEEDED if self.ends <= now else State.RUNNING


class Vendor:
    """A vendor with a list, newest first, of ``size`` runs a page."""

    def __init__(self, size: int = 100) -> None:
        self.runs: dict[str, Run] = {}
        self.size = size
        self.now = NOW
        self.requests: list[str] = []
        self.failures: dict[str, WorkflowError] = {}
        self.is_stale = False

    def begin(self, name: str, began: float, ends: float = float("inf"), late: float = 0.0) -> None:
        self.runs[name] = Run(began, ends, began + late)

    def read(self, watcher: Watcher, now: float) -> Reading:
        """Let a watcher read the list once."""
        self.now, self.requests = now, []
        flow = watcher.read(self._page, self._check, now)
        step: Callable[[], Any] = lambda: next(flow)  # noqa: E731  # the next step of a generator
        while True:
            try:
                request = step()
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # of the flow
            self.requests.append(request.path)
            if failure := self.failures.get(request.path):
                step = _thrower(flow, failure)
            else:
                step = _sender(flow, request.parse(None))

    def _page(self, since: float, number: int) -> Request[RunPage]:
        def parse(_: Any) -> RunPage:
            shown = [(name, run) for name, run in self.runs.items() if run.listed <= self.now]
            shown.sort(key=lambda each: -each[1].began)
            page = shown[(number - 1) * self.size : number * self.size]
            runs = [
                ListedRun(name, State.RUNNING if self.is_stale else run.state(self.now), run.began)
                for name, run in page
            ]
            return RunPage(tuple(runs), len(shown) > number * self.size and runs[-1].began_at >= since)

        return Request("list", "GET", f"page {number}", parse)

    def _check(self, name: str) -> Request[Execution]:
        return Request(
            "check", "GET", name, lambda _: Execution(name, self.runs[name].state(self.now), "WORD")
        )


def _sender(flow: Any, value: Any) -> Callable[[], Any]:
    return lambda: flow.send(value)


def _thrower(flow: Any, error: WorkflowError) -> Callable[[], Any]:
    return lambda: flow.throw(error)


def ids(reading: Reading) -> list[str]:
    return [str(run.execution.execution_id) for run in reading.ended]


def again(watcher: Watcher) -> Watcher:
    """Return the watcher as another process makes it from what is stored."""
    read = Watcher.from_stored(json.loads(json.dumps(watcher.stored())))
    assert read is not None
    return read


def started(vendor: Vendor, since: float | None = None) -> Watcher:
    """Return a watcher that has read the list once."""
    watcher = Watcher.new(NOW, ACCOUNT, since)
    vendor.read(watcher, NOW)
    return watcher


def test_what_has_ended_before_the_watcher_began_is_no_event() -> None:
    """Neither in the first reading nor in those after it, while the list still shows it."""
    vendor = Vendor()
    vendor.begin("old", NOW - HOUR, NOW - 1800)
    vendor.begin("just before", NOW - 20, NOW - 10)
    vendor.begin("open", NOW - HOUR, NOW + 5)
    watcher = Watcher.new(NOW, ACCOUNT)

    assert [ids(vendor.read(watcher, NOW + at)) for at in (0, 10, 60, 400)] == [[], ["open"], [], []]


def test_with_since_what_has_begun_since_then_is_an_event_and_nothing_else() -> None:
    vendor = Vendor()
    vendor.begin("older", NOW - HOUR - 1, NOW - 100)
    vendor.begin("first", NOW - HOUR, NOW - 100)
    vendor.begin("open", NOW - 10, NOW + 10)
    watcher = Watcher.new(NOW, ACCOUNT, NOW - HOUR)

    assert [ids(vendor.read(watcher, NOW + at)) for at in (0, 20, 400)] == [["first"], ["open"], []]


def test_a_run_that_began_long_before_others_and_ends_after_them_is_not_lost() -> None:
    """It is on no page that is read, and so it is checked itself."""
    vendor = Vendor(size=10)
    vendor.begin("long", NOW + 1, NOW + 5 * HOUR)
    watcher = started(vendor)
    seen = []
    for minute in range(1, 302):
        at = NOW + 60.0 * minute
        vendor.begin(f"short {minute}", at - 30, at - 5)
        seen += ids(vendor.read(watcher, at))
        watcher = again(watcher)

    assert sorted(seen) == sorted(vendor.runs)
    assert watcher.since > NOW + 4 * HOUR


def test_a_run_that_the_list_shows_late_is_seen() -> None:
    vendor = Vendor()
    watcher = started(vendor)
    vendor.begin("late", NOW + 1, NOW + 2, late=OVERLAP - 70)

    seen = [ids(vendor.read(watcher, NOW + at)) for at in range(60, 400, 60)]

    assert seen == [[], [], [], ["late"], [], []]


def test_a_list_that_never_shows_an_end_only_delays_it() -> None:
    vendor = Vendor()
    vendor.is_stale = True
    watcher = started(vendor)
    vendor.begin("stale", NOW + 1, NOW + 2)

    seen = [ids(vendor.read(watcher, NOW + 10 * at)) for at in range(1, MOST_BELIEVED + 3)]

    assert seen == [*[[]] * MOST_BELIEVED, ["stale"], []]


def test_the_end_of_a_run_is_the_one_that_the_run_itself_shows() -> None:
    """A list that calls a run ended that goes on is no event."""
    vendor = Vendor()
    watcher = started(vendor)
    vendor.begin("goes on", NOW + 1, NOW + 2)
    vendor._check = lambda name: Request(  # type: ignore[method-assign]  # this vendor contradicts itself
        "check", "GET", name, lambda _: Execution(name, State.RUNNING, "WORD")
    )

    assert ids(vendor.read(watcher, NOW + 10)) == []


@pytest.mark.parametrize("open_runs", [0, MAX_OPEN // 2, MAX_OPEN])
def test_runs_for_which_there_is_no_room_are_events_later(open_runs: int) -> None:
    """What is stored stays small."""
    vendor = Vendor()
    for number in range(open_runs):
        vendor.begin(f"long {number}", NOW + 1 + number / 1000, NOW + 2 * HOUR)
    for number in range(2 * MAX_OPEN):
        vendor.begin(f"short {number}", NOW + 10 + number / 1000, NOW + 30)
    watcher = started(vendor)
    seen: list[str] = []
    logged: list[str] = []
    for minute in range(1, 200):
        reading = vendor.read(watcher, NOW + 60.0 * minute)
        seen += ids(reading)
        logged += reading.log
        assert len(reading.ended) <= MAX_CHECKS
        stored = watcher.stored()
        assert len(stored["open"]) <= MAX_OPEN
        assert len(stored["ended"]) <= MAX_ENDED
        assert len(json.dumps(stored)) < 64_000
        watcher = again(watcher) if minute % 5 == 0 else watcher

    assert sorted(seen) == sorted(vendor.runs)
    assert all("have not ended" in line for line in logged)


def test_a_run_that_never_ends_is_dropped_and_the_log_says_so() -> None:
    vendor = Vendor()
    vendor.begin("for ever", NOW - 10)
    watcher = started(vendor)

    readings = [vendor.read(watcher, NOW + at) for at in (MAX_AGE - 100, MAX_AGE + 100, MAX_AGE + 200)]

    assert [reading.log for reading in readings] == [
        [],
        ["Execution for ever has not ended 30 days after its begin: it is no longer watched."],
        [],
    ]
    assert watcher.stored()["open"] == []


def test_a_list_that_cannot_be_read_changes_nothing() -> None:
    vendor = Vendor(size=1)
    watcher = started(vendor)
    for number in range(3):
        vendor.begin(f"run {number}", NOW + 1 + number, NOW + 5)
    before = watcher.stored()
    vendor.failures = {"page 2": Unavailable("HTTP 503")}

    with pytest.raises(Unavailable):
        vendor.read(watcher, NOW + 10)

    assert watcher.stored() == before
    vendor.failures = {}
    assert ids(vendor.read(watcher, NOW + 20)) == ["run 0", "run 1", "run 2"]


def test_a_check_that_fails_in_passing_keeps_the_events_before_it() -> None:
    vendor = Vendor()
    watcher = started(vendor)
    for number in range(3):
        vendor.begin(f"run {number}", NOW + 1 + number, NOW + 5)
    vendor.failures = {"run 1": Unavailable("HTTP 503")}

    first = vendor.read(watcher, NOW + 10)
    vendor.failures = {}
    second = vendor.read(watcher, NOW + 20)

    assert (ids(first), str(first.failure)) == (["run 0"], "HTTP 503")
    assert (ids(second), second.failure) == (["run 1", "run 2"], None)


def test_a_run_that_cannot_be_read_holds_no_other_up_and_is_logged_once() -> None:
    vendor = Vendor()
    watcher = started(vendor)
    for number in range(2 * MAX_CHECKS):
        vendor.begin(f"run {number}", NOW + 1 + number / 1000, NOW + 5)
    vendor.failures = {f"run {number}": NotFound("HTTP 404") for number in range(MAX_CHECKS)}

    readings = [vendor.read(watcher, NOW + 10 + at) for at in range(6)]

    assert len({name for reading in readings for name in ids(reading)}) == MAX_CHECKS
    assert sum(len(reading.log) for reading in readings) == MAX_CHECKS


def test_a_reading_costs_one_request_and_one_for_each_end() -> None:
    vendor = Vendor()
    for number in range(50):
        vendor.begin(f"open {number}", NOW + 1, NOW + HOUR)
    vendor.begin("ends", NOW + 1, NOW + 30)
    watcher = started(vendor)

    vendor.read(watcher, NOW + 10)
    assert vendor.requests == ["page 1"]
    vendor.read(watcher, NOW + 60)
    assert vendor.requests == ["page 1", "ends"]


@pytest.mark.parametrize(
    "stored",
    [None, 7, "text", [], {}, {"version": 99}, {"version": 1}, {"version": 1, "began_at": "soon"}],
    ids=repr,
)
def test_what_another_release_has_stored_is_not_guessed(stored: Any) -> None:
    assert Watcher.from_stored(stored) is None


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("kills", [False, True])
def test_each_end_is_an_event_whatever_begins_and_ends_when(seed: int, kills: bool) -> None:
    """One event without a kill. With kills the next process begins with what was stored after an earlier reading."""
    chance = random.Random(seed)  # noqa: S311  # a test that can be repeated
    vendor = Vendor(size=chance.choice([3, 20, 100]))
    watcher = started(vendor)
    stored = watcher.stored()
    seen: list[str] = []
    for minute in range(1, 120):
        now = NOW + 60.0 * minute
        for number in range(chance.choice([0, 0, 1, 5])):
            began = now - chance.uniform(0, 60)
            late = chance.choice([0.0, 0.0, chance.uniform(0, 120)])
            vendor.begin(f"{minute}-{number}", began, began + chance.choice([1, 30, 600, 5000]), late)
        vendor.is_stale = chance.random() < 0.2
        vendor.failures = {"page 1": Unavailable("HTTP 503")} if chance.random() < 0.1 else {}
        if kills and chance.random() < 0.2:
            restored = Watcher.from_stored(json.loads(json.dumps(stored)))
            assert restored is not None
            watcher = restored
        try:
            seen += ids(vendor.read(watcher, now))
        except Unavailable:
            continue
        if chance.random() < 0.5:
            stored = watcher.stored()
    vendor.is_stale, vendor.failures = False, {}
    for minute in range(120, 300):
        seen += ids(vendor.read(watcher, NOW + 60.0 * minute))

    assert set(seen) == set(vendor.runs)
    assert kills or len(seen) == len(vendor.runs)
