"""PromptLayer: what is its own in the effect of faults."""

import json

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.emulator.promptlayer import LOOKS_LIKE, RESULTS, node_statuses

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


def test_a_status_check_that_hangs_is_recorded_with_its_run(emulator, fail, start, get_results):
    started = start()
    fail("results", "hang")
    with pytest.raises(httpx.ReadTimeout):
        get_results(started, timeout=0.05)
    number = str(started.json()["workflow_version_execution_id"])
    assert [request["execution_id"] for request in emulator.requests(operation="results")] == [number]


@pytest.mark.parametrize("operation", ["run", "results", "list_workflows"])
def test_every_operation_can_be_refused_in_the_vendors_words(fail, client, start, get_results, operation):
    started = start()
    requests = {
        "run": start,
        "results": lambda: get_results(started),
        "list_workflows": lambda: client.get("/workflows"),
    }
    fail(operation, "rate_limit", retry_after=7)
    fail(operation, "server_error", status=503)
    fail(operation, "status", status=403, body={"own": "words"})
    limited, broken, forbidden = [requests[operation]() for _ in range(3)]
    assert limited.json() == {"success": False, "message": "Rate limit exceeded. Please retry later."}
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert (broken.status_code, broken.json()["success"]) == (503, False)
    assert (forbidden.status_code, forbidden.json()) == (403, {"own": "words"})
    assert requests[operation]().is_success


def test_an_unknown_status_is_in_every_node_for_one_status_check(emulator, fail, start, get_results):
    emulator.set_pace(status_checks=2)
    started = start()
    fail("results", "unknown_status", times=2)
    seen = [get_results(started) for _ in range(3)]
    assert [(response.status_code, node_statuses(response)) for response in seen] == [
        (202, ["HIBERNATING", "HIBERNATING"]),
        (200, ["HIBERNATING", "HIBERNATING"]),
        (200, ["SUCCESS", "SUCCESS"]),
    ]


@pytest.mark.parametrize(
    ("workflow", "value"), [("bare-text", "AAA"), ("looks-like-nodes", LOOKS_LIKE), ("empty-object", {})]
)
def test_a_bare_value_has_no_status_that_could_be_unknown(
    emulator, fail, start, get_results, workflow, value
):
    emulator.set_pace(seconds=0)
    fail("results", "unknown_status", times=None)
    assert get_results(start(workflow), "false").json() == value
    with pytest.raises(ValueError, match="no status"):
        fail("run", "unknown_status")


def test_an_unknown_status_leaves_an_error_as_it_is(fail, get_results):
    fail("results", "unknown_status")
    assert get_results(1).json().keys() == {"success", "message"}


def test_huge_pads_the_output_nodes_value_or_the_bare_one(emulator, fail, start, get_results):
    emulator.set_pace(seconds=0)
    fail("results", "huge", times=None, bytes=50_000)
    nodes = get_results(start("other-branch")).json()
    assert len(json.dumps(nodes["Branch B"]["value"])) == 50_000
    assert nodes["Check"] == CHECK
    started = start(input_variables={"a": 1})
    assert len(get_results(started, "false").content) == 50_000
    assert get_results(started, "false").json()["echo"] == {"a": 1}


def test_a_key_in_place_of_the_execution_id_is_not_recorded(emulator, client):
    key = emulator.account("promptlayer")["api_key"]
    assert client.get(RESULTS, params={"workflow_version_execution_id": key}).status_code == 422
    assert emulator.requests()[0]["execution_id"] == "***"
    assert key not in json.dumps(emulator.requests())
