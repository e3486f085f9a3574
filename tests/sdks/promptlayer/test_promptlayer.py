"""`promptlayer` 1.5.16 for Python and 1.3.6 for JavaScript: they run workflows to the result, which is pushed to them."""

import json

import pytest

from tests.sdks import CHANGED_FILES, printed_json
from tests.sdks.promptlayer import JAVASCRIPT, PYTHON

CLIENTS = ("PromptLayer", "AsyncPromptLayer")
ALL_NODES = {
    "Draft": {
        "status": "SUCCESS",
        "value": None,
        "error_message": None,
        "raw_error_message": None,
        "is_output_node": False,
    },
    "Answer": {
        "status": "SUCCESS",
        "value": {"echo": {"question": "why"}},
        "error_message": None,
        "raw_error_message": None,
        "is_output_node": True,
    },
}
FAILED = {
    "Answer": {
        "status": "FAILED",
        "value": None,
        "error_message": "Model refused: content policy",
        "raw_error_message": "Code execution failed: Model refused: content policy",
        "is_output_node": True,
    }
}


def operations(emulator) -> list[str]:
    return [request["operation"] for request in emulator.requests("promptlayer")]


def ends(emulator) -> list[tuple]:
    """Return of every run its workflow, its status and whether its client knows its id."""
    return [(run["workflow_id"], run["status"], run["id_received"]) for run in emulator.runs("promptlayer")]


@pytest.fixture(autouse=True)
def pace(emulator) -> None:
    # So slow that the JavaScript client subscribes before the end: it starts a run first.
    emulator.set_pace(seconds=1)


def test_the_clients_are_the_released_ones(python, modules, tmp_path):
    name, _, version = PYTHON.partition("==")
    assert printed_json([str(python), "-c", CHANGED_FILES, name], tmp_path, {}) == [version, []]
    assert (
        f"promptlayer@{json.loads((modules / 'promptlayer/package.json').read_text())['version']}"
        == JAVASCRIPT
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_a_run_by_name_and_by_id(emulator, run_python, client):
    by_name = {"workflow_id_or_name": "answer-question", "input_variables": {"question": "why"}}
    by_id = {**by_name, "workflow_id_or_name": 101, "return_all_outputs": True}
    spaced = {"workflow_id_or_name": "support/triage v2"}
    outcomes = run_python(client, by_name, by_id, spaced)
    assert outcomes == [
        {"result": {"echo": {"question": "why"}}},
        {"result": ALL_NODES},
        {"result": {"echo": {}}},
    ]
    waits = ["push_token", "push", "run"]
    assert operations(emulator) == ["get_workflow", *waits, *waits, "get_workflow", *waits]
    assert {request["status"] for request in emulator.requests()} == {200, 201, 101}
    assert ends(emulator) == [("101", "SUCCESS", True), ("101", "SUCCESS", True), ("109", "SUCCESS", True)]
    assert emulator.runs()[0]["input"] == {"question": "why"}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_run_of_a_version_or_a_label(emulator, run_python, client):
    version = {"workflow_id_or_name": 101, "workflow_version": 2, "metadata": {"task": "a"}}
    label = {"workflow_id_or_name": 101, "workflow_label_name": "production"}
    run_python(client, version, label)
    noted = [(run["version"], run["label"], run["metadata"]) for run in emulator.runs()]
    assert noted == [(2, None, {"task": "a"}), (None, "production", None)]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_result_that_is_too_large_for_the_push_is_read(emulator, run_python, client):
    emulator.configure("promptlayer", result_code="EXCEEDS_SIZE_LIMIT")
    assert run_python(client, {"workflow_id_or_name": 106}) == [{"result": "AAA"}]
    assert operations(emulator) == ["push_token", "push", "run", "results"]


def test_a_run_that_fails(emulator, run_python):
    """The client that waits raises an error; the asynchronous one never looks at the nodes."""
    failing = {"workflow_id_or_name": "always-fails"}
    (error,) = run_python("PromptLayer", failing)
    assert error["error"] == "PromptLayerAPIError"
    assert "None of the output nodes have succeeded" in error["text"]
    assert run_python("AsyncPromptLayer", failing) == [{"result": FAILED}]
    assert ends(emulator) == [("102", "FAILED", True)] * 2


@pytest.mark.parametrize("client", CLIENTS)
def test_a_wait_that_times_out_leaves_the_run(emulator, run_python, client):
    (error,) = run_python(client, {"workflow_id_or_name": "never-ends", "timeout": 2})
    assert error["error"] == "PromptLayerAPITimeoutError"
    assert ends(emulator) == [("103", "RUNNING", True)]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_wrong_key_and_an_unknown_workflow_start_nothing(emulator, run_python, client):
    (wrong_key,) = run_python(client, {"workflow_id_or_name": "answer-question"}, api_key="pl_wrong")
    (unknown,) = run_python(client, {"workflow_id_or_name": "nobody"})
    assert "Invalid API key" in wrong_key["text"]
    assert "Workflow not found" in unknown["text"]
    assert [request["status"] for request in emulator.requests()] == [401, 404]
    assert emulator.runs() == []


def test_javascript_runs_to_the_result(emulator, run_javascript):
    one = {"workflowName": "support/triage v2", "inputVariables": {"question": "why"}}
    outcomes = run_javascript(
        one,
        {**one, "workflowName": "answer-question", "returnAllOutputs": True, "workflowVersion": 2},
        {"workflowName": "always-fails"},
        {"workflowName": "nobody"},
    )
    assert outcomes[:2] == [{"result": {"echo": {"question": "why"}}}, {"result": ALL_NODES}]
    assert "Model refused: content policy" in outcomes[2]["error"]
    assert outcomes[3]["result"]["success"] is False
    assert operations(emulator) == [*["run", "push_token", "push"] * 3, "run"]
    assert ends(emulator) == [
        ("support/triage v2", "SUCCESS", True),
        ("answer-question", "SUCCESS", True),
        ("always-fails", "FAILED", True),
    ]


def test_javascript_reads_a_result_that_is_too_large_for_the_push(emulator, run_javascript):
    emulator.configure("promptlayer", result_code="EXCEEDS_SIZE_LIMIT")
    assert run_javascript({"workflowName": "bare-text"}) == [{"result": "AAA"}]
    assert operations(emulator) == ["run", "push_token", "push", "results"]


def test_javascript_may_subscribe_after_the_end(emulator, run_javascript):
    """Where the vendor keeps the message for those who come late, which is not known, a quick run is not lost."""
    emulator.set_pace(seconds=0)
    assert run_javascript({"workflowName": "bare-text"}) == [{"result": "AAA"}]
    assert ends(emulator) == [("bare-text", "SUCCESS", True)]
