"""Sending to one vendor from a worker; ``async_client`` has the same methods for an event loop."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import tenacity

from airflow_workflow_providers.core import errors, http
from airflow_workflow_providers.core.body import Sink
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.rate_limit import HeldBack, RateLimit, shared
from airflow_workflow_providers.core.request import Flow, Pause, Request
from airflow_workflow_providers.core.waiter import MIN_TIMEOUT

T = TypeVar("T")

#: How often a request is sent at the most, if it may be sent again at all.
ATTEMPTS = 5

#: The longest pause that a vendor's Retry-After can ask for, in seconds.
RETRY_AFTER_CAP = 60.0

_backoff = tenacity.wait_random_exponential(multiplier=0.5, max=20)


def retry_policy(attempts: int, retry_for: float) -> dict[str, Any]:
    """Return the one retry table, for tenacity's blocking and asynchronous drivers alike."""
    return {
        # A start, or what creates something, that may have arrived is a LostStart by now; what these mean has certainly started
        # nothing.
        "retry": tenacity.retry_if_exception_type((errors.RateLimited, errors.Unavailable)),
        "wait": _wait,
        "stop": tenacity.stop_after_attempt(attempts) | tenacity.stop_before_delay(retry_for),
        "reraise": True,
    }


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    return min(asked, RETRY_AFTER_CAP) if asked is not None else _backoff(state)


@contextmanager
def held_after_429(limit: RateLimit) -> Iterator[None]:
    """Hold all requests of a limit for as long as the vendor asks for, if it rejects the one in here with 429."""
    try:
        yield
    except errors.RateLimited as error:
        pause = min(error.retry_after or 0.0, RETRY_AFTER_CAP)
        limit.hold(time.monotonic() + pause)
        limit.note_rejected(pause)
        raise


def waits_for_turn(
    endpoint: Endpoint, request: Request[Any], limit: RateLimit, budget: float
) -> Iterator[float]:
    """
    Take the turn of a request, and another one if a 429 has held all requests meanwhile.

    :param endpoint: explains an error.
    :param request: what will be sent, for the error.
    :param limit: gives the turns.
    :param budget: seconds that this may take at the most.
    :yield: how long to sleep, in seconds.
    :raises Unavailable: if the turn comes later.
    """
    until = time.monotonic() + budget
    holds = -1
    while holds != limit.holds:
        holds, now = limit.holds, time.monotonic()
        wait = limit.reserve(now, within=until - now)
        if wait > until - now:
            raise _no_turn(endpoint, request, limit, wait)
        if wait:
            yield wait


def _no_turn(
    endpoint: Endpoint, request: Request[Any], limit: RateLimit, wait: float
) -> errors.WorkflowError:
    """Return the error of a request whose turn comes too late."""
    why = "the vendor has rejected a request with 429"
    if limit.rate is not None:
        share = f"{limit.rate:g} requests a second at the most, its share of requests_per_second"
        why = f"this process sends {share}, and none for a while after a 429"
    late = f"its turn comes in {wait:.1f} s, and that is too late: {why}"
    return endpoint.explain(request, errors.Unavailable(late, sent=False, retry_after=wait))


class Client:
    """
    Sends to one vendor from a worker, from any of its threads.

    :param read: reads the connection; called when the client is first used, and after a 401.
    :param sleep: waits between two attempts; an operator gives one that a kill ends.
    """

    def __init__(self, read: Callable[[], Endpoint], *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._read = read
        self.sleep = sleep
        self._transport: http.Transport | None = None
        self._replaced: list[http.Transport] = []
        self._lock = threading.Lock()
        self._renewal = threading.Lock()
        self._limit = RateLimit()
        #: The connection as it was read last; ``None`` before the first use.
        self.last_endpoint: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The connection, which is read when it is first needed, and when its credentials have expired."""
        known = self.last_endpoint
        if known is None:
            return self._use(self._read())
        if not known.has_expired:
            return known
        with self._renewal:
            # Another thread may have read it meanwhile.
            known = self.last_endpoint
            return self._replace(self._read()) if known is None or known.has_expired else known

    def build(self, request: Request[Any]) -> http.BuiltRequest:
        """
        Prepare everything that can fail before a request is sent.

        :param request: what to send.
        :return: the request, serialised, for :meth:`send`.
        :raises InvalidInput: if the connection, a proxy of the environment or the request is wrong.
        """
        self._open(self.endpoint)
        return self.endpoint.build(request)

    def take_turn(self, request: Request[Any], *, budget: float = math.inf) -> None:
        """
        Wait until a request may be sent; :meth:`send` does this too, unless the request is built already.

        :param request: what will be sent, for the error.
        :param budget: seconds that this may take at the most.
        :raises Unavailable: if its turn comes later, because of the connection's limit or a 429.
        """
        endpoint = self.endpoint
        for wait in waits_for_turn(endpoint, request, self._limit, max(MIN_TIMEOUT, budget)):
            self.sleep(wait)

    def send(
        self,
        request: Request[T],
        *,
        built: http.BuiltRequest | None = None,
        attempts: int = ATTEMPTS,
        retry_for: float = math.inf,
        budget: float = math.inf,
        sink: Sink | None = None,
    ) -> T:
        """
        Send a request and return what it reads from the response.

        After a 401 the connection is read once more; if it has changed, the request is sent with it.

        :param request: what to send.
        :param built: the same request, if it is serialised already and its turn was taken.
        :param attempts: how often at the most, if it may be sent again at all.
        :param retry_for: seconds after which no further attempt begins.
        :param budget: seconds for all attempts, their turns and their responses: until a deadline.
        :param sink: where the body goes instead of memory; such a request is sent once, unless it starts a run: that is sent
            again only before there is any body.
        :return: what the request reads from the response.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        until = time.monotonic() + budget
        policy = retry_policy(1 if sink and not request.starts_run else attempts, min(retry_for, budget))
        endpoint = self.endpoint
        prepared = built or self.build(request)
        has_turn = request.goes_first or built is not None

        def once() -> T:
            nonlocal has_turn
            if not has_turn:
                self.take_turn(request, budget=until - time.monotonic())
            has_turn = request.goes_first
            # A later attempt has less time: the deadline is one for all of them, and covers each response.
            timeout = min(endpoint.timeout(request), max(MIN_TIMEOUT, until - time.monotonic()))
            try:
                response = self._open(endpoint).exchange(
                    prepared, timeout, sink=sink, only_once=bool(request.makes)
                )
            except errors.WorkflowError as error:
                failure = endpoint.explain(request, error)
            else:
                with held_after_429(self._limit):
                    return endpoint.receive(request, response)
            raise failure

        try:
            return tenacity.Retrying(**policy, sleep=self.sleep)(once)
        except errors.AuthFailed as error:
            fresh = self._read() if error.status == 401 else endpoint
            if fresh.settings == endpoint.settings:
                raise
        endpoint = self._replace(fresh)
        prepared = self.build(request)
        return tenacity.Retrying(**policy, sleep=self.sleep)(once)

    def run(self, flow: Flow[T], *, retry_for: float = math.inf, budget: float = math.inf) -> T:
        """
        Run an operation of several requests.

        :param flow: yields requests and pauses; a request that fails raises inside of it.
        :param retry_for: seconds after which no further attempt begins, over all requests together.
        :param budget: seconds for all requests together.
        :return: what the flow returns.
        :raises WorkflowError: if a request failed and the flow does not handle that.
        """
        began = time.monotonic()
        value: Any = None
        failure: errors.WorkflowError | None = None
        while True:
            try:
                step = flow.send(value) if failure is None else flow.throw(failure)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            value = failure = None
            spent = time.monotonic() - began
            try:
                if isinstance(step, Pause):
                    self.sleep(step.seconds)
                else:
                    value = self.send(step, retry_for=retry_for - spent, budget=budget - spent)
            except errors.WorkflowError as error:
                failure = error

    def get_status(
        self, execution_id: str, *, budget: float = math.inf, with_details: bool = False
    ) -> Execution:
        """
        Read the status of a run once, as cheaply as the vendor allows; a wait has retries of its own.

        :param execution_id: the run.
        :param budget: seconds that this may take at the most.
        :param with_details: read what the run does, too.
        :return: its ``state`` and ``status``; the output may be missing.
        :raises WorkflowError: if it cannot be read.
        """
        request = self.endpoint.get_status(execution_id, with_details=with_details)
        return self.send(request, attempts=1, budget=budget)

    def get_statuses(self, execution_ids: Iterable[str]) -> dict[str, Execution]:
        """
        Read the statuses of several runs.

        :param execution_ids: the runs.
        :return: the status of each.
        :raises WorkflowError: if one cannot be read.
        """
        return {execution_id: self.get_status(execution_id) for execution_id in execution_ids}

    def get_execution(
        self,
        execution_id: str,
        *,
        require_output: bool = False,
        retry_for: float = math.inf,
        budget: float = math.inf,
    ) -> Execution:
        """
        Read a run with its output and the address of its page.

        :param execution_id: the run.
        :param require_output: see :meth:`.Endpoint.get_execution`.
        :param retry_for: seconds after which no further attempt begins.
        :param budget: seconds that this may take at the most.
        :return: the run.
        :raises WorkflowError: if it cannot be read.
        """
        read = self.endpoint.get_execution(execution_id, require_output=require_output)
        return self.run(read, retry_for=retry_for, budget=budget)

    def stop(self, execution_id: str, **limits: Any) -> str:
        """
        Ask the vendor to stop a run, at once: it waits for no turn.

        :param execution_id: the run.
        :param limits: ``attempts``, ``retry_for`` and ``budget`` of :meth:`send`.
        :return: the vendor's acknowledgement.
        :raises NotSupported: if the vendor cannot stop a run.
        :raises WorkflowError: if it refused, or could not be asked.
        """
        return self.send(self.endpoint.stop(execution_id), **limits)

    def take_held_back(self) -> HeldBack:
        """
        Return which requests of this process were held back with this connection since this was last called.

        :return: see :meth:`.RateLimit.take_held_back`.
        """
        return self._limit.take_held_back()

    def close(self) -> None:
        """Close the connections; the next request opens them again."""
        with self._lock:
            opened = [*self._replaced, *([self._transport] if self._transport else [])]
            self._replaced, self._transport = [], None
        for transport in opened:
            transport.close()

    def _replace(self, endpoint: Endpoint) -> Endpoint:
        with self._lock:
            # Another thread may be in the middle of a request: the old connections are closed with the client.
            self._replaced.extend([self._transport] if self._transport else [])
            self._transport = None
        return self._use(endpoint)

    def _use(self, endpoint: Endpoint) -> Endpoint:
        self.last_endpoint = endpoint
        self._limit = shared(endpoint.conn_id, "worker", endpoint.settings.requests_per_second)
        return endpoint

    def _open(self, endpoint: Endpoint) -> http.Transport:
        with self._lock:
            if self._transport is None:
                self._transport = endpoint.open(http.Transport)
            return self._transport
