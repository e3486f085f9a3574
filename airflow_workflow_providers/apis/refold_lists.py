"""Refold's lists of runs: "List Executions" of the API reference at https://docs.refold.ai/."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.call import Answer, Call, execution_id
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


def find_started(nonce: str, since: float, page: int) -> Call[tuple[list[str], bool]]:
    """
    Describe one page of the search for the runs with a nonce, and whether there is another page.

    No page of the reference says where the ``instance_tag`` of a run is shown, so it is looked for everywhere in the run:
    https://docs.refold.ai/v2/api-reference/executions/list-executions

    :param nonce: one that no other run can have.
    :param since: when they were begun at the earliest, in seconds since the epoch.
    :param page: from 1; oldest first, so that runs that begin meanwhile move no others to another page.
    """

    def read(answer: Answer) -> tuple[list[str], bool]:
        found = answer.parse(_Page)
        runs = [
            execution_id(run["_id"], answer)
            for run in found.docs
            if run.get("_id") and nonce in json.dumps(run)
        ]
        return runs, bool(found.docs) and (found.model_extra or {}).get("hasNextPage") is True

    moment = datetime.fromtimestamp(since - CLOCK_DRIFT, timezone.utc).isoformat(timespec="milliseconds")
    listed = list_executions(start_date=moment.replace("+00:00", "Z"), limit=100, sort_asc=True, page=page)
    return Call("look for a run that may have started", listed.method, listed.path, read, query=listed.query)
