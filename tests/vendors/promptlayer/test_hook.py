"""The hook."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator
from tests.vendors import PROMPTLAYER, failed_connection_test
from tests.vendors.promptlayer import (
    CALLBACK,
)


def test_the_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    options: dict[str, Any] = {
        "workflow_label_name": "production",
        "input_variables": {"a": 1},
        "metadata": {"b": "c"},
        "return_all_outputs": True,
        "callback_url": CALLBACK,
    }
    with closing(PromptLayerHook("promptlayer_default")) as hook:
        execution = hook.run_workflow("answer-question", **options)
        assert execution.execution_id is not None
        assert hook.look(execution.execution_id).state is State.RUNNING
        over = hook.get_execution(execution.execution_id)
        with pytest.raises(errors.InvalidInput):
            hook.run_workflow("w", workflow_label_name="a", workflow_version_number=1)

    assert emulator.calls("promptlayer", "run")[0]["body"] == options
    assert (over.state, api.final_output(over.output)) == (State.SUCCEEDED, {"echo": {"a": 1}})
    assert set(over.output) == {"Draft", "Answer"}


def test_a_right_connection_is_tested_with_one_cheap_read(emulator: Emulator) -> None:
    assert PromptLayerHook().test_connection() == (True, "PromptLayer accepts this connection.")

    (call,) = emulator.calls("promptlayer")
    assert (call["method"], call["path"], call["query"]) == ("GET", "/workflows", {"per_page": "1"})


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("status", {"status": 503, "body": {"message": "maintenance"}}, "HTTP 503: maintenance"),
        ("status", {"status": 422, "body": {"detail": [{"loc": ["query"], "msg": "no"}]}}, "query: no"),
        ("html", {}, "HTTP 200"),
        ("html", {"status": 502}, "HTTP 502"),
        ("list_body", {}, "HTTP 200"),
        ("status", {"status": 200, "body": {"status": "ok"}}, "items"),
        ("hang", {}, "no complete answer within 0.3 s"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    """What answers something else than workflows is not PromptLayer, whatever its HTTP status."""
    assert said in failed_connection_test(PROMPTLAYER, emulator, monkeypatch, "list", fault, options)


def test_a_connection_test_with_a_wrong_key_names_the_connection(emulator: Emulator) -> None:
    emulator.revoke("promptlayer")

    ok, sentence = PromptLayerHook().test_connection()

    assert not ok
    assert "HTTP 401: Invalid API key" in sentence
    assert "'promptlayer_default'" in sentence


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (None, "https://api.promptlayer.com"),
        ("prompts.example.com/api/", "https://prompts.example.com/api"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_an_installation_of_ones_own_is_reached_at_its_address(
    monkeypatch: pytest.MonkeyPatch, host: str | None, url: str
) -> None:
    connection = {"conn_type": "promptlayer", "host": host, "password": "pl_1"}
    monkeypatch.setenv("AIRFLOW_CONN_PROMPTLAYER_DEFAULT", json.dumps(connection))

    assert PromptLayerHook().session.settings.base_url == url


def test_templated_fields_are_named_and_kept_under_the_same_name() -> None:
    """Airflow renders what stands in ``template_fields``."""
    values = {name: f"{{{{ {name} }}}}" for name in PromptLayerExecuteWorkflowOperator.template_fields}
    operator = PromptLayerExecuteWorkflowOperator(task_id="run", **values)

    assert {name: getattr(operator, name) for name in values} == values
    assert "callback_url" not in values
