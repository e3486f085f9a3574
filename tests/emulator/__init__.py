"""The emulator, held to the vendors' pages: what all vendors do alike here, by the example of Refold; below, each vendor."""

import time
from collections.abc import Callable

EXECUTE = "/workflow/sync-contacts/execute"


def noted(emulator) -> list[tuple]:
    """Say of every call what was answered, and which fault it met."""
    return [(call["status"], call["fault"]) for call in emulator.calls()]


def until(true: Callable[[], bool]) -> None:
    """Ask until it is so; what is awaited is another thread's next step, so this takes milliseconds."""
    give_up = time.monotonic() + 5
    while not true():
        assert time.monotonic() < give_up, "it never came about"
