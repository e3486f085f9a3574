"""The hook."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.datalab import DatalabHook
from tests.vendors import DATALAB, failed_connection_test


def test_the_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    given = {"file_urls": ["https://example.com/a.pdf"]}
    with closing(DatalabHook("datalab_default")) as hook:
        execution = hook.execute_workflow(103, input_config=given)
        assert execution.execution_id is not None
        assert (execution.state, execution.status) == (State.RUNNING, "processing")
        assert hook.get_execution(execution.execution_id).state in (State.QUEUED, State.RUNNING)
        assert hook.execution_url(execution.execution_id) is None
        said = hook.try_to_stop(execution.execution_id)

    assert said.said == f"Datalab cannot stop a run: execution {execution.execution_id} goes on."
    (made,) = emulator.runs("datalab")
    assert (made["workflow_id"], made["input"], made["stops"]) == ("103", given, 0)
    assert [call["operation"] for call in emulator.calls("datalab")] == ["execute", "get"]


def test_an_execution_that_nobody_knows_is_named() -> None:
    with (
        closing(DatalabHook()) as hook,
        pytest.raises(errors.NotFound, match=r"execution 5.*Execution not found"),
    ):
        hook.get_execution("5")


def test_a_right_connection_is_accepted_without_a_start(emulator: Emulator) -> None:
    assert DatalabHook().test_connection() == (True, "Datalab accepts this connection.")

    (call,) = emulator.calls("datalab")
    assert (call["method"], call["path"], call["body"]) == ("GET", "/api/v1/user_health", None)


def test_a_connection_test_with_a_wrong_key_names_the_connection(emulator: Emulator) -> None:
    old = emulator.account("datalab")["api_key"]
    emulator.revoke("datalab")

    ok, sentence = DatalabHook().test_connection()

    assert not ok
    assert "HTTP 401: Invalid API key provided" in sentence
    assert "'datalab_default'" in sentence
    assert old not in sentence


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("status", {"status": 403}, "active, paid subscription"),
        ("status", {"status": 503, "body": {"detail": "maintenance"}}, "HTTP 503: maintenance"),
        ("status", {"status": 529}, "HTTP 529"),
        ("status", {"status": 429}, "400 requests every 60 seconds"),
        ("status", {"status": 200, "body": {"hello": "from a portal"}}, "from a portal"),
        ("status", {"status": 302, "headers": {"Location": "https://login.example.com/"}}, "redirect"),
        ("html", {}, "Please try again"),
        ("html", {"status": 502}, "HTTP 502"),
        ("list_body", {}, "unexpected"),
        ("hang", {}, "no complete answer within 0.3 s"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    """A page of a proxy is not the vendor's word, whatever its status."""
    assert said in failed_connection_test(DATALAB, emulator, monkeypatch, "user_health", fault, options)
