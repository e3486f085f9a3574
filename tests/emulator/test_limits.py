"""The rate limits of the vendors, and https."""

import ssl
from pathlib import Path

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.emulator.limits import Limit, LimitedRequests
from dev import certificates


def test_no_limit_holds_unless_it_is_asked_for(refold):
    assert {refold.get("/execution").status_code for _ in range(40)} == {200}


def test_requests_above_the_limit_are_refused_in_the_vendors_words_and_start_nothing(emulator, refold):
    emulator.limit()
    replies = [refold.post("/workflow/sync-contacts/execute", json={}) for _ in range(30)]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert len(refused) >= 15
    assert refused[0].json()["message"] == "Too many requests"
    assert len(emulator.runs()) == 30 - len(refused)


def test_a_factor_scales_a_limit_and_none_ends_it(emulator, refold):
    emulator.limit(0.2)  # one request at once
    assert [refold.get("/execution").status_code for _ in range(2)] == [200, 429]
    emulator.limit(None)
    assert refold.get("/execution").status_code == 200
    with pytest.raises(ValueError, match="above 0"):
        emulator.limit(0)


def test_a_reset_ends_the_limits(emulator, refold):
    emulator.limit(0.2)
    emulator.reset()
    assert {refold.get("/execution").status_code for _ in range(5)} == {200}


def test_datalab_counts_each_endpoint_by_itself_and_not_the_storage_service(emulator, reach):
    account = emulator.account("datalab")
    datalab = reach(account["base_url"], {"x-api-key": account["api_key"]})
    emulator.limit(1 / 400)
    file = datalab.post("/api/v1/files/upload", json={"filename": "a.pdf", "content_type": "application/pdf"})
    for _ in range(3):
        assert httpx.put(file.json()["upload_url"], content=b"%PDF", timeout=10).status_code == 200
    assert datalab.get(f"/api/v1/files/{file.json()['file_id']}/confirm").status_code == 200
    again = datalab.get(f"/api/v1/files/{file.json()['file_id']}/confirm")
    assert (again.status_code, again.json()["detail"][:19]) == (429, "Rate limit exceeded")


def test_a_limit_refills_at_its_rate_and_not_above_its_burst():
    at = [100.0]
    requests = LimitedRequests(now=lambda: at[0], factor=2.0)

    def refusals(count: int) -> int:
        return sum(requests.refuses("refold", "account", Limit(10, 5)) for _ in range(count))

    assert refusals(15) == 5
    at[0] += 0.25
    assert refusals(10) == 5
    at[0] += 60
    assert refusals(15) == 5


def test_an_emulator_with_a_certificate_serves_https_and_gives_addresses_with_it(tmp_path: Path):
    certificates.make(tmp_path)
    trusted = ssl.create_default_context(cafile=str(tmp_path / certificates.AUTHORITY))
    with Emulator(certificate=tmp_path / certificates.SERVER) as emulator:
        account = emulator.account("datalab")
        assert account["base_url"] == f"https://127.0.0.1:{emulator.port}/datalab"
        with httpx.Client(headers={"x-api-key": account["api_key"]}, verify=trusted, timeout=10) as client:
            body = {"filename": "a.pdf", "content_type": "application/pdf"}
            file = client.post(f"{account['base_url']}/api/v1/files/upload", json=body).json()
            assert file["upload_url"].startswith(f"{account['base_url']}/storage/")
            assert client.put(file["upload_url"], content=b"%PDF").status_code == 200
            headers = {"Authorization": f"Bearer {emulator.control_token}", "Origin": emulator.url}
            assert client.get(f"{emulator.control_url}/ledger", headers=headers).status_code == 200
