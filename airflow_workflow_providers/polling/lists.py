"""The vendor's lists for a poller: one request reads the statuses of many runs."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from airflow_workflow_providers.core.errors import RateLimited, Unavailable, UnexpectedResponse, WorkflowError
from airflow_workflow_providers.core.request import Request, StatusPage
from airflow_workflow_providers.core.status_list import (
    MOST_BELIEVED,
    ListReading,
    is_worth_reading,
    read_list,
)

if TYPE_CHECKING:
    from airflow_workflow_providers.core.async_client import AsyncClient
    from airflow_workflow_providers.polling.poller import Poller
    from airflow_workflow_providers.polling.wait import Wait

#: How long one reading of a list may take, in seconds.
BUDGET = 10.0

#: For how many intervals a list is left alone that cost more than status checks, or could not be read: twice as many each time.
PAUSE = 5

#: How long a list is left alone at the most, in seconds; and at once, if the vendor has rejected the request.
LONGEST_PAUSE = 600.0

ListStatuses: TypeAlias = Callable[[str, float, int], Request[StatusPage] | None]


class _List:
    """A list of the vendor: of a workflow, or of the account."""

    __slots__ = ("entries", "failures", "is_being_read", "paused_until")

    def __init__(self) -> None:
        #: How many entries the last reading had.
        self.entries = 0
        self.is_being_read = False
        #: How many readings in a row were no use.
        self.failures = 0
        self.paused_until = 0.0


class Lists:
    """
    Reads the lists that are cheaper than the status checks of a poller.

    :param poller: whose waits these are.
    :param client: sends the requests.
    :param list_statuses: the vendor's, as :class:`~airflow_workflow_providers.core.vendor.VendorApi` has it.
    """

    def __init__(self, poller: Poller, client: AsyncClient, list_statuses: ListStatuses) -> None:
        self._poller = poller
        self._client = client
        self._list_statuses = list_statuses
        #: By workflow, as far as the vendor's lists need one.
        self._lists: dict[str, _List] = {}
        self._readings: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def begin(self, now: float) -> None:
        """
        Begin to read lists, for all waits that they can serve, if checks are due that cost more.

        :param now: the time of the event loop.
        """
        wall = time.time()
        wanted = {wait.workflow_id for wait in self._poller.due() if _may_be_listed(wait, wall)}
        groups: dict[str, dict[str, Wait]] = {name: {} for name in wanted if self._may_be_read(name, now)}
        if not groups:
            return
        for wait in self._poller.waits():
            if wait.workflow_id in groups and _may_be_listed(wait, wall):
                # Two tasks may wait for the same run: the second one is left to its own checks.
                groups[wait.workflow_id].setdefault(wait.waiter.execution_id, wait)
        # Of a check that is due soon, most of the interval is over.
        soon = {
            name: sum(wait.due - now < wait.waiter.interval(wall) / 2 for wait in waits.values())
            for name, waits in groups.items()
        }
        begun = {
            name: waits
            for name, waits in groups.items()
            if is_worth_reading(soon[name], max(len(waits), self._lists[name].entries))
        }
        self._poller.take_out(wait for waits in begun.values() for wait in waits.values())
        for name, waits in begun.items():
            self._lists[name].is_being_read = True
            # The triggerer would attach the log of the current trigger to everything that runs in its context.
            reading = self._read(name, self._lists[name], waits, now)
            self._readings.add(contextvars.Context().run(self._loop.create_task, reading))

    def _may_be_read(self, workflow_id: str, now: float) -> bool:
        known = self._lists.setdefault(workflow_id, _List())
        return not known.is_being_read and now >= known.paused_until

    def stop(self) -> None:
        """Leave nothing behind when nobody waits."""
        for reading in self._readings:
            reading.cancel()
        self._readings.clear()

    async def _read(self, workflow_id: str, known: _List, waits: dict[str, Wait], began: float) -> None:
        """Read a list; the runs of which it shows nothing are checked."""
        interval = min(wait.waiter.poll_interval for wait in waits.values())
        try:
            reading = await self._found(workflow_id, waits, began)
        except BaseException as error:
            # A reading that is cancelled, or a bug: nobody may wait for ever.
            for wait in waits.values():
                wait.fail(WorkflowError(f"the reading of a list was ended ({type(error).__name__})"))
            raise
        finally:
            known.is_being_read = False
            self._readings.discard(asyncio.current_task())
        if reading is not None and reading.paid:
            known.entries, known.failures = reading.entries, 0
        else:
            pause = interval * PAUSE * 2 ** min(known.failures, 10) if reading else LONGEST_PAUSE
            known.failures += 1
            known.paused_until = self._loop.time() + min(pause, LONGEST_PAUSE)
        self._poller.put_back(waits.values())

    async def _found(self, workflow_id: str, waits: dict[str, Wait], began: float) -> ListReading | None:
        """Tell the poller what a list shows; return what was read, or ``None`` if the vendor rejects the request."""

        def on_found(execution_id: str, unchanged: bool) -> None:  # noqa: FBT001  # its only caller reads it like this
            wait = waits.pop(execution_id)
            if unchanged:
                wait.believed += 1
                # All of them from the same time, so that they are due together the next time too.
                self._poller.follow(wait, wait.waiter.on_unchanged(time.time()), began)
            else:
                self._poller.ask(wait)

        page = partial(self._list_statuses, workflow_id, min(wait.waiter.began_at for wait in waits.values()))
        statuses = {execution_id: str(wait.known) for execution_id, wait in waits.items()}
        reading = ListReading()
        try:
            await self._client.run(read_list(page, statuses, on_found, reading), attempts=1, budget=BUDGET)
        except RateLimited as error:
            self._poller.slow_down(error)
        except WorkflowError as error:
            if not isinstance(error, (Unavailable, UnexpectedResponse)):
                return None
        return reading


def _may_be_listed(wait: Wait, wall: float) -> bool:
    """Return whether the next status of a run may come from a list: one that may end the wait may not, and it has no details."""
    return (
        wait.known is not None
        and not wait.waiter.with_details
        and wait.believed < MOST_BELIEVED
        and wait.waiter.deadline - wall > 2 * BUDGET
        and not wait.waiter.is_stalled(wall)
        and not wait.is_over
    )
