"""Shortened time: the clocks of this process run faster, so that whatever waits for an hour waits for a minute."""

from __future__ import annotations

import asyncio
import selectors
import time


class _Selector(selectors.DefaultSelector):
    """Waits as much shorter as the clocks run faster."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / self._speed if timeout else timeout)


def faster(speed: float) -> asyncio.AbstractEventLoop:
    """
    Let the clocks of this process run faster, and return an event loop that follows them.

    Everything keeps its own numbers, be it an interval, a tick or a deadline; nothing has to know. CPU time is not touched.
    Call this before a module takes ``time.time`` or ``time.monotonic`` for itself.

    :param speed: seconds in this process during one second.
    """
    real_time, real_monotonic = time.time, time.monotonic
    epoch, origin = real_time(), real_monotonic()
    time.time = lambda: epoch + (real_time() - epoch) * speed
    time.monotonic = lambda: origin + (real_monotonic() - origin) * speed
    return asyncio.SelectorEventLoop(_Selector(speed))
