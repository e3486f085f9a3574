"""Datalab: authentication."""

import json
import re

import pytest

from tests.emulator.datalab import WORKFLOWS
from tests.emulator.datalab.schemas import STORAGE

BAD_KEY = {"detail": "Invalid API key provided. Set the X-API-Key header to your API key."}


def test_an_account_has_a_key_and_the_signature_of_results(emulator):
    account = emulator.account("datalab")
    assert account.keys() == {"base_url", "api_key", "signature"}
    assert re.fullmatch("[0-9a-f]{32,}", account["signature"])


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}, {"Authorization": "right"}]
)
def test_without_the_right_key_nothing_is_done(emulator, stranger, headers):
    """No operation of the API is an exception; the storage service has no keys."""
    if "Authorization" in headers:
        headers = {"Authorization": f"Bearer {emulator.account('datalab')['api_key']}"}
    routes = [each for each in emulator.by_name["datalab"].routes if each.operation not in STORAGE]
    for route in routes:
        response = stranger.request(route.method, re.sub("{.*?}", "1", route.path), headers=headers)
        assert (response.status_code, response.json()) == (401, BAD_KEY), route.operation
    assert emulator.runs() == []
    assert [request["operation"] for request in emulator.requests()] == [each.operation for each in routes]


def test_without_the_key_no_other_error_is_returned(stranger):
    assert stranger.post(f"{WORKFLOWS}/abc/execute", content=b"[]").status_code == 401


def test_a_revocation_renews_the_key_and_not_the_signature(emulator, datalab):
    old = emulator.account("datalab")
    new = emulator.revoke("datalab")
    assert new["api_key"] != old["api_key"]
    assert new["signature"] == old["signature"]
    assert datalab.get("/api/v1/user_health").json() == BAD_KEY
    headers = {"X-API-Key": new["api_key"]}
    response = datalab.get("/api/v1/user_health", headers=headers)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_neither_the_key_nor_the_signature_reaches_the_ledger(emulator, datalab):
    account = emulator.account("datalab")
    datalab.get("/outputs/1", params={"X-Amz-Signature": account["signature"]})
    datalab.get("/api/v1/user_health", headers={"X-API-Key": "somebody-elses"})
    written = json.dumps(emulator.requests())
    assert not any(
        secret in written for secret in (account["api_key"], account["signature"], "somebody-elses")
    )
