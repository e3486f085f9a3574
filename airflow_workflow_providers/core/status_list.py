"""
Reading the statuses of many runs from a vendor's list: every decision about it. Nothing here sends, and nothing has a clock.

A list can only say that nothing has changed. A run that it shows with another status than the last status check, or does not
show at all, is checked itself. So a list that is late, moves while it is read, repeats or drops runs can cost status checks, and
can decide nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from airflow_workflow_providers.core.request import Flow, Request, StatusPage

#: An entry of a list costs about an eighth of a status check (``make bench``), whether somebody waits for that run or not.
ENTRY_COST = 1 / 8

#: For fewer waits a list saves nothing that counts.
LEAST_WAITS = 10

#: How often in a row a list is believed about a run. Then the run is checked itself, because a list may show an old status.
MOST_BELIEVED = 20


@dataclass
class ListReading:
    """
    What a reading of a list, or of one page of it, has found.

    :param entries: how many entries were read.
    :param unchanged: how many of them have saved a status check.
    """

    entries: int = 0
    unchanged: int = 0

    @property
    def paid(self) -> bool:
        """Whether status checks would have cost more."""
        return self.unchanged > self.entries * ENTRY_COST


def is_worth_reading(due: int, entries: int) -> bool:
    """
    Return whether a list is cheaper than status checks.

    :param due: how many runs have a status check that is due, or soon is.
    :param entries: how many entries the list has, as far as is known.
    """
    return due >= max(LEAST_WAITS, entries * ENTRY_COST)


def read_list(
    page: Callable[[int], Request[StatusPage] | None],
    known: Mapping[str, str],
    on_found: Callable[[str, bool], None],
    reading: ListReading,
) -> Flow[None]:
    """
    Read a list page by page, as long as that is cheaper than status checks.

    :param page: from the number of a page, from 1, to its request; ``None`` if there is no list for these runs.
    :param known: the runs that somebody waits for, and the status of each at its last status check.
    :param on_found: called once for each of them that the list shows, with its id and whether the status is the same.
    :param reading: counts what was found, also if a page cannot be read.
    """
    seen: set[str] = set()
    number, pays, more = 0, True, True
    while pays and more and len(seen) < len(known):
        number += 1
        request = page(number)
        if request is None:
            return
        read = yield request
        this = ListReading(len(read.statuses))
        for execution_id, status in read.statuses:
            # Of a run that is shown again, the first status counts: a list that moves repeats its last entries.
            if execution_id in known and execution_id not in seen:
                seen.add(execution_id)
                same = status == known[execution_id]
                this.unchanged += same
                on_found(execution_id, same)
        reading.entries += this.entries
        reading.unchanged += this.unchanged
        pays, more = this.paid, read.more
