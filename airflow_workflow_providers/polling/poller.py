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
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from airflow_workflow_providers.core.errors import RateLimited, WorkflowError
from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.core.rate_limit import Role
from airflow_workflow_providers.core.status_list import MOST_BELIEVED
from airflow_workflow_providers.core.waiter import MIN_TIMEOUT, NextPoll, WaitResult, WaitStep
from airflow_workflow_providers.metrics import EMIT_INTERVAL, STATUS_CHECKS, STATUS_CHECKS_FAILED, Tally
from airflow_workflow_providers.polling.lists import Lists

if TYPE_CHECKING:
    from airflow_workflow_providers.core.async_client import AsyncClient
    from airflow_workflow_providers.core.vendor import VendorApi
    from airflow_workflow_providers.hooks.base import WorkflowHook
    from airflow_workflow_providers.metrics import Metrics
    from airflow_workflow_providers.polling.wait import Wait

#: Checks are made at multiples of this part of their interval, and at least once a second, so that they come together.
TICK = 0.1

#: The longest time between two ticks, in seconds.
MAX_TICK = 1.0

#: By how much the clock of the event loop and that of the wall may differ over a wait, in seconds.
_MOMENT = 0.005

#: There are as many lanes as make the checks that are due in so many seconds. Each of them takes a quarter of a megabyte, and
#: their responses come together.
_WITHIN = 0.2

#: So many lanes start at once, and others so many seconds later: with all at once, nothing else gets the event loop.
_LANES_AT_ONCE, _LANE_PAUSE = 8, 0.01

#: How long a check waits for its turn, in seconds. If the turn comes later, all checks are put off.
_TURN = 2.0

#: A check that comes so many seconds late, and a whole interval, is worth a line in a log.
_LATE = 5.0

#: How long a vendor that has had too many requests is left alone at the most, in seconds.
MAX_HOLD = 300.0


class Poller:
    """
    Makes the status checks of all waits of a connection.

    It never logs and never raises for a run: it hands each wait its own step, and the wait speaks in its own log.

    :param client: sends the requests.
    :param api: the vendor's.
    :param metrics: of the connection.
    """

    def __init__(self, client: AsyncClient, api: VendorApi, metrics: Metrics) -> None:
        self._client = client
        self._tally = Tally(metrics)
        self._emitted_at = time.monotonic()
        self._users = 0
        self._order = itertools.count()
        self._planned: list[tuple[float, int, Wait]] = []
        self._due: deque[Wait] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._lists = Lists(self, client, api.list_statuses) if api.list_statuses else None
        self._timer: asyncio.TimerHandle | None = None
        self._next_lanes: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        #: How many lanes may be used at once: one after a 429, and one more with each check that succeeds.
        self._width = LANES
        #: About how long a check takes, in seconds.
        self._latency = 0.1
        #: Turns are taken one after the other, so that a check whose deadline has come need not wait for all of them.
        self._turns = asyncio.Lock()
        self._has_said_late = False

    @classmethod
    @asynccontextmanager
    async def shared(cls, hook: WorkflowHook, *, role: Role = "triggerer") -> AsyncIterator[Poller]:
        """
        Use the poller of this event loop for a hook's connection; the last user closes its connections.

        :param hook: whose connection and account it is.
        :param role: where it runs, which decides its share of the connection's limit.
        :yield: the poller.
        """
        async with hook.async_client(role=role) as client:
            poller = _pollers.get(id(client))
            if poller is None or poller._client is not client:  # noqa: SLF001  # its own class
                poller = _pollers[id(client)] = cls(client, hook.api, hook.metrics)
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
        if self._lists is not None:
            self._lists.stop()
        self._emit()

    def _emit(self) -> None:
        """Emit the metrics so far, in a thread: the event loop belongs to all triggers, and an emit may take a while."""
        self._emitted_at = time.monotonic()
        with suppress(RuntimeError):  # the event loop is about to be closed
            self._loop.run_in_executor(None, self._tally.emit, self._client.take_held_back())

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
        self._timer = self._loop.call_at(
            self._planned[0][0], self._call, self._tick, context=contextvars.Context()
        )

    def _call(self, work: Callable[[], None]) -> None:
        """Do what a timer is for; after a bug in it nobody would be woken up any more, so all are woken up now."""
        try:
            work()
        except Exception as error:
            for wait in self.waits():
                wait.fail(WorkflowError(f"the status checks were ended ({type(error).__name__})"))
            raise

    def _tick(self) -> None:
        """Take all checks that are due, and let lists and lanes make them."""
        self._timer = None
        now = self._loop.time()
        while self._planned and self._planned[0][0] <= now:
            wait = heapq.heappop(self._planned)[2]
            if not wait.is_over:
                self._due.append(wait)
        if len(self._due) > LANES:
            wall = time.time()
            self._due = deque(sorted(self._due, key=lambda wait: wait.waiter.deadline > wall))
        if self._lists is not None:
            self._lists.begin(now)
        self._start_lanes()
        if self._planned:
            self._set_timer()
        if time.monotonic() - self._emitted_at >= EMIT_INTERVAL:
            self._emit()

    def _put_off(self, seconds: float) -> None:
        """Put off all checks that are due: the vendor is to be left alone. The deadline of a wait may come before."""
        now, wall = self._loop.time(), time.time()
        due, self._due = self._due, deque()
        self._client.note_wait(seconds, len(due))
        for wait in due:
            if wait.is_over:
                continue
            left = wait.waiter.deadline - wall
            if left > 0:
                wait.due = now + min(seconds, left)
                self._put(wait)
            else:
                wait.hand(wait.waiter.on_error(RateLimited("no request could be sent"), wall))

    def _start_lanes(self) -> None:
        """Start as many lanes as the checks need that are due, and some more if these are not done in time."""
        if self._next_lanes is None and self._due:
            self._start_some_lanes()

    def _start_some_lanes(self) -> None:
        self._next_lanes = None
        if not self._due:
            return
        wanted = math.ceil(len(self._due) * self._latency / _WITHIN)
        if self._loop.time() - self._due[0].due > _WITHIN:
            wanted = LANES
        wanted = min(wanted, self._width, len(self._lanes) + len(self._due))
        missing = min(wanted - len(self._lanes), _LANES_AT_ONCE)
        context = contextvars.Context()
        for _ in range(missing):
            self._lanes.add(context.run(self._loop.create_task, self._make_checks()))
        pause = _LANE_PAUSE if missing > 0 else _WITHIN
        self._next_lanes = self._loop.call_later(pause, self._call, self._start_some_lanes, context=context)

    # -- checks -------------------------------------------------------------------------------------------------------

    async def _make_checks(self) -> None:
        """Make one check after the other, until none is due, or there are more lanes than the vendor allows."""
        try:
            while self._due and len(self._lanes) <= self._width and await self._take_turn():
                wait = self._due.popleft() if self._due else None
                if wait is not None and not wait.is_over:
                    await self._make_check(wait)
        finally:
            self._lanes.discard(asyncio.current_task())

    async def _take_turn(self) -> bool:
        """Wait until a check may be sent; ``False`` if that is so late that all of them are put off."""
        if not self._client.is_open:
            with suppress(WorkflowError):  # the check fails too then, and its wait says why
                await self._client.open()
        if not self._turns.locked() and self._client.turn(within=0.0) == 0.0:
            return True
        async with self._turns:
            holds = -1
            while holds != self._client.holds:
                holds = self._client.holds
                pause = self._client.turn(within=_TURN)
                if pause > _TURN:
                    self._put_off(pause)
                    return False
                await asyncio.sleep(pause)
        return True

    async def _make_check(self, wait: Wait) -> None:
        try:
            step, since = await self._check(wait)
        except BaseException as error:
            # A lane that is cancelled, or a bug: nobody may wait for ever.
            wait.fail(WorkflowError(f"the status check was ended ({type(error).__name__})"))
            raise
        self.follow(wait, step, since)

    async def _check(self, wait: Wait) -> tuple[WaitStep, float]:
        """Make the check of a wait; return what the waiter decides, and from when on its pause counts."""
        waiter = wait.waiter
        began = self._loop.time()
        left = max(MIN_TIMEOUT, waiter.deadline - time.time())
        try:
            if wait.check is None:
                wait.check = await self._client.status_check(
                    waiter.execution_id, with_details=waiter.with_details
                )
            execution = await self._client.check(wait.check, budget=left)
        except WorkflowError as error:
            wait.known = None
            self._tally.add(STATUS_CHECKS)
            self._tally.add(STATUS_CHECKS_FAILED, error=type(error).__name__)
            if isinstance(error, RateLimited):
                self._client.note_rejected(min(error.retry_after or 0.0, MAX_HOLD))
                self.slow_down(error)
            return waiter.on_error(error, time.time()), self._loop.time()
        self._tally.add(STATUS_CHECKS)
        now = self._loop.time()
        self._latency += (now - began - self._latency) * 0.1
        self._speed_up()
        # The first ones that are believed are fewer, and not of all runs as many: later not all are checked at once.
        wait.believed = next(self._order) % MOST_BELIEVED if wait.known is None else 0
        wait.known = execution.status
        step = waiter.on_status(execution, time.time())
        late = began - wait.due
        if late > _LATE and isinstance(step, NextPoll) and not self._has_said_late:
            step = self._say_late(step, late)
        # From when it was due, so that the interval does not grow by the time of the response.
        return step, wait.due

    def _say_late(self, step: NextPoll, late: float) -> NextPoll:
        """Let one wait say, once for all of them, that the checks come late."""
        if late <= step.delay:
            return step
        self._has_said_late = True
        log = (
            f"{step.log} Status checks come {late:.0f} s late: more executions wait with this connection than this process can "
            f"check in time (at most {self._client.limits}; a check takes {self._latency:.2f} s). No check is lost, and the "
            "end of an execution is seen later. If your account allows more, raise requests_per_second of the connection; "
            "else raise max_poll_interval of the tasks."
        )
        return replace(step, log=log.lstrip(), warning=True)

    def follow(self, wait: Wait, step: WaitStep, since: float) -> None:
        """
        Wake up a wait if there is something to say, or plan its next check.

        :param wait: the wait.
        :param step: what its waiter has decided.
        :param since: when the pause of the step begins.
        """
        if isinstance(step, NextPoll):
            now = self._loop.time()
            # A pause that ends at the deadline begins now; so does that after a check that was too late for the next one.
            ends_late = since + step.delay <= now or step.delay >= wait.waiter.deadline - time.time()
            wait.due = (now if ends_late else since) + step.delay
        if isinstance(step, WaitResult) or step.log or step.entries:
            wait.hand(step)
        elif not wait.is_over:
            self.plan(wait)

    # -- for the vendor's lists ---------------------------------------------------------------------------------------

    def due(self) -> Iterable[Wait]:
        """
        Return the waits whose check is due.

        :return: those whose check is not on its way.
        """
        return self._due

    def waits(self) -> Iterator[Wait]:
        """
        Return all waits whose next check is not on its way.

        :return: first those whose check is due.
        """
        return itertools.chain(self._due, (planned[2] for planned in self._planned))

    def take_out(self, waits: Iterable[Wait]) -> None:
        """
        Leave the next statuses of waits to a list.

        :param waits: the waits.
        """
        taken = set(waits)
        if not taken:
            return
        self._due = deque(wait for wait in self._due if wait not in taken)
        self._planned = [planned for planned in self._planned if planned[2] not in taken]
        heapq.heapify(self._planned)

    def put_back(self, waits: Iterable[Wait]) -> None:
        """
        Check the runs of which a list has shown nothing, when they are due.

        :param waits: their waits.
        """
        now = self._loop.time()
        for wait in waits:
            if wait.due > now:
                self._put(wait)
            else:
                self.ask(wait)

    def ask(self, wait: Wait) -> None:
        """
        Check the run of a wait now.

        :param wait: the wait.
        """
        if not wait.is_over:
            self._due.append(wait)
            self._start_lanes()

    # -- a vendor that has had too many requests ------------------------------------------------------------------------

    def slow_down(self, error: RateLimited) -> None:
        """
        Leave the vendor alone for as long as it asks for, and begin again with one lane.

        :param error: the vendor's 429.
        """
        self._width = 1
        asked = min(error.retry_after or 0.0, MAX_HOLD)
        self._client.hold(asked)
        self._put_off(asked)

    def _speed_up(self) -> None:
        if self._width < LANES:
            self._width += 1


#: By the client that a poller uses; both are there as long as somebody waits.
_pollers: WeakValueDictionary[int, Poller] = WeakValueDictionary()
