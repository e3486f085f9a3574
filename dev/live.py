"""
Run one small DAG of a vendor against a real account, whose key is in the environment.

The account is billed for one execution. Without the key, or without the workflow to run, the run is skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow_workflow_providers.get_provider_info import VENDORS
from dev.vendors import DOCUMENT


@dataclass(frozen=True)
class Live:
    """
    How to run a vendor's DAG.

    :param operator: the class of its operator.
    :param needs: the variables that must be set besides the key, each with what it is.
    :param parameters: from the variables to the parameters of the operator.
    :param extra: from the fields of the connection's extra to the variables that have them.
    """

    operator: str
    needs: Mapping[str, str]
    parameters: Callable[[Mapping[str, str]], dict[str, Any]]
    extra: Mapping[str, str] = field(default_factory=dict)


LIVE = {
    "laminar": Live(
        "LaminarExecuteWorkflowOperator",
        {"LAMINAR_WORKFLOW_ID": "the number of a workflow"},
        lambda known: {"workflow_id": known["LAMINAR_WORKFLOW_ID"], "payload": {}},
        {"region": "LAMINAR_REGION"},
    ),
    "datalab": Live(
        "DatalabConvertOperator",
        {},
        lambda _: {"file": f"file://{DOCUMENT}"},
        {"download_hosts": "DATALAB_DOWNLOAD_HOSTS"},
    ),
    "refold": Live(
        "RefoldExecuteWorkflowOperator",
        {
            "REFOLD_LINKED_ACCOUNT_ID": "the linked account",
            "REFOLD_WORKFLOW_ID": "a published workflow",
            "REFOLD_SLUG": "the slug of its application",
        },
        lambda known: {"workflow_id": known["REFOLD_WORKFLOW_ID"], "slug": known["REFOLD_SLUG"]},
        {"linked_account_id": "REFOLD_LINKED_ACCOUNT_ID"},
    ),
    "promptlayer": Live(
        "PromptLayerExecuteWorkflowOperator",
        {"PROMPTLAYER_WORKFLOW": "the name of a workflow without required input"},
        lambda known: {"workflow_name": known["PROMPTLAYER_WORKFLOW"]},
    ),
    "altostrat": Live(
        "AltostratExecuteWorkflowOperator",
        {"ALTOSTRAT_WORKFLOW_ID": "a workflow"},
        lambda known: {"workflow_id": known["ALTOSTRAT_WORKFLOW_ID"]},
    ),
}


def main() -> int:
    """Run the DAG of a vendor, or say why it is skipped; the exit code is 1 only if it has failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vendor", choices=LIVE)
    vendor = parser.parse_args().vendor
    live, key = LIVE[vendor], f"{vendor.upper()}_API_KEY"
    needed = {key: "the key of the account", **live.needs}
    if missing := [f"{name} ({what})" for name, what in needed.items() if not os.environ.get(name)]:
        print(f"{VENDORS[vendor][0]}: skipped, because the environment lacks {', '.join(missing)}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="live-") as home:
        record = _run(vendor, live, os.environ[key], Path(home))
    print(f"{VENDORS[vendor][0]}: {json.dumps(record, indent=2)[:4000]}")
    return 0 if record else 1


def _run(vendor: str, live: Live, key: str, home: Path) -> dict[str, Any]:
    """Run one task in an Airflow of its own, and return its record; an empty one if it failed."""
    extra = {name: value for name, variable in live.extra.items() if (value := os.environ.get(variable))}
    connection = {
        "conn_type": vendor,
        "password": key,
        "host": os.environ.get(f"{vendor.upper()}_HOST"),
        "extra": extra,
    }
    os.environ |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS": str(DOCUMENT.parent),
        f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT": json.dumps(connection),
    }
    folder = home / "dags"
    folder.mkdir()
    # Airflow reads only files with these two words.
    (folder / "live.py").write_text(
        f"# an airflow dag\nfrom dev.live import make_dag\n\ndag = make_dag({vendor!r})\n"
    )
    # Airflow reads its settings when it is imported.
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415
    from airflow.models.xcom import XComModel  # noqa: PLC0415
    from airflow.settings import Session  # noqa: PLC0415
    from airflow.utils.db import initdb  # noqa: PLC0415
    from sqlalchemy import select  # noqa: PLC0415

    initdb()
    run = DagBag(str(folder)).dags[f"live_{vendor}"].test()
    if str(run.state) != "success":
        return {}
    with Session() as session:  # type: ignore[misc]  # Airflow sets it when it begins
        value = session.scalar(select(XComModel.value).where(XComModel.key == "return_value"))
    while isinstance(value, str):
        value = json.loads(value)
    return dict(value)


def make_dag(vendor: str) -> Any:
    """Return the DAG of a vendor: one task."""
    from airflow.sdk import DAG  # noqa: PLC0415  # as above

    live = LIVE[vendor]
    operator = getattr(import_module(f"airflow_workflow_providers.operators.{vendor}"), live.operator)
    with DAG(f"live_{vendor}", schedule=None) as dag:
        operator(task_id="run", **live.parameters(os.environ))
    return dag


if __name__ == "__main__":
    sys.exit(main())
