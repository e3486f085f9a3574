"""Mapped tasks: of each kind of execution, and of a pipeline over files, which the cost of a batch is compared with. A probe."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, get_parsing_context, task

from airflow_workflow_providers.operators.datalab import DatalabRunPipelineOperator
from dev.cluster.tasks import DEFERRED, FILES, PROBE, dag_id, text_of
from dev.vendors import VendorCase

_BEGAN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def mapped(vendor: VendorCase, count: int) -> DAG:
    """Return a DAG with many deferred tasks of a vendor."""
    inputs = [vendor.make_input(text_of(vendor.name, number)) for number in range(count)]
    required = {name: value for name, value in vendor.required.items() if name != vendor.input}
    common: dict[str, Any] = {
        "task_id": "run",
        "deferrable": True,
        vendor.workflow: vendor.succeeds,
        **required,
    }
    with DAG(dag_id(vendor.name), schedule=None, start_date=_BEGAN) as dag:
        vendor.operator.partial(**common).expand(**{vendor.input: inputs})
    return dag


def mapped_files(count: int) -> DAG:
    """Return a DAG with a mapped task for each file, which does what an input of the batch does."""
    inbox = Path(os.environ["CLUSTER_INBOX"])
    with DAG(dag_id(FILES), schedule=None, start_date=_BEGAN) as dag:
        DatalabRunPipelineOperator.partial(
            task_id="run",
            deferrable=True,
            pipeline_id="pl_parse",
            output_path=f"file://{inbox.parent}/mapped",
        ).expand(file=[f"file://{inbox}/invoice-{number:03}.pdf" for number in range(count)])
    return dag


def probed() -> DAG:
    """Return a DAG with one task, which does nothing: it shows that the queue works."""

    @task
    def run() -> None:
        """Do nothing."""

    with DAG(PROBE, schedule=None, start_date=_BEGAN) as dag:
        run()
    return dag


_wanted = get_parsing_context().dag_id
for _vendor in DEFERRED:
    if _wanted in (None, dag_id(_vendor.name)):
        globals()[dag_id(_vendor.name)] = mapped(_vendor, int(os.environ["CLUSTER_MAPPED"]))
if _wanted in (None, PROBE):
    globals()[PROBE] = probed()
if _wanted in (None, dag_id(FILES)):
    globals()[dag_id(FILES)] = mapped_files(int(os.environ["CLUSTER_MAPPED_FILES"]))
