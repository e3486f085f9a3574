import contextlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.emulator import until


def listens(url: str) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection((url[7:16], int(url[17:]))):
        return True
    return False


def threads_of(emulator: Emulator) -> list[str]:
    return [thread.name for thread in threading.enumerate() if emulator.url.rpartition(":")[2] in thread.name]


def test_port_0_takes_a_port_below_those_of_outgoing_connections():
    with Emulator(port=0) as emulator:
        assert emulator.url.startswith("http://127.0.0.1:")
        assert int(emulator.url.rpartition(":")[2]) < 32768
        assert emulator.control_url == emulator.url + "/_control"
        assert listens(emulator.url)


def test_a_given_port_is_taken_again_at_once_after_a_stop():
    with Emulator() as first:
        port = int(first.url.rpartition(":")[2])
    with Emulator(port=port) as second:
        assert second.url.endswith(f":{port}")


def test_a_port_in_use_is_an_error_and_not_a_second_server(emulator):
    with pytest.raises(OSError, match="in use"), Emulator(port=int(emulator.url.rpartition(":")[2])):
        pass


def test_stop_leaves_neither_thread_nor_socket():
    emulator = Emulator()
    emulator.start()
    assert threads_of(emulator)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in threads_of(emulator))
    emulator.stop()
    assert not threads_of(emulator)
    assert not listens(emulator.url)
    emulator.stop()  # twice does no harm


def test_stop_ends_at_once_though_calls_hang(no_tls):
    with Emulator() as emulator:
        account = emulator.account("refold")
        headers = {"x-api-key": account["api_key"], "linked_account_id": account["linked_account_id"]}
        client = httpx.Client(base_url=account["base_url"], headers=headers, timeout=30, verify=no_tls)
        ends: list[Exception] = []

        def look() -> None:
            try:
                client.get("/api/v2/public/execution/unknown")
            except httpx.TransportError as end:
                ends.append(end)

        lookers = [threading.Thread(target=look) for _ in range(10)]
        for looker in lookers:
            looker.start()
        until(lambda: len(emulator.calls()) == 10)
        before = time.monotonic()
    assert time.monotonic() - before < 2
    for looker in lookers:
        looker.join(5)
    client.close()
    assert len(ends) == 10
    assert not any(isinstance(end, httpx.TimeoutException) for end in ends)


def test_a_client_that_leaves_a_hanging_call_leaves_nothing_behind(emulator, refold):
    with pytest.raises(httpx.ReadTimeout):
        refold.get("/execution/unknown", timeout=0.05)
    until(lambda: not emulator._listener._server.server_state.tasks)
    assert emulator.calls()[0]["status"] is None


def test_each_emulator_has_secrets_of_its_own_long_enough_to_search_for(emulator):
    account, other = emulator.account("refold"), Emulator().account("refold")
    assert account.keys() == {"base_url", "api_key", "linked_account_id", "token"}
    assert account["base_url"] == emulator.url + "/refold"
    assert account["api_key"].startswith("tk_")
    assert account["linked_account_id"].startswith("acct_")
    assert min(len(account[name]) for name in ("api_key", "linked_account_id", "token")) >= 20
    assert not set(account.values()) & set(other.values())


def test_a_hundred_starts_at_once_are_a_hundred_runs(emulator, refold):
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda n: refold.post("/workflow/sync-contacts/execute", json={"n": n}), range(100))
        )
    told = {answer.json()["execution_id"] for answer in answers}
    runs = emulator.runs("refold")
    assert len(told) == 100
    assert {run["execution_id"] for run in runs} == told
    assert {run["input"]["n"] for run in runs} == set(range(100))
    assert sorted(call["n"] for call in emulator.calls()) == list(range(1, 101))


def test_a_call_is_in_the_ledger_as_it_came_but_for_its_secrets(emulator, refold):
    account = emulator.account("refold")
    before = time.time()
    answer = refold.post(
        f"/workflow/sync-contacts/execute?mine={account['token']}", json={"key": account["api_key"]}
    )
    (call,) = emulator.calls()
    assert call.keys() == {
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
    assert before <= call["at"] <= time.time()
    assert (call["n"], call["vendor"], call["operation"], call["method"]) == (1, "refold", "execute", "POST")
    assert call["path"] == "/api/v2/public/workflow/sync-contacts/execute"
    assert (call["status"], call["fault"], call["execution_id"]) == (200, None, answer.json()["execution_id"])
    assert (call["query"], call["body"]) == ({"mine": "***"}, {"key": "***"})
    assert call["headers"]["x-api-key"] == "***"
    assert call["headers"]["slug"] == "hubspot"
    assert call["headers"]["linked_account_id"] == account["linked_account_id"]


def test_a_secret_that_is_wrong_or_revoked_is_kept_out_of_the_ledger_too(emulator, connect):
    old = emulator.account("refold")
    emulator.revoke("refold")
    connect(**{"x-api-key": "somebody-elses"}).get("/execution")
    connect(Authorization=f"Bearer {old['token']}").get("/execution", params={"was": old["api_key"]})
    written = json.dumps(emulator.calls())
    assert not any(secret in written for secret in ("somebody-elses", old["token"], old["api_key"]))
    assert emulator.calls()[1]["headers"]["authorization"] == "Bearer ***"


def test_a_body_that_is_no_json_is_in_the_ledger_as_text(emulator, refold):
    refold.post("/workflow/sync-contacts/execute", content=b"hello")
    refold.get("/execution")
    assert [call["body"] for call in emulator.calls()] == ["hello", None]


def test_a_run_is_in_the_ledger_with_what_its_start_said(emulator, start):
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
        "over": False,
        "tag": "mine",
        "mode": "ASYNC",
        "answered": True,
        "wrapped": True,
    }


def test_reading_the_ledger_is_no_look(emulator, start, statuses):
    emulator.set_pace(looks=3)
    execution_id = start("sync-contacts")
    assert {emulator.runs()[0]["status"] for _ in range(5)} == {"QUEUED"}
    assert statuses(execution_id, 3) == ["QUEUED", "RUNNING", "COMPLETED"]
    assert emulator.runs()[0]["status"] == "COMPLETED"


def test_calls_and_runs_can_be_asked_for_by_vendor_and_operation(emulator, refold, start):
    start("sync-contacts")
    refold.get("/workflow")
    assert [call["operation"] for call in emulator.calls("refold")] == ["execute", "list_workflows"]
    assert len(emulator.calls(operation="execute")) == 1
    assert emulator.calls("nobody") == emulator.runs("nobody") == []
    assert len(emulator.runs("refold")) == 1


def test_the_pace_of_runs_that_are_going_can_be_changed(emulator, start, statuses):
    emulator.set_pace(seconds=3600)
    execution_id = start("sync-contacts")
    assert statuses(execution_id, 2) == ["QUEUED", "QUEUED"]
    emulator.set_pace(seconds=0)
    assert statuses(execution_id, 1) == ["COMPLETED"]


def test_revoking_renews_the_secrets_and_shuts_out_the_old_ones(emulator, refold, connect):
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
    assert emulator.calls() == emulator.runs() == []
    assert emulator.account("refold") == account
    assert refold.post("/workflow/mine/execute", json={}).status_code == 400
    with pytest.raises(httpx.ReadTimeout):
        refold.get(f"/execution/{gone}", timeout=0.05)
    assert statuses(start("sync-contacts"), 1) == ["QUEUED"]


def test_what_the_vendor_does_not_have_is_an_unknown_operation(emulator, refold):
    assert refold.get("/nothing/here").status_code == 404
    assert refold.delete("/execution").status_code == 404
    assert [(call["operation"], call["status"]) for call in emulator.calls()] == [("unknown", 404)] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        lambda e: e.account("nobody"),
        lambda e: e.fail("refold", "dance", "reset"),
        lambda e: e.fail("refold", "execute", "misfortune"),
        lambda e: e.add_workflow("refold", "w", colour="red"),
        lambda e: e.add_workflow("refold", "a/b"),
        lambda e: e.add_workflow("refold", "w", http_status=99),
        lambda e: e.add_workflow("refold", "w", seconds=1, looks=1),
        lambda e: e.configure("refold", unknown_execution="maybe"),
        lambda e: e.set_pace(),
    ],
)
def test_what_is_not_known_is_refused(emulator, wrong):
    with pytest.raises(ValueError, match=r"\w+ .*\w"):
        wrong(emulator)
