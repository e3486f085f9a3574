"""Many waits in one event loop, as in a triggerer: how many of the expected status checks are made, and their cost."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import structlog

from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger

#: A trigger adds up to a tenth to each pause, so that status checks drift apart; on average half of that.
DRIFT = 1.05


class Stub:
    """The server, in its own process, so that its CPU time is not counted."""

    def __init__(self, latency: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dev.bench.stub", str(latency)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = f"http://127.0.0.1:{self._line()}"

    def counts(self) -> tuple[int, int]:
        """Return how many responses were sent, and how many connections are open."""
        print(file=self._process.stdin, flush=True)
        responses, connections = self._line().split()
        return int(responses), int(connections)

    def stop(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)

    def _line(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


def run(waits: int, latency: float, interval: float, seconds: float) -> None:
    """Let so many triggers wait, and print the figures."""
    stub = Stub(latency)
    try:
        connection = {
            "conn_type": "refold",
            "host": stub.url,
            "password": "tk_benchmark",
            "extra": {"linked_account_id": "acct_1"},
        }
        os.environ["AIRFLOW_CONN_REFOLD_DEFAULT"] = json.dumps(connection)
        with structlog.testing.capture_logs() as logs:
            asyncio.run(_measure(waits, latency, interval, seconds, stub))
        print(f"failed status checks: {sum(entry['log_level'] == 'warning' for entry in logs)}")
    finally:
        stub.stop()


async def _measure(waits: int, latency: float, interval: float, seconds: float, stub: Stub) -> None:
    triggers = [
        RefoldExecutionTrigger(
            conn_id="refold_default",
            execution_id=f"run-{number}",
            deadline=time.time() + 3600,
            poll_interval=interval,
            cancel_on_kill=False,
        )
        for number in range(waits)
    ]

    async def wait(trigger: RefoldExecutionTrigger) -> None:
        async for event in trigger.run():
            raise SystemExit(f"A wait ended: {event}")

    tasks = []
    for trigger in triggers:  # as a triggerer adopts them: one after the other, over one interval
        tasks.append(asyncio.create_task(wait(trigger)))
        await asyncio.sleep(interval / waits)
    await asyncio.sleep(interval)
    before, _ = stub.counts()
    cpu, began = time.process_time(), time.monotonic()
    lags: list[float] = []
    while time.monotonic() < began + seconds:
        at = time.monotonic()
        await asyncio.sleep(0.05)
        lags.append(time.monotonic() - at - 0.05)
    took, used = time.monotonic() - began, time.process_time() - cpu
    after, connections = stub.counts()
    made, expected = (after - before) / took, waits / (interval * DRIFT + latency)
    lags.sort()
    print(
        f"{waits} waits, a status check every {interval:g} s, responses after {latency:g} s, measured for {took:.0f} s"
    )
    print(f"status checks a second: {made:.1f} of {expected:.1f} ({made / expected:.1%})")
    print(
        f"CPU time of a check: {used / max(1, after - before) * 1e6:.0f} us; of one core: {used / took:.1%}"
    )
    print(
        f"delay of the event loop: {lags[len(lags) // 2] * 1e3:.1f} ms median, {lags[int(len(lags) * 0.99)] * 1e3:.1f} ms p99"
    )
    print(f"connections: {connections}")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
