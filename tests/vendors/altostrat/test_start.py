"""What a start sends, and what its response means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from tests.vendors import misread, response
from tests.vendors.altostrat import run


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {}),
        ({"context": {}}, {"context": {}}),
        ({"context": {"deep": {"a": [1, None, "ä"]}}}, {"context": {"deep": {"a": [1, None, "ä"]}}}),
    ],
)
def test_a_start_has_the_workflow_in_its_path_and_the_context_in_its_body(
    emulator: Emulator, options: dict[str, Any], body: Any
) -> None:
    """The context reaches the workflow's trigger node; without one the body is empty."""
    record = run(**options)

    (request,) = emulator.requests("altostrat", "execute")
    assert (request["method"], request["path"]) == ("POST", "/workflows/fl_sync_sites/execute")
    assert (request["query"], request["body"]) == ({}, body)
    assert request["headers"]["content-type"] == "application/json"
    assert emulator.runs("altostrat")[0]["input"] == options.get("context", {})
    assert record["output"]["received"] == options.get("context", {})


def test_a_workflow_id_with_any_character_arrives_as_it_was_written(emulator: Emulator) -> None:
    """It cannot lead to another path."""
    emulator.add_workflow("altostrat", "fl_nightly sync ä?")

    assert run("fl_nightly sync ä?")["state"] == "succeeded"
    assert api.execute_workflow("fl_a/b c?ä%").path == "/workflows/fl_a%2Fb%20c%3F%C3%A4%25/execute"


@pytest.mark.parametrize("secret", ["api_key", "token"])
def test_a_key_and_a_token_are_sent_in_the_same_header(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    account = emulator.account("altostrat")
    connection = {"conn_type": "altostrat", "host": account["base_url"], "password": account[secret]}
    monkeypatch.setenv("AIRFLOW_CONN_ALTOSTRAT_DEFAULT", json.dumps(connection))

    assert api.API.auth_headers(account[secret]) == {"Authorization": f"Bearer {account[secret]}"}
    assert run()["state"] == "succeeded"


def test_a_nonce_is_added_to_the_context_and_is_not_part_of_the_input() -> None:
    """Its key must be a new one, so that no value of the author's is lost."""
    plain = api.execute_workflow("w", context={"site": "a"})
    marked = api.execute_workflow("w", context={"site": "a"}, nonce={"start": "airflow-1"})

    assert marked.body == {"context": {"site": "a", "start": "airflow-1"}}
    assert api.execute_workflow("w", nonce={"start": "airflow-1"}).body == {"context": {"start": "airflow-1"}}
    assert marked.fingerprint_input == plain.fingerprint_input
    with pytest.raises(errors.InvalidInput, match="nonce_key must be a new key in context; 'site' is there"):
        api.execute_workflow("w", context={"site": "a"}, nonce={"site": "airflow-1"})


def test_a_start_needs_an_id_and_is_never_an_end() -> None:
    """
    The page's example of an accepted start says "completed": such a run has no log yet, so its status is read again.

    The page requires no field.
    """

    def read(body: Any) -> tuple[str | None, State, str]:
        started = api.execute_workflow("w").parse(response(body, 202))
        return started.execution_id, started.state, started.status

    cases = [
        ({"status": "pending"}, ("fl_1", State.QUEUED, "pending")),
        ({"status": "running"}, ("fl_1", State.RUNNING, "running")),
        ({"status": "awaiting_ui_interaction"}, ("fl_1", State.PAUSED, "awaiting_ui_interaction")),
        ({"status": "completed"}, ("fl_1", State.QUEUED, "completed")),
        ({"status": "failed"}, ("fl_1", State.QUEUED, "failed")),
        ({"status": "HIBERNATING"}, ("fl_1", State.QUEUED, "HIBERNATING")),
        ({}, ("fl_1", State.QUEUED, "pending")),
        ({"status": None}, ("fl_1", State.QUEUED, "pending")),
        ({"status": 7, "logs": "none"}, ("fl_1", State.QUEUED, "pending")),
        ({"status": "", "error_message": 7}, ("fl_1", State.QUEUED, "pending")),
    ]
    without_id = [{}, {"id": None}, {"id": ""}, {"id": ".."}, {"id": 7}, {"new_run": {"id": "x"}}]
    lost = [({"status": "completed", **body}, errors.UnexpectedResponse) for body in without_id]

    assert misread(lambda body: read({"id": "fl_1", **body}), cases) == {}
    assert misread(read, [*lost, ([], errors.UnexpectedResponse)]) == {}


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_run_whose_start_says_that_it_has_ended_is_read_again(emulator: Emulator, status: str) -> None:
    """Only that read shows whether it has ended, and its output."""
    emulator.set_pace(status_checks=3)
    running = run(wait_for_completion=False)["execution_id"]
    body = {"id": running, "status": status, "error_message": "no", "duration_in_seconds": 5}
    emulator.fail("altostrat", "execute", "status", status=202, body=body)

    record = run()

    assert (record["state"], record["status"]) == ("succeeded", "completed")
    assert record["output"] == {"received": {}, "ok": True}
    assert len(emulator.requests("altostrat", "get")) >= 3
