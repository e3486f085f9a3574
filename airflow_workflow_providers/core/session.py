"""Sending: the retry table, what an answer means, and the gate that all of a vendor's text passes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_any,
    stop_before_delay,
    wait_random_exponential,
)

from airflow_workflow_providers.core import http
from airflow_workflow_providers.core.errors import (
    AuthFailed,
    InvalidInput,
    LostStart,
    NotFound,
    QuotaExceeded,
    RequestRefused,
    Unavailable,
    UnreadableAnswer,
    WorkflowError,
)
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.text import shown, without_secrets
from airflow_workflow_providers.core.watch import LEAST

if TYPE_CHECKING:
    from airflow_workflow_providers.core.call import Answer, Call

T = TypeVar("T")

#: How often a call is sent at the most, where it may be sent again at all.
ATTEMPTS = 5

#: The longest wait that a vendor's Retry-After can ask of us, in seconds.
RETRY_AFTER_CAP = 60.0

#: The longest that an error is, in characters.
ERROR_LIMIT = 1500

_backoff = wait_random_exponential(multiplier=0.5, max=20)


class Session:
    """
    Sends calls to one vendor with one connection's settings.

    :param vendor: the vendor's name, as it stands in messages.
    :param settings: how to reach it.
    :param explain: returns the vendor's own words from an error answer, or ``None``.
    :param sleep: waits between two attempts of :meth:`send`; an operator gives one that a kill can end.
    :param connection: the id of the connection, for messages.
    """

    def __init__(
        self,
        vendor: str,
        settings: http.HttpSettings,
        explain: Callable[[Answer], str | None],
        sleep: Callable[[float], None] = time.sleep,
        connection: str = "",
    ) -> None:
        self.vendor = vendor
        self.settings = settings
        self.connection = connection
        self._explain = explain
        self._sleep = sleep
        self._transport: http.Transport | None = None
        self._async_transport: http.AsyncTransport | None = None

    def build(self, call: Call[Any]) -> http.Built:
        """
        Return the request of a call, serialised whole: what is wrong with it is said here, before anything is sent.

        :raises InvalidInput: if it cannot be sent.
        """
        try:
            return http.build(self.settings, call)
        except InvalidInput as error:
            raise self._named(call, error) from None

    def send(
        self,
        call: Call[T],
        *,
        attempts: int = ATTEMPTS,
        patience: float = math.inf,
        budget: float = math.inf,
    ) -> T:
        """
        Send ``call`` and return what its ``read`` makes of the answer.

        :param call: what to send.
        :param attempts: 1 sends once, whatever happens; a wait has its own patience.
        :param patience: seconds after which no further attempt is begun.
        :param budget: seconds that all of it may take, each response included: until a deadline.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        transport = self.open()
        built = self.build(call)
        until = time.monotonic() + budget

        def once() -> T:
            # A later attempt has less time: the deadline is one for all of them, and holds over any single answer.
            limit = min(self._limit(call), max(LEAST, until - time.monotonic()))
            try:
                answer = transport.exchange(built, limit)
            except WorkflowError as error:
                failure = self._named(call, error)
            else:
                return self.receive(call, answer)
            raise failure

        return Retrying(**_policy(attempts, min(patience, budget)), sleep=self._sleep)(once)

    async def asend(
        self, call: Call[T], *, attempts: int = ATTEMPTS, limit: float = math.inf, apart: bool = False
    ) -> T:
        """
        Do what :meth:`send` does, on an event loop; a session used so belongs to that loop.

        :param call: what to send.
        :param attempts: 1 sends once, whatever happens.
        :param limit: seconds that each attempt may take, waiting for a free connection included.
        :param apart: use a connection of its own: for what must arrive whatever else hangs.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        if self._async_transport is None:
            try:
                self._async_transport = http.AsyncTransport(self.settings)
            except InvalidInput as error:
                raise self._unusable(error) from None
        transport = self._async_transport
        built = self.build(call)

        async def once() -> T:
            try:
                answer = await transport.exchange(built, self._limit(call), budget=limit, apart=apart)
            except WorkflowError as error:
                failure = self._named(call, error)
            else:
                return self.receive(call, answer)
            raise failure

        return await once() if attempts == 1 else await AsyncRetrying(**_policy(attempts, math.inf))(once)

    def open(self) -> http.Transport:
        """
        Make ready to send.

        :raises InvalidInput: if the settings, or a proxy that the environment names, are no good.
        """
        if self._transport is None:
            try:
                self._transport = http.Transport(self.settings)
            except InvalidInput as error:
                raise self._unusable(error) from None
        return self._transport

    def close(self) -> None:
        """Close the worker's connections."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def aclose(self) -> None:
        """Close the event loop's connections."""
        if self._async_transport is not None:
            transport, self._async_transport = self._async_transport, None
            await transport.aclose()

    def receive(self, call: Call[T], answer: Answer) -> T:
        """
        Return what a call reads from an answer; all of the vendor's text in it has passed the gate.

        :raises WorkflowError: if the answer is an error, or not what the vendor documents. Of a start it is a
            :class:`LostStart` unless the vendor has certainly started nothing.
        """
        try:
            return self._read(call, replace(answer, secrets=(*self.settings.secrets, *call.secrets)))
        except WorkflowError as error:
            failure = self._named(call, error)
        except (RecursionError, ValueError, TypeError, AttributeError, LookupError) as error:
            # A shape that nobody has thought of: no reason to end with anything else than our own error.
            what = f"returned HTTP {answer.status} with a body that cannot be read ({type(error).__name__})"
            failure = self._named(call, UnreadableAnswer(what, status=answer.status))
        raise failure

    def _read(self, call: Call[T], answer: Answer) -> T:
        if not call.expects(answer):
            raise self._error(answer)
        value = call.read(answer)
        return _gate(value, answer) if isinstance(value, Execution) else value  # type: ignore[return-value]

    def _limit(self, call: Call[Any]) -> float:
        return call.limit if call.limit is not None else self.settings.read_timeout

    def _error(self, answer: Answer) -> WorkflowError:  # noqa: PLR0911  # a table: one class for each kind of status
        status = answer.status
        text = answer.quote(self._explain(answer))
        said = f"HTTP {status}: {text}" if text else f"HTTP {status} (empty body)"
        if status in (401, 403):
            return AuthFailed(said, status=status)
        if status == 404:
            return NotFound(f"{said}. This was asked at {http.address(self.settings)}", status=status)
        if status == 429:
            return QuotaExceeded(said, status=status, retry_after=retry_after(answer))
        if status == 408 or status >= 500:
            return Unavailable(said, status=status, retry_after=retry_after(answer))
        if 300 <= status < 400 and status != 303:
            target = answer.headers.get("location", "").partition("?")[0]
            return RequestRefused(
                f"HTTP {status}, a redirect to {answer.quote(target)!r}; is the base URL "
                f"{http.address(self.settings)!r} right?",
                status=status,
            )
        if 400 <= status < 500:
            return RequestRefused(said, status=status)
        return UnreadableAnswer(said, status=status)

    def _named(self, call: Call[Any], error: WorkflowError) -> WorkflowError:
        """Return ``error`` in whole sentences: who, what was asked, what came back, and what that means."""
        said = str(error).rstrip(".")
        message = f"{self.vendor} could not {call.doing}: {said}{'' if said.endswith('?') else '.'}"
        if self.connection and not isinstance(error, InvalidInput):
            message += f" The connection is {self.connection!r}."
        lost = isinstance(error, UnreadableAnswer) or (isinstance(error, Unavailable) and error.sent)
        if call.starts and lost:
            message += (
                " The request had been sent, so a run may exist. It is not sent again now, for that could start a second "
                "one."
            )
            error = LostStart("", status=error.status)
        elif call.starts:
            message += " Nothing was started."
        error.args = (shown(message, (*self.settings.secrets, *call.secrets), limit=ERROR_LIMIT),)
        return error

    def _unusable(self, error: InvalidInput) -> InvalidInput:
        where = f" with connection {self.connection!r}" if self.connection else ""
        # What was pasted into the wrong field may be the key.
        return InvalidInput(shown(f"{self.vendor} cannot be reached{where}: {error}", self.settings.secrets))


def _gate(execution: Execution, answer: Answer) -> Execution:
    """Return a run whose text is fit to be shown, and whose output does not repeat a key."""
    return replace(
        execution,
        status=answer.quote(execution.status) or "(no status)",
        message=answer.quote(execution.message) if execution.message else None,
        note=answer.quote(execution.note) if execution.note else None,
        output=without_secrets(execution.output, answer.secrets),
    )


def _policy(attempts: int, patience: float) -> dict[str, Any]:
    """Return the one retry table, for tenacity's blocking and asynchronous drivers alike."""
    return {
        # A start that may have arrived is a LostStart by now, so what is left here has certainly started nothing.
        "retry": retry_if_exception_type((QuotaExceeded, Unavailable)),
        "wait": _wait,
        "stop": stop_any(stop_after_attempt(attempts), stop_before_delay(patience)),
        "reraise": True,
    }


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    return min(asked, RETRY_AFTER_CAP) if asked is not None else _backoff(state)


def retry_after(answer: Answer) -> float | None:
    """
    Return the seconds that a Retry-After header asks for.

    It may be a number or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3

    :return: ``None`` if it says nothing that the standard knows.
    """
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])  # 31 years are as good as for ever
    try:
        moment = parsedate_to_datetime(value)
        # All dates of HTTP are in UTC, whether they say so or not.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
