"""Refold: who may call it; the literals here were written from the vendor's pages, not from the emulator."""

import pytest

from tests.emulator.refold import NO_EXECUTION

ODD_400 = {"message": "Server Error", "error": "Workflow ID and slug are required"}


def test_a_session_token_replaces_both_headers(emulator, connect):
    client = connect(Authorization=f"Bearer {emulator.account('refold')['token']}", slug="hubspot")
    execution_id = client.post("/workflow/sync-contacts/execute", json={}).json()["execution_id"]
    assert client.get(f"/execution/{execution_id}").status_code == 200
    active = client.get("/session/active-linked-account").json()
    assert active["linked_account_id"] == emulator.account("refold")["linked_account_id"]


@pytest.mark.parametrize(
    ("path", "member"), [("/execution", "error_code"), ("/execution/1", "error_code"), ("/workflow", "error")]
)
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "tk_wrong"}, {"Authorization": "Bearer wrong"}])
def test_wrong_credentials_get_401_in_the_standard_envelope(connect, path, member, headers):
    """Some services say `error_code` and some say `error`; a client must read both."""
    answer = connect(**headers).get(path)
    body = answer.json()
    assert answer.status_code == 401
    assert body.pop("request_id")
    assert body == {
        "status_code": 401,
        "http_error_type": "UNAUTHORIZED",
        member: "SERVER_ERROR",
        "message": "Invalid Credentials",
    }


def test_wrong_credentials_start_nothing(emulator, connect):
    answer = connect(**{"x-api-key": "tk_wrong"}, slug="hubspot").post(
        "/workflow/sync-contacts/execute", json={}
    )
    assert answer.status_code == 401
    assert emulator.runs() == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/execution"), ("POST", "/workflow/sync-contacts/execute")]
)
def test_a_key_needs_a_linked_account(emulator, connect, method, path):
    client = connect(**{"x-api-key": emulator.account("refold")["api_key"]}, slug="hubspot")
    answer = client.request(method, path)
    assert answer.status_code == 400
    assert answer.json()["message"] == "linked_account_id or org_id is required"


def test_the_organisations_calls_take_the_key_alone_and_the_tokens_own_call_only_the_token(emulator, connect):
    account = emulator.account("refold")
    key, token = (
        connect(**{"x-api-key": account["api_key"]}),
        connect(Authorization=f"Bearer {account['token']}"),
    )
    listed = key.get("/linked-account", params={"page": 1, "limit": 1})
    assert listed.json()["docs"][0]["linked_account_id"] == account["linked_account_id"]
    assert token.get("/linked-account").status_code == 401
    assert key.get("/session/active-linked-account").status_code == 401


def test_another_account_owns_none_of_the_workflows(emulator, connect, start):
    execution_id = start("sync-contacts")
    other = connect(
        **{"x-api-key": emulator.account("refold")["api_key"], "linked_account_id": "acct_other"},
        slug="hubspot",
    )
    assert other.post("/workflow/sync-contacts/execute", json={}).json() == ODD_400
    assert other.get("/execution").json()["docs"] == []
    assert other.get("/workflow").json()["docs"] == []
    assert other.post(f"/execution/{execution_id}/stop").json() == NO_EXECUTION
