"""The external call: what is sent, and what is refused before that (law 8)."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator
from tests.task import Task
from tests.vendors.laminar import CALLBACK, external, run


def test_every_parameter_reaches_the_vendor(emulator: Emulator) -> None:
    """As the page of Execute Workflow (External) says: the path, five query parameters, a body; the key in a header."""
    record = run(
        payload={"data": "your workflow input"},
        configuration_id="store & co",
        response_type="json",
        start_from_step=2,
        end_at_step=3,
        callback_url=CALLBACK,
    )

    (call,) = emulator.calls("laminar", "execute")
    assert (call["method"], call["path"]) == ("POST", "/workflow/execute/external/39")
    assert call["query"] == {
        "configuration_id": "store & co",
        "response_type": "json",
        "start_from_step": "2",
        "end_at_step": "3",
        "callback_url": CALLBACK,
    }
    assert call["headers"]["x-api-key"] == "***"
    assert call["headers"]["content-type"] == "application/json"
    assert call["body"] == {"data": "your workflow input"}
    assert record == {
        "execution_id": None,
        "state": "succeeded",
        "status": "HTTP 200",
        "output": {"received": {"data": "your workflow input"}, "ok": True},
        "url": None,
    }


def test_what_is_not_given_is_not_sent(emulator: Emulator) -> None:
    """No parameter has a default of ours, and no body is sent without an input."""
    run()

    (call,) = emulator.calls("laminar", "execute")
    assert (call["query"], call["body"]) == ({}, None)


@pytest.mark.parametrize("payload", [{"a": [1]}, [1, "two"], "text", 7, 0, False, "", {}])
def test_the_input_is_json_of_any_type(emulator: Emulator, payload: Any) -> None:
    """What is empty is an input too."""
    assert run(payload=payload)["output"]["received"] == payload
    assert emulator.runs("laminar")[0]["input"] == payload


@pytest.mark.parametrize("workflow", [39, "39", " 39 "])
def test_an_id_is_a_number_or_its_text(emulator: Emulator, workflow: int | str) -> None:
    run(workflow)

    assert emulator.runs("laminar")[0]["workflow_id"] == "39"


def test_an_id_is_one_segment_of_the_path() -> None:
    """A slash or a question mark in it cannot lead elsewhere."""
    assert api.execute_workflow("a/b ä?c").path == "/workflow/execute/external/a%2Fb%20%C3%A4%3Fc"


@pytest.mark.parametrize(
    "window", [{"end_at_step": 2}, {"start_from_step": 2, "end_at_step": 2}, {"start_from_step": 2}]
)
def test_a_window_of_steps_may_be_open_or_a_single_step(emulator: Emulator, window: dict[str, int]) -> None:
    run(**window)

    assert emulator.calls("laminar", "execute")[0]["query"] == {k: str(v) for k, v in window.items()}


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"workflow_id": ""}, "workflow_id"),
        ({"workflow_id": ".."}, "workflow_id"),
        ({"workflow_id": None}, "workflow_id"),
        ({"payload": {"when": object()}}, "payload"),
        ({"payload": [float("nan")]}, "payload"),
        ({"configuration_id": ""}, "configuration_id"),
        ({"configuration_id": "None"}, "configuration_id"),
        ({"response_type": ""}, "response_type"),
        ({"response_type": 7}, "response_type"),
        ({"start_from_step": 0}, "start_from_step"),
        ({"start_from_step": "1"}, "start_from_step"),
        ({"start_from_step": True}, "start_from_step"),
        ({"end_at_step": -1}, "end_at_step"),
        ({"start_from_step": 3, "end_at_step": 2}, "start_from_step=3 comes after end_at_step=2"),
        ({"callback_url": "hooks.example.com"}, "callback_url"),
        ({"callback_url": "ftp://hooks.example.com"}, "callback_url"),
        ({"callback_url": "https://"}, "callback_url"),
        ({"callback_url": "http://[s3cret"}, "callback_url"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "soon"}, "timeout"),
        ({"max_inline_output": -1}, "max_inline_output"),
    ],
)
def test_bad_input_is_refused_when_the_dag_is_parsed(
    emulator: Emulator, parameters: dict[str, Any], name: str
) -> None:
    """Law 8: one error, which names the parameter, and no call."""
    with pytest.raises(errors.InvalidInput, match=name):
        external(**{"workflow": parameters.pop("workflow_id", 39), **parameters}).run()

    assert emulator.calls("laminar") == []


def test_a_bad_callback_address_is_not_repeated() -> None:
    """Law 7: a typing error does not make it less of a secret; its cause would be shown with it."""
    for address in ("http://[s3cret", "s3cret.example.com/x", "https://s3cret\uff03.example.com"):
        with pytest.raises(errors.InvalidInput) as refused:
            external(callback_url=address).run()
        assert "s3cret" not in f"{refused.value}{refused.value.__cause__}"
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("field", ["workflow_id", "configuration_id"])
def test_a_template_that_renders_to_nothing_is_refused_before_anything_is_sent(
    emulator: Emulator, field: str
) -> None:
    """Law 8: it is fine at parse, where nothing is known of it, and is refused in the task."""
    operator = LaminarExecuteWorkflowOperator(
        task_id="run", **{"workflow_id": 39, field: "{{ ti.xcom_pull('missing') }}"}
    )
    setattr(operator, field, "None")

    with pytest.raises(errors.InvalidInput, match=field):
        operator.execute(Task(lambda: operator).context(operator))

    assert emulator.calls("laminar") == []


def test_templated_fields_are_named_and_the_callback_address_is_none_of_them() -> None:
    """Law 7: Airflow stores rendered fields, and shows them."""
    fields = LaminarExecuteWorkflowOperator.template_fields
    values = {name: f"{{{{ {name} }}}}" for name in fields}
    operator = LaminarExecuteWorkflowOperator(task_id="run", **values)

    assert {name: getattr(operator, name) for name in values} == values
    assert "callback_url" not in fields
