"""Sending to one vendor from an event loop; the methods are those of ``client``."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import tenacity

from airflow_workflow_providers.core import http
from airflow_workflow_providers.core.client import ATTEMPTS, held_after_429, retry_policy, waits_for_turn
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.errors import AuthFailed, WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.rate_limit import HeldBack, RateLimit, Role, shared
from airflow_workflow_providers.core.request import Flow, Pause, Request
from airflow_workflow_providers.core.waiter import MIN_TIMEOUT

T = TypeVar("T")

#: How long an unchanged connection is not read again, in seconds, however many waits were rejected.
REREAD_AFTER = 10.0

# By event loop, because connections belong to the loop that opened them: a triggerer has one loop for years,
# dag.test() has one for each deferral.
_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, ...], AsyncClient]] = (
    WeakKeyDictionary()
)


@dataclass(slots=True)
class StatusCheck:
    """
    The status check of a run, prepared once for many times.

    :param request: what is sent.
    :param endpoint: for which it is serialised.
    :param built: the same, serialised.
    """

    request: Request[Execution]
    endpoint: Endpoint
    built: http.BuiltRequest


class AsyncClient:
    """
    Sends to one vendor from an event loop, for all waits of a connection.

    :param read: reads the connection; called when the client is first used, and after a 401.
    :param role: where it runs, which decides its share of the connection's limit.
    """

    def __init__(self, read: Callable[[], Awaitable[Endpoint]], *, role: Role = "triggerer") -> None:
        self._read = read
        self._role = role
        self._users = 0
        self._lock = asyncio.Lock()
        self._current: tuple[Endpoint, http.AsyncTransport] | None = None
        self._replaced: list[http.AsyncTransport] = []
        self._unchanged_until = 0.0
        self._headers: tuple[tuple[bytes, bytes], ...] = ()
        self._limit = RateLimit()

    @classmethod
    @asynccontextmanager
    async def shared(
        cls, key: tuple[str, ...], read: Callable[[], Awaitable[Endpoint]], *, role: Role = "triggerer"
    ) -> AsyncIterator[AsyncClient]:
        """
        Use the client that belongs to ``key`` in this event loop; the last user closes it.

        :param key: the kind of hook, the connection id, the account and the role.
        :param read: reads the connection; that of the first user counts.
        :param role: where it runs.
        :yield: the client; the connection is read when the first request is sent.
        """
        clients = _shared.setdefault(asyncio.get_running_loop(), {})
        client = clients.setdefault(key, cls(read, role=role))
        client._users += 1  # noqa: SLF001  # its own class
        try:
            yield client
        finally:
            client._users -= 1  # noqa: SLF001  # its own class
            if not client._users:  # noqa: SLF001  # its own class
                clients.pop(key, None)
                await client.close()

    async def send(
        self,
        request: Request[T],
        *,
        attempts: int = ATTEMPTS,
        budget: float = math.inf,
        own_connection: bool = False,
    ) -> T:
        """
        Send a request and return what it reads from the response; see :meth:`Client.send`.

        :param request: what to send.
        :param attempts: how often at the most, if it may be sent again at all.
        :param budget: seconds for all attempts, their turns, their responses and the wait for a free connection.
        :param own_connection: open a connection for this request alone: for what must arrive even if all others hang.
        :return: what the request reads from the response.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        until = time.monotonic() + budget
        used = await self._open()
        try:
            return await self._send(used, request, attempts, until, own_connection=own_connection)
        except AuthFailed as error:
            fresh = await self._refresh(used) if error.status == 401 else None
            if fresh is None:
                raise
        return await self._send(fresh, request, attempts, until, own_connection=own_connection)

    async def run(self, flow: Flow[T], *, attempts: int = ATTEMPTS, budget: float = math.inf) -> T:
        """
        Run an operation of several requests; see :meth:`Client.run`.

        :param flow: yields requests and pauses; a request that fails raises inside of it.
        :param attempts: how often each request is sent at the most.
        :param budget: seconds for all requests together.
        :return: what the flow returns.
        :raises WorkflowError: if a request failed and the flow does not handle that.
        """
        began = time.monotonic()
        value: Any = None
        failure: WorkflowError | None = None
        while True:
            try:
                step = flow.send(value) if failure is None else flow.throw(failure)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            value = failure = None
            spent = time.monotonic() - began
            try:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                else:
                    value = await self.send(step, attempts=attempts, budget=budget - spent)
            except WorkflowError as error:
                failure = error

    async def get_status(self, execution_id: str, *, budget: float = math.inf) -> Execution:
        """
        Read the status of a run once; see :meth:`Client.get_status`.

        :param execution_id: the run.
        :param budget: seconds that this may take at the most.
        :return: its ``state`` and ``status``; the output may be missing.
        :raises WorkflowError: if it cannot be read.
        """
        endpoint, _ = await self._open()
        return await self.send(endpoint.get_status(execution_id), attempts=1, budget=budget)

    async def status_check(self, execution_id: str, *, with_details: bool = False) -> StatusCheck:
        """
        Prepare the status check of a run, which is made many times.

        :param execution_id: the run.
        :param with_details: read what the run does, too.
        :return: for :meth:`check`.
        :raises WorkflowError: if the connection cannot be read.
        """
        endpoint, _ = await self._open()
        request = endpoint.get_status(execution_id, with_details=with_details)
        built = endpoint.build(request)
        # Thousands of waits share one set of headers.
        self._headers = built.headers if built.headers != self._headers else self._headers
        return StatusCheck(request, endpoint, replace(built, headers=self._headers))

    async def check(self, check: StatusCheck, *, budget: float) -> Execution:
        """
        Read the status of a run once; :meth:`get_status` for a check that is prepared. The caller takes its :meth:`turn`.

        :param check: from :meth:`status_check`.
        :param budget: seconds that this may take at the most.
        :return: its ``state`` and ``status``; the output may be missing.
        :raises WorkflowError: if it cannot be read.
        """
        used = self._current
        if used is None or used[0].has_expired:
            used = await self._open()
        try:
            return await self._exchange(used, check, budget)
        except AuthFailed as error:
            fresh = await self._refresh(used) if error.status == 401 else None
            if fresh is None:
                raise
        return await self._exchange(fresh, check, budget)

    @property
    def is_open(self) -> bool:
        """Whether the connection is read, so that its limit is known."""
        return self._current is not None

    async def open(self) -> Endpoint:
        """
        Read the connection, unless it is read already.

        :return: the vendor as the connection reaches it.
        :raises WorkflowError: if it cannot be read.
        """
        endpoint, _ = await self._open()
        return endpoint

    def turn(self, *, within: float) -> float:
        """
        Take the turn of a :meth:`check`, once the client is open.

        :param within: take no turn that comes later than in so many seconds.
        :return: seconds to wait before it is sent. More than ``within``: no turn was taken.
        """
        return self._limit.reserve(time.monotonic(), within=within)

    def hold(self, seconds: float) -> None:
        """
        Let no request take a turn for a while, because a :meth:`check` was rejected with 429.

        :param seconds: for how long.
        """
        self._limit.hold(time.monotonic() + seconds)

    def note_rejected(self, pause: float) -> None:
        """
        Note that a :meth:`check` was rejected with 429.

        :param pause: how long it waits now, in seconds.
        """
        self._limit.note_rejected(pause)

    def note_wait(self, seconds: float, requests: int) -> None:
        """
        Note that requests wait without a turn, because it comes too late.

        :param seconds: how long each of them waits.
        :param requests: how many.
        """
        self._limit.note_wait(seconds, requests)

    def take_held_back(self) -> HeldBack:
        """
        Return which requests of this process were held back; see :meth:`Client.take_held_back`.

        :return: since this was last called.
        """
        return self._limit.take_held_back()

    @property
    def holds(self) -> int:
        """How often a 429 has held all requests, also those that wait for their turn: these take another one."""
        return self._limit.holds

    @property
    def limits(self) -> str:
        """What this process may send with the connection, as a message says it."""
        if self._current is None:
            return "not known yet"
        settings = self._current[0].settings
        at_once = f"{settings.concurrent_requests} requests at once"
        rate = self._limit.rate
        return at_once if rate is None else f"{rate:g} requests a second, {at_once}"

    async def get_statuses(self, execution_ids: Iterable[str]) -> dict[str, Execution]:
        """
        Read the statuses of several runs at the same time; see :meth:`Client.get_statuses`.

        :param execution_ids: the runs.
        :return: the status of each.
        :raises WorkflowError: if one cannot be read.
        """
        wanted = list(execution_ids)
        statuses = await asyncio.gather(*map(self.get_status, wanted))
        return dict(zip(wanted, statuses, strict=True))

    async def get_execution(self, execution_id: str, *, budget: float = math.inf) -> Execution:
        """
        Read a run with its output; see :meth:`Client.get_execution`.

        :param execution_id: the run.
        :param budget: seconds that this may take at the most.
        :return: the run.
        :raises WorkflowError: if it cannot be read.
        """
        endpoint, _ = await self._open()
        return await self.run(endpoint.get_execution(execution_id), budget=budget)

    async def stop(self, execution_id: str, *, budget: float = math.inf) -> str:
        """
        Ask the vendor to stop a run, over a connection of its own; see :meth:`Client.stop`.

        :param execution_id: the run.
        :param budget: seconds that this may take at the most.
        :return: the vendor's acknowledgement.
        :raises NotSupported: if the vendor cannot stop a run.
        :raises WorkflowError: if it refused, or could not be asked.
        """
        endpoint, _ = await self._open()
        return await self.send(endpoint.stop(execution_id), budget=budget, own_connection=True)

    async def close(self) -> None:
        """Close all connections that were opened, even if the caller is cancelled."""
        opened = [*self._replaced, *([self._current[1]] if self._current else [])]
        self._replaced, self._current = [], None
        # Together, and each of them shielded: a caller that is cancelled leaves no socket open.
        await asyncio.gather(*(transport.close() for transport in opened))

    async def _open(self) -> tuple[Endpoint, http.AsyncTransport]:
        current = self._current
        # Without the lock: another wait may be reading the connection again.
        if current is not None and not current[0].has_expired:
            return current
        async with self._lock:
            current = self._current
            if current is None or current[0].has_expired:
                self._replace(self._use(await self._read()))
            return self._current  # type: ignore[return-value]  # it was set just now

    async def _refresh(
        self, rejected: tuple[Endpoint, http.AsyncTransport]
    ) -> tuple[Endpoint, http.AsyncTransport] | None:
        """Return the connection as it is now, read once for all who wait here; ``None`` if it has not changed."""
        async with self._lock:
            if self._current is rejected:
                now = asyncio.get_running_loop().time()
                if now < self._unchanged_until:
                    return None
                try:
                    fresh = await self._read()
                except AuthFailed:  # it leads to another account
                    self._unchanged_until = now + REREAD_AFTER
                    raise
                if fresh.settings == rejected[0].settings:
                    self._unchanged_until = now + REREAD_AFTER
                    return None
                self._replace(self._use(fresh))
            return self._current

    def _replace(self, current: tuple[Endpoint, http.AsyncTransport]) -> None:
        if self._current is not None:
            # Others may be in the middle of a request: the old connections are closed with the client.
            self._replaced.append(self._current[1])
        self._current = current

    def _use(self, endpoint: Endpoint) -> tuple[Endpoint, http.AsyncTransport]:
        self._limit = shared(endpoint.conn_id, self._role, endpoint.settings.requests_per_second)
        return endpoint, endpoint.open(http.AsyncTransport)

    async def _take_turn(self, endpoint: Endpoint, request: Request[Any], budget: float) -> None:
        for wait in waits_for_turn(endpoint, request, self._limit, budget):
            await asyncio.sleep(wait)

    async def _exchange(
        self, used: tuple[Endpoint, http.AsyncTransport], check: StatusCheck, budget: float
    ) -> Execution:
        endpoint, transport = used
        request = check.request
        if check.endpoint is not endpoint:  # the connection was changed
            check.endpoint, check.built = endpoint, endpoint.build(request)
        try:
            response = await transport.exchange(
                check.built, min(endpoint.timeout(request), budget), budget=budget
            )
        except WorkflowError as error:
            failure = endpoint.explain(request, error)
        else:
            return endpoint.receive(request, response)
        raise failure

    async def _send(
        self,
        used: tuple[Endpoint, http.AsyncTransport],
        request: Request[T],
        attempts: int,
        until: float,
        *,
        own_connection: bool,
    ) -> T:
        endpoint, transport = used
        built = endpoint.build(request)

        async def once() -> T:
            left = max(MIN_TIMEOUT, until - time.monotonic())
            if not request.goes_first:
                await self._take_turn(endpoint, request, left)
                left = max(MIN_TIMEOUT, until - time.monotonic())
            timeout = min(endpoint.timeout(request), left)
            try:
                response = await transport.exchange(
                    built, timeout, budget=left, own_connection=own_connection
                )
            except WorkflowError as error:
                failure = endpoint.explain(request, error)
            else:
                with held_after_429(self._limit):
                    return endpoint.receive(request, response)
            raise failure

        if attempts == 1:  # a status check: the driver of the retries would cost as much as the check
            return await once()
        return await tenacity.AsyncRetrying(**retry_policy(attempts, until - time.monotonic()))(once)
