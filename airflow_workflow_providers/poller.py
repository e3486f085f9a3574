"""
The status checks of all waits of a connection in one event loop.

Waking up is the dearest part of a status check. So the checks of all waits that are due at about the same time are made
together, and a wait wakes up only if there is something to say.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from airflow_workflow_providers.core.errors import RateLimited, WorkflowError
from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.core.status_list import (
    MOST_BELIEVED,
    ListReading,
    is_worth_reading,
    read_list,
)
from airflow_workflow_providers.core.waiter import MIN_TIMEOUT, Waiter, WaitResult, WaitStep

if TYPE_CHECKING:
    from airflow_workflow_providers.core.async_client import AsyncClient, StatusCheck
    from airflow_workflow_providers.core.vendor import VendorApi
    from airflow_workflow_providers.hooks.base import WorkflowHook

#: Checks are made at multiples of this part of their interval, and at least once a second, so that they come together.
TICK = 0.1

#: The longest time between two ticks, in seconds.
MAX_TICK = 1.0

#: By how much the clock of the event loop and that of the wall may differ over a wait, in seconds.
_MOMENT = 0.005

#: So many lanes start at once, and others so many seconds later: with all at once, nothing else gets the event loop.
_LANES_AT_ONCE, _LANE_PAUSE = 8, 0.01

#: How long a vendor that has had too many requests is left alone at the most, in seconds.
MAX_HOLD = 300.0

#: How long one reading of a list may take, in seconds.
LIST_BUDGET = 10.0

#: How long a list is left alone that cost more than status checks, or could not be read, in seconds.
LIST_PAUSE = 600.0


class Wait:
    """
    The wait for one run.

    :param poller: makes its status checks.
    :param waiter: decides after each of them.
    :param due: when the first one is due, in the time of the event loop.
    :param workflow_id: which list of the vendor shows the run.
    """

    __slots__ = ("_poller", "believed", "check", "due", "known", "step", "waiter", "workflow_id")

    def __init__(self, poller: Poller, waiter: Waiter, due: float, workflow_id: str = "") -> None:
        self._poller = poller
        self.waiter = waiter
        self.due = due
        self.workflow_id = workflow_id
        self.check: StatusCheck | None = None
        self.step: asyncio.Future[WaitStep] | None = None
        #: The status that the last status check has seen; ``None`` after one that failed.
        self.known: str | None = None
        #: How often in a row a list was believed.
        self.believed = 0

    async def next_step(self) -> WaitStep:
        """
        Wait until there is something to say about the run.

        :return: a step that ends the wait, or that has a line for its log.
        """
        self.step = asyncio.get_running_loop().create_future()
        self._poller.plan(self)
        return await self.step

    def hand(self, step: WaitStep) -> None:
        """
        Wake up the wait with a step.

        :param step: what there is to say.
        """
        if self.step is not None and not self.step.done():
            self.step.set_result(step)

    def fail(self, error: Exception) -> None:
        """
        Wake up the wait with an error.

        :param error: a bug, or what has ended the lane.
        """
        if self.step is not None and not self.step.done():
            self.step.set_exception(error)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for a step: its trigger was cancelled."""
        return self.step is None or self.step.done()

    def may_be_listed(self, wall: float) -> bool:
        """
        Whether the run's next status may come from a list: its last check is to be one of its own.

        :param wall: the time, in seconds since the epoch.
        """
        return (
            self.known is not None
            and self.believed < MOST_BELIEVED
            and self.waiter.deadline - wall > 2 * LIST_BUDGET
        )


class _List:
    """A list of the vendor: of a workflow, or of the account."""

    __slots__ = ("entries", "is_being_read", "paused_until")

    def __init__(self) -> None:
        #: How many entries the last reading had.
        self.entries = 0
        self.is_being_read = False
        self.paused_until = 0.0


class Poller:
    """
    Makes the status checks of all waits of a connection.

    It never logs and never raises for a run: it hands each wait its own step, and the wait speaks in its own log.

    :param client: sends the requests.
    :param api: the vendor's.
    """

    def __init__(self, client: AsyncClient, api: VendorApi) -> None:
        self._client = client
        self._list_statuses = api.list_statuses
        self._users = 0
        self._order = itertools.count()
        self._planned: list[tuple[float, int, Wait]] = []
        self._due: deque[Wait] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        #: By workflow, as far as the vendor's lists need one.
        self._lists: dict[str, _List] = {}
        self._readings: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next_lanes: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        #: How many lanes may be used at once: one after a 429, and one more with each check that succeeds.
        self._width = LANES
        self._held_until = 0.0
        self._held_by: RateLimited | None = None

    @classmethod
    @asynccontextmanager
    async def shared(cls, hook: WorkflowHook) -> AsyncIterator[Poller]:
        """
        Use the poller of this event loop for a hook's connection; the last user closes its connections.

        :param hook: whose connection and account it is.
        :yield: the poller.
        """
        async with hook.async_client() as client:
            poller = _pollers.get(id(client))
            if poller is None or poller._client is not client:  # noqa: SLF001  # its own class
                poller = _pollers[id(client)] = cls(client, hook.api)
            poller._users += 1
            try:
                yield poller
            finally:
                poller._users -= 1
                if not poller._users:
                    poller._stop()

    def _stop(self) -> None:
        """Leave nothing behind when nobody waits."""
        self._planned.clear()
        self._due.clear()
        for timer in (self._timer, self._next_lanes):
            if timer is not None:
                timer.cancel()
        self._timer = self._next_lanes = None
        for task in (*self._lanes, *self._readings):
            task.cancel()
        self._lanes.clear()
        self._readings.clear()

    # -- when ---------------------------------------------------------------------------------------------------------

    def plan(self, wait: Wait) -> None:
        """
        Plan the next check of a wait: at the tick after it is due, but never after its deadline.

        :param wait: the wait.
        """
        tick = min(MAX_TICK, wait.waiter.poll_interval * TICK)
        # A moment later than the deadline, because the two clocks differ.
        last = self._loop.time() + wait.waiter.deadline - time.time() + _MOMENT
        wait.due = math.ceil(wait.due / tick - 1e-6) * tick
        # A check just before the deadline would be followed by another one.
        if wait.due > last - max(tick, 2 * _MOMENT):
            wait.due = last
        self._put(wait)

    def _put(self, wait: Wait) -> None:
        heapq.heappush(self._planned, (wait.due, next(self._order), wait))
        if self._planned[0][2] is wait:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # The triggerer would attach the log of the current trigger to everything that runs in its context.
        self._timer = self._loop.call_at(self._planned[0][0], self._tick, context=contextvars.Context())

    def _tick(self) -> None:
        """Take all checks that are due, and let lists and lanes make them."""
        self._timer = None
        now = self._loop.time()
        while self._planned and self._planned[0][0] <= now:
            self._take(heapq.heappop(self._planned)[2], now)
        if self._list_statuses is not None:
            self._read_lists(now)
        self._start_lanes()
        if self._planned:
            self._set_timer()

    def _take(self, wait: Wait, now: float) -> None:
        """Let a lane make a check that is due, unless the vendor is to be left alone."""
        if wait.is_over:
            return
        if now < self._held_until and self._held_by is not None:
            self._hold(wait, self._held_by)
        else:
            self._due.append(wait)

    def _hold(self, wait: Wait, error: RateLimited) -> None:
        """Put off the check of a wait until the vendor may be asked again; its deadline may come before."""
        left = wait.waiter.deadline - time.time()
        if left > 0:
            wait.due = min(self._held_until, self._loop.time() + left)
            self._put(wait)
        else:
            wait.hand(wait.waiter.on_error(error, time.time()))

    def _start_lanes(self) -> None:
        """Start some lanes, and a moment later others if checks are still due."""
        if self._next_lanes is None:
            self._start_some_lanes()

    def _start_some_lanes(self) -> None:
        self._next_lanes = None
        lanes = min(_LANES_AT_ONCE, self._width - len(self._lanes), len(self._due))
        context = contextvars.Context()
        for _ in range(lanes):
            self._lanes.add(context.run(self._loop.create_task, self._make_checks()))
        if lanes > 0:
            self._next_lanes = self._loop.call_later(_LANE_PAUSE, self._start_some_lanes, context=context)

    # -- checks -------------------------------------------------------------------------------------------------------

    async def _make_checks(self) -> None:
        """Make one check after the other, until none is due, or there are more lanes than the vendor allows."""
        try:
            while self._due and len(self._lanes) <= self._width:
                wait = self._due.popleft()
                if not wait.is_over:
                    await self._make_check(wait)
        finally:
            self._lanes.discard(asyncio.current_task())

    async def _make_check(self, wait: Wait) -> None:
        try:
            step, since = await self._check(wait)
        except BaseException as error:
            # A lane that is cancelled, or a bug: nobody may wait for ever.
            wait.fail(WorkflowError(f"the status check was ended ({type(error).__name__})"))
            raise
        self._follow(wait, step, since)

    async def _check(self, wait: Wait) -> tuple[WaitStep, float]:
        """Make the check of a wait; return what the waiter decides, and from when on its pause counts."""
        waiter = wait.waiter
        left = max(MIN_TIMEOUT, waiter.deadline - time.time())
        try:
            if wait.check is None:
                wait.check = await self._client.status_check(waiter.execution_id)
            execution = await self._client.check(wait.check, budget=left)
        except WorkflowError as error:
            wait.known = None
            if isinstance(error, RateLimited):
                self._slow_down(error)
            return waiter.on_error(error, time.time()), self._loop.time()
        self._speed_up()
        # The first ones that are believed are fewer, and not of all runs as many: later not all are checked at once.
        wait.believed = next(self._order) % MOST_BELIEVED if wait.known is None else 0
        wait.known = execution.status
        # From when it was due, so that the interval does not grow by the time of the response.
        return waiter.on_status(execution, time.time()), wait.due

    def _follow(self, wait: Wait, step: WaitStep, since: float) -> None:
        """Wake up a wait if there is something to say, or plan its next check."""
        if not isinstance(step, WaitResult):
            # A pause that ends at the deadline begins now.
            now, at_deadline = self._loop.time(), step.delay >= wait.waiter.deadline - time.time()
            wait.due = now + step.delay if at_deadline else max(since + step.delay, now)
        if isinstance(step, WaitResult) or step.log:
            wait.hand(step)
        elif not wait.is_over:
            self.plan(wait)

    # -- lists --------------------------------------------------------------------------------------------------------

    def _read_lists(self, now: float) -> None:
        """Read the lists that are cheaper than the checks that are due, or soon are."""
        wall = time.time()
        lists = {wait.workflow_id for wait in self._due if wait.may_be_listed(wall)}
        for workflow_id in lists:
            listed = self._lists.setdefault(workflow_id, _List())
            if listed.is_being_read or now < listed.paused_until:
                continue
            waits: dict[str, Wait] = {}
            due = 0
            for wait in (*self._due, *(planned[2] for planned in self._planned)):
                if wait.workflow_id == workflow_id and wait.may_be_listed(wall) and not wait.is_over:
                    # Two tasks may wait for the same run: the second one is left to its own checks.
                    waits.setdefault(wait.waiter.execution_id, wait)
                    due += wait.due - now < wait.waiter.interval(wall) / 2
            if is_worth_reading(due, max(len(waits), listed.entries)):
                self._forget(waits.values())
                listed.is_being_read = True
                reading = self._read(workflow_id, listed, waits, now)
                self._readings.add(contextvars.Context().run(self._loop.create_task, reading))

    def _forget(self, waits: Iterable[Wait]) -> None:
        """Take waits out of the plan and of those that are due."""
        taken = set(waits)
        self._due = deque(wait for wait in self._due if wait not in taken)
        self._planned = [planned for planned in self._planned if planned[2] not in taken]
        heapq.heapify(self._planned)

    async def _read(self, workflow_id: str, listed: _List, waits: dict[str, Wait], now: float) -> None:
        """Read a list; what it does not say about its waits is asked by status checks."""

        def on_found(execution_id: str, unchanged: bool) -> None:  # noqa: FBT001  # its only caller reads it like this
            wait = waits.pop(execution_id)
            if unchanged:
                wait.believed += 1
                # All of them from the same time, so that they are due together the next time too.
                self._follow(wait, wait.waiter.on_unchanged(time.time()), now)
            else:
                self._take(wait, self._loop.time())
                self._start_lanes()

        assert self._list_statuses is not None  # noqa: S101  # for mypy: who calls this has seen it
        page = partial(self._list_statuses, workflow_id, min(wait.waiter.began_at for wait in waits.values()))
        known = {execution_id: str(wait.known) for execution_id, wait in waits.items()}
        reading = ListReading()
        try:
            await self._client.run(read_list(page, known, on_found, reading), attempts=1, budget=LIST_BUDGET)
        except WorkflowError as error:
            reading = ListReading()
            if isinstance(error, RateLimited):
                self._slow_down(error)
        except BaseException as error:
            for wait in waits.values():
                wait.fail(WorkflowError(f"the reading of a list was ended ({type(error).__name__})"))
            raise
        finally:
            listed.is_being_read = False
            self._readings.discard(asyncio.current_task())
        listed.entries = reading.entries
        if not reading.paid:
            listed.paused_until = self._loop.time() + LIST_PAUSE
        for wait in waits.values():
            if wait.due <= self._loop.time():
                self._take(wait, self._loop.time())
            else:
                self._put(wait)
        self._start_lanes()

    # -- a vendor that has had too many requests ------------------------------------------------------------------------

    def _slow_down(self, error: RateLimited) -> None:
        """Leave the vendor alone for as long as it asks for, and begin again with one lane."""
        self._width = 1
        self._held_by = error
        asked = min(error.retry_after or 0.0, MAX_HOLD)
        self._held_until = max(self._held_until, self._loop.time() + asked)
        while self._due:
            wait = self._due.popleft()
            if not wait.is_over:
                self._hold(wait, error)

    def _speed_up(self) -> None:
        if self._width < LANES:
            self._width += 1
            self._start_lanes()


#: By the client that a poller uses; both are there as long as somebody waits.
_pollers: WeakValueDictionary[int, Poller] = WeakValueDictionary()
