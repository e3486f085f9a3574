"""What the counts of a window say; the same for the event loop and for a real triggerer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def figures(
    n: int, period: float, took: float, used: float, counted: Mapping[str, float], *, lists: bool = False
) -> dict[str, Any]:
    """
    Return the figures of a window.

    :param n: how many runs are waited for.
    :param period: seconds between two checks of a run if nothing is late.
    :param took: the length of the window, in seconds.
    :param used: the CPU that the contestant used in it, in seconds.
    :param counted: what the stub counted in it.
    :param lists: whether one call reads the statuses of many runs.
    :return: the part of a row that both places have.
    """
    rounds = took / period
    # A list may show a run more often than once a round, and who is late makes fewer checks: neither makes a check cheaper.
    checks = min(counted["checks"], n * rounds) if lists else counted["checks"]
    return {
        "checks_wanted": n * rounds,
        "checks_made": counted["checks"],
        "cpu_us_per_execution_round": used / checks * 1e6 if checks else None,
        "cpu_share": used / took,
        "calls_per_round": counted["calls"] / rounds,
        "connections_per_round": counted["connections"] / rounds,
        "connections_open": counted["open"],
        "stub_cpu_share": counted["cpu"] / took,
    }


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return what was counted between two counts; ``open`` is a state and not a count."""
    return {name: after[name] - (0 if name == "open" else before[name]) for name in after}


def share(values: Sequence[float], part: float) -> float | None:
    """Return the value below which this part of all values lies; ``None`` if there are none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else None
