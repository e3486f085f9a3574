"""Refold: authentication."""

import time

import pytest

from tests.emulator.refold import NO_EXECUTION

ODD_400 = {"message": "Server Error", "error": "Workflow ID and slug are required"}


def test_a_session_token_replaces_both_headers(emulator, connect):
    client = connect(Authorization=f"Bearer {emulator.account('refold')['token']}", slug="hubspot")
    execution_id = client.post("/workflow/sync-contacts/execute", json={}).json()["execution_id"]
    account = emulator.account("refold")["linked_account_id"]
    assert client.get(f"/execution/{execution_id}").json()["linked_account_id"] == account


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/execution", "error_code"),
        ("GET", "/execution/1", "error_code"),
        ("POST", "/workflow/sync-contacts/execute", "error"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "tk_wrong"}, {"Authorization": "Bearer wrong"}])
def test_wrong_credentials_get_401_in_the_standard_envelope(emulator, connect, method, path, field, headers):
    """Some services use `error_code` and some `error`; a client must read both."""
    response = connect(**headers).request(method, path)
    body = response.json()
    assert response.status_code == 401
    assert body.pop("request_id")
    assert body == {
        "status_code": 401,
        "http_error_type": "UNAUTHORIZED",
        field: "SERVER_ERROR",
        "message": "Invalid Credentials",
    }
    assert emulator.runs() == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/execution"), ("POST", "/workflow/sync-contacts/execute")]
)
def test_a_key_needs_a_linked_account(emulator, connect, method, path):
    client = connect(**{"x-api-key": emulator.account("refold")["api_key"]}, slug="hubspot")
    response = client.request(method, path)
    assert response.status_code == 400
    assert response.json()["message"] == "linked_account_id or org_id is required"


def test_a_workflow_may_be_shared_by_all_linked_accounts(emulator, connect):
    """Each of them has its own executions."""
    emulator.add_workflow("refold", "each", shared=True)
    key = emulator.account("refold")["api_key"]
    first, other = (
        connect(**{"x-api-key": key, "linked_account_id": name, "slug": "hubspot"}) for name in ("a", "b")
    )
    execution_id = first.post("/workflow/each/execute", json={}).json()["execution_id"]
    emulator.configure("refold", unknown_execution="404")
    assert first.get(f"/execution/{execution_id}").json()["linked_account_id"] == "a"
    assert other.get(f"/execution/{execution_id}").status_code == 404
    assert emulator.runs()[0]["linked_account_id"] == "a"


def test_another_linked_account_owns_nothing(emulator, connect, start):
    execution_id = start("sync-contacts")
    other = connect(
        **{"x-api-key": emulator.account("refold")["api_key"], "linked_account_id": "acct_other"},
        slug="hubspot",
    )
    assert other.post("/workflow/sync-contacts/execute", json={}).json() == ODD_400
    assert other.get("/execution").json()["docs"] == []
    assert other.post(f"/execution/{execution_id}/stop").json() == NO_EXECUTION


@pytest.fixture
def session(emulator, connect):
    """Ask for a session token."""
    account = emulator.account("refold")
    client = connect(**{"x-api-key": account["api_key"]})

    def session(of: str | None = account["linked_account_id"], **query: str):
        return client.post("/session-token", json={"linked_account_id": of}, params=query)

    return session


def test_a_created_token_acts_for_its_account(emulator, connect, session):
    emulator.add_workflow("refold", "ours", shared=True)
    body = session("customer_1").json()
    assert 599_000 < body["expires_in"] <= 599_747
    client = connect(Authorization=f"Bearer {body['token']}", slug="hubspot")
    assert client.post("/workflow/ours/execute", json={}).status_code == 200
    assert emulator.runs()[0]["linked_account_id"] == "customer_1"
    assert body["token"] in emulator.secrets()


def test_a_valid_token_is_used_again_unless_a_new_one_is_wanted(session):
    first = session().json()["token"]
    assert session().json()["token"] == first
    assert session(force_refresh="true").json()["token"] != first
    assert session("customer_1").json()["token"] != first


def test_a_token_ends_with_its_time_and_with_a_revocation(emulator, connect, session):
    emulator.configure("refold", session_expires_in="2")
    token = session().json()["token"]
    client = connect(Authorization=f"Bearer {token}")
    assert client.get("/execution").status_code == 200
    deadline = time.monotonic() + 10
    while client.get("/execution").status_code == 200:
        assert time.monotonic() < deadline
    emulator.configure("refold", session_expires_in="not_said")
    fresh = session().json()
    assert fresh.keys() == {"token"}
    client = connect(Authorization=f"Bearer {fresh['token']}")
    assert client.get("/execution").status_code == 200
    emulator.revoke("refold")
    assert client.get("/execution").status_code == 401


def test_what_needs_a_key_takes_no_token(emulator, connect, session):
    client = connect(Authorization=f"Bearer {session().json()['token']}")
    assert client.get("/workflow/sync-contacts").status_code == 401
    assert client.post("/session-token", json={"linked_account_id": "a"}).status_code == 401


@pytest.mark.parametrize(
    ("account", "message"),
    [(None, "linked_account_id is required"), ("user_99999", "No linked account found")],
)
def test_a_token_of_no_account_is_refused(session, account, message):
    refused = session(account)
    assert refused.status_code == 400
    assert message in refused.json()["message"]
