"""Sending: the retry table, what an answer means, and the only I/O of the package."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

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

if TYPE_CHECKING:
    from airflow_workflow_providers.core.call import Answer, Call

T = TypeVar("T")

#: How often a call is sent at the most, where it may be sent again at all.
ATTEMPTS = 5

#: The longest wait that a vendor's Retry-After can ask of us, in seconds.
RETRY_AFTER_CAP = 60.0

_backoff = wait_random_exponential(multiplier=0.5, max=20)


class Session:
    """
    Sends calls to one vendor with one connection's settings.

    :param vendor: the vendor's name, as it stands in messages.
    :param settings: how to reach it.
    :param explain: returns the vendor's own words from an error answer, or ``None``.
    :param sleep: waits between two attempts of :meth:`send`; an operator gives one that a kill can end.
    """

    def __init__(
        self,
        vendor: str,
        settings: http.HttpSettings,
        explain: Callable[[Answer], str | None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.vendor = vendor
        self.settings = settings
        self._explain = explain
        self._sleep = sleep
        self._client: http.Client | None = None
        self._async_client: http.AsyncClient | None = None

    def send(self, call: Call[T], *, attempts: int = ATTEMPTS, patience: float = math.inf) -> T:
        """
        Send ``call`` and return what its ``read`` makes of the answer.

        :param call: what to send.
        :param attempts: 1 sends once, whatever happens; a wait has its own patience.
        :param patience: seconds after which no further attempt is begun; whoever has a deadline gives it here.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        client = self.open()

        until = time.monotonic() + patience

        def once() -> T:
            # A later attempt has less time: the deadline is one for all of them.
            left = max(1.0, until - time.monotonic())
            sent = call if call.limit is None else replace(call, limit=min(call.limit, left))
            try:
                return self._read(call, http.fetch(client, self.settings, sent))
            except WorkflowError as error:
                self._refuse(call, error)

        return Retrying(**_policy(attempts, patience), sleep=self._sleep)(once)

    async def asend(self, call: Call[T], *, attempts: int = ATTEMPTS) -> T:
        """Do what :meth:`send` does, on an event loop; a session used so belongs to that loop."""
        if self._async_client is None:
            self._async_client = http.open_async_client(self.settings)
        client = self._async_client

        async def once() -> T:
            try:
                return self._read(call, await http.afetch(client, self.settings, call))
            except WorkflowError as error:
                self._refuse(call, error)

        return await AsyncRetrying(**_policy(attempts, math.inf))(once)

    def open(self) -> http.Client:
        """
        Make ready to send.

        :raises InvalidInput: if the settings, or a proxy that the environment names, are no good.
        """
        if self._client is None:
            try:
                self._client = http.open_client(self.settings)
            except (ImportError, OSError, ValueError) as error:
                raise InvalidInput(
                    f"{self.vendor} cannot be reached with these settings: {error}."
                ) from error
        return self._client

    def close(self) -> None:
        """Close the worker's connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def aclose(self) -> None:
        """Close the event loop's connections."""
        if self._async_client is not None:
            client, self._async_client = self._async_client, None
            await client.aclose()

    def _read(self, call: Call[T], answer: Answer) -> T:
        if call.expects(answer):
            return call.read(answer)
        status = answer.status
        text = answer.quote(self._explain(answer))
        said = f"HTTP {status}: {text}" if text else f"HTTP {status} without a word"
        if status in (401, 403):
            raise AuthFailed(said, status=status)
        if status == 404:
            raise NotFound(said, status=status)
        if status == 429:
            raise QuotaExceeded(said, status=status, retry_after=_retry_after(answer))
        if status == 408 or status >= 500:
            raise Unavailable(said, status=status, retry_after=_retry_after(answer))
        if 300 <= status < 400 and status != 303:
            target = answer.headers.get("location", "").partition("?")[0]
            raise RequestRefused(
                f"HTTP {status}, a redirect to {answer.quote(target)!r}; is the base URL "
                f"{self.settings.base_url!r} right?",
                status=status,
            )
        if 400 <= status < 500:
            raise RequestRefused(said, status=status)
        raise UnreadableAnswer(said, status=status)

    def _refuse(self, call: Call[Any], error: WorkflowError) -> NoReturn:
        """Raise ``error`` in whole sentences: who, what was asked, what came back, and what that means."""
        message = f"{self.vendor} could not {call.doing}: {str(error).rstrip('.')}."
        lost = isinstance(error, UnreadableAnswer) or (isinstance(error, Unavailable) and error.sent)
        if call.starts and lost:
            raise LostStart(
                f"{message} The request had been sent, so a run may exist. It is not sent again now, for that could "
                "start a second one.",
                status=error.status,
            ) from error
        if call.starts:
            message += " Nothing was started."
        error.args = (message,)
        raise error


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


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds that a Retry-After header asks for: it may be a number or a date (RFC 9110, 10.2.3)."""
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
