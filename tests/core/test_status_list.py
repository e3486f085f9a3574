"""A list can only say that nothing has changed, and it is read only as long as that is cheaper than status checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_workflow_providers.core.request import Request, StatusPage
from airflow_workflow_providers.core.status_list import ListReading, is_worth_reading, read_list

Entries = Sequence[tuple[str, str]]


def runs(first: int, last: int, status: str = "RUNNING") -> list[tuple[str, str]]:
    return [(str(number), status) for number in range(first, last)]


def read(pages: Sequence[Entries], waits: int) -> tuple[dict[str, bool], ListReading]:
    """Read a list of these pages for so many waits, all of them for running runs; each page is asked for once."""
    found: dict[str, bool] = {}
    reading = ListReading()

    def page(number: int) -> Request[StatusPage]:
        return Request(str(number), "GET", "/list", parse=lambda _: StatusPage((), more=False))

    def on_found(execution_id: str, unchanged: bool) -> None:  # as its caller has it
        assert execution_id not in found
        found[execution_id] = unchanged

    flow = read_list(page, dict(runs(0, waits)), on_found, reading)
    sent: Any = None
    for number, entries in enumerate(pages, start=1):
        try:
            request = flow.send(sent)
        except StopIteration:
            return found, reading
        assert isinstance(request, Request)
        assert request.summary == str(number)
        sent = StatusPage(tuple(entries), more=number < len(pages))
    with pytest.raises(StopIteration):
        flow.send(sent)
    return found, reading


def test_a_run_with_the_same_status_is_unchanged_and_any_other_status_is_a_change() -> None:
    entries = [("0", "RUNNING"), ("1", "COMPLETED"), ("2", "running"), ("3", ""), ("other", "RUNNING")]

    found, _ = read([entries], 5)

    assert found == {"0": True, "1": False, "2": False, "3": False}


def test_what_a_page_repeats_counts_once_and_what_it_drops_is_not_found() -> None:
    """A list sinks while it is read: the next page begins with the end of this one; or it rises, and runs are left out."""
    found, reading = read([runs(0, 10), [*runs(8, 15), ("3", "COMPLETED")], runs(20, 30)], 40)

    assert found == dict.fromkeys([*map(str, range(15)), *map(str, range(20, 30))], True)
    assert (reading.entries, reading.unchanged) == (28, 25)


@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        ([runs(0, 100), runs(100, 200), runs(200, 300)], 300),
        # All waits are found.
        ([runs(0, 50), runs(1000, 1100)], 50),
        # The second page has too few of them, so there is no third.
        ([runs(0, 100), [*runs(100, 110), *runs(1000, 1090)], runs(200, 300)], 200),
        # What has changed is to be checked all the same.
        ([runs(0, 100, "COMPLETED"), runs(100, 200)], 100),
        ([[], runs(0, 100)], 0),
    ],
)
def test_a_page_that_costs_more_than_status_checks_is_the_last(pages: list[Entries], asked: int) -> None:
    found, reading = read(pages, 50 if asked == 50 else 300)

    assert reading.entries == asked
    assert reading.unchanged == sum(found.values())


@pytest.mark.parametrize(
    ("due", "entries", "worth"), [(9, 9, False), (10, 10, True), (100, 800, True), (99, 800, False)]
)
def test_a_list_is_read_if_it_is_cheaper_than_the_checks_that_are_due(
    due: int, entries: int, worth: bool
) -> None:
    assert is_worth_reading(due, entries) is worth


@pytest.mark.parametrize(("entries", "unchanged", "paid"), [(0, 0, False), (100, 13, True), (100, 12, False)])
def test_a_reading_pays_if_status_checks_would_have_cost_more(
    entries: int, unchanged: int, paid: bool
) -> None:
    assert ListReading(entries, unchanged).paid is paid


def test_without_a_list_nothing_is_asked() -> None:
    reading = ListReading()

    assert list(read_list(lambda _: None, {"0": "RUNNING"}, lambda *_: None, reading)) == []
    assert reading == ListReading()
