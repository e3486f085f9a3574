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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from airflow_workflow_providers.core.errors import RateLimited, WorkflowError
from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.core.waiter import MIN_TIMEOUT, Waiter, WaitResult, WaitStep

if TYPE_CHECKING:
    from airflow_workflow_providers.core.async_client import AsyncClient, StatusCheck
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


class Wait:
    """
    The wait for one run.

    :param poller: makes its status checks.
    :param waiter: decides after each of them.
    :param due: when the first one is due, in the time of the event loop.
    """

    __slots__ = ("_poller", "check", "due", "step", "waiter")

    def __init__(self, poller: Poller, waiter: Waiter, due: float) -> None:
        self._poller = poller
        self.waiter = waiter
        self.due = due
        self.check: StatusCheck | None = None
        self.step: asyncio.Future[WaitStep] | None = None

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


class Poller:
    """
    Makes the status checks of all waits of a connection.

    It never logs and never raises for a run: it hands each wait its own step, and the wait speaks in its own log.

    :param client: sends the requests.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._users = 0
        self._order = itertools.count()
        self._planned: list[tuple[float, int, Wait]] = []
        self._due: deque[Wait] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
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
                poller = _pollers[id(client)] = cls(client)
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
        for lane in self._lanes:
            lane.cancel()
        self._lanes.clear()

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
        heapq.heappush(self._planned, (wait.due, next(self._order), wait))
        if self._planned[0][2] is wait:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # The triggerer would attach the log of the current trigger to everything that runs in its context.
        self._timer = self._loop.call_at(self._planned[0][0], self._tick, context=contextvars.Context())

    def _tick(self) -> None:
        """Take all checks that are due, and let lanes make them."""
        self._timer = None
        now = self._loop.time()
        while self._planned and self._planned[0][0] <= now:
            _, _, wait = heapq.heappop(self._planned)
            if wait.is_over:
                continue
            if now < self._held_until and self._held_by is not None:
                self._hold(wait, self._held_by)
            else:
                self._due.append(wait)
        self._start_lanes()
        if self._planned:
            self._set_timer()

    def _hold(self, wait: Wait, error: RateLimited) -> None:
        """Put off the check of a wait until the vendor may be asked again; its deadline may come before."""
        left = wait.waiter.deadline - time.time()
        if left > 0:
            wait.due = min(self._held_until, self._loop.time() + left)
            heapq.heappush(self._planned, (wait.due, next(self._order), wait))
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
            step = await self._check(wait)
        except BaseException as error:
            # A lane that is cancelled, or a bug: nobody may wait for ever.
            wait.fail(WorkflowError(f"the status check was ended ({type(error).__name__})"))
            raise
        if isinstance(step, WaitResult) or step.log:
            wait.hand(step)
        elif not wait.is_over:
            self.plan(wait)

    async def _check(self, wait: Wait) -> WaitStep:
        """Make the check of a wait; the next one is due after what the waiter decides."""
        waiter = wait.waiter
        left = max(MIN_TIMEOUT, waiter.deadline - time.time())
        try:
            if wait.check is None:
                wait.check = await self._client.status_check(waiter.execution_id)
            execution = await self._client.check(wait.check, budget=left)
        except WorkflowError as error:
            step, since = waiter.on_error(error, time.time()), self._loop.time()
            if isinstance(error, RateLimited):
                self._slow_down(error)
        else:
            self._speed_up()
            step, since = waiter.on_status(execution, time.time()), wait.due
        if not isinstance(step, WaitResult):
            # From when it was due, so that the interval does not grow by the time of the response. But a pause that ends at the
            # deadline begins now.
            now, at_deadline = self._loop.time(), step.delay >= waiter.deadline - time.time()
            wait.due = now + step.delay if at_deadline else max(since + step.delay, now)
        return step

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
        if self._planned:
            self._set_timer()

    def _speed_up(self) -> None:
        if self._width < LANES:
            self._width += 1
            self._start_lanes()


#: By the client that a poller uses; both are there as long as somebody waits.
_pollers: WeakValueDictionary[int, Poller] = WeakValueDictionary()
