"""Refold: its synchronous starts; the literals here were written from the vendor's pages, not from the emulator."""

import threading
import time

import httpx
import pytest


def test_a_synchronous_start_returns_the_output_of_the_response_node(emulator, sync):
    answer = sync("sync-contacts", {"payload": {"a": 1}})
    (run,) = emulator.runs()
    assert answer.status_code == 200
    assert answer.json() == {
        "execution_id": run["execution_id"],
        "return_value": {"received": {"a": 1}, "ok": True},
        "errored": False,
        "status_code": 200,
    }
    assert (run["mode"], run["status"], run["answered"]) == ("SYNC", "COMPLETED", True)


@pytest.mark.parametrize(("workflow", "status"), [("answers-201", 201), ("answers-500", 500)])
def test_the_response_node_chooses_the_http_status_of_a_success(emulator, sync, workflow, status):
    answer = sync(workflow, {"a": 1})
    assert answer.status_code == answer.json()["status_code"] == status
    assert answer.json()["errored"] is False
    assert answer.json()["return_value"] == {"received": {"a": 1}, "ok": True}
    assert emulator.runs()[0]["status"] == "COMPLETED"


def test_a_synchronous_failure_says_so_in_the_body_only(sync):
    answer = sync("always-fails")
    assert answer.status_code == 200
    assert answer.json()["errored"] is True
    assert answer.json()["return_value"] is None
    assert answer.json()["execution_error"]["message"] == "Upstream CRM answered 403: contact quota exceeded"


def test_a_response_node_that_was_not_reached_chooses_no_status(emulator, sync):
    emulator.add_workflow("refold", "mine", ends="ERRORED", http_status=503)
    assert sync("mine").status_code == 200


@pytest.mark.parametrize(
    ("workflow", "errored"),
    [("times-out", True), ("terminates", False), ("no-response-node", False), ("partially", False)],
)
def test_how_other_ends_look_to_a_synchronous_caller(sync, workflow, errored):
    answer = sync(workflow).json()
    assert answer["errored"] is errored
    assert ("execution_error" in answer) is errored
    assert (answer["return_value"] is not None) is (workflow == "partially")


def test_a_workflow_with_a_group_node_runs_only_asynchronously(emulator, sync, start):
    assert sync("group-node").status_code == 400
    assert emulator.runs() == []
    assert start("group-node")


def in_the_background(refold: httpx.Client, workflow: str) -> tuple[threading.Thread, list[httpx.Response]]:
    answers: list[httpx.Response] = []

    def call() -> None:
        answers.append(
            refold.post(f"/workflow/{workflow}/execute", json={}, headers={"sync_execution": "true"}),
        )

    caller = threading.Thread(target=call)
    caller.start()
    return caller, answers


def wait_for_a_run(emulator) -> str:
    give_up = time.monotonic() + 5
    while not emulator.runs():
        assert time.monotonic() < give_up
    return emulator.runs()[0]["execution_id"]


def test_a_synchronous_caller_waits_until_the_run_is_over(emulator, refold):
    emulator.set_pace(seconds=3600)
    caller, answers = in_the_background(refold, "sync-contacts")
    wait_for_a_run(emulator)
    caller.join(0.1)
    assert answers == []
    assert emulator.runs()[0]["answered"] is False
    emulator.set_pace(seconds=0)
    caller.join(5)
    assert answers[0].json()["return_value"] == {"received": {}, "ok": True}


def test_a_synchronous_caller_is_answered_when_somebody_stops_the_run(emulator, refold):
    caller, answers = in_the_background(refold, "never-ends")
    refold.post(f"/execution/{wait_for_a_run(emulator)}/stop")
    caller.join(5)
    assert answers[0].json()["return_value"] is None
    assert emulator.runs()[0]["status"] == "STOPPED"


def test_a_synchronous_caller_that_leaves_was_told_nothing(emulator, refold):
    with pytest.raises(httpx.ReadTimeout):
        refold.post(
            "/workflow/never-ends/execute",
            json={},
            headers={"sync_execution": "true"},
            timeout=httpx.Timeout(0.1),
        )
    (run,) = emulator.runs()
    assert run["answered"] is False
    assert emulator.calls()[0]["status"] is None
