"""What a DAG file costs: the import of an operator, and a file with 200 of them. ``python -m dev.bench.imports NAME``."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

#: How many operators the file has.
OPERATORS_IN_FILE = 200

#: The operator of each contestant that starts a run and waits for it, and what it needs.
OPERATORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ours": (
        "airflow_workflow_providers.operators.refold",
        "RefoldExecuteWorkflowOperator",
        {"workflow_id": "sync", "slug": "crm"},
    ),
    "airbyte": (
        "airflow.providers.airbyte.operators.airbyte",
        "AirbyteTriggerSyncOperator",
        {"connection_id": "sync"},
    ),
    "databricks": (
        "airflow.providers.databricks.operators.databricks",
        "DatabricksRunNowOperator",
        {"job_id": 1},
    ),
    "dbt-cloud": ("airflow.providers.dbt.cloud.operators.dbt", "DbtCloudRunJobOperator", {"job_id": 1}),
    "http": ("airflow.providers.http.operators.http", "HttpOperator", {"endpoint": "sync"}),
}


def measure(name: str) -> dict[str, Any]:
    """Return the CPU of the import and of the whole file, in seconds, on top of Airflow's own."""
    from airflow.sdk import DAG  # noqa: PLC0415  # it is imported before the measurement begins

    module, kind, arguments = OPERATORS[name]
    began = time.process_time()
    operator = getattr(import_module(module), kind)
    imported = time.process_time()
    with DAG("bench", schedule=None):
        for number in range(OPERATORS_IN_FILE):
            operator(task_id=f"task_{number}", **arguments)
    parsed = time.process_time()
    return {"import_cpu_s": imported - began, "parse_cpu_s": parsed - began}


def command(name: str) -> list[str]:
    """Return the command line of a measurement, without the Python."""
    return ["-m", "dev.bench.imports", name]


if __name__ == "__main__":
    print(
        json.dumps(
            {"contestant": sys.argv[1], "where": "dag", "n": OPERATORS_IN_FILE, **measure(sys.argv[1])}
        )
    )
