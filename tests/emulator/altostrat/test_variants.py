"""Altostrat: variants, added workflows, and what is its own in the effect of faults."""

import json

import httpx
import pytest

from tests.emulator import ids_received

EXECUTE = "/workflows/fl_sync_sites/execute"


@pytest.fixture
def fail(emulator):
    return lambda operation, fault, **options: emulator.fail("altostrat", operation, fault, **options)


def test_an_idempotency_key_is_ignored_since_the_current_page_has_none(send_start):
    key = {"Idempotency-Key": "6d0f2a0e-6d5f-4f0e-8a4e-0c8f0d3b1a55"}
    assert send_start(headers=key).json()["id"] != send_start(headers=key).json()["id"]


def test_an_idempotency_key_can_be_honoured_as_on_the_older_page(emulator, send_start, fail):
    emulator.configure("altostrat", idempotency="honoured")
    fail("execute", "lost_response")
    with pytest.raises(httpx.ReadError):
        send_start(headers={"Idempotency-Key": "one"})
    assert ids_received(emulator) == [False]
    again = send_start(headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["id"]) == (202, emulator.runs()[0]["execution_id"])
    assert ids_received(emulator) == [True]
    send_start(headers={"Idempotency-Key": "two"})
    send_start()
    send_start()
    assert ids_received(emulator) == [True] * 4


def test_an_added_workflow_has_its_options(emulator, send_start, get_run):
    added = emulator.add_workflow(
        "altostrat",
        "fl_mine",
        passes=["pending", "awaiting_ui_interaction", "running"],
        ends="failed",
        error="No site",
        output={"said": ["{input}"]},
        logs=[{"component_id": None}, {"node_id": "x", "component_id": "delay", "status": "warning"}],
        status_checks=4,
    )
    assert added == {"workflow_id": "fl_mine"}
    run_id = send_start("fl_mine", json={"context": {"a": 1}}).json()["id"]
    assert [get_run(run_id)["status"] for _ in range(3)] == ["pending", "awaiting_ui_interaction", "running"]
    run = get_run(run_id)
    assert (run["status"], run["error_message"]) == ("failed", "No site")
    assert [(log["node_id"], log["component_id"], log["status"], log["output"]) for log in run["logs"]] == [
        ("n1", None, "success", {}),
        ("x", "delay", "warning", {"said": [{"a": 1}]}),
    ]


def test_a_run_may_have_ended_in_the_response_to_its_start_as_in_the_pages_example(emulator, send_start):
    emulator.add_workflow("altostrat", "fl_mine", passes=[])
    run = send_start("fl_mine").json()
    assert run["status"] == "completed"
    assert run["completed_at"]


@pytest.mark.usefixtures("against_schema")
def test_an_added_workflow_may_end_in_an_unknown_status_or_never(emulator, send_start, get_run):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("altostrat", "fl_mine", ends="EVAPORATED", output=[1])
    run = get_run(send_start("fl_mine").json()["id"])
    assert (run["status"], run["logs"][-1]["output"], run["completed_at"] is None) == (
        "EVAPORATED",
        [1],
        False,
    )
    emulator.add_workflow("altostrat", "fl_mine", ends="awaiting_ui_interaction")
    run = get_run(send_start("fl_mine").json()["id"])
    assert (run["status"], run["completed_at"]) == ("awaiting_ui_interaction", None)


def test_reset_forgets_workflows_runs_and_variants(emulator, altostrat, send_start):
    emulator.add_workflow("altostrat", "fl_mine")
    emulator.configure("altostrat", unauthorized="documented", idempotency="honoured")
    key = {"Idempotency-Key": "one"}
    first = send_start(headers=key).json()["id"]
    emulator.reset()
    assert send_start("fl_mine").status_code == 404
    assert altostrat.get(f"/workflows/runs/{first}").status_code == 404
    assert send_start(headers=key).json()["id"] != send_start(headers=key).json()["id"]
    assert send_start(headers={"Authorization": ""}).json().keys() == {"message"}


@pytest.mark.parametrize(
    ("workflow", "options", "named"),
    [
        ("a/b", {}, "one segment"),
        ("", {}, "one segment"),
        ("fl_w", {"passes": "pending"}, "'passes'"),
        ("fl_w", {"passes": [1]}, "'passes'"),
        ("fl_w", {"passes": [], "ends": None}, "`passes`"),
        ("fl_w", {"error": None}, "'error'"),
        ("fl_w", {"logs": [{"level": "error"}]}, "A log has"),
        ("fl_w", {"logs": ["n1"]}, "'logs'"),
        ("fl_w", {"failing_node": "n1"}, "A failing node"),
        ("fl_w", {"failing_node": "n7", "ends": "failed"}, "A failing node"),
        ("fl_w", {"trigger": "webhook"}, "'trigger'"),
    ],
)
def test_an_invalid_workflow_is_refused(emulator, workflow, options, named):
    with pytest.raises(ValueError, match=named):
        emulator.add_workflow("altostrat", workflow, **options)


@pytest.mark.parametrize("options", [{"unauthorized": "maybe"}, {"unknown": "ignored"}])
def test_an_unknown_variant_is_refused(emulator, options):
    with pytest.raises(ValueError, match="unauthorized: middleware or documented"):
        emulator.configure("altostrat", **options)


def test_a_documented_error_is_an_error_response_and_another_is_laravels(emulator, send_start, fail):
    for status in (500, 429, 503):
        fail("execute", "status", status=status)
    server, rate, down = send_start(), send_start(), send_start()
    assert (server.status_code, server.json()) == (
        500,
        {
            "type": "api_error",
            "code": "server_error",
            "message": "An unexpected error occurred on the server.",
            "doc_url": "https://docs.altostrat.io/errors/server_error",
        },
    )
    assert (rate.status_code, rate.json()) == (429, {"message": "Too Many Attempts."})
    assert (down.status_code, down.json()) == (503, {"message": "Service Unavailable"})
    assert ids_received(emulator) == []


def test_an_unknown_status_is_one_status_check_and_is_in_lists_too(
    emulator, altostrat, send_start, get_run, fail
):
    emulator.set_pace(status_checks=3)
    run_id = send_start().json()["id"]
    fail("get", "unknown_status")
    fail("list", "unknown_status", status="DREAMING")
    assert [get_run(run_id)["status"] for _ in range(3)] == ["HIBERNATING", "running", "completed"]
    body = altostrat.get("/workflows/fl_sync_sites/executions").json()
    assert [run["status"] for run in body["data"]] == ["DREAMING"]


def test_huge_pads_the_last_logs_output(emulator, send_start, get_run, fail):
    emulator.set_pace(seconds=0)
    run_id = send_start(json={"context": {"a": 1}}).json()["id"]
    fail("get", "huge", bytes=5000)
    output = get_run(run_id)["logs"][-1]["output"]
    assert len(json.dumps(output)) == 5000
    assert output["received"] == {"a": 1}


@pytest.mark.parametrize(("operation", "path"), [("execute", EXECUTE), ("list_workflows", "/workflows")])
def test_huge_pads_a_response_without_logs(altostrat, fail, operation, path):
    fail(operation, "huge", bytes=5000)
    response = altostrat.request("POST" if operation == "execute" else "GET", path)
    assert len(response.content) >= 5000
    assert isinstance(response.json(), dict if operation == "execute" else list)


@pytest.mark.parametrize("choice", ["middleware", "documented"])
def test_echo_secret_has_the_shape_of_the_variant(emulator, send_start, fail, choice):
    emulator.configure("altostrat", unauthorized=choice)
    fail("execute", "echo_secret")
    response = send_start()
    assert response.status_code == 401
    assert emulator.account("altostrat")["api_key"] in response.json()["message"]
    assert ("code" in response.json()) == (choice == "documented")
