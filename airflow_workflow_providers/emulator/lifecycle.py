"""How a run passes through its statuses, by time or by status checks."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """When a run ends: after this many seconds, or at this status check. Exactly one of the two is set."""

    seconds: float | None = None
    status_checks: int | None = None

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.status_checks is None):
            raise ValueError("A pace is either `seconds` or `status_checks`.")
        seconds, checks = self.seconds, self.status_checks
        if seconds is not None and (
            isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0
        ):
            raise ValueError("`seconds` is a number that is not negative.")
        if checks is not None and (isinstance(checks, bool) or not isinstance(checks, int) or checks < 1):
            raise ValueError("`status_checks` is a whole number from 1.")

    def progress(self, elapsed: float, checks: int) -> float:
        """Return which part of its lifecycle a run has passed; 1.0 and more mean all of it."""
        if self.status_checks is not None:
            # The first check sees the first status and the last one the end; the others lie evenly between them.
            return (
                1.0 if checks >= self.status_checks else max(checks - 1, 0) / max(self.status_checks - 1, 1)
            )
        return elapsed / self.seconds if self.seconds else 1.0


DEFAULT_PACE = Pace(seconds=2.0)


@dataclass
class Clock:
    """The time, and the pace of every run that has none of its own."""

    pace: Pace = DEFAULT_PACE
    now: Callable[[], float] = time.monotonic


class Lifecycle:
    """
    The statuses of one run: those before its end, the end, and how far it has come.

    The pace is read at each use, so a test can change it while a run is going. A run never goes back.

    :param clock: the time and the pace.
    :param statuses: what the run passes through before its end.
    :param end: its last status; None for a run that never ends.
    :param own_pace: its own pace, which no other replaces.
    """

    def __init__(
        self, clock: Clock, statuses: tuple[str, ...], end: str | None, own_pace: Pace | None = None
    ) -> None:
        self.statuses = statuses
        self._clock = clock
        self._end = end
        self._own_pace = own_pace
        self._started = clock.now()
        self._checks = 0
        self._reached = 0
        self._stop_statuses: tuple[str, ...] = ()
        self._stopped_at = 0

    @property
    def status(self) -> str:
        """The status now; reading it is not a status check."""
        return self._status_at(self._checks)

    @property
    def next_status(self) -> str:
        """The status that the next status check will see."""
        return self._status_at(self._checks + 1, peek=True)

    @property
    def is_terminal(self) -> bool:
        """Whether the status will not change any more."""
        return self.status == (self._stop_statuses[-1] if self._stop_statuses else self._end)

    def check(self) -> str:
        """Count a status check and return the status that it sees."""
        self._checks += 1
        return self.status

    def finish(self) -> None:
        """Bring the run to its end now, if it has one."""
        self._reached = len(self.statuses)
        self._stop_statuses = self._stop_statuses[-1:]

    def finish_if_paced_by_checks(self) -> None:
        """End a run that is paced by status checks, for a client that makes none."""
        if self._stop_statuses or self._pace.status_checks is not None:
            self.finish()

    def stop(self, *statuses: str) -> None:
        """Show the next of these statuses at each status check from now on, and stay at the last."""
        if not self._stop_statuses:
            self._stop_statuses, self._stopped_at = statuses, self._checks

    @property
    def _pace(self) -> Pace:
        return self._own_pace or self._clock.pace

    def _status_at(self, checks: int, *, peek: bool = False) -> str:
        if self._stop_statuses:
            seen = max(checks - self._stopped_at, 1)
            return self._stop_statuses[min(seen, len(self._stop_statuses)) - 1]
        count = len(self.statuses)
        progress = self._pace.progress(self._clock.now() - self._started, checks)
        reached = max(self._reached, min(int(progress * count), count))
        if not peek:
            self._reached = reached
        if reached < count:
            return self.statuses[reached]
        return self.statuses[-1] if self._end is None else self._end
