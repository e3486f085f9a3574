"""What a start sends, and what its response means."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.vendors import PROMPTLAYER, misread, response
from tests.vendors.promptlayer import CALLBACK, run


@pytest.mark.parametrize(
    "version", [{}, {"workflow_label_name": "production"}, {"workflow_version_number": 3}]
)
def test_each_parameter_is_sent_where_the_page_says(emulator: Emulator, version: dict[str, Any]) -> None:
    """The workflow in the path, the rest in the body; a version only if the author has chosen one."""
    given = {
        "input_variables": {"user_message": "help", "deep": {"list": [1, None, "ä"]}},
        "metadata": {"environment": "production"},
        "return_all_outputs": True,
        "callback_url": CALLBACK,
        **version,
    }

    run(**given, send_origin=False)

    (request,) = emulator.requests("promptlayer", "run")
    assert (request["method"], request["path"]) == ("POST", "/workflows/answer-question/run")
    assert (request["query"], request["body"]) == ({}, given)
    assert "x-api-key" in request["headers"]
    assert "authorization" not in request["headers"]
    assert request["headers"]["content-type"] == "application/json"


def test_a_parameter_that_is_not_given_is_not_sent(emulator: Emulator) -> None:
    """The latest version runs, without variables."""
    run(send_origin=False)

    (request,) = emulator.requests("promptlayer", "run")
    assert request["body"] == {"input_variables": {}, "return_all_outputs": False}


def test_a_workflow_name_is_one_segment_of_the_path(emulator: Emulator) -> None:
    """A name with any characters, or a number. It arrives as it was written."""
    cases = [
        ("answer-question", "answer-question"),
        (101, "101"),
        ("101", "101"),
        ("support/triage v2", "support%2Ftriage%20v2"),
        ("a/../b", "a%2F..%2Fb"),
        ("100 % ä?#&+;", "100%20%25%20%C3%A4%3F%23%26%2B%3B"),
        ("50%2F50", "50%252F50"),
    ]
    emulator.add_workflow("promptlayer", "100 % ä?#&+;")

    def segment(name: str | int) -> str:
        return api.run_workflow(name).path.removeprefix("/workflows/").removesuffix("/run")

    assert misread(segment, cases) == {}
    assert run("100 % ä?#&+;")["state"] == "succeeded"
    assert emulator.runs("promptlayer")[0]["workflow_id"] == "100 % ä?#&+;"


def test_a_start_with_a_callback_is_accepted_with_202_and_waited_for(emulator: Emulator) -> None:
    record = run(callback_url=CALLBACK)

    assert emulator.requests("promptlayer", "run")[0]["status"] == 202
    assert emulator.runs("promptlayer")[0]["callback_url"] == CALLBACK
    assert (record["state"], record["output"]) == ("succeeded", {"echo": {}})


def test_a_start_needs_an_id_and_nothing_else() -> None:
    """
    The id is a number, which a record holds as text.

    PromptLayer has no list of runs, so a run whose id is lost can never be found.
    """

    def read(body: Any) -> Any:
        started = api.run_workflow("w").parse(response(body, 201))
        assert started == Execution(started.execution_id, State.RUNNING, "RUNNING", note=started.note)
        return started.execution_id

    def with_id(execution_id: Any) -> dict[str, Any]:
        return {"success": True, "message": "started", "workflow_version_execution_id": execution_id}

    cases: list[tuple[Any, Any]] = [
        ({"workflow_version_execution_id": 5}, "5"),
        (with_id("5"), "5"),
        ({**with_id(5), "success": None}, "5"),
        ({**with_id(5), "success": "false"}, "5"),
        ({**with_id(5), "success": 0}, "5"),
        ({**with_id(2**60), "message": 7, "warning": ["x"], "new": {}}, str(2**60)),
        ({**with_id(5), "success": False}, errors.UnexpectedResponse),
        ({"success": True, "message": "started"}, errors.UnexpectedResponse),
        *((body, errors.UnexpectedResponse) for body in ("AAA", None, [])),
        *(
            (with_id(bad), errors.UnexpectedResponse)
            for bad in (None, True, "", "abc", "1/2", 1.5, 0, -1, [1], {"id": 1})
        ),
    ]

    assert misread(read, cases) == {}


def test_a_version_is_a_label_or_a_number() -> None:
    """A template may become either, so both together are rejected when the DAG is parsed."""
    for label in ("production", "{{ label }}"):
        with pytest.raises(errors.InvalidInput, match="exclude each other"):
            PROMPTLAYER.task(workflow_label_name=label, workflow_version_number=1)

    assert api.run_workflow("w", workflow_version_number=1).body["workflow_version_number"] == 1


def test_a_value_of_metadata_that_is_not_text_is_named() -> None:
    cases = [
        ({"attempt": 1}, "'attempt' is 1"),
        ({"attempt": None}, "'attempt' is None"),
        ({"tags": ["a"]}, "tags"),
    ]
    for metadata, said in cases:
        with pytest.raises(errors.InvalidInput, match=said):
            PROMPTLAYER.task(metadata=metadata)


@pytest.mark.parametrize("name", ["workflow_label_name", "input_variables"])
def test_a_template_that_renders_to_an_empty_text_is_rejected(emulator: Emulator, name: str) -> None:
    """An empty label could run the latest version, and an empty input a workflow without variables."""
    operator = PROMPTLAYER.task(**{name: "{{ dag_run.conf.get('nothing', '') }}"})
    setattr(operator, name, "")  # as Airflow renders it

    with pytest.raises(errors.InvalidInput, match=name):
        operator.execute(Task(lambda: operator).context(operator))

    assert emulator.requests("promptlayer") == []
