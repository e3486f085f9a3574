"""The connection test, and the hook."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.vendors import ALTOSTRAT, answer, failed_connection_test
from tests.vendors.altostrat import WEBHOOK


def test_a_right_connection_is_accepted(emulator: Emulator) -> None:
    assert AltostratHook().test_connection() == (True, "Altostrat accepts this connection.")

    (call,) = emulator.calls("altostrat")
    assert (call["method"], call["path"], call["query"]) == ("GET", "/workflows", {})


@pytest.mark.parametrize("body", [[], [{"id": "fl_1"}], {"data": [], "links": {}, "meta": {}}])
def test_a_list_of_workflows_may_be_an_array_or_a_page(body: Any) -> None:
    """An array is documented; the same vendor's other list is a page."""
    api.check().read(answer(body))


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("html", {}, "HTTP 200 with something else"),
        ("not_json", {}, "HTTP 200 with something else"),
        ("truncated", {}, "HTTP 200 with something else"),
        ("status", {"status": 200, "body": {"message": "Unauthenticated."}}, "Unauthenticated."),
        (
            "status",
            {"status": 302, "body": {}, "headers": {"Location": "https://sso.example.com/"}},
            "redirect",
        ),
        ("status", {"status": 403}, "HTTP 403: The authenticated user does not have permission"),
        ("status", {"status": 503}, "HTTP 503: Service Unavailable"),
        ("hang", {}, "no complete answer within 0.3 s"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    """A page of a proxy, or of something else that answers 200, is not Altostrat."""
    assert said in failed_connection_test(ALTOSTRAT, emulator, monkeypatch, "list_workflows", fault, options)


@pytest.mark.parametrize("address", [WEBHOOK, WEBHOOK.replace("/", "\\/")])
def test_a_connection_test_shows_no_webhooks_address(address: str) -> None:
    """Each workflow has one, and PHP writes its slashes escaped; an answer cut short is quoted all the same."""
    cut = f'[{{"id":"fl_1","webhook_url":"{address}"}},'.encode()

    with pytest.raises(errors.UnreadableAnswer, match="fl_1") as unreadable:
        api.check().read(Answer(200, {}, cut))

    assert "abc123" not in str(unreadable.value)


def test_the_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    """Start, look, and read with and without the whole log."""
    with closing(AltostratHook("altostrat_default")) as hook:
        started = hook.execute_workflow("fl_sync_sites", context={"a": 1})
        assert started.execution_id is not None
        going = hook.get_run(started.execution_id)
        ended = hook.get_execution(started.execution_id)
        known = hook.get_run(started.execution_id)

    assert (started.state, started.output) == (State.QUEUED, None)
    assert going["status"] in ("pending", "running")
    assert (ended.state, ended.output, ended.url) == (
        State.SUCCEEDED,
        {"received": {"a": 1}, "ok": True},
        None,
    )
    assert set(known) == {
        "id",
        "status",
        "error_message",
        "started_at",
        "completed_at",
        "duration_in_seconds",
        "logs",
    }
    assert (known["id"], known["status"]) == (started.execution_id, "completed")
    assert [(log["node_id"], log["status"]) for log in known["logs"]] == [
        ("n1", "success"),
        ("n2", "success"),
    ]
    assert known["logs"][-1]["output"] == ended.output
    assert set(known["logs"][0]) == {"id", "node_id", "component_id", "status", "output", "created_at"}


def test_a_run_is_given_as_altostrat_describes_it() -> None:
    """With what no page has; and what is missing can be asked for."""
    body = {"status": "running", "trigger_payload": {"a": 1}, "logs": [{"node_id": 7, "more": True}]}

    known = api.get_run("fl_run_1").read(answer(body))

    assert known == {"id": None, "error_message": None, **body}


def test_the_list_of_runs_comes_in_pages_newest_first(emulator: Emulator) -> None:
    with closing(AltostratHook()) as hook:
        ids = [hook.execute_workflow("fl_sync_sites").execution_id for _ in range(17)]
        first, second = hook.list_runs("fl_sync_sites"), hook.list_runs("fl_sync_sites", page=2)
        with pytest.raises(errors.NotFound, match="fl_no_such_workflow"):
            hook.list_runs("fl_no_such_workflow")

    calls = emulator.calls("altostrat", "list")
    assert [call["query"] for call in calls[:2]] == [{"page": "1"}, {"page": "2"}]
    assert {call["path"] for call in calls[:2]} == {"/workflows/fl_sync_sites/executions"}
    assert [known["id"] for known in first["data"] + second["data"]] == ids[::-1]
    assert (first["meta"]["last_page"], first["meta"]["total"]) == (2, 17)
    assert first["links"]["next"].endswith("?page=2")
    assert second["links"]["next"] is None
    assert "logs" not in first["data"][0]


@pytest.mark.parametrize("page", [0, -1, True, "2", 1.0, None])
def test_a_page_that_is_no_number_is_refused_before_anything_is_sent(emulator: Emulator, page: Any) -> None:
    """The vendor would take it for the first, and a loop over pages would never end."""
    with pytest.raises(errors.InvalidInput, match="page"):
        api.list_runs("fl_sync_sites", page=page)


@pytest.mark.parametrize("body", [[], {}, {"data": None}, {"data": {"a": 1}}, {"data": ["text"]}])
def test_a_list_that_is_no_page_is_one_clear_error(body: Any) -> None:
    with pytest.raises(errors.UnreadableAnswer, match="HTTP 200 with something else"):
        api.list_runs("fl_1").read(answer(body))


def test_nothing_is_sent_to_stop_a_run_and_no_page_is_made_up() -> None:
    assert api.stop_execution("fl_run_1") is None
    assert api.execution_url("https://v1.api.altostrat.io", "fl_run_1") is None


def test_templated_fields_are_named_and_kept_under_the_same_name() -> None:
    """Airflow renders what stands in ``template_fields``."""
    values = {name: f"{{{{ {name} }}}}" for name in AltostratExecuteWorkflowOperator.template_fields}
    task = AltostratExecuteWorkflowOperator(task_id="run", **values)

    assert {name: getattr(task, name) for name in values} == values
    assert set(values) == {"workflow_id", "context", "altostrat_conn_id"}
    assert set(AltostratExecutionSensor.template_fields) == {"execution_id", "altostrat_conn_id"}
