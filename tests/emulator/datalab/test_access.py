"""Datalab: who may call; the literals here were written from the vendor's pages, not from the emulator."""

import json
import re

import pytest

from tests.emulator.datalab import EXECUTIONS, WORKFLOWS

BAD_KEY = {"detail": "Invalid API key provided. Set the X-API-Key header to your API key."}
KEYED = ["execute", "get", "list_workflows", "user_health"]
CALLS = {
    "execute": ("POST", f"{WORKFLOWS}/101/execute"),
    "get": ("GET", f"{EXECUTIONS}/1"),
    "list_workflows": ("GET", WORKFLOWS),
    "user_health": ("GET", "/api/v1/user_health"),
    "health": ("GET", "/api/v1/health"),
}


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
