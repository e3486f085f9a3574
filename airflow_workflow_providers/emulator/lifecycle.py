"""How a run moves through its list of states: decided by a function that is told the time."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pace:
    """When a run is over: so many seconds after its start, or at such a look; exactly one of the two."""

    seconds: float | None = None
    looks: int | None = None

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.looks is None):
            raise ValueError("A pace is either `seconds` or `looks`.")
        seconds, looks = self.seconds, self.looks
        if seconds is not None and (
            isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0
        ):
            raise ValueError("`seconds` is a number that is not negative.")
        if looks is not None and (isinstance(looks, bool) or not isinstance(looks, int) or looks < 1):
            raise ValueError("`looks` is a whole number from 1.")

    def progress(self, elapsed: float, looks: int) -> float:
        """How much of the way is behind a run, 1.0 and more meaning all of it."""
        if self.looks is not None:
            # The first look sees the first state; spread what lies between it and the last one.
            return 1.0 if looks >= self.looks else max(looks - 1, 0) / max(self.looks - 1, 1)
        if not self.seconds:
            return 1.0
        return elapsed / self.seconds


DEFAULT_PACE = Pace(seconds=2.0)


@dataclass
class Clock:
    """The time, and the pace of every run that has none of its own."""

    pace: Pace = DEFAULT_PACE

    def now(self) -> float:
        """Seconds that never jump; only differences mean anything."""
        return time.monotonic()


@dataclass
class Life:
    """One run's way: the states it passes, the end it reaches (None: it never ends), and who looked.

    The pace is asked for at every look, so a test can change it while a run is going and need not wait. What
    has been reached stays reached, whatever the new pace says.
    """

    passes: tuple[str, ...]
    end: str | None
    started: float
    own_pace: Pace | None = None
    looks: int = 0
    _reached: int = 0
    _diverted: tuple[str, ...] = field(default=())
    _diverted_at: int = 0

    def look(self, now: float, pace: Pace) -> str:
        """Count a look, and say the word that it sees."""
        self.looks += 1
        return self.word(now, pace)

    def word(self, now: float, pace: Pace) -> str:
        """Say the state now, without it counting as a look."""
        if self._diverted:
            seen = max(self.looks - self._diverted_at, 1)
            return self._diverted[min(seen, len(self._diverted)) - 1]
        way = len(self.passes)
        progress = (self.own_pace or pace).progress(now - self.started, self.looks)
        self._reached = max(self._reached, min(int(progress * way), way))
        if self._reached < way:
            return self.passes[self._reached]
        return self.passes[-1] if self.end is None else self.end

    def over(self, now: float, pace: Pace) -> bool:
        """Whether nothing will change any more."""
        if self._diverted:
            return self.word(now, pace) == self._diverted[-1]
        return self.end is not None and self.word(now, pace) == self.end

    def finish(self) -> None:
        """Bring the run to its end now, if it has one."""
        self._reached = len(self.passes)
        self._diverted = self._diverted[-1:]

    def skip_looks(self, pace: Pace) -> None:
        """Bring a run to its end that goes on by looks only: for a caller that cannot look."""
        if self._diverted or (self.own_pace or pace).looks is not None:
            self.finish()

    def divert(self, *words: str) -> None:
        """Leave the way: from here each look sees the next of these words, and the last one for good."""
        if not self._diverted:
            self._diverted, self._diverted_at = words, self.looks
