"""Altostrat: runs that are run again, that are resumed, and that respond themselves."""

import pytest

from tests.emulator import ids_received

TRIGGER = {"component_id": "manual_trigger", "output": "{input}"}
REFUSED = {"type", "code", "message", "doc_url"}


@pytest.fixture
def failed(emulator, send_start, get_run):
    """Run a workflow of three nodes that fails at the second, and return the id of the run."""
    steps = [TRIGGER, {"node_id": "call"}, {"node_id": "after"}]
    emulator.add_workflow("altostrat", "fl_mine", logs=steps, ends="failed", failing_node="call")
    emulator.set_pace(seconds=0)
    run_id = send_start("fl_mine", json={"context": {"site": "a"}}).json()["id"]
    logs = [(log["node_id"], log["status"]) for log in get_run(run_id)["logs"]]
    assert logs == [("n1", "success"), ("call", "error")]
    return run_id


def repair(emulator):
    emulator.add_workflow("altostrat", "fl_mine", logs=[TRIGGER, {"node_id": "call"}, {"node_id": "after"}])


def test_a_rerun_is_a_new_run_with_the_payload_of_the_earlier_one(emulator, altostrat, get_run, failed):
    repair(emulator)

    response = altostrat.post(f"/workflows/runs/{failed}/rerun")

    body = response.json()
    assert (response.status_code, body["message"]) == (202, "Workflow re-run initiated successfully.")
    new = get_run(body["new_run"]["id"])
    assert (new["status"], [log["node_id"] for log in new["logs"]]) == ("completed", ["n1", "call", "after"])
    assert get_run(failed)["status"] == "failed"
    first, second = emulator.runs("altostrat")
    assert (second["input"], second["rerun_of"]) == ({"site": "a"}, first["execution_id"])
    assert ids_received(emulator) == [True, True]


def test_a_run_is_only_rerun_after_its_end(emulator, altostrat, send_start, get_run):
    emulator.set_pace(status_checks=2)
    run_id = send_start().json()["id"]

    refused = altostrat.post(f"/workflows/runs/{run_id}/rerun")

    assert (refused.status_code, refused.json().keys()) == (409, REFUSED)
    assert [get_run(run_id)["status"] for _ in range(2)] == ["pending", "completed"]
    assert altostrat.post(f"/workflows/runs/{run_id}/rerun").status_code == 202
    assert len(emulator.runs()) == 2


def test_a_resumed_run_continues_after_the_node(emulator, altostrat, get_run, failed):
    repair(emulator)

    response = altostrat.post(f"/workflows/runs/{failed}/resume-from/n1")

    body = response.json()
    assert (response.status_code, body["message"]) == (202, "Workflow resumed successfully from node 'n1'.")
    new = get_run(body["new_run"]["id"])
    assert (new["status"], [log["node_id"] for log in new["logs"]]) == ("completed", ["call", "after"])
    resumed = emulator.runs("altostrat")[1]
    assert (resumed["resumed_from"], resumed["node_id"], resumed["input"]) == (failed, "n1", {"site": "a"})


@pytest.mark.parametrize(("node", "status"), [("call", 409), ("after", 409), ("nowhere", 404)])
def test_a_run_is_only_resumed_after_a_node_that_succeeded(emulator, altostrat, failed, node, status):
    refused = altostrat.post(f"/workflows/runs/{failed}/resume-from/{node}")

    assert (refused.status_code, refused.json().keys()) == (status, REFUSED)
    assert len(emulator.runs()) == 1


def test_only_a_failed_run_is_resumed(emulator, altostrat, send_start):
    completed = send_start().json()["id"]
    going = send_start("fl_never_ends").json()["id"]
    emulator.set_pace(seconds=0)

    refused = [altostrat.post(f"/workflows/runs/{run}/resume-from/n1") for run in (completed, going)]

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(409, "run_not_failed")] * 2
    assert len(emulator.runs()) == 2


@pytest.mark.usefixtures("against_schema")
@pytest.mark.parametrize(
    ("output", "media_type", "content"),
    [
        ({"got": "{input}"}, "application/json", b'{"got": {"a": 1}}'),
        ([1, None], "application/json", b"[1, null]"),
        # The vendor's framework sends a text as HTML.
        ("all is well", "text/html; charset=UTF-8", b"all is well"),
    ],
)
def test_a_synchronous_run_responds_with_what_its_last_node_returns(
    emulator, altostrat, output, media_type, content
):
    emulator.set_pace(status_checks=9)
    emulator.add_workflow("altostrat", "fl_mine", trigger="sync_request_trigger", output=output)

    response = altostrat.post("/workflows/sync/fl_mine", json={"a": 1})

    assert (response.status_code, response.content) == (200, content)
    assert response.headers["content-type"] == media_type
    (run,) = emulator.runs("altostrat")
    assert (run["mode"], run["input"], run["status"]) == ("SYNC", {"a": 1}, "completed")
    assert not run["id_received"]
    assert run["execution_id"] not in response.text


def test_a_synchronous_run_that_fails_is_the_documented_500(emulator, altostrat):
    emulator.add_workflow(
        "altostrat", "fl_mine", trigger="sync_request_trigger", ends="failed", error="No site", seconds=0
    )

    response = altostrat.post("/workflows/sync/fl_mine", json={})

    assert (response.status_code, response.json()["message"]) == (500, "No site")
    assert [run["status"] for run in emulator.runs()] == ["failed"]


@pytest.mark.parametrize(
    ("workflow", "content", "status"),
    [("fl_sync_sites", b"{}", 400), ("fl_responds", b"[]", 422), ("fl_responds", b"{a", 422)],
)
def test_without_the_trigger_or_an_object_nothing_runs_synchronously(
    emulator, altostrat, workflow, content, status
):
    assert altostrat.post(f"/workflows/sync/{workflow}", content=content).status_code == status
    assert emulator.runs() == []
