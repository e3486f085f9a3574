"""Refold: its executions; the literals here were written from the vendor's pages, not from the emulator."""

import httpx
import pytest

from tests.emulator.refold import NO_EXECUTION

BUILT_IN_ENDS = {
    "sync-contacts": "COMPLETED",
    "always-fails": "ERRORED",
    "times-out": "TIMED_OUT",
    "terminates": "TERMINATED",
    "no-response-node": "COMPLETED",
    "partially": "Partially Successful",
    "answers-201": "COMPLETED",
    "answers-500": "COMPLETED",
    "group-node": "COMPLETED",
}
START_NODE = {
    "node_id": "1",
    "node_name": "Start",
    "node_type": "start",
    "node_status": "Success",
    "is_batch": False,
    "attempts_made": 1,
    "execution_time": 403,
    "latest_output": {
        "message": "Workflow started successfully",
        "node_id": "1",
        "node_type": "start",
        "status": "initialized",
    },
}


def of_type(detail: dict, kind: str) -> list[dict]:
    return [node for node in detail["nodes"] if node["node_type"] == kind]


def test_a_finished_execution_has_the_documented_fields_and_no_id(emulator, finished):
    account = emulator.account("refold")["linked_account_id"]
    detail = finished("sync-contacts", {"a": 1})
    name, nodes = detail.pop("name"), detail.pop("nodes")
    assert name.startswith("Execution for workflow ")
    assert len(detail.pop("org_id")) == 24
    assert detail == {
        "environment": "test",
        "status": "COMPLETED",
        "completion_percentage": 100,
        "config_id": account,
        "linked_account_id": account,
    }
    assert nodes[0] == START_NODE
    assert all(node.keys() == START_NODE.keys() for node in nodes)
    assert nodes[-1]["latest_output"] == {"received": {"a": 1}, "ok": True}


def test_the_config_is_the_one_that_the_start_named(refold, start):
    execution_id = start("sync-contacts", config_id="config-7")
    assert refold.get(f"/execution/{execution_id}").json()["config_id"] == "config-7"


def test_nodes_are_empty_until_the_run_is_over(emulator, refold, start):
    emulator.set_pace(looks=3)
    execution_id = start("sync-contacts")
    seen = [refold.get(f"/execution/{execution_id}").json() for _ in range(3)]
    assert [(look["status"], bool(look["nodes"])) for look in seen] == [
        ("QUEUED", False),
        ("RUNNING", False),
        ("COMPLETED", True),
    ]


def test_a_node_that_was_tried_again_is_there_twice(finished):
    tries = of_type(finished("sync-contacts"), "action")
    assert [node["node_id"] for node in tries] == ["2", "2"]
    assert [node["node_status"] for node in tries] == ["Errored", "Success"]
    assert [node["attempts_made"] for node in tries] == [1, 2]


@pytest.mark.parametrize(("workflow", "end"), BUILT_IN_ENDS.items())
def test_each_workflow_has_its_end(finished, workflow, end):
    assert finished(workflow)["status"] == end


def test_a_run_that_never_ends_runs_on(emulator, start, statuses):
    emulator.set_pace(looks=2)
    assert statuses(start("never-ends"), 5) == ["QUEUED", "RUNNING", "RUNNING", "RUNNING", "RUNNING"]


def test_the_text_of_a_failure_is_in_the_node_that_failed(finished):
    (node,) = of_type(finished("always-fails"), "action")
    assert node["node_status"] == "Errored"
    assert node["latest_output"]["message"] == "Upstream CRM answered 403: contact quota exceeded"


@pytest.mark.parametrize("workflow", ["no-response-node", "always-fails", "times-out", "terminates"])
def test_without_a_response_node_reached_there_is_no_output(finished, workflow):
    assert of_type(finished(workflow), "response") == []


def test_an_unknown_execution_is_never_answered(emulator, refold):
    """The documentation has a 404; what was seen live is silence."""
    with pytest.raises(httpx.ReadTimeout):
        refold.get("/execution/000000000000000000000000", timeout=0.1)
    assert [(call["status"], call["fault"]) for call in emulator.calls()] == [(None, None)]


def test_an_unknown_execution_can_be_answered_as_documented(emulator, refold):
    emulator.configure("refold", unknown_execution="404")
    answer = refold.get("/execution/000000000000000000000000")
    assert (answer.status_code, answer.json()) == (404, NO_EXECUTION)


def test_a_stopped_run_is_stopping_and_then_stopped(emulator, refold, start, statuses):
    execution_id = start("never-ends")
    answer = refold.post(f"/execution/{execution_id}/stop")
    assert (answer.status_code, answer.json()) == (200, {"message": "Stopping instance"})
    assert emulator.runs()[0]["status"] == "STOPPING"
    assert statuses(execution_id, 3) == ["STOPPING", "STOPPED", "STOPPED"]
    assert emulator.runs()[0]["stops"] == 1


def test_stopping_a_finished_run_changes_nothing(emulator, refold, start, statuses):
    emulator.set_pace(seconds=0)
    execution_id = start("sync-contacts")
    assert refold.post(f"/execution/{execution_id}/stop").status_code == 200
    assert statuses(execution_id, 1) == ["COMPLETED"]
    assert emulator.runs()[0]["stops"] == 0


def test_each_stop_of_a_run_that_is_going_is_counted(emulator, refold, start):
    execution_id = start("never-ends")
    for _ in range(2):
        refold.post(f"/execution/{execution_id}/stop")
    assert emulator.runs()[0]["stops"] == 2
    assert [call["execution_id"] for call in emulator.calls("refold", "stop")] == [execution_id] * 2


@pytest.mark.parametrize("call", ["stop", "rerun"])
def test_an_unknown_execution_can_be_neither_stopped_nor_rerun(refold, call):
    answer = refold.post(f"/execution/unknown/{call}")
    assert (answer.status_code, answer.json()) == (404, NO_EXECUTION)


def test_a_rerun_is_a_new_execution_with_the_old_input(emulator, refold, start, statuses):
    emulator.set_pace(seconds=0)
    first = start("always-fails", {"payload": {"a": 1}})
    answer = refold.post(f"/execution/{first}/rerun").json()
    assert answer == {"status": "success", "id": answer["id"]}
    old, new = emulator.runs()
    assert (old["execution_id"], new["execution_id"]) == (first, answer["id"])
    assert (new["input"], new["answered"], new["stops"]) == ({"a": 1}, True, 0)
    assert statuses(answer["id"], 1) == ["ERRORED"]


def test_a_rerun_has_its_own_stops_and_its_own_answer(emulator, refold, start, statuses):
    first = start("never-ends")
    refold.post(f"/execution/{first}/stop")
    assert statuses(first, 2) == ["STOPPING", "STOPPED"]
    emulator.fail("refold", "rerun", "lost_answer")
    with pytest.raises(httpx.ReadError):
        refold.post(f"/execution/{first}/rerun")
    assert [(run["status"], run["stops"], run["answered"]) for run in emulator.runs()] == [
        ("STOPPED", 1, True),
        ("QUEUED", 0, False),
    ]


def test_a_rerun_can_also_be_answered_as_the_older_page_has_it(emulator, refold, start):
    emulator.configure("refold", rerun_answer="v2")
    emulator.set_pace(seconds=0)
    answer = refold.post(f"/execution/{start('always-fails')}/rerun").json()
    assert answer == {"message": "Execution queued", "instanceId": emulator.runs()[1]["execution_id"]}


def test_only_what_failed_or_was_stopped_is_rerun(emulator, refold, start):
    emulator.set_pace(seconds=0)
    assert refold.post(f"/execution/{start('sync-contacts')}/rerun").status_code == 400
    assert len(emulator.runs()) == 1


def test_an_added_workflow_runs_as_described(emulator, refold):
    added = emulator.add_workflow("refold", "mine", slug="slack", output={"said": ["{input}"]}, looks=1)
    assert added.keys() == {"workflow_id", "alias", "slug"}
    assert "'hubspot'" in refold.post("/workflow/mine/execute", json={}).json()["error"]
    told = refold.post(
        f"/workflow/{added['workflow_id']}/execute", json={"a": 1}, headers={"slug": "slack"}
    ).json()
    detail = refold.get(f"/execution/{told['execution_id']}").json()
    assert detail["status"] == "COMPLETED"
    assert of_type(detail, "response")[0]["latest_output"] == {"said": [{"a": 1}]}


def test_an_added_workflow_may_end_in_a_word_that_nobody_knows(emulator, finished):
    emulator.add_workflow("refold", "mine", ends="EVAPORATED")
    assert finished("mine")["status"] == "EVAPORATED"


def test_an_added_workflow_may_have_an_id_of_its_own(emulator, start):
    emulator.add_workflow("refold", "0123456789abcdef01234567")
    assert start("0123456789abcdef01234567")


def test_an_added_workflow_keeps_its_own_pace(emulator, start, statuses):
    emulator.add_workflow("refold", "mine", seconds=3600)
    emulator.set_pace(seconds=0)
    assert statuses(start("mine"), 2) == ["QUEUED", "QUEUED"]


def test_the_output_may_be_the_input_itself(emulator, sync):
    emulator.add_workflow("refold", "mine", output="{input}")
    assert sync("mine", {"a": 1}).json()["return_value"] == {"a": 1}
