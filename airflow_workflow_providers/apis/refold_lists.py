"""Refold's lists of runs: "List Executions" of the API reference at https://docs.refold.ai/."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.call import Answer, Call, found_id
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import CLOCK_DRIFT
from airflow_workflow_providers.core.parameters import id_or_name


class _Page(BaseModel):
    docs: list[dict[Any, Any]]


class _Searched(BaseModel):
    # One odd entry must not hide the run that is looked for.
    docs: list[Any]
    hasNextPage: Any = None  # noqa: N815  # the vendor's name


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
        query={name: _filter(name, value) for name, value in given.items() if value is not None},
        read=_read,
    )


def _filter(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return id_or_name(name, value)


def _read(answer: Answer) -> dict[str, Any]:
    answer.parse(_Page)
    return answer.json_object()


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
        found = answer.parse(_Searched)
        runs = [run for run in found.docs if isinstance(run, dict) and _shows(run, nonce)]
        ids = [known for run in runs if (known := found_id(run.get("_id"), answer))]
        return ids, bool(found.docs) and found.hasNextPage is True

    moment = datetime.fromtimestamp(since - CLOCK_DRIFT, timezone.utc).isoformat(timespec="milliseconds")
    listed = list_executions(start_date=moment.replace("+00:00", "Z"), limit=100, sort_asc=True, page=page)
    return Call("look for a run that may have started", listed.method, listed.path, read, query=listed.query)


def _shows(run: dict[str, Any], nonce: str) -> bool:
    """Return whether a text anywhere in a run holds the nonce, however deep it lies."""
    rest: list[Any] = [run]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest += [*value, *value.values()]
        elif isinstance(value, list):
            rest += value
        elif isinstance(value, str) and nonce in value:
            return True
    return False
