"""The requests of the processes of a cluster, and whether they kept to the limits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.core.rate_limit import BURST, BURST_SECONDS, SHARES
from airflow_workflow_providers.operators.batch_begin import WIDTH
from dev.cluster.host import PROCESS_HEADER

#: What a process may have under way at the same time. A request that was sent in time may be received later, when the machine or
#: the emulator is busy, and so may all of these.
UNDER_WAY = {"worker": WIDTH, "triggerer": LANES}

#: The requests that no limit of ours holds: a stop, which goes first, and those to the storage service.
NOT_LIMITED = frozenset({"stop", "put_file", "stored_file", "output"})

#: Seconds until a 429 has reached the process, and those that its clock may be ahead.
ON_THE_WAY, EARLY = 1.0, 0.1


def process_of(request: Mapping[str, Any]) -> str:
    """Return which process has sent a request; empty if it is none of the cluster's."""
    return str(request["headers"].get(PROCESS_HEADER.lower(), ""))


def by_process(requests: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """Return the limited requests of each vendor and process, oldest first."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for request in requests:
        if (process := process_of(request)) and request["operation"] not in NOT_LIMITED:
            found[request["vendor"], process].append(request)
    return found


def above_share(times: Sequence[float], role: str, requests_per_second: float) -> int:
    """
    Return how many requests of a process came above its share of a limit.

    :param times: when they were received, in seconds, in their order.
    :param role: ``worker`` or ``triggerer``.
    :param requests_per_second: the limit of the account.
    """
    rate = requests_per_second * SHARES[role]  # type: ignore[index]  # one of the two
    room = most = max(BURST, rate * BURST_SECONDS) + UNDER_WAY[role]
    above, last = 0, times[0] if times else 0.0
    for at in times:
        room = min(most, room + (at - last) * rate) - 1
        last = at
        if room < 0:
            above, room = above + 1, room + 1
    return above


def before_retry_after(requests: Sequence[Mapping[str, Any]], seconds: float) -> int:
    """
    Return how many requests of a process came before the time that a 429 had asked for.

    :param requests: of one process to one vendor, oldest first.
    :param seconds: the ``Retry-After`` of the 429s that the emulator was told to send.
    """
    held: list[tuple[float, float]] = [
        (each["at"] + ON_THE_WAY, each["at"] + seconds - EARLY)
        for each in requests
        if each["fault"] == "rate_limit"
    ]
    return sum(any(begin < each["at"] < end for begin, end in held) for each in requests)


def of_each(requests: Iterable[Mapping[str, Any]], count: int) -> dict[str, float]:
    """
    Return how many requests of each operation an execution needs.

    :param requests: those of some executions.
    :param count: how many executions these are.
    """
    found = Counter(str(request["operation"]) for request in requests)
    return {operation: round(total / count, 2) for operation, total in sorted(found.items())}


def exceeded(requests: Iterable[Mapping[str, Any]], limits: Mapping[str, float], retry_after: float) -> int:
    """
    Return how many requests were above the share of their process, or before ``Retry-After`` had passed.

    :param requests: all that the emulator has received.
    :param limits: ``requests_per_second`` of the connection of each vendor that has one.
    :param retry_after: the ``Retry-After`` of the 429s that the emulator was told to send.
    """
    total = 0
    for (vendor, process), sent in by_process(requests).items():
        role = process.split()[0]
        if vendor in limits:
            total += above_share([each["at"] for each in sent], role, limits[vendor])
        total += before_retry_after(sent, retry_after)
    return total
