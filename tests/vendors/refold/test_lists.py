"""The list of runs."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timezone

import pytest

from airflow_workflow_providers.apis import refold_lists as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.vendors.refold import run


def test_a_page_is_filtered_by_the_vendor_and_returned_whole(emulator: Emulator) -> None:
    run()
    run("no-response-node")

    with closing(RefoldHook()) as hook:
        page = hook.list_executions(limit=1, status="COMPLETED", sort_asc=True, execution_type="ASYNC")

    (request,) = emulator.requests("refold", "list")
    assert request["query"] == {
        "limit": "1",
        "status": "COMPLETED",
        "sortAsc": "true",
        "execution_type": "ASYNC",
    }
    assert (len(page["docs"]), page["totalDocs"], page["hasNextPage"]) == (1, 2, True)


def test_a_filter_is_sent_as_text_or_left_out() -> None:
    moment = datetime(2026, 6, 16, 13, 15, tzinfo=timezone.utc)
    query = api.list_executions(start_date=moment, end_date=date(2026, 6, 17), page=2, slug=None).query

    assert query == {"start_date": "2026-06-16T13:15:00+00:00", "end_date": "2026-06-17", "page": "2"}


def test_an_unknown_filter_is_rejected() -> None:
    """The vendor would ignore it, and return all runs."""
    with pytest.raises(errors.InvalidInput, match="colour"):
        api.list_executions(colour="red")
