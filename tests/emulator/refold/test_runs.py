"""Refold: executions."""

import httpx
import pytest

from tests.emulator.refold import NO_EXECUTION

ENDS = {
    "sync-contacts": "COMPLETED",
    "always-fails": "ERRORED",
    "times-out": "TIMED_OUT",
    "terminates": "TERMINATED",
    "no-response-node": "COMPLETED",
    "partially": "Partially Successful",
    "answers-201": "COMPLETED",
    "answers-500": "COMPLETED",
    "group-node": "COMPLETED",
    "asked-and-answered": "COMPLETED",
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


def test_nodes_are_empty_until_the_run_ends(emulator, refold, start):
    emulator.set_pace(status_checks=3)
    execution_id = start("sync-contacts")
    seen = [refold.get(f"/execution/{execution_id}").json() for _ in range(3)]
    assert [(each["status"], bool(each["nodes"])) for each in seen] == [
        ("QUEUED", False),
        ("RUNNING", False),
        ("COMPLETED", True),
    ]


@pytest.mark.parametrize(
    ("named_by", "name", "kind"),
    [("type", "Approve", "human_task"), ("name", "Human Intervention", "utility")],
)
def test_a_run_that_waits_for_a_person_is_running_and_its_node_waits(
    emulator, refold, start, named_by, name, kind
):
    """No page shows the type of the node. A list shows no nodes."""
    emulator.configure("refold", human_node=named_by)
    emulator.set_pace(seconds=0)
    execution_id = start("asks-a-person")
    detail = refold.get(f"/execution/{execution_id}").json()
    assert (detail["status"], detail["completion_percentage"]) == ("RUNNING", 50)
    assert [node["node_status"] for node in detail["nodes"]] == ["Success", "Waiting"]
    assert (detail["nodes"][-1]["node_name"], detail["nodes"][-1]["node_type"]) == (name, kind)
    listed = refold.get("/execution", params={"status": "RUNNING"}).json()["docs"]
    assert [(run["_id"], run["status"], run["nodes"]) for run in listed] == [(execution_id, "RUNNING", [])]
    assert result_of(refold, execution_id).json()["status"] == "RUNNING"


def test_a_run_goes_on_after_a_person_has_answered(emulator, refold, start):
    emulator.set_pace(status_checks=3)
    execution_id = start("asked-and-answered")
    seen = [refold.get(f"/execution/{execution_id}").json() for _ in range(3)]
    assert [each["status"] for each in seen] == ["QUEUED", "RUNNING", "COMPLETED"]
    (node,) = of_type(seen[-1], "human_task")
    assert (node["node_status"], node["attempts_made"]) == ("Success", 1)


def test_a_workflow_whose_runs_never_end_needs_a_status_to_stay_at(emulator):
    with pytest.raises(ValueError, match="needs `passes`"):
        emulator.add_workflow("refold", "mine", passes=[], ends=None)


def test_a_node_that_was_retried_is_there_twice(finished):
    tries = of_type(finished("sync-contacts"), "action")
    assert [node["node_id"] for node in tries] == ["2", "2"]
    assert [node["node_status"] for node in tries] == ["Errored", "Success"]
    assert [node["attempts_made"] for node in tries] == [1, 2]


@pytest.mark.parametrize(("workflow", "end"), ENDS.items())
def test_each_workflow_has_its_end(finished, workflow, end):
    assert finished(workflow)["status"] == end


def test_a_run_that_never_ends_keeps_running(emulator, start, statuses):
    emulator.set_pace(status_checks=2)
    assert statuses(start("never-ends"), 5) == ["QUEUED", "RUNNING", "RUNNING", "RUNNING", "RUNNING"]


def test_the_message_of_a_failure_is_in_the_node_that_failed(finished):
    (node,) = of_type(finished("always-fails"), "action")
    assert node["node_status"] == "Errored"
    assert node["latest_output"]["message"] == "Upstream CRM answered 403: contact quota exceeded"


@pytest.mark.parametrize("workflow", ["no-response-node", "always-fails", "times-out", "terminates"])
def test_without_a_response_node_there_is_no_output(finished, workflow):
    assert of_type(finished(workflow), "response") == []


def test_an_unknown_execution_gets_no_response(emulator, refold):
    """The documentation has a 404; live, no response was seen."""
    with pytest.raises(httpx.ReadTimeout):
        refold.get("/execution/000000000000000000000000", timeout=0.1)
    assert [(request["status"], request["fault"]) for request in emulator.requests()] == [(None, None)]


def test_an_unknown_execution_can_be_the_documented_404(emulator, refold):
    emulator.configure("refold", unknown_execution="404")
    response = refold.get("/execution/000000000000000000000000")
    assert (response.status_code, response.json()) == (404, NO_EXECUTION)


def test_a_stopped_run_is_stopping_and_then_stopped(emulator, refold, start, statuses):
    execution_id = start("never-ends")
    response = refold.post(f"/execution/{execution_id}/stop")
    assert (response.status_code, response.json()) == (200, {"message": "Stopping instance"})
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
    assert [request["execution_id"] for request in emulator.requests("refold", "stop")] == [execution_id] * 2


def test_an_unknown_execution_cannot_be_stopped(refold):
    response = refold.post("/execution/unknown/stop")
    assert (response.status_code, response.json()) == (404, NO_EXECUTION)


def test_an_added_workflow_has_its_options(emulator, refold):
    added = emulator.add_workflow(
        "refold", "mine", slug="slack", output={"said": ["{input}"]}, status_checks=1
    )
    assert added.keys() == {"workflow_id", "alias", "slug"}
    assert "'hubspot'" in refold.post("/workflow/mine/execute", json={}).json()["error"]
    started = refold.post(
        f"/workflow/{added['workflow_id']}/execute", json={"a": 1}, headers={"slug": "slack"}
    ).json()
    detail = refold.get(f"/execution/{started['execution_id']}").json()
    assert detail["status"] == "COMPLETED"
    assert of_type(detail, "response")[0]["latest_output"] == {"said": [{"a": 1}]}


def test_an_added_workflow_may_end_in_an_unknown_status(emulator, finished):
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


def result_of(refold, execution_id, **options):
    root = str(refold.base_url).partition("/api/")[0]
    return refold.get(f"{root}/api/v1/execution/{execution_id}/response", **options)


@pytest.mark.parametrize(
    ("workflow", "response", "status"),
    [
        ("sync-contacts", {"received": {"a": 1}, "ok": True}, "COMPLETED"),
        ("no-response-node", None, "COMPLETED"),
        ("always-fails", None, "ERRORED"),
        ("never-ends", None, "QUEUED"),
    ],
)
def test_the_result_alone_is_at_the_path_of_the_guide(emulator, refold, start, workflow, response, status):
    emulator.set_pace(seconds=0 if workflow != "never-ends" else 3600)
    found = result_of(refold, start(workflow, {"a": 1}))
    assert (found.status_code, found.json()) == (200, {"response": response, "status": status})


def test_reading_the_result_is_not_a_status_check(emulator, refold, start, statuses):
    emulator.set_pace(status_checks=2)
    execution_id = start("sync-contacts")
    for _ in range(3):
        result_of(refold, execution_id)
    assert statuses(execution_id, 2) == ["QUEUED", "COMPLETED"]


def test_the_path_of_the_result_may_be_gone_or_hang(emulator, refold, start):
    emulator.set_pace(seconds=0)
    execution_id = start("sync-contacts")
    emulator.configure("refold", response_path="404")
    assert result_of(refold, execution_id).status_code == 404
    emulator.configure("refold", response_path="hang")
    with pytest.raises(httpx.ReadTimeout):
        result_of(refold, execution_id, timeout=0.1)


def test_a_response_node_may_show_its_output_in_an_envelope_or_not_at_all(emulator, finished):
    """No page shows one."""
    output = {"received": {"a": 1}, "ok": True}
    emulator.configure("refold", response_node="envelope")
    (node,) = of_type(finished("sync-contacts", {"a": 1}), "response")
    assert node["latest_output"] == {"status_code": 200, "body": output}
    emulator.configure("refold", response_node="elsewhere")
    assert of_type(finished("sync-contacts", {"a": 1}), "response") == []


@pytest.mark.parametrize(("variant", "member"), [("id", "id"), ("instanceId", "instanceId")])
def test_a_rerun_is_a_new_execution_with_the_same_input(emulator, refold, start, finished, variant, member):
    """Only of one that failed or was stopped; an unknown one is not found."""
    finished("always-fails", {"a": 1})
    emulator.configure("refold", rerun=variant)
    failed = emulator.runs()[0]["execution_id"]
    new = refold.post(f"/execution/{failed}/rerun").json()[member]
    old, again = emulator.runs()
    assert again["execution_id"] == new != failed
    assert (again["input"], again["rerun_of"]) == (old["input"], failed)
    assert refold.post(f"/execution/{start('sync-contacts')}/rerun").status_code == 400
    assert refold.post("/execution/unknown/rerun").status_code == 404
    assert len(emulator.runs()) == 3
