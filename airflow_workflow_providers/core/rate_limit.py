"""
How many requests a second a process sends with a connection.

Processes share nothing, and each task is a process. So a limit holds within one process, which uses only a share of the
account's limit.
"""

import math
import threading
from typing import Literal, NamedTuple

Role = Literal["worker", "triggerer"]

#: The share of the account's limit that a process uses. Two triggerers make the whole. A worker has most of its requests at
#: the start and the end of a task, and sends one in ten seconds or less in between, so there can be many more workers than four.
SHARES: dict[Role, float] = {"worker": 0.25, "triggerer": 0.5}

#: How many requests may be sent at once after a pause: this many, or so many seconds' worth, whichever is more.
BURST, BURST_SECONDS = 5, 0.25

#: By connection id and role. All hooks of a connection share a limit, and it lasts longer than they do.
_limits: dict[tuple[str, Role], "RateLimit"] = {}


class HeldBack(NamedTuple):
    """
    What a limit has done to requests.

    :param requests: how many waited for their turn, or for the end of a pause after a 429.
    :param seconds: how long, all of them together.
    :param rejected: how many the vendor has rejected with 429.
    """

    requests: int
    seconds: float
    rejected: int


class RateLimit:
    """
    A limit of requests a second; safe to use from any thread and event loop.

    It is the generic cell rate algorithm: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. It reads no clock, and
    every time that it is told is one of :func:`time.monotonic`.

    :param rate: requests a second; ``None``: no limit, and only :meth:`hold` makes anybody wait.
    """

    def __init__(self, rate: float | None = None) -> None:
        # Reentrant: a signal handler stops a run, and may have interrupted this thread in here.
        self._lock = threading.RLock()
        #: When the next request would be due if all came evenly; it may be sent earlier, by the tolerance.
        self._due = -math.inf
        #: How often :meth:`hold` was called.
        self.holds = 0
        self._waits, self._waited, self._rejected = 0, 0.0, 0
        self.rate = rate

    @property
    def rate(self) -> float | None:
        """Requests a second; a change applies from the next request."""
        return self._rate

    @rate.setter
    def rate(self, rate: float | None) -> None:
        with self._lock:
            self._rate = rate
            self._interval = 1 / rate if rate else 0.0
            self._tolerance = (max(BURST, rate * BURST_SECONDS) - 1) / rate if rate else 0.0

    def reserve(self, now: float, *, within: float = math.inf) -> float:
        """
        Take the next turn to send a request.

        A turn that is not used is not given back.

        :param now: the time.
        :param within: take no turn that comes later than in so many seconds: nobody waits for it.
        :return: seconds until the turn; 0.0 if the request may be sent now. More than ``within``: no turn was taken.
        """
        with self._lock:
            due = max(self._due, now)
            wait = max(0.0, due - self._tolerance - now)
            if wait <= within:
                self._due = due + self._interval
                if wait:
                    self.note_wait(wait)
            return wait

    def hold(self, until: float) -> None:
        """
        Let nobody send before a time, because the vendor has rejected a request with 429.

        Who waits for a turn meanwhile sees :attr:`holds` grow, and takes another one. After the pause there is no burst.

        :param until: the time.
        """
        with self._lock:
            self.holds += 1
            self._due = max(self._due, until + self._tolerance)

    def note_rejected(self, pause: float) -> None:
        """
        Note that the vendor has rejected a request with 429, for whoever counts that.

        :param pause: how long that request waits now, in seconds; 0 if the vendor has not said.
        """
        with self._lock:
            self._rejected += 1
            self.note_wait(pause)

    def note_wait(self, seconds: float, requests: int = 1) -> None:
        """
        Note that requests wait, for whoever counts that.

        :param seconds: how long each of them does; one that does not wait is not counted.
        :param requests: how many.
        """
        if seconds > 0:
            with self._lock:
                self._waits += requests
                self._waited += seconds * requests

    def take_held_back(self) -> HeldBack:
        """
        Return what was held back since this was last called.

        :return: all zero if nothing was.
        """
        with self._lock:
            held = HeldBack(self._waits, self._waited, self._rejected)
            self._waits, self._waited, self._rejected = 0, 0.0, 0
        return held


def shared(conn_id: str, role: Role, requests_per_second: float | None) -> RateLimit:
    """
    Return the limit that this process has for a connection.

    :param conn_id: the connection.
    :param role: what sends.
    :param requests_per_second: the account's limit, as the connection has it now; ``None``: none.
    :return: the same object each time, with the share of the role as its rate.
    """
    limit = _limits.setdefault((conn_id, role), RateLimit())
    limit.rate = None if requests_per_second is None else requests_per_second * SHARES[role]
    return limit


def forget_all() -> None:
    """Forget the limits of all connections, for a test: a 429 of the test before must not hold its requests."""
    _limits.clear()
