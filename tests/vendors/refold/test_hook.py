"""Stopping, listing, and the connection test."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)
from tests.task import Task
from tests.vendors import REFOLD, failed_connection_test
from tests.vendors.refold import run


def stop(execution_id: Any, **options: Any) -> Any:
    options = {"poll_interval": 0.01, **options}
    return Task(
        lambda: RefoldStopExecutionOperator(task_id="stop", execution_id=execution_id, **options)
    ).run()


def test_a_stop_ends_when_the_run_has_ended(emulator: Emulator) -> None:
    """Refold acknowledges at once; the run goes through STOPPING to STOPPED."""
    started = run("never-ends", wait_for_completion=False)

    record = stop(started["execution_id"])

    assert (record["state"], record["status"]) == ("stopped", "STOPPED")
    assert emulator.runs("refold")[0]["stops"] == 1


def test_a_stop_without_a_wait_ends_at_once(emulator: Emulator) -> None:
    started = run("never-ends", wait_for_completion=False)

    assert stop(started["execution_id"], wait_for_completion=False)["state"] in ("stopping", "stopped")


def test_a_run_that_is_over_is_not_stopped(emulator: Emulator) -> None:
    """What Refold does with such a request is not documented: none is sent."""
    assert stop(run()["execution_id"])["state"] == "succeeded"
    assert emulator.calls("refold", "stop") == []


@pytest.mark.parametrize("nothing", [None, "", "None"])
def test_a_teardown_with_nothing_to_stop_is_skipped(emulator: Emulator, nothing: Any) -> None:
    with pytest.raises(AirflowSkipException):
        stop(nothing)

    assert emulator.calls("refold") == []


def test_a_stop_that_takes_too_long_names_the_run(emulator: Emulator) -> None:
    started = run("never-ends", wait_for_completion=False)
    emulator.fail("refold", "get", "unknown_status", times=None)

    with pytest.raises(errors.ExecutionTimedOut, match=started["execution_id"]):
        stop(started["execution_id"], timeout=0.2)


def test_the_list_is_filtered_by_the_vendor(emulator: Emulator) -> None:
    """Filters go out under the vendor's names; its page comes back whole."""
    run()
    run("no-response-node")

    with closing(RefoldHook()) as hook:
        page = hook.list_executions(limit=1, status="COMPLETED", sort_asc=True, execution_type="ASYNC")

    query = emulator.calls("refold", "list")[0]["query"]
    assert query == {"limit": "1", "status": "COMPLETED", "sortAsc": "true", "execution_type": "ASYNC"}
    assert (len(page["docs"]), page["totalDocs"], page["hasNextPage"]) == (1, 2, True)


def test_the_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    with closing(RefoldHook("refold_default")) as hook:
        started = hook.execute_workflow("never-ends", slug="hubspot", payload={"a": 1})
        assert started.execution_id is not None
        assert hook.get_execution(started.execution_id).state in (State.QUEUED, State.RUNNING)
        assert hook.stop_execution(started.execution_id) == "Stopping instance"

    assert emulator.runs("refold")[0]["stops"] == 1


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("status", {"status": 503, "body": {"message": "maintenance"}}, "HTTP 503: maintenance"),
        ("html", {}, "HTTP 200"),
        ("hang", {}, "no complete answer within 0.3 s"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    assert said in failed_connection_test(REFOLD, emulator, monkeypatch, "list", fault, options)


def test_a_connection_test_with_a_wrong_key_names_the_connection(emulator: Emulator) -> None:
    emulator.revoke("refold")

    ok, sentence = RefoldHook().test_connection()

    assert not ok
    assert "HTTP 401: Invalid Credentials" in sentence
    assert "'refold_default'" in sentence


@pytest.mark.parametrize(
    ("host", "schema", "port", "url"),
    [
        (None, None, None, "https://app.refold.ai"),
        ("refold.example.com", None, None, "https://refold.example.com"),
        ("https://refold.example.com/", None, 0, "https://refold.example.com"),
        ("refold.example.com", "http", 8080, "http://refold.example.com:8080"),
    ],
)
def test_the_address_may_be_written_as_airflow_users_write_it(
    monkeypatch: pytest.MonkeyPatch, host: str | None, schema: str | None, port: int | None, url: str
) -> None:
    connection = {
        "conn_type": "refold",
        "host": host,
        "schema": schema,
        "port": port,
        "password": "tk_1",
        "extra": {"linked_account_id": "acct"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_REFOLD_DEFAULT", json.dumps(connection))

    assert RefoldHook().session.settings.base_url == url


def test_templated_fields_are_named_and_kept_under_the_same_name() -> None:
    """Airflow renders what stands in ``template_fields``; a wrapped payload would not be found there."""
    values = {name: f"{{{{ {name} }}}}" for name in RefoldExecuteWorkflowOperator.template_fields}
    operator = RefoldExecuteWorkflowOperator(task_id="run", **values)

    assert {name: getattr(operator, name) for name in values} == values


def test_an_account_whose_id_is_digits_may_be_written_as_a_number(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {**emulator.connection("refold"), "extra": {"linked_account_id": 42}}
    monkeypatch.setenv("AIRFLOW_CONN_REFOLD_DEFAULT", json.dumps(connection))

    assert RefoldHook().session.settings.headers["linked_account_id"] == "42"
