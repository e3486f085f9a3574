"""The external call: what it sends."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.fingerprint import fingerprint
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


@pytest.mark.parametrize(
    ("content_type", "payload"),
    [
        ("text/csv", "id,name\n1,Zoë\n"),
        ("application/xml", "<order id='7'/>"),
        ("text/plain; charset=utf-8", ""),
    ],
)
def test_a_text_with_a_media_type_is_sent_as_it_is(
    emulator: Emulator, content_type: str, payload: str
) -> None:
    """The page documents a body of any type. Another media type is another input."""
    external(payload=payload, content_type=content_type).run()

    (request,) = emulator.requests("laminar", "execute")
    assert request["headers"]["content-type"] == content_type
    assert request["headers"]["content-length"] == str(len(payload.encode()))
    assert (request["body"] or "") == payload
    starts = [
        api.execute_workflow(39, payload=payload, content_type=each)
        for each in (None, content_type, "text/html")
    ]
    assert len({fingerprint(start.fingerprint_input) for start in starts}) == 3


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"payload": {"a": 1}, "content_type": "text/csv"}, "payload must be a text"),
        ({"content_type": "text/csv"}, "payload must be a text"),
        ({"payload": "\ud83d", "content_type": "text/csv"}, "payload cannot be sent"),
        ({"payload": "a", "content_type": "csv"}, "content_type must be a media type"),
        ({"payload": "a", "content_type": "text/csv\n"}, "content_type"),
        ({"payload": "a", "content_type": ""}, "content_type is empty"),
    ],
)
def test_what_cannot_be_sent_as_a_text_is_rejected_at_parse(given: dict[str, Any], named: str) -> None:
    with pytest.raises(errors.InvalidInput, match=named):
        external(**given).make()


def test_steps_may_come_from_a_template(emulator: Emulator) -> None:
    """A template renders to a text. At parse nothing is known of it, so one step does not contradict the other."""
    task = external(start_from_step="{{ params.first }}", end_at_step=3).make()
    external(start_from_step=5, end_at_step="{{ params.last }}").make()
    task.start_from_step = "2"

    assert task.build_start_request(1.0).query["start_from_step"] == "2"
    task.start_from_step = "two"
    with pytest.raises(errors.InvalidInput, match="start_from_step"):
        task.build_start_request(1.0)


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
