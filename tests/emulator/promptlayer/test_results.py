"""PromptLayer: results."""

import pytest

from tests.emulator.promptlayer import LOOKS_LIKE, RESULTS, node_statuses

NODE = {
    "status": "SUCCESS",
    "value": None,
    "error_message": None,
    "raw_error_message": None,
    "is_output_node": False,
}


OUTPUT = {**NODE, "is_output_node": True}


#: The results of each default workflow's finished run: its nodes, and the results without all outputs.
ENDS = {
    "answer-question": (
        {"Draft": NODE, "Answer": {**OUTPUT, "value": {"echo": {"q": 1}}}},
        {"echo": {"q": 1}},
    ),
    "no-output-node": (
        {"Draft": {**NODE, "value": "a draft"}, "Review": {**NODE, "value": "a review"}},
        {"Draft": {**NODE, "value": "a draft"}, "Review": {**NODE, "value": "a review"}},
    ),
    "bare-text": ({"Node 1": {**OUTPUT, "value": "AAA"}}, "AAA"),
    "looks-like-nodes": ({"Answer": {**OUTPUT, "value": LOOKS_LIKE}}, LOOKS_LIKE),
    "empty-object": ({"Answer": {**OUTPUT, "value": {}}}, {}),
    "support/triage v2": (
        {"Draft": NODE, "Answer": {**OUTPUT, "value": {"echo": {"q": 1}}}},
        {"echo": {"q": 1}},
    ),
}


REFUSED = {
    **OUTPUT,
    "status": "FAILED",
    "error_message": "Model refused: content policy",
    "raw_error_message": "Code execution failed: Model refused: content policy",
}


CHECK = {
    **NODE,
    "status": "FAILED",
    "error_message": "The check failed",
    "raw_error_message": "Code execution failed: The check failed",
}


@pytest.mark.parametrize("workflow", ENDS)
def test_the_results_of_a_finished_run_are_its_nodes_or_a_bare_value(emulator, start, get_results, workflow):
    emulator.set_pace(seconds=0)
    nodes, value = ENDS[workflow]
    started = start(workflow.replace("/", "%2F"), input_variables={"q": 1})
    for all_outputs, body in (("true", nodes), ("false", value), (None, value), ("True", nodes)):
        response = get_results(started, all_outputs)
        assert (response.status_code, response.json()) == (200, body), all_outputs


def test_a_bare_value_is_sent_as_the_vendor_recorded_it(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    response = get_results(start("bare-text"), "false")
    assert (response.content, response.headers["content-type"]) == (b'"AAA"', "application/json")


@pytest.mark.parametrize("all_outputs", ["true", "false"])
def test_without_a_successful_output_the_results_are_the_nodes_either_way(
    emulator, start, get_results, all_outputs
):
    emulator.set_pace(seconds=0)
    response = get_results(start("always-fails"), all_outputs)
    assert (response.status_code, response.json()) == (200, {"Answer": REFUSED})
    assert emulator.runs()[0]["status"] == "FAILED"


def test_one_output_node_that_succeeded_is_enough(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    started = start("other-branch")
    assert get_results(started).json() == {
        "Check": CHECK,
        "Branch A": {**OUTPUT, "status": "SKIPPED"},
        "Branch B": {**OUTPUT, "value": "B"},
    }
    assert get_results(started, "false").json() == "B"
    assert emulator.runs()[0]["status"] == "SUCCESS"


def test_a_running_run_is_202_with_its_nodes(emulator, start, get_results):
    emulator.set_pace(status_checks=3)
    started = start()
    seen = [get_results(started, all_outputs) for all_outputs in ("true", "false", "false")]
    assert [(response.status_code, response.json()) for response in seen] == [
        (202, {"Draft": {**NODE, "status": "QUEUED"}, "Answer": {**OUTPUT, "status": "QUEUED"}}),
        (202, {"Draft": NODE, "Answer": {**OUTPUT, "status": "RUNNING"}}),
        (200, {"echo": {}}),
    ]


def test_a_run_that_never_ends_keeps_running(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    started = start("never-ends")
    assert {get_results(started).status_code for _ in range(4)} == {202}
    assert node_statuses(get_results(started)) == ["SUCCESS", "RUNNING"]


def test_202_may_be_a_204_without_a_body(emulator, start, get_results):
    emulator.configure("promptlayer", running="204")
    emulator.set_pace(status_checks=2)
    started = start()
    first = get_results(started)
    assert (first.status_code, first.content) == (204, b"")
    assert get_results(started).status_code == 200


@pytest.mark.parametrize("all_outputs", ["true", "false"])
def test_200_may_come_before_the_nodes_are_final(emulator, start, get_results, all_outputs):
    emulator.configure("promptlayer", early_200=True)
    response = get_results(start("never-ends"), all_outputs)
    assert response.status_code == 200
    assert node_statuses(response) == ["QUEUED", "QUEUED"]


def test_an_early_200_has_the_nodes_though_an_output_node_has_succeeded(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", early_200=True)
    nodes = [{"name": "A", "value": "A", "is_output": True}, {"name": "B"}]
    emulator.add_workflow("promptlayer", "mine", nodes=nodes, never_ends=True)
    response = get_results(start("mine"), "false")
    assert (response.status_code, node_statuses(response)) == (200, ["SUCCESS", "RUNNING"])


def test_in_the_ledger_a_run_without_an_output_node_has_failed(emulator, start):
    """It has no status of its own; the vendor's clients want an output node that succeeded."""
    emulator.set_pace(seconds=0)
    start("no-output-node")
    assert emulator.runs()[0]["status"] == "FAILED"


def test_a_failed_node_may_say_failure(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", failed_status="FAILURE")
    assert node_statuses(get_results(start("other-branch"))) == ["FAILURE", "SKIPPED", "SUCCESS"]


def test_a_raw_error_may_be_an_object(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", raw_error="object")
    nodes = get_results(start("other-branch")).json()
    assert nodes["Check"]["raw_error_message"] == {"raw": "Code execution failed: The check failed"}
    assert nodes["Branch B"]["raw_error_message"] is None


@pytest.mark.parametrize("options", [{"running": "200"}, {"mood": "bad"}, {"early_200": "yes"}], ids=str)
def test_an_unknown_variant_is_refused(emulator, options):
    with pytest.raises(ValueError, match="running: 202 or 204"):
        emulator.configure("promptlayer", **options)


def test_an_unknown_execution_is_not_found(get_results):
    response = get_results(1)
    assert (response.status_code, response.json().keys()) == (404, {"success", "message"})


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"workflow_version_execution_id": "x"},
        {"workflow_version_execution_id": ""},
        {"workflow_version_execution_id": 1, "return_all_outputs": "yes"},
    ],
    ids=str,
)
def test_a_wrong_query_for_results_is_refused(client, params):
    assert client.get(RESULTS, params=params).status_code == 422


def test_a_run_can_be_neither_stopped_nor_listed(client, start):
    number = start().json()["workflow_version_execution_id"]
    for method, path in (
        ("POST", f"{RESULTS}/{number}/cancel"),
        ("GET", f"{RESULTS}/{number}"),
        ("DELETE", RESULTS),
    ):
        response = client.request(method, path)
        assert (response.status_code, response.json()["success"]) == (404, False)


def test_only_a_request_for_results_is_a_status_check_and_is_recorded_with_its_run(
    emulator, client, start, get_results
):
    emulator.set_pace(status_checks=3)
    started = start("never-ends")
    for _ in range(4):
        client.get("/workflows")
        emulator.runs()
    assert node_statuses(get_results(started)) == ["QUEUED", "QUEUED"]
    assert node_statuses(get_results(started)) == ["SUCCESS", "RUNNING"]
    number = str(started.json()["workflow_version_execution_id"])
    assert [request["execution_id"] for request in emulator.requests(operation="results")] == [number, number]
