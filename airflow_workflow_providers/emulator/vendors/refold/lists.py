"""Refold's lists: what a query asks for, and how a page of the answer looks."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.vendors.refold.workflows import Workflow

#: The page and the specification spell what started an execution in two ways; everything here starts by API.
_BY_API = ("All", "API Call", "API_CALL")
_BY_OTHERS = ("Event", "Schedule", "SCHEDULE")
_TYPES = ("All", "SYNC", "ASYNC")
#: The page shows no most; a client that asks for more must follow the pages all the same.
_LONGEST_PAGE = 100
_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def page_asked_for(query: dict[str, str]) -> tuple[int, int]:
    """Return the page's number and length: the first, of ten, unless the query says otherwise; never over a hundred."""
    number, limit = query.get("page", "1"), query.get("limit", "10")
    if not (number.isdecimal() and limit.isdecimal() and int(number) and int(limit)):
        raise ValueError("page and limit must be positive numbers")
    return int(number), min(int(limit), _LONGEST_PAGE)


def page(items: list[dict[str, Any]], number: int, limit: int) -> dict[str, Any]:
    """Return one page of a list (Refold API reference, List Executions)."""
    pages = max(-(-len(items) // limit), 1)
    first = (number - 1) * limit
    return {
        "docs": items[first : first + limit],
        "totalDocs": len(items),
        "limit": limit,
        "page": number,
        "totalPages": pages,
        "pagingCounter": first + 1,
        "hasPrevPage": number > 1,
        "hasNextPage": number < pages,
        "prevPage": number - 1 if number > 1 else None,
        "nextPage": number + 1 if number < pages else None,
    }


def execution_filter(query: dict[str, str]) -> Callable[[Run, Workflow, str], bool]:
    """Return the test that a query sets an execution (Refold API reference, List Executions)."""
    source = query.get("execution_source", "All")
    kind = query.get("execution_type", "All")
    if source not in (*_BY_API, *_BY_OTHERS):
        raise ValueError("execution_source is invalid")
    if kind not in _TYPES:
        raise ValueError("execution_type is invalid")
    slugs = query["slug"].split(",") if "slug" in query else None
    since, until = _moment(query.get("start_date")), _moment(query.get("end_date"), last=True)

    def wanted(run: Run, workflow: Workflow, status: str) -> bool:
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

    return wanted


def workflow_filter(query: dict[str, str]) -> Callable[[Workflow], bool]:
    """Return the test that a query sets a workflow; ``name`` is a regular expression."""
    try:
        name = re.compile(query.get("name", ""), re.IGNORECASE)
    except re.error:
        raise ValueError("name must be a regular expression") from None

    def wanted(workflow: Workflow) -> bool:
        slug, published = query.get("slug"), query.get("published")
        if slug not in (None, workflow.slug) or published not in (None, str(workflow.published).lower()):
            return False
        return name.search(workflow.alias) is not None

    return wanted


def _moment(written: str | None, *, last: bool = False) -> float | None:
    """Read a day (its first moment, or its last) or a full timestamp; the page shows days, users send both."""
    if written is None:
        return None
    try:
        read = datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError("start_date and end_date must be dates") from None
    if _A_DAY.fullmatch(written) and last:
        read += timedelta(days=1, microseconds=-1)
    return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp()
