"""One measurement, in a process of its own so that none warms up or fattens the next: ``python -m dev.bench.measure PLAN``."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from dev import certificates
from dev.bench import clock
from dev.bench.contestants import CONTESTANTS, HOUR, HOURS, Contestant, Setup, Wait
from dev.bench.figures import difference, figures, share
from dev.bench.stub import NEVER, Stub, allow_many_sockets
from dev.bench.tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Sequence

CONN_ID, HANGING = "bench", "bench_hanging"

#: Seconds between two samples of the event loop's lag, and for how long it is sampled. The CPU is measured after that: the
#: samples alone would cost as much as many checks.
SAMPLE, SAMPLING = 0.02, 6.0

#: How many triggers Airflow's triggerer adopts at once, at the most: ``[triggerer] max_trigger_to_select_per_loop``.
AT_ONCE = 50

#: Seconds until the connections of all waits are open.
SETTLING = 2.0

#: How much faster the clocks run for a run of one hour.
SPEED = 60

#: All runs end within so many seconds, longer than a tick, after the window.
SPREAD = 2.0

_BY_NAME = {contestant.name: contestant for contestant in CONTESTANTS}


@dataclass(frozen=True)
class Plan:
    """
    What is measured.

    :param contestant: its name.
    :param n: how many runs it waits for.
    :param interval: seconds between two status checks.
    :param seconds: for how long CPU and calls are measured, once all runs are waited for.
    :param ends: whether the delay from the end of a run to the end of its wait is measured, too.
    :param hour: measure instead the CPU of a run of one hour, in shortened time.
    :param certificates: the folder of the certificates.
    """

    contestant: str
    n: int
    interval: float
    seconds: float
    ends: bool
    hour: bool
    certificates: str


class Lag:
    """How much later than asked for an event loop wakes up."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def sample(self, seconds: float) -> None:
        """Sample for so long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (now := loop.time()) < until:
            await asyncio.sleep(SAMPLE)
            self.seconds.append(loop.time() - now - SAMPLE)


class Waits:
    """Waits for all runs of a measurement, and notes when each wait ended."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self.ended: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, runs: Sequence[str], seconds: float) -> None:
        """Begin them over a time, some at once, as a triggerer adopts them; so the checks of a peer come in bursts, too."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        # A window begins and ends within a round, so one burst more or less must not decide who keeps up.
        burst = max(1, min(AT_ONCE, len(runs) // 20))
        for number, run in enumerate(runs, 1):
            self._tasks.append(loop.create_task(self._one(run)))
            if number % burst == 0 or number == len(runs):
                await asyncio.sleep(max(0, began + number * seconds / len(runs) - loop.time()))

    async def _one(self, run: str) -> None:
        await self._wait(run)
        self.ended[run] = time.time()

    def check(self) -> None:
        """Raise if a wait has failed."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error

    async def all_ended(self, seconds: float) -> None:
        """Wait until all have ended, at most so long."""
        await asyncio.wait(self._tasks, timeout=seconds)
        self.check()

    async def cancel(self) -> None:
        """Give up what still waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def connect(contestant: Contestant, stub: Stub, conn_id: str) -> None:
    """Set the connection of a contestant to the stub."""
    connection = contestant.connection(stub.port)
    os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"] = json.dumps(connection)


def identifiers(first: int, count: int) -> list[str]:
    """Return the ids of so many runs; most vendors number them."""
    return [str(number) for number in range(first, first + count)]


async def measure(plan: Plan, contestant: Contestant, stub: Stub, hanging: Stub | None) -> dict[str, Any]:
    """Return the figures of a contestant, as a row of the report has them."""
    others = None
    taken = memory()
    waits: Waits | None = None
    if contestant.prepare:
        connect(contestant, stub, CONN_ID)
        wait = contestant.prepare(Setup(CONN_ID, stub.port, plan.interval))
        await _warm_up(contestant, stub)
        taken = memory()
        waits = Waits(wait)
        runs = identifiers(1_000_000, plan.n)
        stub.runs(runs)
        if hanging:
            connect(contestant, hanging, HANGING)
            others = Waits(contestant.prepare(Setup(HANGING, hanging.port, plan.interval)))
            await others.begin(identifiers(2_000_000, plan.n // 4), 1)
        # Who pauses before the first check makes as many checks from here on as who checks first.
        await waits.begin(runs, plan.interval)
        # A list is read for runs that were checked once, and all of them in one go: whole rounds are to be measured.
        await asyncio.sleep(SETTLING + plan.interval * contestant.lists)
        waits.check()
    lag = Lag()
    await lag.sample(SAMPLING)
    before, cpu, began = stub.counts(), time.process_time(), time.monotonic()
    seconds = 2 * plan.interval if contestant.lists else plan.seconds
    await asyncio.sleep(seconds if waits else 1)
    took, used = time.monotonic() - began, time.process_time() - cpu
    after = stub.counts()
    taken = memory() - taken
    counted = difference(before, after)
    row = {
        "n": plan.n,
        **figures(
            plan.n if waits else 0,
            contestant.period(plan.interval),
            took,
            used,
            counted,
            lists=contestant.lists,
        ),
        "kb_per_execution": taken / 1024 / plan.n,
        "lag_ms_p50": (share(lag.seconds, 0.5) or 0) * 1e3,
        "lag_ms_p99": (share(lag.seconds, 0.99) or 0) * 1e3,
        "lag_ms_max": max(lag.seconds) * 1e3,
    }
    if waits:
        waits.check()
        if plan.ends:
            ends = stub.end(runs, SPREAD)
            await waits.all_ended(2 * plan.interval + SPREAD)
            delays = [waits.ended[run] - end for run, end in ends.items() if run in waits.ended]
            row |= {
                "delay_s_median": share(delays, 0.5),
                "delay_s_p99": share(delays, 0.99),
                "ended": len(delays),
            }
        await waits.cancel()
    if others:
        await others.cancel()
    return row


def memory() -> int:
    """Return the memory of this process in bytes, without what it has only not given back yet."""
    gc.collect()
    with suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process().memory_info().rss)


async def _warm_up(contestant: Contestant, stub: Stub) -> None:
    """Wait for one run that has ended, so that what is loaded once counts for nobody's memory."""
    if contestant.prepare:
        stub.runs(["1"])
        stub.end(["1"], 0)
        await asyncio.wait_for(contestant.prepare(Setup(CONN_ID, stub.port, 1.0))("1"), 600)


async def measure_hour(
    plan: Plan, contestant: Contestant, stub: Stub, interval: float | None
) -> dict[str, Any]:
    """
    Return the CPU of a run of one hour, in shortened time.

    The clocks run 60 times as fast, and for each ten runs there is one, so that the checks of a real second are no more than
    a vendor can respond to. The responses are as much faster.
    """
    if contestant.prepare is None:
        raise ValueError(f"{contestant.name} waits for nothing")
    connect(contestant, stub, CONN_ID)
    waits = Waits(contestant.prepare(Setup(CONN_ID, stub.port, interval)))
    await _warm_up(contestant, stub)
    runs = identifiers(1_000_000, plan.n // 10)
    stub.runs(runs)
    before, cpu = stub.counts(), time.process_time()
    # They end as they have begun, over one interval; the stub's clock is the usual one.
    await waits.begin(runs, plan.interval)
    await asyncio.sleep(HOUR - plan.interval)
    stub.end(runs, plan.interval / SPEED)
    await waits.all_ended(HOUR)
    used, after = time.process_time() - cpu, stub.counts()
    if len(waits.ended) < len(runs):
        raise RuntimeError(f"{len(runs) - len(waits.ended)} of {len(runs)} waits have not ended")
    checks = after["checks"] - before["checks"]
    return {"n": plan.n, "cpu_s_per_execution": used / len(runs), "checks_per_execution": checks / len(runs)}


def main() -> None:
    """Measure what the command line says, and print the row as JSON."""
    plan = Plan(**json.loads(sys.argv[1]))
    allow_many_sockets()
    certificate = Path(plan.certificates) / certificates.SERVER
    if plan.hour:
        # The responses keep pace with the clocks.
        contestant = _BY_NAME["ours"]
        loop = clock.faster(SPEED)
        stub = Stub(certificate, contestant.latency / SPEED)
        try:
            row = loop.run_until_complete(measure_hour(plan, contestant, stub, HOURS[plan.contestant]))
        finally:
            stub.stop()
    else:
        contestant = _BY_NAME[plan.contestant]
        stub = Stub(certificate, contestant.latency, lists=contestant.lists)
        hanging = Stub(certificate, NEVER) if contestant.beside_hang else None
        tunnel = Tunnel() if contestant.proxied else None
        if tunnel:
            os.environ |= {"HTTPS_PROXY": tunnel.url, "NO_PROXY": "", "no_proxy": ""}
        try:
            row = asyncio.run(measure(plan, contestant, stub, hanging))
        finally:
            for server in (stub, hanging, tunnel):
                if server:
                    server.stop()
    print(json.dumps({"contestant": plan.contestant, "where": "loop", **row}))


def command(plan: Plan) -> list[str]:
    """Return the command line of a measurement, without the Python."""
    return ["-m", "dev.bench.measure", json.dumps(asdict(plan))]


if __name__ == "__main__":
    main()
