"""What is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from tests.vendors import answer
from tests.vendors.altostrat import FAILURE, run, start


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {}),
        ({"context": {}}, {"context": {}}),
        (
            {"context": {"user_id": "usr_123", "deep": {"a": [1, None, "ä"]}}},
            {"context": {"user_id": "usr_123", "deep": {"a": [1, None, "ä"]}}},
        ),
    ],
)
def test_the_context_reaches_the_trigger_node_and_is_optional(
    emulator: Emulator, options: dict[str, Any], body: Any
) -> None:
    """As the page of Execute a workflow says: the id in the path, the context in the body, and nothing else."""
    record = run(**options)

    (call,) = emulator.calls("altostrat", "execute")
    assert (call["method"], call["path"]) == ("POST", "/workflows/fl_sync_sites/execute")
    assert call["query"] == {}
    assert call["body"] == body
    assert call["headers"]["content-type"] == "application/json"
    assert call["headers"]["authorization"] == "Bearer ***"
    assert emulator.runs("altostrat")[0]["input"] == options.get("context", {})
    assert record["output"]["received"] == options.get("context", {})


def test_an_id_is_one_segment_of_the_path() -> None:
    """Whatever a template brings, it cannot name another address."""
    odd = "fl_a/b c?ä%"
    encoded = "fl_a%2Fb%20c%3F%C3%A4%25"

    assert api.execute_workflow(odd).path == f"/workflows/{encoded}/execute"
    assert api.list_runs(odd).path == f"/workflows/{encoded}/executions"
    for call in (api.look, api.get_execution, api.get_run):
        assert call(odd).path == f"/workflows/runs/{encoded}"
        with pytest.raises(errors.InvalidInput, match="execution_id"):
            call("..")


def test_an_odd_id_arrives_as_it_was_written(emulator: Emulator) -> None:
    emulator.add_workflow("altostrat", "fl_nightly sync ä?")

    assert run("fl_nightly sync ä?")["state"] == "succeeded"


@pytest.mark.parametrize("secret", ["api_key", "token"])
def test_a_key_and_a_token_go_into_the_same_header(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    """Altostrat tells them apart by how they begin."""
    account = emulator.account("altostrat")
    connection = {"conn_type": "altostrat", "host": account["base_url"], "password": account[secret]}
    monkeypatch.setenv("AIRFLOW_CONN_ALTOSTRAT_DEFAULT", json.dumps(connection))

    assert api.credentials(account[secret]) == {"Authorization": f"Bearer {account[secret]}"}
    assert run()["state"] == "succeeded"


def test_without_a_host_the_vendors_own_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the specification, not the one of last year's pages."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_ALTOSTRAT_DEFAULT", '{"conn_type": "altostrat", "password": "alto_sk_1"}'
    )

    assert AltostratHook().session.settings.base_url == "https://v1.api.altostrat.io"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", State.QUEUED),
        ("running", State.RUNNING),
        ("awaiting_ui_interaction", State.PAUSED),
        ("completed", State.QUEUED),
        ("failed", State.QUEUED),
        ("HIBERNATING", State.QUEUED),
    ],
)
def test_no_start_is_an_end(word: str, state: State) -> None:
    """The page's example of an accepted start says completed: it is no result, for it has no log."""
    started = api.execute_workflow("w").read(answer({"id": "fl_run_1", "status": word}, 202))

    assert (started.execution_id, started.state, started.status) == ("fl_run_1", state, word)
    assert not started.over


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("word", ["completed", "failed"])
def test_a_start_that_is_answered_as_over_is_looked_at(
    emulator: Emulator, word: str, deferrable: bool
) -> None:
    """Only the read of a run has its log: there is the output, and there is the truth."""
    emulator.set_pace(looks=3)
    running = start("fl_sync_sites")
    said = {"id": running, "status": word, "error_message": FAILURE, "duration_in_seconds": 5}
    emulator.fail("altostrat", "execute", "status", status=202, body=said)

    record = run(deferrable=deferrable)

    assert (record["state"], record["status"]) == ("succeeded", "completed")
    assert record["output"] == {"received": {}, "ok": True}
    assert len(emulator.calls("altostrat", "get")) >= 3


@pytest.mark.parametrize("status", [{}, {"status": None}, {"status": 7}, {"status": ""}])
def test_a_start_needs_an_id_and_nothing_else(status: dict[str, Any]) -> None:
    """No member is marked as required: a run whose id is known is not lost."""
    body = {"id": "fl_run_1", "logs": "none", "error_message": 7, **status}

    started = api.execute_workflow("w").read(answer(body, 202))

    assert (started.execution_id, started.state, started.status) == ("fl_run_1", State.QUEUED, "pending")


@pytest.mark.parametrize(
    "body", [{}, {"id": None}, {"id": ""}, {"id": ".."}, {"id": 7}, {"new_run": {"id": "x"}}, []]
)
def test_a_start_without_an_id_is_lost(emulator: Emulator, body: Any) -> None:
    """A run may exist; its error shows what came, and nothing is sent again."""
    if isinstance(body, dict) and body:
        body = {**body, "status": "completed"}
    emulator.fail("altostrat", "execute", "status", status=202, body=body)

    with pytest.raises(errors.LostStart, match="HTTP 202"):
        run()

    assert [call["operation"] for call in emulator.calls("altostrat")] == ["execute"]
