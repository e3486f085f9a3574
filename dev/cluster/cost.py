"""The CPU that the components of a cluster use."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The components whose CPU is compared, and those that are told besides.
COMPARED = ("worker", "triggerer", "scheduler", "database")


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU of a process and of all that it has started, in seconds, also of those that have ended."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return float(total)


def by_kind(processes: Mapping[str, int]) -> dict[str, float]:
    """
    Return the CPU of each kind of component, in seconds.

    :param processes: the first process of each component, by its name, such as ``worker-2``.
    """
    found: dict[str, float] = {}
    for name, pid in processes.items():
        kind = name.rstrip("-0123456789")
        found[kind] = found.get(kind, 0.0) + cpu_seconds(psutil.Process(pid))
    return found


def of_each(
    read: Callable[[], dict[str, float]], work: Callable[[], float], idle: Mapping[str, float], count: int
) -> dict[str, float]:
    """
    Return the CPU of each kind of component for one execution, in seconds, above what it uses anyway.

    :param read: returns the CPU until now.
    :param work: does something, and returns how many seconds that took.
    :param idle: what each kind uses in a second without work.
    :param count: how many executions the work has.
    """
    before = read()
    seconds = work()
    used = {kind: value - before[kind] - idle[kind] * seconds for kind, value in read().items()}
    each = {kind: round(max(0.0, value) / count, 4) for kind, value in used.items()}
    return {**each, "compared": round(sum(each[kind] for kind in COMPARED), 4)}
