"""A DAG for each contestant of the real triggerer: one mapped task, so many executions, and all of them wait there."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow.sdk import DAG
from airflow.sdk.execution_time.comms import CommsDecoder

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator

# It is only installed in the environment of the benchmark.
DatabricksRunNowOperator = import_module(
    "airflow.providers.databricks.operators.databricks"
).DatabricksRunNowOperator

TASKS = range(int(os.environ["BENCH_TASKS"]))
INTERVAL = float(os.environ["BENCH_INTERVAL"])
REQUESTS = Path(os.environ["BENCH_REQUESTS"])


def _count_requests() -> None:
    """Note what the processes that run this file send to Airflow; a process that runs a task imports it first."""
    make_frame = CommsDecoder._make_frame  # noqa: SLF001  # all that a process sends goes through it

    def noted(self: Any, message: Any) -> Any:
        with (REQUESTS / str(os.getpid())).open("a") as file:
            file.write(f"{type(message).__name__}\n")
        return make_frame(self, message)

    CommsDecoder._make_frame = noted  # type: ignore[assignment,method-assign]  # noqa: SLF001  # see above


_count_requests()

with DAG("ours", schedule=None):
    RefoldExecuteWorkflowOperator.partial(
        task_id="run",
        refold_conn_id="bench",
        workflow_id="sync",
        slug="crm",
        deferrable=True,
        poll_interval=INTERVAL,
        max_poll_interval=INTERVAL,
    ).expand(payload=[{"number": number} for number in TASKS])

with DAG("databricks", schedule=None):
    DatabricksRunNowOperator.partial(
        task_id="run",
        databricks_conn_id="bench",
        job_id=1,
        deferrable=True,
        polling_period_seconds=INTERVAL,
    ).expand(job_parameters=[{"number": str(number)} for number in TASKS])
