"""The methods of the hook that only Altostrat has, and what the test of a connection reads."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from tests.vendors import misread, response
from tests.vendors.altostrat import WEBHOOK


def test_get_run_returns_a_run_with_its_log(emulator: Emulator) -> None:
    """The run ends at its second status check."""
    with closing(AltostratHook("altostrat_default")) as hook:
        execution_id = hook.execute_workflow("fl_sync_sites", context={"a": 1}).execution_id
        running = hook.get_run(execution_id)
        ended = hook.get_run(execution_id)

    assert running["status"] in ("pending", "running")
    assert set(ended) == {
        *("id", "status", "error_message", "started_at", "completed_at", "duration_in_seconds", "logs")
    }
    assert (ended["id"], ended["status"]) == (execution_id, "completed")
    assert [(entry["node_id"], entry["status"]) for entry in ended["logs"]] == [
        ("n1", "success"),
        ("n2", "success"),
    ]
    assert ended["logs"][-1]["output"] == {"received": {"a": 1}, "ok": True}


def test_get_run_keeps_undocumented_fields_and_adds_missing_ones() -> None:
    body = {"status": "running", "trigger_payload": {"a": 1}, "logs": [{"node_id": 7, "more": True}]}

    run = api.get_run("fl_run_1").parse(response(body))

    assert run == {"id": None, "error_message": None, **body}
    assert api.get_run("fl_a/b").path == "/workflows/runs/fl_a%2Fb"


def test_list_runs_returns_a_page_of_the_runs_newest_first(emulator: Emulator) -> None:
    with closing(AltostratHook()) as hook:
        ids = [hook.execute_workflow("fl_sync_sites").execution_id for _ in range(17)]
        first, second = hook.list_runs("fl_sync_sites"), hook.list_runs("fl_sync_sites", page=2)
        with pytest.raises(errors.NotFound, match="fl_no_such_workflow"):
            hook.list_runs("fl_no_such_workflow")

    requests = emulator.requests("altostrat", "list")
    assert [request["query"] for request in requests[:2]] == [{"page": "1"}, {"page": "2"}]
    assert {request["path"] for request in requests[:2]} == {"/workflows/fl_sync_sites/executions"}
    assert [run["id"] for run in first["data"] + second["data"]] == ids[::-1]
    assert (first["meta"]["last_page"], first["meta"]["total"]) == (2, 17)
    assert first["links"]["next"].endswith("?page=2")
    assert second["links"]["next"] is None
    assert "logs" not in first["data"][0]


def test_list_runs_rejects_what_is_not_the_number_of_a_page() -> None:
    """Altostrat reads it as the first page, and a loop over pages would never end."""
    cases = [(page, errors.InvalidInput) for page in (0, -1, True, "2", 1.0, None)]

    assert misread(lambda page: api.list_runs("fl_sync_sites", page=page), cases) == {}


def test_a_list_of_runs_that_is_not_a_page_is_unexpected() -> None:
    cases = [
        (body, errors.UnexpectedResponse)
        for body in ([], {}, {"data": None}, {"data": {"a": 1}}, {"data": ["text"]})
    ]

    assert misread(lambda body: api.list_runs("fl_1").parse(response(body)), cases) == {}


@pytest.mark.parametrize("body", [[], [{"id": "fl_1"}], {"data": [], "links": {}, "meta": {}}])
def test_a_connection_test_accepts_a_list_of_workflows_and_a_page_of_them(
    emulator: Emulator, body: Any
) -> None:
    """A list is documented; the other list of this vendor is a page."""
    emulator.fail("altostrat", "list_workflows", "status", status=200, body=body)

    assert AltostratHook().test_connection()[0]


@pytest.mark.parametrize("address", [WEBHOOK, WEBHOOK.replace("/", "\\/")])
def test_the_error_of_a_connection_test_shows_no_address_of_a_webhook(address: str) -> None:
    """Each workflow in the list has one, and PHP escapes its slashes. The response is cut short, so it is quoted."""
    cut = f'[{{"id":"fl_1","webhook_url":"{address}"}},'.encode()
    assert api.API.ping is not None

    with pytest.raises(errors.UnexpectedResponse, match="fl_1") as unexpected:
        api.API.ping().parse(response(cut))

    assert "abc123" not in str(unexpected.value)
