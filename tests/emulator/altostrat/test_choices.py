"""Altostrat: what a test can choose, and faults by their effect."""

import json

import httpx
import pytest

EXECUTE = "/workflows/fl_sync_sites/execute"


@pytest.fixture
def begin(altostrat):
    """Start a workflow and return the answer."""
    return lambda workflow="fl_sync_sites", **more: altostrat.post(f"/workflows/{workflow}/execute", **more)


@pytest.fixture
def fail(emulator):
    return lambda operation, fault, **options: emulator.fail("altostrat", operation, fault, **options)


def told(emulator) -> list[bool]:
    """Say of every run whether its caller was told."""
    return [run["answered"] for run in emulator.runs("altostrat")]


def test_an_idempotency_key_is_ignored_as_the_current_page_knows_none(begin):
    key = {"Idempotency-Key": "6d0f2a0e-6d5f-4f0e-8a4e-0c8f0d3b1a55"}
    assert begin(headers=key).json()["id"] != begin(headers=key).json()["id"]


def test_an_idempotency_key_can_be_honoured_as_on_the_older_page(emulator, begin, fail):
    emulator.configure("altostrat", idempotency="honoured")
    fail("execute", "lost_answer")
    with pytest.raises(httpx.ReadError):
        begin(headers={"Idempotency-Key": "one"})
    assert told(emulator) == [False]
    again = begin(headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["id"]) == (202, emulator.runs()[0]["execution_id"])
    assert told(emulator) == [True]
    begin(headers={"Idempotency-Key": "two"})
    begin()
    begin()
    assert told(emulator) == [True] * 4


def test_an_added_workflow_runs_as_described(emulator, begin, look):
    added = emulator.add_workflow(
        "altostrat",
        "fl_mine",
        passes=["pending", "awaiting_ui_interaction", "running"],
        ends="failed",
        error="No site",
        output={"said": ["{input}"]},
        logs=[{"component_id": None}, {"node_id": "x", "component_id": "delay", "status": "warning"}],
        looks=4,
    )
    assert added == {"workflow_id": "fl_mine"}
    run_id = begin("fl_mine", json={"context": {"a": 1}}).json()["id"]
    assert [look(run_id)["status"] for _ in range(3)] == ["pending", "awaiting_ui_interaction", "running"]
    run = look(run_id)
    assert (run["status"], run["error_message"]) == ("failed", "No site")
    assert [(log["node_id"], log["component_id"], log["status"], log["output"]) for log in run["logs"]] == [
        ("n1", None, "success", {}),
        ("x", "delay", "warning", {"said": [{"a": 1}]}),
    ]


def test_a_run_may_be_over_as_soon_as_it_is_accepted_as_in_the_pages_example(emulator, begin):
    emulator.add_workflow("altostrat", "fl_mine", passes=[])
    run = begin("fl_mine").json()
    assert run["status"] == "completed"
    assert run["completed_at"]


def test_an_added_workflow_may_end_in_a_word_that_nobody_knows_or_wait_for_ever(emulator, begin, look):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("altostrat", "fl_mine", ends="EVAPORATED", output=[1])
    run = look(begin("fl_mine").json()["id"])
    assert (run["status"], run["logs"][-1]["output"], run["completed_at"] is None) == (
        "EVAPORATED",
        [1],
        False,
    )
    emulator.add_workflow("altostrat", "fl_mine", ends="awaiting_ui_interaction")
    run = look(begin("fl_mine").json()["id"])
    assert (run["status"], run["completed_at"]) == ("awaiting_ui_interaction", None)


def test_a_rerun_follows_the_workflow_as_it_is_now(emulator, altostrat, begin, look):
    emulator.set_pace(seconds=0)
    run_id = begin("fl_always_fails").json()["id"]
    emulator.add_workflow("altostrat", "fl_always_fails")
    new = altostrat.post(f"/workflows/runs/{run_id}/rerun").json()["new_run"]["id"]
    assert (look(run_id)["status"], look(new)["status"]) == ("failed", "completed")


def test_reset_forgets_workflows_runs_and_settings(emulator, altostrat, begin):
    emulator.add_workflow("altostrat", "fl_mine")
    emulator.configure("altostrat", unauthorized="documented", idempotency="honoured")
    key = {"Idempotency-Key": "one"}
    first = begin(headers=key).json()["id"]
    emulator.reset()
    assert begin("fl_mine").status_code == 404
    assert altostrat.get(f"/workflows/runs/{first}").status_code == 404
    assert begin(headers=key).json()["id"] != begin(headers=key).json()["id"]
    assert begin(headers={"Authorization": ""}).json().keys() == {"message"}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda e: e.add_workflow("altostrat", "fl_w", colour="red"),
        lambda e: e.add_workflow("altostrat", "a/b"),
        lambda e: e.add_workflow("altostrat", ""),
        lambda e: e.add_workflow("altostrat", "fl_w", passes="pending"),
        lambda e: e.add_workflow("altostrat", "fl_w", passes=[1]),
        lambda e: e.add_workflow("altostrat", "fl_w", passes=[], ends=None),
        lambda e: e.add_workflow("altostrat", "fl_w", error=None),
        lambda e: e.add_workflow("altostrat", "fl_w", logs=[{"level": "error"}]),
        lambda e: e.add_workflow("altostrat", "fl_w", logs=["n1"]),
        lambda e: e.add_workflow("altostrat", "fl_w", seconds=1, looks=1),
        lambda e: e.configure("altostrat", unauthorized="maybe"),
        lambda e: e.configure("altostrat", unknown="ignored"),
        lambda e: e.fail("altostrat", "stop", "reset"),
    ],
)
def test_what_is_not_known_is_refused(emulator, wrong):
    with pytest.raises((ValueError, TypeError), match=r"\w+ .*\w"):
        wrong(emulator)


@pytest.mark.parametrize(
    ("fault", "error", "runs"),
    [
        ("lost_answer", httpx.ReadError, [False]),
        ("reset", httpx.ReadError, []),
        ("hang", httpx.ReadTimeout, []),
    ],
)
def test_a_start_without_an_answer(emulator, begin, fail, fault, error, runs):
    fail("execute", fault)
    with pytest.raises(error):
        begin(timeout=0.1)
    assert told(emulator) == runs


@pytest.mark.parametrize("fault", ["truncated", "not_json", "html", "list_body"])
def test_a_start_whose_answer_is_spoilt_has_taken_place(emulator, begin, fail, fault):
    fail("execute", fault)
    answer = begin()
    assert not answer.text.startswith("{") or fault == "truncated"
    assert told(emulator) == [False]


def test_a_rerun_whose_answer_is_lost_has_taken_place(emulator, altostrat, begin, fail):
    emulator.set_pace(seconds=0)
    run_id = begin().json()["id"]
    fail("rerun", "lost_answer")
    with pytest.raises(httpx.ReadError):
        altostrat.post(f"/workflows/runs/{run_id}/rerun")
    assert told(emulator) == [True, False]


def test_a_documented_error_is_an_error_response_and_another_is_the_frameworks(emulator, begin, fail):
    for status in (500, 429, 503):
        fail("execute", "status", status=status)
    server, rate, down = begin(), begin(), begin()
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
    assert told(emulator) == []


@pytest.mark.parametrize(("fault", "status"), [("server_error", 500), ("rate_limit", 429)])
def test_a_start_that_is_turned_away_has_not_taken_place(emulator, begin, fail, fault, status):
    fail("execute", fault)
    assert begin().status_code == status
    assert told(emulator) == []


def test_slow_answers_in_full(emulator, begin, fail):
    fail("execute", "slow", seconds=0.01)
    assert begin().json()["id"] == emulator.runs()[0]["execution_id"]
    assert told(emulator) == [True]


def test_an_unknown_status_is_one_look_and_stands_in_lists_too(emulator, altostrat, begin, look, fail):
    emulator.set_pace(looks=3)
    run_id = begin().json()["id"]
    fail("get", "unknown_status")
    fail("list", "unknown_status", status="DREAMING")
    assert [look(run_id)["status"] for _ in range(3)] == ["HIBERNATING", "running", "completed"]
    body = altostrat.get("/workflows/fl_sync_sites/executions").json()
    assert [run["status"] for run in body["data"]] == ["DREAMING"]


def test_huge_pads_the_last_logs_output(emulator, begin, look, fail):
    emulator.set_pace(seconds=0)
    run_id = begin(json={"context": {"a": 1}}).json()["id"]
    fail("get", "huge", bytes=5000)
    output = look(run_id)["logs"][-1]["output"]
    assert len(json.dumps(output)) == 5000
    assert output["received"] == {"a": 1}


@pytest.mark.parametrize(("operation", "path"), [("execute", EXECUTE), ("list_workflows", "/workflows")])
def test_huge_pads_an_answer_without_logs(altostrat, fail, operation, path):
    fail(operation, "huge", bytes=5000)
    answer = altostrat.request("POST" if operation == "execute" else "GET", path)
    assert len(answer.content) >= 5000
    assert isinstance(answer.json(), dict if operation == "execute" else list)


@pytest.mark.parametrize("choice", ["middleware", "documented"])
def test_echo_secret_repeats_the_callers_key_in_either_shape(emulator, begin, fail, choice):
    emulator.configure("altostrat", unauthorized=choice)
    fail("execute", "echo_secret")
    answer = begin()
    assert answer.status_code == 401
    assert emulator.account("altostrat")["api_key"] in answer.json()["message"]
    assert ("code" in answer.json()) == (choice == "documented")
