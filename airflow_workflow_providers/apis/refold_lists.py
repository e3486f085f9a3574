"""Refold's lists of runs: "List Executions" of the API reference at https://docs.refold.ai/."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.call import Answer, Call
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import CLOCK_DRIFT


class _Page(BaseModel, extra="allow"):
    docs: list[dict[str, Any]]


#: What a list of runs can be filtered by.
FILTERS = frozenset(
    [
        "page",
        "limit",
        "status",
        "slug",
        "workflow_id",
        "workflow_name",
        "execution_id",
        "execution_type",
        "execution_source",
        "start_date",
        "end_date",
        "sort_asc",
    ]
)


def list_executions(**filters: Any) -> Call[dict[str, Any]]:
    """Describe the list of runs; filters as in the hook, those that are ``None`` left out."""
    if unknown := filters.keys() - FILTERS:
        raise InvalidInput(f"Executions cannot be filtered by {', '.join(sorted(unknown))}.")
    given = {"sortAsc" if name == "sort_asc" else name: value for name, value in filters.items()}
    return Call(
        doing="list executions",
        method="GET",
        path="/api/v2/public/execution",
        query={
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in given.items()
            if value is not None
        },
        read=lambda answer: answer.parse(_Page).model_dump(),
    )


def find_started(label: str, since: float) -> Call[list[str]]:
    """
    Describe the search for the runs with a label: no page says where the ``instance_tag`` of a run is shown.

    :param label: one that no other run can have.
    :param since: when they were begun at the earliest, in seconds since the epoch.
    """

    def read(answer: Answer) -> list[str]:
        runs = answer.parse(_Page).docs
        return [str(run["_id"]) for run in runs if run.get("_id") and label in json.dumps(run)]

    moment = datetime.fromtimestamp(since - CLOCK_DRIFT, timezone.utc).isoformat(timespec="milliseconds")
    page = list_executions(start_date=moment.replace("+00:00", "Z"), limit=100, sort_asc=True)
    return Call("look for a run that may have started", page.method, page.path, read, query=page.query)
