"""What is PromptLayer's own: its parameters, runs that are what their nodes are, final outputs, callback addresses."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator
from airflow_workflow_providers.sensors.promptlayer import PromptLayerExecutionSensor
from tests.task import Task
from tests.vendors import PROMPTLAYER

pytestmark = pytest.mark.usefixtures("emulator")

blocking_and_deferred = pytest.mark.parametrize("deferrable", [False, True], ids=["blocking", "deferred"])

#: A callback address with a secret in its query, and one with a secret in its path.
CALLBACK = "https://hooks.example.com/promptlayer?token=a-callback-secret"
CALLBACK_PATH = "https://hooks.example.com/T01/a-callback-secret"


def run(workflow: str | int = "answer-question", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: PROMPTLAYER.task(workflow, **options)).run()


def wait_for(execution_id: Any, **options: Any) -> dict[str, Any]:
    """Wait with a sensor for a run that is there."""
    return Task(
        lambda: PromptLayerExecutionSensor(
            task_id="wait", execution_id=execution_id, poke_interval=0.01, **options
        )
    ).run()


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def looked(body: Any, status: int = 200) -> Execution:
    return api.look("7").read(answer(body, status))


def started(body: Any, status: int = 201, **options: Any) -> Execution:
    return api.run_workflow("w", **options).read(answer(body, status))


def node(status: Any = "SUCCESS", value: Any = None, *, is_output: Any = True, **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "value": value,
        "error_message": None,
        "raw_error_message": None,
        "is_output_node": is_output,
        **more,
    }


# -- run ------------------------------------------------------------------------------------------------------------


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
        {"success": None, "workflow_version_execution_id": 5},
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
        ({"message": {"code": 7}}, "{'code': 7}"),
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


# -- warnings and callbacks -----------------------------------------------------------------------------------------


@blocking_and_deferred
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"topic": "x"}, None),
        ({"other": "x"}, "Missing input variables: topic. Unused input variables: other."),
    ],
)
def test_a_warning_is_one_warning_line_in_the_tasks_log(
    emulator: Emulator, given: dict[str, Any], said: str | None, deferrable: bool
) -> None:
    """The run starts all the same; without a warning there is no line."""
    emulator.add_workflow("promptlayer", "strict", required=["topic"])

    with structlog.testing.capture_logs() as logs:
        record = run("strict", input_variables=given, deferrable=deferrable)

    # Airflow itself warns that it did not call the operator.
    lines = [entry for entry in logs if entry["log_level"] == "warning" and "Task Runner" not in str(entry)]
    assert record["state"] == "succeeded"
    assert len(lines) == (1 if said else 0)
    assert said is None or said in str(lines[0])


def test_a_warning_of_several_lines_is_one_and_signed_addresses_in_it_are_cut() -> None:
    note = started({"workflow_version_execution_id": 5, "warning": f"see\n{CALLBACK}\nand mend"}).note

    assert note == "see https://hooks.example.com/promptlayer?*** and mend"


@blocking_and_deferred
@pytest.mark.parametrize("workflow", ["answer-question", "always-fails", "no-such-workflow"])
@pytest.mark.parametrize("callback_url", [CALLBACK, CALLBACK_PATH])
def test_a_callback_address_is_sent_and_kept_nowhere(
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    workflow: str,
    callback_url: str,
    deferrable: bool,
) -> None:
    """It is a key to whoever waits there: it is in no log, XCom, trigger, error, or rendered field."""
    caplog.set_level(logging.DEBUG)
    task = Task(lambda: PROMPTLAYER.task(workflow, callback_url=callback_url, deferrable=deferrable))

    with structlog.testing.capture_logs() as logs:
        try:
            task.run()
        except errors.WorkflowError:
            assert workflow != "answer-question"

    assert emulator.calls("promptlayer", "run")[0]["body"]["callback_url"] == callback_url
    assert "a-callback-secret" not in task.everything_kept() + str(logs) + caplog.text
    rendered = {name: getattr(task.operator, name) for name in task.operator.template_fields}
    assert "callback_url" not in rendered
    assert "a-callback-secret" not in str(rendered)


def test_a_refused_callback_address_is_not_in_the_error() -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        PROMPTLAYER.task(callback_url="hooks.example.com/?token=a-callback-secret")

    assert "callback_url" in str(refused.value)
    assert "a-callback-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("callback_url", "body"),
    [
        (CALLBACK, {"success": False, "message": f"cannot reach {CALLBACK}"}),
        (
            CALLBACK_PATH,
            {"detail": [{"loc": ["body", "callback_url"], "msg": "wrong", "input": CALLBACK_PATH}]},
        ),
    ],
)
def test_a_callback_address_that_the_vendor_repeats_is_not_in_the_error(
    emulator: Emulator, callback_url: str, body: Any
) -> None:
    """Of a list of problems only the places and the words are read, and not the input."""
    emulator.fail("promptlayer", "run", "status", status=422, body=body)
    task = Task(lambda: PROMPTLAYER.task(callback_url=callback_url))

    with pytest.raises(errors.RequestRefused, match="HTTP 422"):
        task.run()

    assert "a-callback-secret" not in task.everything_kept()


# -- a look ---------------------------------------------------------------------------------------------------------


def test_a_look_asks_for_all_outputs_whatever_the_author_wants(emulator: Emulator) -> None:
    """A bare value could be anything, even something that looks like nodes."""
    record = run(return_all_outputs=False)

    looks = emulator.calls("promptlayer", "results")
    assert {(call["method"], call["path"], json.dumps(call["query"])) for call in looks} == {
        (
            "GET",
            "/workflow-version-execution-results",
            json.dumps(
                {"workflow_version_execution_id": record["execution_id"], "return_all_outputs": "true"}
            ),
        )
    }


@pytest.mark.parametrize("running", ["202", "204"])
@blocking_and_deferred
def test_202_and_204_are_waited_on(emulator: Emulator, running: str, deferrable: bool) -> None:
    emulator.configure("promptlayer", running=running)
    emulator.set_pace(looks=3)

    assert run(deferrable=deferrable)["state"] == "succeeded"

    statuses = [call["status"] for call in emulator.calls("promptlayer", "results")]
    assert statuses == [int(running), int(running), 200, 200]


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"<html>", b'{"A": {"status": "SUCCESS"}}'])
@pytest.mark.parametrize("status", [202, 204])
def test_a_202_is_running_whatever_it_carries(body: bytes, status: int) -> None:
    assert api.look("7").read(Answer(status, {}, body)) == Execution("7", State.RUNNING, "RUNNING")


@blocking_and_deferred
@pytest.mark.parametrize("return_all_outputs", [False, True])
def test_a_200_whose_nodes_are_not_final_is_still_running(
    emulator: Emulator, deferrable: bool, return_all_outputs: bool
) -> None:
    """The vendor's server did that for a time; the wait goes on, and the output is the final one."""
    emulator.configure("promptlayer", early_200=True)
    emulator.set_pace(looks=4)

    record = run(deferrable=deferrable, return_all_outputs=return_all_outputs)

    looks = emulator.calls("promptlayer", "results")
    assert {call["status"] for call in looks} == {200}
    assert len(looks) == 5
    answered = record["output"]["Answer"]["value"] if return_all_outputs else record["output"]
    assert answered == {"echo": {}}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("QUEUED", State.QUEUED),
        ("RUNNING", State.RUNNING),
        ("SUCCESS", State.SUCCEEDED),
        ("FAILED", State.FAILED),
        ("FAILURE", State.FAILED),
        ("SKIPPED", State.FAILED),
        ("success", State.UNKNOWN),
        ("SUCCEEDED", State.UNKNOWN),
        ("COMPLETED", State.UNKNOWN),
        ("", State.UNKNOWN),
    ],
)
def test_every_word_of_an_output_node_has_one_meaning(status: str, state: State) -> None:
    """Success is success in one place only; a word that is nearly in the table is not in it."""
    assert looked({"Answer": node(status)}).state is state
    assert len(api.NODE_STATUSES) == 6


@pytest.mark.parametrize(
    ("other", "state"),
    [
        ("SUCCESS", State.SUCCEEDED),
        ("FAILED", State.SUCCEEDED),
        ("FAILURE", State.SUCCEEDED),
        ("SKIPPED", State.SUCCEEDED),
        ("QUEUED", State.QUEUED),
        ("RUNNING", State.RUNNING),
        ("PAUSED", State.UNKNOWN),
    ],
)
@pytest.mark.parametrize("is_output", [True, False, None])
def test_one_output_node_that_succeeded_is_success_once_all_are_final(
    other: str, state: State, is_output: Any
) -> None:
    """A branch beside it that failed or was skipped changes nothing; one that is not over is waited for."""
    for nodes in (
        {"Answer": node(value="B"), "Other": node(other, is_output=is_output)},
        {"Other": node(other, is_output=is_output), "Answer": node(value="B")},
    ):
        assert looked(nodes).state is state


def test_an_unknown_word_beside_running_nodes_is_said() -> None:
    execution = looked({"A": node("RUNNING"), "B": node("HIBERNATING"), "C": node()})

    assert (execution.state, execution.status) == (State.UNKNOWN, "HIBERNATING")


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ({"Draft": node(is_output=False)}, "it has no output node"),
        ({"Draft": node(is_output=None)}, "it has no output node"),
        ({"Draft": {"status": "SUCCESS"}}, "it has no output node"),
        ({"Answer": node("SKIPPED")}, "no output node succeeded"),
        ({"Draft": node(is_output=False), "Answer": node("SKIPPED")}, "no output node succeeded"),
        ({"Answer": node("FAILED", error_message="no")}, "node 'Answer' (FAILED): no"),
        ({"Answer": node("FAILURE", raw_error_message="raw")}, "node 'Answer' (FAILURE): raw"),
        ({"Answer": node("FAILED", raw_error_message={"raw": "it broke"})}, "it broke"),
        ({"Answer": node("FAILED")}, "node 'Answer' (FAILED): without a word"),
        (
            {
                "Check": node("FAILED", is_output=False, error_message="x"),
                "Answer": node("SKIPPED"),
            },
            "node 'Check' (FAILED): x",
        ),
        (
            {"A": node("FAILED", error_message="x"), "B": node("FAILED", error_message="y")},
            "node 'A' (FAILED): x; node 'B' (FAILED): y",
        ),
    ],
)
def test_a_run_without_an_output_node_that_succeeded_has_failed(nodes: Any, message: str) -> None:
    """The message says which nodes failed and why, or that there was nothing that could have been an output."""
    execution = looked(nodes)

    assert execution.state is State.FAILED
    assert message in str(execution.message)
    assert api.final_output(execution.output) is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        "AAA",
        7,
        True,
        [],
        [{"status": "SUCCESS", "is_output_node": True}],
        {"success": False, "message": "Internal error"},
        {"Answer": None},
        {"Answer": "AAA"},
        {"Answer": {}},
        {"Answer": {"value": "AAA", "is_output_node": True}},
        {"Answer": node(None)},
        {"Answer": node(1)},
        {"Answer": node(["SUCCESS"])},
        {"Answer": node(is_output="perhaps")},
        {"Answer": node(is_output=[True])},
        {"Answer": node(), "Odd": "SUCCESS"},
    ],
)
def test_a_200_that_holds_something_else_than_nodes_is_one_clear_error(body: Any) -> None:
    """A bare value too: it was not asked for, and could be a failed run's."""
    with pytest.raises(errors.UnreadableAnswer, match="HTTP 200 with something else than nodes"):
        looked(body)


def test_a_200_without_any_node_is_no_success_and_no_failure() -> None:
    """Nothing says that it is over: it is waited on until the deadline."""
    assert looked({}).state is State.UNKNOWN


@blocking_and_deferred
@pytest.mark.parametrize(
    ("body", "error"), [({}, errors.ExecutionTimedOut), ("AAA", errors.UnreadableAnswer)]
)
def test_answers_that_contradict_the_page_end_in_one_error_that_names_the_run(
    emulator: Emulator, deferrable: bool, body: Any, error: type[Exception]
) -> None:
    emulator.fail("promptlayer", "results", "status", times=None, status=200, body=body)

    with pytest.raises(error) as raised:
        run(deferrable=deferrable, timeout=0.2 if error is errors.ExecutionTimedOut else 60)

    assert emulator.runs("promptlayer")[0]["execution_id"] in str(raised.value)


def test_members_that_are_missing_or_new_are_survived() -> None:
    """Of a node only its status is needed; what is added later is left alone."""
    execution = looked(
        {"Draft": {"status": "SKIPPED"}, "Answer": {"status": "SUCCESS", "is_output_node": True, "cost": 1}}
    )

    assert execution.state is State.SUCCEEDED
    assert execution.output == {
        "Draft": {"status": "SKIPPED", "value": None, "error_message": None, "is_output_node": False},
        "Answer": {"status": "SUCCESS", "value": None, "error_message": None, "is_output_node": True},
    }


@pytest.mark.parametrize("execution_id", ["", "None", "abc", "1/2", "-1", "1.5", " 1", "\u0661", None, True])
def test_what_is_no_id_is_refused_before_anything_is_sent(emulator: Emulator, execution_id: Any) -> None:
    for call in (api.look, api.get_execution):
        with pytest.raises(errors.InvalidInput):
            call(execution_id)
    with pytest.raises(errors.InvalidInput):
        wait_for(execution_id)

    assert emulator.calls("promptlayer") == []


# -- results --------------------------------------------------------------------------------------------------------

LOOKS_LIKE_NODES = {
    "Other": {"status": "FAILED", "value": None, "error_message": "no", "is_output_node": True}
}


@blocking_and_deferred
@pytest.mark.parametrize("by", ["operator", "sensor"])
@pytest.mark.parametrize(
    ("workflow", "value"),
    [
        ("bare-text", "AAA"),
        ("empty-object", {}),
        ("looks-like-nodes", LOOKS_LIKE_NODES),
        ("other-branch", "B"),
        ("null", None),
        ("false", False),
        ("list", [1, {"a": [None]}]),
    ],
)
def test_whatever_the_output_is_it_comes_back_as_it_is(
    emulator: Emulator, workflow: str, value: Any, by: str, deferrable: bool
) -> None:
    """Any JSON, even an empty object or one that looks like nodes; alone, or as its node's value."""
    if workflow in ("null", "false", "list"):
        emulator.add_workflow(
            "promptlayer", workflow, nodes=[{"name": "Answer", "value": value, "is_output": True}]
        )
    started = run(workflow, wait_for_completion=False)

    def record(**options: Any) -> dict[str, Any]:
        if by == "sensor":
            return wait_for(started["execution_id"], deferrable=deferrable, **options)
        return run(workflow, deferrable=deferrable, **options)

    alone, every = record(return_all_outputs=False), record(return_all_outputs=True)
    assert (alone["state"], every["state"]) == ("succeeded", "succeeded")
    assert alone["output"] == value
    (value_again,) = [
        node["value"]
        for node in every["output"].values()
        if node["is_output_node"] and node["status"] == "SUCCESS"
    ]
    assert value_again == value


def test_of_several_outputs_the_first_that_succeeded_counts() -> None:
    nodes = {
        "A": node("FAILED", "a"),
        "B": node("SKIPPED", "b"),
        "C": node(value="c", is_output=False),
        "D": node(value="d"),
        "E": node(value="e"),
    }

    assert api.final_output(looked(nodes).output) == "d"


@blocking_and_deferred
def test_a_failed_side_branch_does_not_fail_the_task_and_is_shown(
    emulator: Emulator, deferrable: bool
) -> None:
    """Whoever asks for all outputs sees that it failed, and why."""
    output = run("other-branch", return_all_outputs=True, deferrable=deferrable)["output"]

    assert output == {
        "Check": {
            "status": "FAILED",
            "value": None,
            "error_message": "The check failed",
            "is_output_node": False,
        },
        "Branch A": {"status": "SKIPPED", "value": None, "error_message": None, "is_output_node": True},
        "Branch B": {"status": "SUCCESS", "value": "B", "error_message": None, "is_output_node": True},
    }


@blocking_and_deferred
@pytest.mark.parametrize("return_all_outputs", [False, True])
@pytest.mark.parametrize(
    ("workflow", "settings", "said"),
    [
        ("no-output-node", {}, "it has no output node"),
        ("output-null", {}, "it has no output node"),
        ("skipped", {}, "no output node succeeded"),
        ("always-fails", {}, r"node 'Answer' \(FAILED\): Model refused: content policy"),
        ("always-fails", {"failed_word": "FAILURE"}, r"node 'Answer' \(FAILURE\): Model refused"),
        ("always-fails", {"raw_error": "object"}, "Model refused: content policy"),
    ],
)
def test_no_output_node_that_succeeded_fails_the_task_whatever_it_asked_for(
    emulator: Emulator,
    workflow: str,
    settings: dict[str, Any],
    said: str,
    return_all_outputs: bool,
    deferrable: bool,
) -> None:
    """All outputs of a failed run are no success either, as the vendor's own client would have it."""
    emulator.configure("promptlayer", **settings)
    emulator.add_workflow(
        "promptlayer", "output-null", nodes=[{"name": "Answer", "value": 1, "is_output": None}]
    )
    emulator.add_workflow(
        "promptlayer", "skipped", nodes=[{"name": "Answer", "status": "SKIPPED", "is_output": True}]
    )

    with pytest.raises(errors.ExecutionFailed, match=said) as failed:
        run(workflow, return_all_outputs=return_all_outputs, deferrable=deferrable)

    assert failed.value.execution_id == emulator.runs("promptlayer")[0]["execution_id"]


@pytest.mark.parametrize(("deferrable", "return_all_outputs"), [(False, False), (True, True)])
def test_a_huge_output_is_a_result_and_stays_at_the_vendor(
    emulator: Emulator, deferrable: bool, return_all_outputs: bool
) -> None:
    """Six megabytes are too many for XCom by default: the record says how to fetch them."""
    emulator.set_pace(looks=1)
    emulator.fail("promptlayer", "results", "huge", times=None, bytes=6_000_000)

    record = run(return_all_outputs=return_all_outputs, deferrable=deferrable)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] >= 6_000_000
    with closing(PromptLayerHook()) as hook:
        whole = hook.get_execution(record["execution_id"]).output
    assert len(json.dumps(api.final_output(whole))) == 6_000_000


def test_a_sensor_takes_an_id_as_a_number_too() -> None:
    """It is one at the vendor; the record holds it as text, as the operator's does."""
    execution_id = run(wait_for_completion=False)["execution_id"]

    for deferrable in (False, True):
        assert wait_for(int(execution_id), deferrable=deferrable)["execution_id"] == execution_id


def test_without_a_wait_the_record_says_that_the_run_is_going(emulator: Emulator) -> None:
    """No look is made; there is no page of a run to point to."""
    record = run(wait_for_completion=False, return_all_outputs=True)

    assert record == {
        "execution_id": emulator.runs("promptlayer")[0]["execution_id"],
        "state": "running",
        "status": "RUNNING",
        "output": None,
        "url": None,
    }
    assert emulator.calls("promptlayer", "results") == []


def test_a_run_that_cannot_be_stopped_is_said_to_go_on() -> None:
    """PromptLayer has no way to stop one; no call is made up for it."""
    with pytest.raises(errors.ExecutionTimedOut, match="PromptLayer cannot stop a run"):
        run("never-ends", timeout=0.2)


# -- the hook -------------------------------------------------------------------------------------------------------


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
        ("hang", {}, "ReadTimeout"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    """What answers something else than workflows is not PromptLayer, whatever its HTTP status."""
    monkeypatch.setattr("airflow_workflow_providers.hooks.base.TEST_LIMIT", 0.3)
    emulator.fail("promptlayer", "list", fault, **options)

    ok, sentence = PromptLayerHook().test_connection()

    assert not ok
    assert said in sentence
    assert sentence.startswith("PromptLayer could not check the connection: ")


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
