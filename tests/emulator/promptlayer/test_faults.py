"""PromptLayer: faults, each by its effect; the literals here were written from the vendor's pages, not from the emulator."""

import json

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.emulator.promptlayer import LOOKS_LIKE, RESULTS, words

CHECK = {
    "status": "FAILED",
    "value": None,
    "error_message": "The check failed",
    "raw_error_message": "Code execution failed: The check failed",
    "is_output_node": False,
}


@pytest.fixture
def fail(emulator: Emulator):
    def fail(operation: str, fault: str, **options: object) -> None:
        emulator.fail("promptlayer", operation, fault, **options)

    return fail


@pytest.mark.parametrize(("fault", "runs"), [("lost_answer", [False]), ("reset", [])])
def test_a_connection_that_breaks_may_leave_a_run(emulator, fail, begin, fault, runs):
    fail("run", fault)
    with pytest.raises(httpx.TransportError):
        begin()
    assert [run["answered"] for run in emulator.runs()] == runs


def test_looking_at_a_run_whose_start_was_not_answered_does_not_answer_it(emulator, fail, begin, look):
    fail("run", "lost_answer")
    with pytest.raises(httpx.TransportError):
        begin()
    (run,) = emulator.runs()
    assert look(int(run["execution_id"])).status_code == 202
    assert emulator.runs()[0]["answered"] is False


@pytest.mark.parametrize(("fault", "runs"), [("hang", []), ("slow", [False])])
def test_a_start_may_keep_its_caller_waiting(emulator, fail, client, fault, runs):
    fail("run", fault, **({"seconds": 60} if fault == "slow" else {}))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/workflows/answer-question/run", json={}, timeout=0.1)
    assert [run["answered"] for run in emulator.runs()] == runs


def test_a_look_may_hang_and_is_still_written_down_with_its_run(emulator, fail, begin, look):
    started = begin()
    fail("results", "hang")
    with pytest.raises(httpx.ReadTimeout):
        look(started, timeout=0.05)
    number = str(started.json()["workflow_version_execution_id"])
    assert [call["execution_id"] for call in emulator.calls(operation="results")] == [number]


@pytest.mark.parametrize("operation", ["run", "results", "list", "get_workflow"])
def test_every_operation_can_be_turned_away_in_the_vendors_words(fail, client, begin, look, operation):
    started = begin()
    calls = {
        "run": begin,
        "results": lambda: look(started),
        "list": lambda: client.get("/workflows"),
        "get_workflow": lambda: client.get("/workflows/answer-question"),
    }
    fail(operation, "rate_limit", retry_after=7)
    fail(operation, "server_error", status=503)
    fail(operation, "status", status=403, body={"own": "words"})
    limited, broken, forbidden = [calls[operation]() for _ in range(3)]
    assert limited.json() == {"success": False, "message": "Rate limit exceeded. Please retry later."}
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert (broken.status_code, broken.json()["success"]) == (503, False)
    assert (forbidden.status_code, forbidden.json()) == (403, {"own": "words"})
    assert calls[operation]().is_success


@pytest.mark.parametrize("fault", ["html", "truncated", "list_body", "not_json"])
@pytest.mark.parametrize("operation", ["run", "results"])
def test_an_answer_may_be_spoilt_after_the_work_is_done(emulator, fail, begin, look, operation, fault):
    emulator.set_pace(looks=2)
    fail(operation, fault)
    started = begin()
    (run,) = emulator.runs()
    answer = started if operation == "run" else look(started)
    assert run["answered"] is (operation == "results")
    if fault == "list_body":
        assert isinstance(answer.json(), list)
    else:
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    if operation == "results":
        assert look(started).status_code == 200, "the spoilt look was a look"


def test_an_unknown_status_is_in_every_node_for_one_look(emulator, fail, begin, look):
    emulator.set_pace(looks=2)
    started = begin()
    fail("results", "unknown_status", times=2)
    seen = [look(started) for _ in range(3)]
    assert [(answer.status_code, words(answer)) for answer in seen] == [
        (202, ["HIBERNATING", "HIBERNATING"]),
        (200, ["HIBERNATING", "HIBERNATING"]),
        (200, ["SUCCESS", "SUCCESS"]),
    ]


@pytest.mark.parametrize(
    ("workflow", "value"), [("bare-text", "AAA"), ("looks-like-nodes", LOOKS_LIKE), ("empty-object", {})]
)
def test_a_bare_value_has_no_status_that_could_be_unknown(emulator, fail, begin, look, workflow, value):
    emulator.set_pace(seconds=0)
    fail("results", "unknown_status", times=None)
    assert look(begin(workflow), "false").json() == value
    with pytest.raises(ValueError, match="no status"):
        fail("run", "unknown_status")


def test_an_unknown_status_leaves_an_error_as_it_is(fail, look):
    fail("results", "unknown_status")
    assert look(1).json().keys() == {"success", "message"}


def test_huge_pads_the_output_nodes_value_or_the_bare_one(emulator, fail, begin, look):
    emulator.set_pace(seconds=0)
    fail("results", "huge", times=None, bytes=50_000)
    nodes = look(begin("other-branch")).json()
    assert len(json.dumps(nodes["Branch B"]["value"])) == 50_000
    assert nodes["Check"] == CHECK
    started = begin(input_variables={"a": 1})
    assert len(look(started, "false").content) == 50_000
    assert look(started, "false").json()["echo"] == {"a": 1}


def test_huge_pads_a_start_and_its_caller_still_has_the_id(emulator, fail, begin):
    fail("run", "huge", bytes=5000)
    answer = begin()
    assert len(answer.content) == 5000
    assert emulator.runs()[0]["execution_id"] == str(answer.json()["workflow_version_execution_id"])
    assert emulator.runs()[0]["answered"] is True


def test_echo_secret_repeats_the_callers_key_and_the_ledger_does_not(emulator, fail, look):
    fail("results", "echo_secret", status=403)
    answer = look(1)
    key = emulator.account("promptlayer")["api_key"]
    assert (answer.status_code, answer.json()["success"]) == (403, False)
    assert key in answer.json()["message"]
    assert key not in json.dumps(emulator.calls())


def test_a_key_where_the_executions_id_belongs_stays_out_of_the_ledger(emulator, client):
    key = emulator.account("promptlayer")["api_key"]
    assert client.get(RESULTS, params={"workflow_version_execution_id": key}).status_code == 422
    assert emulator.calls()[0]["execution_id"] == "***"
    assert key not in json.dumps(emulator.calls())
