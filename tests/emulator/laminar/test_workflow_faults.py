"""Laminar's external API under each class of fault."""

import httpx
import pytest


@pytest.mark.parametrize(
    ("fault", "options", "error", "runs"),
    [
        ("lost_answer", {}, httpx.ReadError, 1),
        ("reset", {}, httpx.ReadError, 0),
        ("hang", {"carry_out": True}, httpx.ReadTimeout, 1),
    ],
)
def test_a_start_without_an_answer_has_its_run_in_the_ledger(emulator, execute, fault, options, error, runs):
    emulator.fail("laminar", "execute", fault, **options)
    with pytest.raises(error):
        execute("39", timeout=0.1)
    assert [run["answered"] for run in emulator.runs()] == [False] * runs


@pytest.mark.parametrize(
    ("fault", "options", "status", "runs"),
    [
        ("status", {}, 429, 0),
        ("status", {"status": 409, "carry_out": True}, 409, 1),
        ("rate_limit", {"retry_after": 7}, 429, 0),
        ("server_error", {"status": 503}, 503, 0),
        ("server_error", {"status": 502, "carry_out": True}, 502, 1),
        ("html", {"status": 502}, 502, 1),
        ("list_body", {}, 200, 1),
        ("not_json", {}, 200, 1),
        ("truncated", {}, 200, 1),
        ("slow", {"seconds": 0.01}, 200, 1),
    ],
)
def test_a_spoilt_answer_has_its_status_and_tells_nobody_of_a_run(
    emulator, execute, fault, options, status, runs
):
    emulator.fail("laminar", "execute", fault, **options)
    assert execute("39").status_code == status
    assert [run["answered"] for run in emulator.runs()] == [False] * runs
    assert (emulator.calls()[0]["status"], emulator.calls()[0]["fault"]) == (status, fault)


@pytest.mark.parametrize(("workflow", "size"), [("39", 5000), ("42", 5000), ("43", 5000), ("46", 5000)])
def test_huge_is_the_size_of_the_whole_body(emulator, execute, workflow, size):
    emulator.fail("laminar", "execute", "huge", bytes=size)
    assert len(execute(workflow).content) == size


@pytest.mark.parametrize("where", ["headers", "params"])
def test_echo_secret_repeats_the_key_from_wherever_it_came(emulator, account, no_tls, where):
    name = {"headers": "X-API-KEY", "params": "api_key"}[where]
    emulator.fail("laminar", "execute", "echo_secret")
    url = account["base_url"] + "/workflow/execute/external/39"
    answer = httpx.post(url, verify=no_tls, **{where: {name: account["api_key"]}})
    assert answer.status_code == 401
    assert account["api_key"] in answer.json()["error"]["message"]


def test_a_fault_of_keys_meets_keys_only(emulator, execute, keys):
    emulator.fail("laminar", "keys", "server_error")
    assert execute("39").status_code == 200
    assert [keys().status_code, keys().status_code] == [500, 200]
