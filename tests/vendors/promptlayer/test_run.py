"""What is sent, and the answer to a start."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from tests.laws import blocking_and_deferred
from tests.task import Task
from tests.vendors import PROMPTLAYER, answer
from tests.vendors.promptlayer import (
    CALLBACK,
    run,
    started,
)


@pytest.mark.parametrize(
    ("version", "sent"),
    [
        ({}, {}),
        ({"workflow_label_name": "production"}, {"workflow_label_name": "production"}),
        ({"workflow_version_number": 3}, {"workflow_version_number": 3}),
    ],
)
def test_every_parameter_reaches_the_vendor(
    emulator: Emulator, version: dict[str, Any], sent: dict[str, Any]
) -> None:
    """As the page of Run Workflow says: the path, the key, and a body; the version is in it only if it was chosen."""
    run(
        input_variables={"user_message": "help", "deep": {"list": [1, None, "ä"]}},
        metadata={"environment": "production"},
        return_all_outputs=True,
        callback_url=CALLBACK,
        **version,
    )

    (call,) = emulator.calls("promptlayer", "run")
    assert (call["method"], call["path"], call["query"]) == ("POST", "/workflows/answer-question/run", {})
    assert "x-api-key" in call["headers"]
    assert "authorization" not in call["headers"]
    assert call["headers"]["content-type"] == "application/json"
    assert call["body"] == {
        "input_variables": {"user_message": "help", "deep": {"list": [1, None, "ä"]}},
        "metadata": {"environment": "production"},
        "return_all_outputs": True,
        "callback_url": CALLBACK,
        **sent,
    }


def test_what_is_not_given_is_not_sent(emulator: Emulator) -> None:
    """The latest version runs, with no variables, and the page's defaults hold."""
    run()

    assert emulator.calls("promptlayer", "run")[0]["body"] == {
        "input_variables": {},
        "return_all_outputs": False,
    }


@pytest.mark.parametrize("named", ["answer-question", 101, "101"])
def test_a_workflow_is_run_by_its_name_or_its_number(emulator: Emulator, named: str | int) -> None:
    """The number is the one that the vendor gave the workflow; it stands in the same place."""
    assert run(named, input_variables={"a": 1})["output"] == {"echo": {"a": 1}}
    assert emulator.calls("promptlayer", "run")[0]["path"] == f"/workflows/{named}/run"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("support/triage v2", "/workflows/support%2Ftriage%20v2/run"),
        ("a/../b", "/workflows/a%2F..%2Fb/run"),
        ("100 % ä?#&+;", "/workflows/100%20%25%20%C3%A4%3F%23%26%2B%3B/run"),
        ("50%2F50", "/workflows/50%252F50/run"),
    ],
)
def test_a_name_may_hold_whatever_a_person_types(emulator: Emulator, name: str, path: str) -> None:
    """It is one segment of the path, percent-encoded whole, and arrives as it was typed."""
    emulator.add_workflow("promptlayer", name)

    assert api.run_workflow(name).path == path
    assert run(name)["state"] == "succeeded"
    assert emulator.runs("promptlayer")[0]["workflow_id"] == name


@pytest.mark.parametrize(
    ("callback_url", "status"), [(None, 201), (CALLBACK, 202), ("http://localhost:1/", 202)]
)
@blocking_and_deferred
def test_a_start_is_accepted_with_201_and_with_202(
    emulator: Emulator, callback_url: str | None, status: int, deferrable: bool
) -> None:
    """With a callback the vendor says 202; the run is waited for all the same."""
    record = run(callback_url=callback_url, deferrable=deferrable)

    assert emulator.calls("promptlayer", "run")[0]["status"] == status
    assert emulator.runs("promptlayer")[0]["callback_url"] == callback_url
    assert (record["state"], record["status"], record["output"]) == ("succeeded", "SUCCESS", {"echo": {}})
    assert record["execution_id"] == emulator.runs("promptlayer")[0]["execution_id"]


def test_the_answers_that_the_vendor_recorded_and_documents_are_read() -> None:
    """One of each, to the letter."""
    recorded = b'{"success":true,"message":"Workflow execution created successfully","warning":null,"workflow_version_execution_id":787}'
    documented = b'{"success":true,"message":"Workflow execution started","warning":null,"workflow_version_execution_id":98765}'
    nodes = b'{"Node 1":{"status":"SUCCESS","value":"AAA","error_message":null,"raw_error_message":null,"is_output_node":true}}'
    read = api.run_workflow("w").read

    assert read(Answer(201, {}, recorded)) == Execution("787", State.RUNNING, "RUNNING")
    assert read(Answer(202, {}, documented)) == Execution("98765", State.RUNNING, "RUNNING")
    over = api.get_execution("787").read(Answer(200, {}, nodes))
    assert (over.state, over.status, api.final_output(over.output)) == (State.SUCCEEDED, "SUCCESS", "AAA")


@pytest.mark.parametrize(
    ("body", "execution_id"),
    [
        ({"workflow_version_execution_id": 5}, "5"),
        ({"workflow_version_execution_id": "5"}, "5"),
        ({"success": None, "workflow_version_execution_id": 5}, "5"),
        ({"success": "false", "workflow_version_execution_id": 5}, "5"),
        ({"success": 0, "workflow_version_execution_id": 5}, "5"),
        ({"workflow_version_execution_id": 2**60, "message": 7, "warning": ["x"], "new": {}}, str(2**60)),
    ],
)
def test_an_id_is_never_lost_for_what_stands_beside_it(body: Any, execution_id: str) -> None:
    """A run that cannot be listed is known by its id alone: a text that is none costs nothing."""
    assert started(body).execution_id == execution_id


@pytest.mark.parametrize("execution_id", [None, True, "", "abc", "1/2", 1.5, 0, -1, [1], {"id": 1}])
def test_what_is_no_id_is_not_taken_for_one(emulator: Emulator, execution_id: Any) -> None:
    """A run may exist, and nobody knows which: that is a lost start, and not another person's run number 1."""
    body = {"success": True, "message": "started", "workflow_version_execution_id": execution_id}
    emulator.fail("promptlayer", "run", "status", status=201, body=body)

    with pytest.raises(errors.LostStart, match="a run may exist"):
        run()

    assert emulator.calls("promptlayer", "results") == []


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "message": "no", "workflow_version_execution_id": 5},
        {"success": True, "message": "started"},
        "AAA",
        None,
    ],
)
def test_a_start_that_contradicts_itself_is_never_a_run(body: Any) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        started(body)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"workflow_label_name": "production", "workflow_version_number": 1}, "exclude each other"),
        ({"workflow_label_name": "{{ label }}", "workflow_version_number": 1}, "exclude each other"),
        ({"workflow_label_name": ""}, "workflow_label_name"),
        ({"workflow_label_name": " "}, "workflow_label_name"),
        ({"workflow_version_number": True}, "workflow_version_number"),
        ({"workflow_version_number": 1.0}, "workflow_version_number"),
        ({"metadata": {"attempt": 1}}, "'attempt' is 1"),
        ({"metadata": {"attempt": None}}, "'attempt' is None"),
        ({"metadata": {"tags": ["a"]}}, "tags"),
        ({"metadata": ""}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"input_variables": []}, "input_variables"),
        ({"input_variables": ""}, "input_variables"),
        ({"callback_url": ""}, "callback_url"),
        ({"callback_url": "ftp://example.com"}, "callback_url"),
        ({"callback_url": "{{ var.value.callback }}"}, "callback_url"),
    ],
)
def test_bad_parameters_are_refused_at_construction(
    emulator: Emulator, options: dict[str, Any], said: str
) -> None:
    """Also what is empty and of the wrong kind: it does not pass for nothing."""
    with pytest.raises(errors.InvalidInput, match=said):
        PROMPTLAYER.task(**options)

    assert emulator.calls("promptlayer") == []


@pytest.mark.parametrize(("name", "empty"), [("workflow_label_name", ""), ("input_variables", "")])
def test_what_a_template_leaves_empty_is_refused_and_does_not_run_something_else(
    emulator: Emulator, name: str, empty: Any
) -> None:
    """An empty label could run the latest version, and empty variables a workflow without any."""
    operator = PROMPTLAYER.task(**{name: "{{ dag_run.conf.get('nothing', '') }}"})
    setattr(operator, name, empty)

    with pytest.raises(errors.InvalidInput, match=name):
        operator.execute(Task(lambda: operator).context(operator))

    assert emulator.calls("promptlayer") == []


@pytest.mark.parametrize(
    ("workflow", "options", "said"),
    [
        ("no-such-workflow", {}, "HTTP 404: Workflow not found"),
        ("answer-question", {"workflow_label_name": "staging"}, "HTTP 404: Release label not found"),
        ("answer-question", {"workflow_version_number": 9}, "HTTP 404: Workflow version not found"),
    ],
)
@pytest.mark.parametrize("error_member", ["message", "error"])
def test_what_the_vendor_refuses_fails_with_its_words(
    emulator: Emulator, workflow: str, options: dict[str, Any], said: str, error_member: str
) -> None:
    """In whichever member of its answer they stand; nothing was started, and the error says so."""
    emulator.configure("promptlayer", error_member=error_member)

    with pytest.raises(errors.NotFound, match="Nothing was started") as refused:
        run(workflow, **options)

    assert said in str(refused.value)
    assert f"could not run workflow {workflow}" in str(refused.value)
    assert emulator.runs("promptlayer") == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"success": False, "message": "Invalid API key"}, "Invalid API key"),
        ({"success": False, "error": "Workflow not found"}, "Workflow not found"),
        ({"success": False, "message": None, "error": "in error"}, "in error"),
        ({"success": False, "message": "in message", "error": "in error"}, "in message"),
        ({"detail": "Not authenticated"}, "Not authenticated"),
        (
            {"detail": [{"loc": ["body", "metadata"], "msg": "must be texts", "type": "value_error"}]},
            "body.metadata: must be texts",
        ),
        (
            {"detail": [{"loc": ["body", "a", 0], "msg": "x"}, "odd", {"msg": "y"}]},
            "body.a.0: x; odd; y",
        ),
        ({"detail": [{"loc": 5, "msg": "no list"}]}, "5: no list"),
        ({"message": {"code": 7}}, '{"code": 7}'),
        ({"success": False}, None),
        ({"detail": []}, None),
        ([], None),
        ("text", None),
    ],
)
def test_every_envelope_is_read(body: Any, said: str | None) -> None:
    """Words for people stand in one of three members, and are a list in one of them."""
    assert api.explain(answer(body, 400)) == said
    assert api.explain(Answer(502, {}, b"<html>")) is None


@pytest.mark.parametrize("invalid", ["message", "detail"])
def test_a_422_says_what_was_wrong_in_either_form(emulator: Emulator, invalid: str) -> None:
    emulator.configure("promptlayer", invalid=invalid)
    call = api.run_workflow("answer-question")
    call.body["metadata"] = ["a"]  # what our own check would have refused

    with closing(PromptLayerHook()) as hook, pytest.raises(errors.RequestRefused) as refused:
        hook.send(call)

    assert "HTTP 422: " in str(refused.value)
    assert "metadata must be an object of strings" in str(refused.value)
    assert "{" not in str(refused.value)
