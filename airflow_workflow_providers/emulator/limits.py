"""The rate limits that vendors document. They are off until a test asks for them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """
    A token bucket: https://en.wikipedia.org/wiki/Token_bucket.

    :param rate: requests a second over a long time.
    :param burst: how many requests may come at once after a pause.
    """

    rate: float
    burst: float


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


@dataclass
class LimitedRequests:
    """
    The requests of an account that a limit has counted.

    :param now: a clock, in seconds.
    :ivar factor: by how much the limits are scaled; ``None``: no limit holds.
    """

    now: Callable[[], float] = time.monotonic
    factor: float | None = None
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def scale(self, factor: float | None) -> None:
        """Scale all limits, and forget the requests that were counted."""
        if factor is not None and (
            isinstance(factor, bool) or not isinstance(factor, int | float) or factor <= 0
        ):
            raise ValueError("`factor` is a number above 0, or null for no limits.")
        self.factor = factor
        self._buckets.clear()

    def refuses(self, vendor: str, counted_as: str, limit: Limit) -> bool:
        """
        Count a request, and say whether it is one too many.

        :param vendor: the vendor.
        :param counted_as: requests with the same text are counted together.
        :param limit: the vendor's limit, before it is scaled.
        """
        if self.factor is None:
            return False
        rate, burst, now = limit.rate * self.factor, max(limit.burst * self.factor, 1.0), self.now()
        bucket = self._buckets.setdefault((vendor, counted_as), _Bucket(burst, now))
        bucket.tokens = min(burst, bucket.tokens + (now - bucket.filled_at) * rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return True
        bucket.tokens -= 1
        return False
