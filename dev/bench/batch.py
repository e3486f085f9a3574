"""The waits of one batch in an event loop: one trigger for many runs. ``python -m dev.bench.batch N``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev import certificates
from dev.bench.contestants import HOUR, INTERVAL, refold
from dev.bench.figures import difference, figures
from dev.bench.measure import CONN_ID, SETTLING, memory
from dev.bench.stub import Stub, allow_many_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How many runs a batch has.
SIZES = (1000, 5000, 20_000)

#: What a batch takes anyway is measured with so many runs.
_FEW = 20

#: Seconds until the vendor responds, and how long a window is.
_LATENCY, _WINDOW = 0.05, 20.0


async def _measure(stub: Stub, n: int, seconds: float) -> dict[str, Any]:
    """Return the figures of the trigger of a batch, with the memory of the process."""
    from airflow.providers.common.compat.sdk import XCom  # noqa: PLC0415  # it is imported before the measurement begins

    from airflow_workflow_providers.triggers.batch import RUNS_KEY  # noqa: PLC0415
    from airflow_workflow_providers.triggers.refold import RefoldBatchTrigger  # noqa: PLC0415

    runs = [str(number) for number in range(1_000_000, 1_000_000 + n)]
    stub.runs(runs)
    now = time.time()
    # In a triggerer this is a request to Airflow, once for all runs.
    stored = {RUNS_KEY: [[run, now] for run in runs]}
    XCom.get_one = lambda *, key, **_: stored.get(key)
    trigger = RefoldBatchTrigger(
        conn_id=CONN_ID,
        task_key={"dag_id": "b", "task_id": "b", "run_id": "b", "map_index": -1},
        deadline=now + HOUR,
        poll_interval=INTERVAL,
        max_poll_interval=INTERVAL,
        enough=0,
        total=n,
        done={},
        cancel_on_kill=False,
    )
    waiting = asyncio.create_task(trigger.wait())
    await asyncio.sleep(INTERVAL + SETTLING)
    before, cpu, began = stub.counts(), time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    took, used = time.monotonic() - began, time.process_time() - cpu
    counted = difference(before, stub.counts())
    taken = memory()
    if waiting.done():
        waiting.result()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return {**figures(n, INTERVAL + _LATENCY, took, used, counted), "memory": taken}


def measure(n: int) -> dict[str, Any]:
    """
    Return the row of a batch.

    :param n: how many runs it has.
    """
    allow_many_sockets()
    stub = Stub(Path(os.environ["BENCH_CERTIFICATES"]) / certificates.SERVER, _LATENCY)
    os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = json.dumps(refold(stub.port))
    try:
        few = asyncio.run(_measure(stub, _FEW, 1.0))
        row = asyncio.run(_measure(stub, n, _WINDOW))
    finally:
        stub.stop()
    return {"n": n, **row, "kb_per_execution": (row.pop("memory") - few["memory"]) / 1024 / n}


def commands(names: frozenset[str], sizes: tuple[int, ...]) -> Iterator[list[str]]:
    """Yield the command line of each measurement, without the Python."""
    if "ours-batch" in names:
        yield from (["-m", "dev.bench.batch", str(n)] for n in SIZES if n in sizes)


if __name__ == "__main__":
    print(json.dumps({"contestant": "ours-batch", "where": "batch", **measure(int(sys.argv[1]))}))
