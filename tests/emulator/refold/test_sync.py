"""Refold: synchronous starts."""

import threading

import httpx
import pytest

from tests.emulator import wait_until


def test_a_synchronous_start_returns_the_output_of_the_response_node(emulator, sync):
    response = sync("sync-contacts", {"payload": {"a": 1}})
    (run,) = emulator.runs()
    assert response.status_code == 200
    assert response.json() == {
        "execution_id": run["execution_id"],
        "return_value": {"received": {"a": 1}, "ok": True},
        "errored": False,
        "status_code": 200,
    }
    assert (run["mode"], run["status"], run["id_received"]) == ("SYNC", "COMPLETED", True)


@pytest.mark.parametrize(("workflow", "status"), [("answers-201", 201), ("answers-500", 500)])
def test_the_response_node_chooses_the_http_status_of_a_success(emulator, sync, workflow, status):
    response = sync(workflow, {"a": 1})
    assert response.status_code == response.json()["status_code"] == status
    assert response.json()["errored"] is False
    assert response.json()["return_value"] == {"received": {"a": 1}, "ok": True}
    assert emulator.runs()[0]["status"] == "COMPLETED"


def test_a_synchronous_failure_says_so_in_the_body_only(sync):
    response = sync("always-fails")
    assert response.status_code == 200
    assert response.json()["errored"] is True
    assert response.json()["return_value"] is None
    assert (
        response.json()["execution_error"]["message"] == "Upstream CRM answered 403: contact quota exceeded"
    )


def test_a_response_node_that_was_not_reached_chooses_no_status(emulator, sync):
    emulator.add_workflow("refold", "mine", ends="ERRORED", http_status=503)
    assert sync("mine").status_code == 200


@pytest.mark.parametrize(
    ("workflow", "errored"),
    [("times-out", True), ("terminates", False), ("no-response-node", False), ("partially", False)],
)
def test_the_other_ends_of_a_synchronous_start(sync, workflow, errored):
    response = sync(workflow).json()
    assert response["errored"] is errored
    assert ("execution_error" in response) is errored
    assert (response["return_value"] is not None) is (workflow == "partially")


def test_a_workflow_with_a_group_node_runs_only_asynchronously(emulator, sync, start):
    assert sync("group-node").status_code == 400
    assert emulator.runs() == []
    assert start("group-node")


def in_the_background(refold: httpx.Client, workflow: str) -> tuple[threading.Thread, list[httpx.Response]]:
    responses: list[httpx.Response] = []

    def send() -> None:
        responses.append(
            refold.post(f"/workflow/{workflow}/execute", json={}, headers={"sync_execution": "true"}),
        )

    client = threading.Thread(target=send)
    client.start()
    return client, responses


def wait_for_a_run(emulator) -> str:
    wait_until(lambda: emulator.runs() != [])
    return emulator.runs()[0]["execution_id"]


def test_a_synchronous_start_blocks_until_the_run_ends(emulator, refold):
    emulator.set_pace(seconds=3600)
    client, responses = in_the_background(refold, "sync-contacts")
    wait_for_a_run(emulator)
    client.join(0.1)
    assert responses == []
    assert emulator.runs()[0]["id_received"] is False
    emulator.set_pace(seconds=0)
    client.join(5)
    assert responses[0].json()["return_value"] == {"received": {}, "ok": True}


def test_a_synchronous_start_returns_when_the_run_is_stopped(emulator, refold):
    client, responses = in_the_background(refold, "never-ends")
    refold.post(f"/execution/{wait_for_a_run(emulator)}/stop")
    client.join(5)
    assert responses[0].json()["return_value"] is None
    assert emulator.runs()[0]["status"] == "STOPPED"


def test_a_client_that_leaves_a_synchronous_start_has_no_id(emulator, refold):
    with pytest.raises(httpx.ReadTimeout):
        refold.post(
            "/workflow/never-ends/execute",
            json={},
            headers={"sync_execution": "true"},
            timeout=httpx.Timeout(0.1),
        )
    (run,) = emulator.runs()
    assert run["id_received"] is False
    assert emulator.requests()[0]["status"] is None
