"""Refold's lists, of executions and of workflows: what a query asks for, and the shape of a page."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.vendors.refold.workflows import Workflow

#: The page and the specification spell what started an execution in two ways; here it is always the API.
_BY_API = ("All", "API Call", "API_CALL")
_BY_OTHERS = ("Event", "Schedule", "SCHEDULE")
_TYPES = ("All", "SYNC", "ASYNC")
#: The page shows no limit; a client that asks for more must follow the pages all the same.
_MAX_LIMIT = 100
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def page_number_and_limit(query: dict[str, str]) -> tuple[int, int]:
    """Return the page that a query asks for: the first, of ten, unless it says otherwise; never more than a hundred."""
    number, limit = query.get("page", "1"), query.get("limit", "10")
    if not (number.isdecimal() and limit.isdecimal() and int(number) and int(limit)):
        raise ValueError("page and limit must be positive numbers")
    return int(number), min(int(limit), _MAX_LIMIT)


def page(docs: list[dict[str, Any]], number: int, limit: int, total: int) -> dict[str, Any]:
    """Return a page of a list (Refold API reference, List Executions)."""
    pages = max(-(-total // limit), 1)
    return {
        "docs": docs,
        "totalDocs": total,
        "limit": limit,
        "page": number,
        "totalPages": pages,
        "pagingCounter": (number - 1) * limit + 1,
        "hasPrevPage": number > 1,
        "hasNextPage": number < pages,
        "prevPage": number - 1 if number > 1 else None,
        "nextPage": number + 1 if number < pages else None,
    }


def execution_filter(query: dict[str, str]) -> Callable[[Run, Workflow, str], bool]:
    """Return what a query selects executions by (Refold API reference, List Executions)."""
    source = query.get("execution_source", "All")
    kind = query.get("execution_type", "All")
    if source not in (*_BY_API, *_BY_OTHERS):
        raise ValueError("execution_source is invalid")
    if kind not in _TYPES:
        raise ValueError("execution_type is invalid")
    slugs = query["slug"].split(",") if "slug" in query else None
    since, until = _time(query.get("start_date")), _time(query.get("end_date"), last=True)

    def selected(run: Run, workflow: Workflow, status: str) -> bool:
        return all(
            (
                source in _BY_API,
                kind in ("All", run.mode),
                slugs is None or workflow.slug in slugs,
                query.get("status") in (None, status),
                query.get("workflow_id") in (None, workflow.hex_id),
                query.get("workflow_name") in (None, workflow.alias),
                query.get("execution_id") in (None, run.execution_id),
                since is None or run.started_at >= since,
                until is None or run.started_at <= until,
            )
        )

    return selected


def workflow_filter(query: dict[str, str]) -> Callable[[Workflow], bool]:
    """Return what a query selects workflows by (Refold API reference, List Workflows)."""
    published = query.get("published")
    if published not in (None, "true", "false"):
        raise ValueError("published must be true or false")
    try:
        name = re.compile(query.get("name", ""))
    except re.error:
        raise ValueError("name must be a regular expression") from None

    def selected(workflow: Workflow) -> bool:
        return (
            published in (None, str(workflow.published).lower())
            and query.get("slug") in (None, workflow.slug)
            and name.search(workflow.alias) is not None
        )

    return selected


def _time(text: str | None, *, last: bool = False) -> float | None:
    """Parse a date (its first instant, or its last) or a timestamp; the page shows dates, users send both."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError("start_date and end_date must be dates") from None
    if _DATE.fullmatch(text) and last:
        parsed += timedelta(days=1, microseconds=-1)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp()
