"""PromptLayer: results; the literals here were written from the vendor's pages, not from the emulator."""

import pytest

from tests.emulator.promptlayer import LOOKS_LIKE, RESULTS, words

NODE = {
    "status": "SUCCESS",
    "value": None,
    "error_message": None,
    "raw_error_message": None,
    "is_output_node": False,
}


OUTPUT = {**NODE, "is_output_node": True}


#: What each built-in workflow's finished run answers: its nodes, and the same call without all outputs.
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
def test_a_finished_run_answers_its_nodes_or_the_bare_value(emulator, begin, look, workflow):
    emulator.set_pace(seconds=0)
    nodes, value = ENDS[workflow]
    started = begin(workflow.replace("/", "%2F"), input_variables={"q": 1})
    for every, body in (("true", nodes), ("false", value), (None, value), ("True", nodes)):
        answer = look(started, every)
        assert (answer.status_code, answer.json()) == (200, body), every


def test_a_bare_value_is_sent_as_the_vendor_recorded_it(emulator, begin, look):
    emulator.set_pace(seconds=0)
    answer = look(begin("bare-text"), "false")
    assert (answer.content, answer.headers["content-type"]) == (b'"AAA"', "application/json")


@pytest.mark.parametrize("every", ["true", "false"])
def test_a_run_without_a_successful_output_answers_its_nodes_either_way(emulator, begin, look, every):
    emulator.set_pace(seconds=0)
    answer = look(begin("always-fails"), every)
    assert (answer.status_code, answer.json()) == (200, {"Answer": REFUSED})
    assert emulator.runs()[0]["status"] == "FAILED"


def test_one_output_node_that_succeeded_is_enough(emulator, begin, look):
    emulator.set_pace(seconds=0)
    started = begin("other-branch")
    assert look(started).json() == {
        "Check": CHECK,
        "Branch A": {**OUTPUT, "status": "SKIPPED"},
        "Branch B": {**OUTPUT, "value": "B"},
    }
    assert look(started, "false").json() == "B"
    assert emulator.runs()[0]["status"] == "SUCCESS"


def test_a_run_that_is_going_on_answers_202_with_its_nodes(emulator, begin, look):
    emulator.set_pace(looks=3)
    started = begin()
    seen = [look(started, every) for every in ("true", "false", "false")]
    assert [(answer.status_code, answer.json()) for answer in seen] == [
        (202, {"Draft": {**NODE, "status": "QUEUED"}, "Answer": {**OUTPUT, "status": "QUEUED"}}),
        (202, {"Draft": NODE, "Answer": {**OUTPUT, "status": "RUNNING"}}),
        (200, {"echo": {}}),
    ]


def test_a_run_that_never_ends_runs_on(emulator, begin, look):
    emulator.set_pace(seconds=0)
    started = begin("never-ends")
    assert {look(started).status_code for _ in range(4)} == {202}
    assert words(look(started)) == ["SUCCESS", "RUNNING"]


def test_202_may_be_a_204_without_a_body(emulator, begin, look):
    emulator.configure("promptlayer", running="204")
    emulator.set_pace(looks=2)
    started = begin()
    first = look(started)
    assert (first.status_code, first.content) == (204, b"")
    assert look(started).status_code == 200


@pytest.mark.parametrize("every", ["true", "false"])
def test_200_may_come_before_the_nodes_are_final(emulator, begin, look, every):
    emulator.configure("promptlayer", early_200=True)
    answer = look(begin("never-ends"), every)
    assert answer.status_code == 200
    assert words(answer) == ["QUEUED", "QUEUED"]


def test_an_early_200_has_the_nodes_though_an_output_node_has_succeeded(emulator, begin, look):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", early_200=True)
    nodes = [{"name": "A", "value": "A", "is_output": True}, {"name": "B"}]
    emulator.add_workflow("promptlayer", "mine", nodes=nodes, never_ends=True)
    answer = look(begin("mine"), "false")
    assert (answer.status_code, words(answer)) == (200, ["SUCCESS", "RUNNING"])


def test_the_ledger_calls_a_run_without_an_output_node_failed(emulator, begin):
    """It has no status of its own; the vendor's clients want an output node that succeeded."""
    emulator.set_pace(seconds=0)
    begin("no-output-node")
    assert emulator.runs()[0]["status"] == "FAILED"


def test_a_failed_node_may_say_failure(emulator, begin, look):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", failed_word="FAILURE")
    assert words(look(begin("other-branch"))) == ["FAILURE", "SKIPPED", "SUCCESS"]


def test_a_raw_error_may_be_an_object(emulator, begin, look):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", raw_error="object")
    nodes = look(begin("other-branch")).json()
    assert nodes["Check"]["raw_error_message"] == {"raw": "Code execution failed: The check failed"}
    assert nodes["Branch B"]["raw_error_message"] is None


@pytest.mark.parametrize("options", [{"running": "200"}, {"mood": "bad"}, {"early_200": "yes"}], ids=str)
def test_only_what_is_uncertain_can_be_chosen(emulator, options):
    with pytest.raises(ValueError, match="running: 202 or 204"):
        emulator.configure("promptlayer", **options)


def test_an_unknown_execution_is_not_found(look):
    answer = look(1)
    assert (answer.status_code, answer.json().keys()) == (404, {"success", "message"})


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


def test_a_run_can_be_neither_stopped_nor_listed(client, begin):
    number = begin().json()["workflow_version_execution_id"]
    for method, path in (
        ("POST", f"{RESULTS}/{number}/cancel"),
        ("GET", f"{RESULTS}/{number}"),
        ("DELETE", RESULTS),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["success"]) == (404, False)


def test_only_a_call_for_results_is_a_look_and_it_is_written_down_with_its_run(emulator, client, begin, look):
    emulator.set_pace(looks=3)
    started = begin("never-ends")
    for _ in range(4):
        client.get("/workflows")
        client.get("/workflows/never-ends")
        emulator.runs()
    assert words(look(started)) == ["QUEUED", "QUEUED"]
    assert words(look(started)) == ["SUCCESS", "RUNNING"]
    number = str(started.json()["workflow_version_execution_id"])
    assert [call["execution_id"] for call in emulator.calls(operation="results")] == [number, number]
