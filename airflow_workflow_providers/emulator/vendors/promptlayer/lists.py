"""PromptLayer's list of workflows: what a query asks for (docs.promptlayer.com/reference/list-workflows)."""

import re
from collections.abc import Iterable
from datetime import datetime

from airflow_workflow_providers.emulator.vendors.promptlayer.workflows import Workflow, moment

_SORTED_BY = ("created_at", "updated_at", "name", "id")
_TIMES = ("created_after", "created_before", "updated_after", "updated_before")


class InvalidQuery(Exception):
    """
    A parameter that a query cannot have.

    :param name: the parameter.
    :param kind: what it must be.
    """

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(f"{name} must be {kind}")
        self.name = name
        self.kind = kind


def selected(workflows: Iterable[Workflow], query: dict[str, str]) -> list[Workflow]:
    """
    Return the workflows that a query asks for, in its order.

    The page says which order is the default, "desc", and not of what: here it is the newest first. No workflow has a creator, as
    in the recorded response, so ``created_by_email`` finds none.
    """
    by, order = query.get("sort_by", "id"), query.get("sort_order", "desc")
    if by not in _SORTED_BY:
        raise InvalidQuery("sort_by", f"one of {', '.join(_SORTED_BY)}")
    if order not in ("asc", "desc"):
        raise InvalidQuery("sort_order", "asc or desc")
    source, external = query.get("external_source"), query.get("external_id")
    if (source is None) != (external is None):
        # Which error the vendor returns then is not known.
        raise InvalidQuery("external_source", "given together with external_id")
    times = {name: _time(name, query[name]) for name in _TIMES if name in query}

    def fits(workflow: Workflow) -> bool:
        # A workflow is never changed: the filters of both kinds look at the same time.
        created = moment("created_at", workflow.created_at)
        return (
            "created_by_email" not in query
            and (source is None or workflow.external_ids.get(source) == external)
            and all(
                created >= time if name.endswith("after") else created <= time for name, time in times.items()
            )
        )

    found = [workflow for workflow in workflows if fits(workflow)]  # by id, which grows
    if by == "name":
        found.sort(key=lambda workflow: workflow.name)
    elif by != "id":
        found.sort(key=lambda workflow: moment("created_at", workflow.created_at))
    return found if order == "asc" else found[::-1]


def page_and_size(query: dict[str, str]) -> tuple[int, int]:
    """Return the page that a query asks for: the first, of thirty, unless it says otherwise."""
    page, per_page = query.get("page", "1"), query.get("per_page", "30")
    if not is_positive(page):
        raise InvalidQuery("page", "an integer from 1")
    if not is_positive(per_page, 100):
        raise InvalidQuery("per_page", "an integer from 1 to 100")
    return int(page), int(per_page)


def is_positive(text: str, maximum: int | None = None) -> bool:
    """Whether it is a whole number from 1 to the maximum; without one, of any size that a number of a request may have."""
    return re.fullmatch("[0-9]{1,1000}", text) is not None and 1 <= int(text) <= (maximum or int(text))


def _time(name: str, text: str) -> datetime:
    try:
        return moment(name, text)
    except ValueError:
        raise InvalidQuery(name, "a time in ISO 8601") from None
