"""The worker of one batch, from the first start to the manifest: ``python -m dev.bench.batch_worker N``."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from bisect import bisect_left
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dev import certificates
from dev.bench.batch import SIZES
from dev.bench.contestants import refold
from dev.bench.measure import CONN_ID
from dev.bench.stub import Stub

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "ours-batch-worker"

#: What a worker takes anyway is measured with so many inputs.
FEW = 20

#: Seconds until the vendor responds, and how long a run takes.
_LATENCY, _LIFE = 0.01, 2.0


class _Store(dict[str, Any]):
    """Airflow's task state store, as far as a batch uses it; it notes when it is written to."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[float] = []

    def set(self, key: str, value: Any) -> None:
        """Store a value."""
        self.writes.append(time.monotonic())
        self[key] = json.loads(json.dumps(value))

    def most_in_a_second(self) -> int:
        """Return how many writes were made in the busiest second."""
        return max(bisect_left(self.writes, at + 1.0) - number for number, at in enumerate(self.writes))


def _memory() -> float:
    """Return the most memory that this process had until now, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _run(n: int) -> tuple[float, float, _Store]:
    """Run a batch to its end; return its seconds and those of CPU, and the store."""
    from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowBatchOperator  # noqa: PLC0415

    store, xcom = _Store(), dict[str, Any]()
    ti = SimpleNamespace(
        dag_id="b",
        task_id="b",
        run_id="b",
        map_index=-1,
        max_tries=0,
        xcom_push=lambda *, key, value: xcom.update({key: value}),
        xcom_pull=lambda *, key, **_: xcom.get(key),
    )
    # What the operator uses of it.
    context: Any = {"ti": ti, "task_state_store": store}
    with tempfile.TemporaryDirectory() as folder:
        operator = RefoldExecuteWorkflowBatchOperator(
            task_id="b",
            refold_conn_id=CONN_ID,
            workflow_id="w",
            slug="s",
            inputs=[{"payload": {"number": number}} for number in range(n)],
            max_active=1000,
            poll_interval=1,
            output_path=f"file://{folder}",
        )
        began, cpu = time.monotonic(), time.process_time()
        result = operator.execute(context)
        took, used = time.monotonic() - began, time.process_time() - cpu
    if result["counts"] != {"succeeded": n}:
        raise RuntimeError(f"not all inputs have succeeded: {result['counts']}")
    return took, used, store


def measure(n: int) -> dict[str, Any]:
    """
    Return the row of a worker.

    :param n: how many inputs its batch has.
    """
    stub = Stub(Path(os.environ["BENCH_CERTIFICATES"]) / certificates.SERVER, _LATENCY)
    os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = json.dumps(refold(stub.port))
    try:
        stub.live(_LIFE)
        _run(FEW)
        few = _memory()
        took, used, store = _run(n)
    finally:
        stub.stop()
    return {
        "n": n,
        "seconds": took,
        "cpu_ms_per_input": used * 1000 / n,
        "worker_mb": _memory() - few,
        "store_writes_per_s": len(store.writes) / took,
        "store_writes_in_a_second": store.most_in_a_second(),
    }


def commands(names: frozenset[str], sizes: tuple[int, ...]) -> Iterator[list[str]]:
    """Yield the command line of each measurement, without the Python."""
    if NAME in names:
        yield from (["-m", "dev.bench.batch_worker", str(n)] for n in SIZES if n in sizes)


if __name__ == "__main__":
    print(json.dumps({"contestant": NAME, "where": "worker", **measure(int(sys.argv[1]))}))
