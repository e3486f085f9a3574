"""
Which task a run comes from, for a person who finds the run at the vendor.

It proves nothing: two Airflows may share an account, and a task may start several runs. The nonce proves a start.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow_workflow_providers.settings import deployment_id

#: Of a longer part, such as the id of a run of a DAG, a label has only the first characters: how many.
MOST = 100

# What a header can hold and does not need to be quoted: ids of Airflow's runs have colons and plus signs.
_READABLE = "/:+@,;=!*()[]"


def origin_of(context: Any, batch_index: int | None = None) -> dict[str, str]:
    """
    Return which task a run comes from. It is the same in every try of the task.

    :param context: Airflow's context of the running task.
    :param batch_index: the position of the input in a batch, from 0.
    :return: ``deployment_id`` if the Airflow has one, ``dag_id``, ``run_id``, ``task_id``, ``map_index`` of a mapped task and
        ``batch_index`` of a batch.
    """
    ti = context["ti"]
    parts = {
        "deployment_id": deployment_id() or None,
        "dag_id": ti.dag_id,
        "run_id": ti.run_id,
        "task_id": ti.task_id,
        "map_index": ti.map_index if ti.map_index >= 0 else None,
        "batch_index": batch_index,
    }
    return {name: str(value)[:MOST] for name, value in parts.items() if value is not None}


def origin_text(origin: dict[str, str]) -> str:
    """
    Return an origin as one line of printable ASCII, such as ``dag_id=claims run_id=manual__1 task_id=charge``.

    :param origin: as from :func:`origin_of`.
    :return: its parts; other characters are percent-encoded.
    """
    return " ".join(f"{name}={quote(value, safe=_READABLE)}" for name, value in origin.items())
