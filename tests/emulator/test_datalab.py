"""Datalab; the literals here were written from the vendor's pages, not from the emulator."""

import json
import re
from datetime import datetime

import httpx
import pytest

WORKFLOWS = "/api/v1/workflows/workflows"
EXECUTIONS = "/api/v1/workflows/executions"
BAD_KEY = {"detail": "Invalid API key provided. Set the X-API-Key header to your API key."}
ONE = {"type": "single_file", "file_url": "https://example.com/file.pdf"}
TWO = {"file_urls": ["https://example.com/file1.pdf", "datalab://file-abc123"]}
KEYED = ["execute", "get", "list_workflows", "user_health"]
CALLS = {
    "execute": ("POST", f"{WORKFLOWS}/101/execute"),
    "get": ("GET", f"{EXECUTIONS}/1"),
    "list_workflows": ("GET", WORKFLOWS),
    "user_health": ("GET", "/api/v1/user_health"),
    "health": ("GET", "/api/v1/health"),
}


@pytest.fixture
def stranger(emulator, no_tls):
    """Return a client without a key."""
    with httpx.Client(base_url=emulator.account("datalab")["base_url"], timeout=10, verify=no_tls) as client:
        yield client


@pytest.fixture
def datalab(emulator, no_tls):
    """Return a client with the key."""
    account = emulator.account("datalab")
    headers = {"X-API-Key": account["api_key"]}
    with httpx.Client(base_url=account["base_url"], headers=headers, timeout=10, verify=no_tls) as client:
        yield client


@pytest.fixture
def execute(datalab):
    """Start a workflow with an `input_config` and return the id."""

    def execute(workflow: int = 101, given: object = None) -> int:
        answer = datalab.post(f"{WORKFLOWS}/{workflow}/execute", json={"input_config": given})
        assert answer.status_code == 200, answer.text
        return answer.json()["execution_id"]

    return execute


@pytest.fixture
def look(datalab):
    """Look once at an execution."""
    return lambda execution_id: datalab.get(f"{EXECUTIONS}/{execution_id}").json()


@pytest.fixture
def finished(emulator, execute, look):
    """Run a workflow to its end and return its execution."""

    def finished(workflow: int = 101, given: object = None) -> dict:
        emulator.set_pace(seconds=0)
        return look(execute(workflow, given))

    return finished


def cells(execution: dict, *names: str) -> list[tuple]:
    """Return these members of every cell, steps and files in order."""
    return [
        tuple(cell.get(name) for name in names)
        for step in execution["steps"].values()
        for cell in step.values()
    ]


def test_the_connection_and_the_account_fit_each_other(emulator):
    account = emulator.account("datalab")
    assert account.keys() == {"base_url", "api_key", "signature"}
    assert account["base_url"] == emulator.url + "/datalab"
    assert len(account["api_key"]) >= 20
    assert re.fullmatch("[0-9a-f]{32,}", account["signature"])
    assert emulator.connection("datalab") == {
        "conn_type": "datalab",
        "host": account["base_url"],
        "password": account["api_key"],
        "extra": {},
    }


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}, {"Authorization": "right"}]
)
@pytest.mark.parametrize("operation", KEYED)
def test_without_the_right_key_nothing_is_done(emulator, stranger, operation, headers):
    if "Authorization" in headers:
        headers = {"Authorization": f"Bearer {emulator.account('datalab')['api_key']}"}
    answer = stranger.request(*CALLS[operation], headers=headers)
    assert (answer.status_code, answer.json()) == (401, BAD_KEY)
    assert emulator.runs() == []
    assert [call["operation"] for call in emulator.calls()] == [operation]


def test_a_caller_without_the_key_is_not_told_what_else_is_wrong(stranger):
    assert stranger.post(f"{WORKFLOWS}/abc/execute", content=b"[]").status_code == 401


def test_health_needs_no_key_and_user_health_does(stranger, datalab):
    for client, path in ((stranger, "/api/v1/health"), (datalab, "/api/v1/user_health")):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_revoked_key_is_refused_while_signed_addresses_stay_as_they_are(emulator, datalab):
    old = emulator.account("datalab")
    new = emulator.revoke("datalab")
    assert new["api_key"] != old["api_key"]
    assert new["signature"] == old["signature"]
    assert datalab.get("/api/v1/user_health").json() == BAD_KEY
    headers = {"X-API-Key": new["api_key"]}
    assert datalab.get("/api/v1/user_health", headers=headers).status_code == 200


def test_neither_the_key_nor_the_signature_reaches_the_ledger(emulator, datalab):
    account = emulator.account("datalab")
    datalab.get("/outputs/1", params={"X-Amz-Signature": account["signature"]})
    datalab.get("/api/v1/health", headers={"X-API-Key": "somebody-elses"})
    written = json.dumps(emulator.calls())
    assert not any(
        secret in written for secret in (account["api_key"], account["signature"], "somebody-elses")
    )


def test_a_start_is_acknowledged_with_a_whole_number_and_a_word_in_lower_case(emulator, datalab):
    answer = datalab.post(f"{WORKFLOWS}/101/execute", json={"input_config": ONE})
    number = answer.json()["execution_id"]
    assert answer.status_code == 200
    assert answer.json() == {"execution_id": number, "status": "processing", "success": True}
    assert type(number) is int
    assert number > 0
    (run,) = emulator.runs()
    assert run.pop("started_at")
    assert run == {
        "vendor": "datalab",
        "execution_id": str(number),
        "workflow_id": "101",
        "input": ONE,
        "status": "PENDING",
        "stops": 0,
        "over": False,
        "tag": None,
        "mode": "ASYNC",
        "answered": True,
    }


def test_the_id_may_go_by_another_name(emulator, datalab):
    emulator.configure("datalab", started_as="id")
    answer = datalab.post(f"{WORKFLOWS}/101/execute", json={}).json()
    assert answer == {"id": int(emulator.runs()[0]["execution_id"]), "status": "processing", "success": True}
    assert emulator.runs()[0]["answered"] is True


def test_every_start_is_a_new_run_also_after_a_reset(emulator, execute):
    """The vendor has no idempotency key."""
    seen = [execute(), execute()]
    emulator.reset()
    seen.append(execute())
    assert len(set(seen)) == 3


@pytest.mark.parametrize(
    "given",
    [
        ONE,
        {"type": "file_list", "file_urls": ["https://example.com/file1.pdf"]},
        TWO,
        {"bucket": "b", "prefix": "path/", "pattern": "*.pdf", "storage_type": "s3"},
        {"file_urls": "not a list", "anything": ["else"]},
        {},
        None,
    ],
)
def test_every_family_of_input_is_taken_and_written_down_as_given(emulator, execute, given):
    execute(101, given)
    assert emulator.runs()[0]["input"] == given


@pytest.mark.parametrize("content", [b"", b"{}", b'{"other": 1}'])
def test_the_input_and_even_the_body_may_be_left_out(emulator, datalab, content):
    assert datalab.post(f"{WORKFLOWS}/101/execute", content=content).status_code == 200
    assert emulator.runs()[0]["input"] == {}


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (
            "abc",
            b"{}",
            {
                "type": "int_parsing",
                "loc": ["path", "workflow_id"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "abc",
            },
        ),
        (
            "101",
            b'{"input_config": "https://example.com/file.pdf"}',
            {
                "type": "dict_type",
                "loc": ["body", "input_config"],
                "msg": "Input should be a valid dictionary",
                "input": "https://example.com/file.pdf",
            },
        ),
        (
            "101",
            b"[1]",
            {
                "type": "model_attributes_type",
                "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "input": [1],
            },
        ),
    ],
)
def test_a_start_of_the_wrong_shape_is_refused_in_fastapis_words(emulator, datalab, path, body, error):
    answer = datalab.post(f"{WORKFLOWS}/{path}/execute", content=body)
    assert (answer.status_code, answer.json()) == (422, {"detail": [error]})
    assert emulator.runs() == []


@pytest.mark.parametrize("content", [b"null", b"7", b'"text"', b"{broken", b'{"input_config": []}'])
def test_only_objects_are_taken_for_a_body_and_an_input(datalab, content):
    assert datalab.post(f"{WORKFLOWS}/101/execute", content=content).status_code == 422


def test_an_execution_that_is_no_whole_number_is_refused(datalab):
    answer = datalab.get(f"{EXECUTIONS}/pex_abc123")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["path", "execution_id"]


@pytest.mark.parametrize("call", [("POST", f"{WORKFLOWS}/999/execute"), ("GET", f"{EXECUTIONS}/1")])
def test_what_is_not_there_is_404_with_a_detail(emulator, datalab, call):
    answer = datalab.request(*call)
    assert answer.status_code == 404
    assert answer.json().keys() == {"detail"}
    assert isinstance(answer.json()["detail"], str)
    assert emulator.runs() == []


def test_nothing_stops_or_lists_runs(emulator, datalab, execute):
    execution_id = execute(103)
    assert datalab.post(f"{EXECUTIONS}/{execution_id}/cancel").status_code == 404
    assert datalab.delete(f"{EXECUTIONS}/{execution_id}").status_code == 404
    assert datalab.get(EXECUTIONS).status_code == 404
    assert emulator.runs()[0]["stops"] == 0


@pytest.mark.parametrize("queued", [False, True])
def test_a_run_passes_the_documented_words(emulator, execute, look, queued):
    emulator.configure("datalab", queued=queued)
    words = (
        ["PENDING", "QUEUED", "IN_PROGRESS", "COMPLETED"]
        if queued
        else ["PENDING", "IN_PROGRESS", "COMPLETED"]
    )
    emulator.set_pace(looks=len(words))
    execution_id = execute()
    assert emulator.runs()[0]["status"] == "PENDING"
    assert [look(execution_id)["status"] for _ in words] == words
    assert look(execution_id)["status"] == "COMPLETED"


def test_a_finished_execution_is_nested_by_file(emulator, finished):
    execution = finished(101, TWO)
    at = execution["created"]
    execution_id = execution["execution_id"]
    datetime.strptime(at, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - the page's times have no zone
    addresses = [address for (address,) in cells(execution, "output_url")]
    base = f"{emulator.url}/datalab/"
    assert len(set(addresses)) == 4
    assert all(address.startswith(base) for address in addresses)
    signed = "X-Amz-Signature=" + emulator.account("datalab")["signature"]
    assert all(signed in address for address in addresses)
    done = {"status": "COMPLETED", "started_at": at, "finished_at": at}
    one, two = {**done, "file_ids": ["file-1"]}, {**done, "file_ids": ["file-2"]}
    assert execution == {
        "execution_id": execution_id,
        "workflow_id": 101,
        "status": "COMPLETED",
        "created": at,
        "updated": at,
        "steps": {
            "parse": {
                "file-1": {"id": 1, **one, "output_url": addresses[0]},
                "file-2": {"id": 2, **two, "output_url": addresses[1]},
            },
            "extract": {
                "file-1": {"id": 3, **one, "output_url": addresses[2]},
                "file-2": {"id": 4, **two, "output_url": addresses[3]},
            },
        },
    }


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (ONE, ["file-1"]),
        ({"file_url": "https://example.com/a", "file_urls": ["https://example.com/b"]}, ["file-1", "file-2"]),
        ({"bucket": "b", "prefix": "path/", "storage_type": "r2"}, ["aggregated"]),
        ({"file_urls": []}, ["aggregated"]),
        ({}, ["aggregated"]),
        (None, ["aggregated"]),
    ],
)
def test_cells_go_by_file_or_are_aggregated(finished, given, keys):
    steps = finished(101, given)["steps"]
    assert [list(step) for step in steps.values()] == [keys, keys]
    files = [] if keys == ["aggregated"] else keys[:1]
    assert steps["parse"][keys[0]]["file_ids"] == files


def test_flat_steps_are_as_the_page_shows_them_while_a_run_goes_on(emulator, execute, look):
    emulator.configure("datalab", steps="flat")
    emulator.add_workflow("datalab", "7", steps=["parse", "extract", "segment"])
    emulator.set_pace(looks=3)
    execution_id = execute(7, TWO)
    waiting = {"status": "PENDING"}
    assert look(execution_id)["steps"] == {"parse": waiting, "extract": waiting, "segment": waiting}
    seen = look(execution_id)
    address = seen["steps"]["parse"].pop("output_url")
    assert "X-Amz-Signature=" in address
    assert (seen["status"], seen["steps"]) == (
        "IN_PROGRESS",
        {
            "parse": {"status": "COMPLETED", "started_at": seen["created"], "completed_at": seen["created"]},
            "extract": {"status": "IN_PROGRESS", "started_at": seen["created"]},
            "segment": {"status": "PENDING"},
        },
    )
    assert look(execution_id)["steps"]["segment"]["status"] == "COMPLETED"


def test_a_failed_run_says_why_at_the_top_and_in_its_cells(finished):
    why = "Step parse failed: document is encrypted"
    execution = finished(102, TWO)
    assert (execution["status"], execution["error"]) == ("FAILED", why)
    assert cells(execution, "status", "error") == [("FAILED", why)] * 2 + [("PENDING", None)] * 2
    assert [bool(address) for (address,) in cells(execution, "output_url")] == [True, True, False, False]


def test_a_failed_run_says_why_in_flat_steps_too(emulator, finished):
    emulator.configure("datalab", steps="flat")
    why = "Step parse failed: document is encrypted"
    steps = finished(102, TWO)["steps"]
    assert (steps["parse"]["status"], steps["parse"]["error"]) == ("FAILED", why)
    assert steps["extract"] == {"status": "PENDING"}


@pytest.mark.parametrize("given", [TWO, ONE, None])
def test_a_completed_run_may_have_a_cell_that_failed(finished, given):
    execution = finished(104, given)
    assert execution["status"] == "COMPLETED"
    assert "error" not in execution
    parse = list(execution["steps"]["parse"].values())
    assert [cell["status"] for cell in parse] == ["COMPLETED"] * (len(parse) - 1) + ["FAILED"]
    assert parse[-1]["error"] == "page 3 could not be read"
    assert [word for (word,) in cells(execution, "status")].count("FAILED") == 1


def test_a_run_that_never_ends_goes_on(emulator, execute, look):
    emulator.set_pace(looks=2)
    execution_id = execute(103)
    assert [look(execution_id)["status"] for _ in range(4)] == ["PENDING"] + ["IN_PROGRESS"] * 3


def test_steps_may_be_null(finished):
    execution = finished(105, TWO)
    assert (execution["status"], execution["steps"]) == ("COMPLETED", None)


def test_an_execution_may_say_next_to_nothing(finished):
    execution = finished(106, TWO)
    assert execution == {
        "execution_id": execution["execution_id"],
        "workflow_id": 106,
        "status": "COMPLETED",
    }


def test_workflows_are_listed_as_they_were_made(emulator, datalab):
    emulator.add_workflow("datalab", "7", name="w", steps=["parse", "extract"])
    answer = datalab.get(WORKFLOWS).json()
    assert answer.keys() == {"workflows"}
    assert {flow["id"]: flow["name"] for flow in answer["workflows"]} == {
        101: "parse-files",
        102: "always-fails",
        103: "never-ends",
        104: "partly-fails",
        105: "null-steps",
        106: "bare",
        7: "w",
    }
    flow = answer["workflows"][-1]
    assert flow.keys() == {"id", "name", "team_id", "steps", "created", "updated"}
    first = {"id": 1, "step_key": "marker_parse", "unique_name": "parse", "name": "parse", "version": "1.0.0"}
    assert flow["steps"][0] == {**first, "settings": {}, "depends_on": []}
    assert flow["steps"][1]["depends_on"] == ["parse"]
    mine = flow["team_id"]
    assert datalab.get(WORKFLOWS, params={"team_id": mine}).json() == answer
    assert datalab.get(WORKFLOWS, params={"team_id": mine + 1}).json() == {"workflows": []}


def test_an_added_workflow_runs_as_described(emulator, execute, look):
    added = emulator.add_workflow(
        "datalab", "7", steps=["a"], ends="FAILED", error="no", failing_files=1, looks=1
    )
    assert added == {"workflow_id": "7"}
    execution = look(execute(7, TWO))
    assert (execution["status"], execution["error"]) == ("FAILED", "no")
    assert cells(execution, "status", "error") == [("COMPLETED", None), ("FAILED", "no")]
    emulator.add_workflow("datalab", "7", ends="CANCELED", seconds=0)
    assert look(execute(7))["status"] == "CANCELED"


@pytest.mark.parametrize("workflow_id", ["", "0", "-1", "a", "1/2", "٣"])
def test_a_workflow_has_a_number(emulator, workflow_id):
    with pytest.raises(ValueError, match="whole number"):
        emulator.add_workflow("datalab", workflow_id)


@pytest.mark.parametrize(
    "options",
    [
        {"colour": "red"},
        {"ends": 1},
        {"error": None},
        {"bare": "yes"},
        {"steps": "parse"},
        {"steps": [1]},
        {"failing_files": -1},
        {"failing_files": True},
        {"seconds": 1, "looks": 1},
        {"looks": 0},
    ],
)
def test_what_no_workflow_can_be_is_refused(emulator, options):
    with pytest.raises((TypeError, ValueError)):
        emulator.add_workflow("datalab", "7", **options)


@pytest.mark.parametrize(
    "options",
    [{"started_as": "uuid"}, {"steps": "deep"}, {"queued": 1}, {"mood": "good"}, {"steps": ["flat"]}],
)
def test_what_cannot_be_chosen_is_refused(emulator, options):
    with pytest.raises(ValueError, match="Datalab cannot"):
        emulator.configure("datalab", **options)


def test_reset_goes_back_to_what_is_built_in(emulator, datalab, execute):
    emulator.add_workflow("datalab", "7")
    emulator.configure("datalab", started_as="id", steps="flat", queued=True)
    emulator.reset()
    assert datalab.post(f"{WORKFLOWS}/7/execute").status_code == 404
    gone = execute()
    emulator.reset()
    assert datalab.get(f"{EXECUTIONS}/{gone}").status_code == 404
    execution = datalab.get(f"{EXECUTIONS}/{execute()}").json()
    assert execution["steps"]["parse"] == {"aggregated": {"id": 1, "file_ids": [], "status": "PENDING"}}
