"""The Python API of the emulator: accounts, the ledger, pace and reset."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator


def test_each_emulator_has_its_own_secrets_long_enough_to_search_for(emulator):
    account, other = emulator.account("refold"), Emulator().account("refold")
    assert account.keys() == {"base_url", "api_key", "linked_account_id", "token"}
    assert account["base_url"] == emulator.url + "/refold"
    assert account["api_key"].startswith("tk_")
    assert account["linked_account_id"].startswith("acct_")
    assert min(len(account[name]) for name in ("api_key", "linked_account_id", "token")) >= 20
    assert not set(account.values()) & set(other.values())


def test_a_hundred_starts_at_once_are_a_hundred_runs(emulator, refold):
    with ThreadPoolExecutor(20) as pool:
        responses = list(
            pool.map(lambda n: refold.post("/workflow/sync-contacts/execute", json={"n": n}), range(100))
        )
    received = {response.json()["execution_id"] for response in responses}
    runs = emulator.runs("refold")
    assert len(received) == 100
    assert {run["execution_id"] for run in runs} == received
    assert {run["input"]["n"] for run in runs} == set(range(100))
    assert sorted(request["n"] for request in emulator.requests()) == list(range(1, 101))


def test_a_request_is_recorded_as_it_came_without_its_secrets(emulator, refold):
    account = emulator.account("refold")
    before = time.time()
    response = refold.post(
        f"/workflow/sync-contacts/execute?mine={account['token']}", json={"key": account["api_key"]}
    )
    (request,) = emulator.requests()
    assert request.keys() == {
        "n",
        "at",
        "vendor",
        "operation",
        "method",
        "path",
        "query",
        "headers",
        "body",
        "status",
        "fault",
        "execution_id",
        "workflow_id",
    }
    assert before <= request["at"] <= time.time()
    assert (request["n"], request["vendor"], request["operation"], request["method"]) == (
        1,
        "refold",
        "execute",
        "POST",
    )
    assert request["path"] == "/api/v2/public/workflow/sync-contacts/execute"
    assert (request["status"], request["fault"], request["execution_id"]) == (
        200,
        None,
        response.json()["execution_id"],
    )
    assert (request["query"], request["body"]) == ({"mine": "***"}, {"key": "***"})
    assert request["headers"]["x-api-key"] == "***"
    assert request["headers"]["slug"] == "hubspot"
    assert request["headers"]["linked_account_id"] == account["linked_account_id"]


def test_wrong_and_revoked_secrets_are_not_recorded_either(emulator, connect):
    old = emulator.account("refold")
    emulator.revoke("refold")
    connect(**{"x-api-key": "somebody-elses"}).get("/execution")
    connect(Authorization=f"Bearer {old['token']}").get("/execution", params={"was": old["api_key"]})
    written = json.dumps(emulator.requests())
    assert not any(secret in written for secret in ("somebody-elses", old["token"], old["api_key"]))
    assert emulator.requests()[1]["headers"]["authorization"] == "Bearer ***"


def test_a_body_that_is_not_json_is_recorded_as_text(emulator, refold):
    refold.post("/workflow/sync-contacts/execute", content=b"hello")
    refold.get("/execution")
    assert [request["body"] for request in emulator.requests()] == ["hello", None]


def test_a_run_is_recorded_with_what_its_start_said(emulator, start):
    execution_id = start("sync-contacts", {"payload": {"a": 1}}, instance_tag="mine")
    (run,) = emulator.runs()
    assert time.time() - run.pop("started_at") < 60
    assert run == {
        "vendor": "refold",
        "execution_id": execution_id,
        "workflow_id": "sync-contacts",
        "input": {"a": 1},
        "status": "QUEUED",
        "stops": 0,
        "is_terminal": False,
        "tag": "mine",
        "mode": "ASYNC",
        "id_received": True,
        "wrapped": True,
        "linked_account_id": emulator.account("refold")["linked_account_id"],
    }


def test_reading_the_ledger_is_not_a_status_check(emulator, start, statuses):
    emulator.set_pace(status_checks=3)
    execution_id = start("sync-contacts")
    assert {emulator.runs()[0]["status"] for _ in range(5)} == {"QUEUED"}
    assert statuses(execution_id, 3) == ["QUEUED", "RUNNING", "COMPLETED"]
    assert emulator.runs()[0]["status"] == "COMPLETED"


def test_requests_and_runs_can_be_selected_by_vendor_and_operation(emulator, refold, start):
    start("sync-contacts")
    refold.get("/execution")
    assert [request["operation"] for request in emulator.requests("refold")] == ["execute", "list"]
    assert len(emulator.requests(operation="execute")) == 1
    assert emulator.requests("nobody") == emulator.runs("nobody") == []
    assert len(emulator.runs("refold")) == 1


def test_a_new_pace_holds_for_runs_that_are_going(emulator, start, statuses):
    emulator.set_pace(seconds=3600)
    execution_id = start("sync-contacts")
    assert statuses(execution_id, 2) == ["QUEUED", "QUEUED"]
    emulator.set_pace(seconds=0)
    assert statuses(execution_id, 1) == ["COMPLETED"]


def test_after_a_revocation_only_the_new_secrets_are_accepted(emulator, refold, connect):
    old = emulator.account("refold")
    new = emulator.revoke("refold")
    assert new == emulator.account("refold")
    assert new["linked_account_id"] == old["linked_account_id"]
    assert new["api_key"] != old["api_key"]
    assert new["token"] != old["token"]
    assert refold.get("/execution").status_code == 401
    assert connect(Authorization=f"Bearer {old['token']}").get("/execution").status_code == 401
    assert connect(Authorization=f"Bearer {new['token']}").get("/execution").status_code == 200


def test_reset_forgets_everything_but_the_accounts(emulator, refold, start, statuses):
    account = emulator.account("refold")
    emulator.add_workflow("refold", "mine")
    emulator.set_pace(seconds=0)
    emulator.configure("refold", unknown_execution="404")
    gone = start("mine")
    emulator.fail("refold", "execute", "reset", times=None)
    emulator.reset()
    assert emulator.requests() == emulator.runs() == []
    assert emulator.account("refold") == account
    assert refold.post("/workflow/mine/execute", json={}).status_code == 400
    with pytest.raises(httpx.ReadTimeout):
        refold.get(f"/execution/{gone}", timeout=0.05)
    assert statuses(start("sync-contacts"), 1) == ["QUEUED"]


def test_a_path_that_the_vendor_does_not_have_is_an_unknown_operation(emulator, refold):
    assert refold.get("/nothing/here").status_code == 404
    assert refold.delete("/execution").status_code == 404
    assert [(request["operation"], request["status"]) for request in emulator.requests()] == [
        ("unknown", 404)
    ] * 2


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda e: e.account("nobody"), "no vendor 'nobody'; there are refold, "),
        (lambda e: e.fail("refold", "dance", "reset"), "no operation 'dance'; it has execute, "),
        (
            lambda e: e.fail("refold", "execute", "misfortune"),
            "no fault 'misfortune'; there are .*lost_response, ",
        ),
        (lambda e: e.add_workflow("refold", "w", colour="red"), "no option 'colour' of a workflow; it has "),
        (lambda e: e.add_workflow("refold", "w", ends=1), "Option 'ends' of a workflow cannot be 1"),
        (
            lambda e: e.add_workflow("refold", "w", published=1),
            "Option 'published' of a workflow cannot be 1",
        ),
        (lambda e: e.add_workflow("refold", "a/b"), "one segment of a path"),
        (lambda e: e.add_workflow("refold", "w", http_status=99), "`http_status`"),
        (lambda e: e.add_workflow("refold", "w", seconds=1, status_checks=1), "either `seconds` or"),
        (lambda e: e.configure("refold", unknown_execution="maybe"), "unknown_execution: hang or 404"),
        (lambda e: e.set_pace(), "either `seconds` or"),
    ],
)
def test_unknown_names_and_values_are_refused_by_name(emulator, wrong, named):
    with pytest.raises(ValueError, match=named):
        wrong(emulator)
