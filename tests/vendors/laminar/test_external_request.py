"""The external call: what it sends."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.vendors import misread
from tests.vendors.laminar import CALLBACK, external


def test_each_parameter_is_sent_where_the_page_says(emulator: Emulator) -> None:
    """The workflow in the path, five query parameters, the input as the body, and the key in a header."""
    record = external(
        payload={"data": "your workflow input"},
        configuration_id="store & co",
        response_type="json",
        start_from_step=2,
        end_at_step=3,
        callback_url=CALLBACK,
    ).run()

    (request,) = emulator.requests("laminar", "execute")
    assert (request["method"], request["path"]) == ("POST", "/workflow/execute/external/39")
    assert request["query"] == {
        "configuration_id": "store & co",
        "response_type": "json",
        "start_from_step": "2",
        "end_at_step": "3",
        "callback_url": CALLBACK,
    }
    assert request["headers"]["x-api-key"] == "***"
    assert request["headers"]["content-type"] == "application/json"
    assert request["body"] == {"data": "your workflow input"}
    assert record == {
        "execution_id": None,
        "state": "succeeded",
        "status": "HTTP 200",
        "output": {"received": {"data": "your workflow input"}, "ok": True},
        "url": None,
    }


def test_a_parameter_that_is_not_given_is_not_sent(emulator: Emulator) -> None:
    """None has a default of ours, and without an input there is no body."""
    external().run()

    (request,) = emulator.requests("laminar", "execute")
    assert (request["query"], request["body"]) == ({}, None)


def test_the_input_is_json_of_any_type(emulator: Emulator) -> None:
    """An empty value is an input too."""
    inputs: list[Any] = [{"a": [1]}, [1, "two"], "text", 7, 0, False, "", {}, []]

    def received(payload: Any) -> Any:
        return external(payload=payload).run()["output"]["received"]

    assert misread(received, ((payload, payload) for payload in inputs)) == {}


def test_a_workflow_id_is_one_segment_of_the_path() -> None:
    """A number or its text. A slash or a question mark in it cannot lead elsewhere."""
    cases = [(39, "39"), ("39", "39"), (" 39 ", "39"), ("a/b ä?c", "a%2Fb%20%C3%A4%3Fc")]

    def segment(workflow_id: int | str) -> str:
        return api.execute_workflow(workflow_id).path.removeprefix("/workflow/execute/external/")

    assert misread(segment, cases) == {}


def test_a_range_of_steps_can_be_open_or_a_single_step() -> None:
    def sent(steps: dict[str, int]) -> dict[str, Any]:
        query = api.execute_workflow(39, **steps).query  # type: ignore[arg-type]
        return {name: value for name, value in query.items() if value is not None}

    cases = [
        ({"start_from_step": 2}, {"start_from_step": "2"}),
        ({"start_from_step": 2**31 - 1}, {"start_from_step": "2147483647"}),
        ({"end_at_step": 2}, {"end_at_step": "2"}),
        ({"start_from_step": 2, "end_at_step": 2}, {"start_from_step": "2", "end_at_step": "2"}),
    ]
    assert misread(sent, cases) == {}
    with pytest.raises(errors.InvalidInput, match="start_from_step=3 comes after end_at_step=2"):
        external(start_from_step=3, end_at_step=2).make()


@pytest.mark.parametrize("name", ["workflow_id", "configuration_id"])
def test_a_template_that_renders_to_nothing_is_rejected_before_anything_is_sent(
    emulator: Emulator, name: str
) -> None:
    """When the DAG is parsed, its value is not known yet."""
    options = {
        "workflow": 39,
        ("workflow" if name == "workflow_id" else name): "{{ ti.xcom_pull('missing') }}",
    }
    task = external(**options)
    operator = task.make()
    setattr(operator, name, "None")  # as Airflow renders it

    with pytest.raises(errors.InvalidInput, match=name):
        operator.execute(task.context(operator))

    assert emulator.requests("laminar") == []
