"""Datalab: the results behind the signed addresses of an execution's steps."""

import json

import pytest

from tests.emulator.datalab import ONE, TWO, cells


def addresses(execution: dict) -> list[str]:
    return [address for (address,) in cells(execution, "output_url")]


@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_every_address_leads_to_the_result_of_its_step_and_file(emulator, stranger, finished, shape):
    """No key is sent: whoever has the address may read, as with a signed address of any object storage."""
    emulator.configure("datalab", steps=shape)
    execution = finished(101, TWO)
    seen = {}
    for step, found in execution["steps"].items():
        for key, cell in {"aggregated": found}.items() if shape == "flat" else found.items():
            answer = stranger.get(cell["output_url"])
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
            assert answer.content == stranger.get(cell["output_url"]).content
            seen[step, key] = answer.json()

    files = ["aggregated"] if shape == "flat" else ["file-1", "file-2"]
    assert {(told["step"], told["file"]) for told in seen.values()} == set(seen)
    assert list(seen) == [(step, key) for step in ("parse", "extract") for key in files]
    assert all(told["success"] for told in seen.values())
    assert len({told["markdown"] for told in seen.values()}) == len(seen)


def test_the_result_of_a_failed_cell_says_why(stranger, finished):
    execution = finished(102, ONE)
    (address, _) = addresses(execution)
    told = stranger.get(address).json()
    assert (told["success"], told["error"]) == (False, "Step parse failed: document is encrypted")
    assert "markdown" not in told


@pytest.mark.parametrize(
    "change", [("=", "=0"), ("?", "?other=1&not-"), ("X-Amz-Signature=", "X-Amz-Signature=&a=")]
)
def test_an_address_with_another_signature_or_none_is_refused(emulator, stranger, finished, change):
    """The API key does not replace it, and what does not exist is not told from what does."""
    (address, *_) = addresses(finished(101, ONE))
    key = {"X-API-Key": emulator.account("datalab")["api_key"]}
    for wrong in (
        address.replace(*change, 1),
        address.replace("/outputs/", "/outputs/9").replace(*change, 1),
    ):
        answer = stranger.get(wrong, headers=key)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/xml"


@pytest.mark.parametrize(
    "change",
    [
        ("file-1.json", "file-2.json"),
        ("file-1.json", "file-1"),
        ("/0/", "/2/"),
        ("/0/", "/-1/"),
        ("/0/", "/parse/"),
        ("/outputs/", "/outputs/9"),
    ],
)
def test_what_is_not_there_is_404(stranger, finished, change):
    (address, *_) = addresses(finished(101, ONE))
    assert stranger.get(address.replace(*change, 1)).status_code == 404


def test_a_step_that_is_not_over_has_no_result(emulator, stranger, execute, look):
    """Reading results is no status check: the run does not move on by it."""
    emulator.set_pace(looks=3)
    execution_id = execute(101, ONE)
    look(execution_id)
    (address, _) = addresses(look(execution_id))
    assert stranger.get(address).status_code == 200
    assert stranger.get(address.replace("/0/", "/1/")).status_code == 404


def test_reading_results_is_in_the_ledger_by_its_own_name_and_without_any_signature(
    emulator, stranger, finished
):
    execution = finished(101, ONE)
    (address, *_) = addresses(execution)
    stranger.get(address)
    stranger.get(address.replace("Signature=", "Signature=guessed"))
    calls = emulator.calls("datalab", "output")
    assert [(call["status"], call["execution_id"], call["workflow_id"]) for call in calls] == [
        (200, str(execution["execution_id"]), "101"),
        (403, str(execution["execution_id"]), "101"),
    ]
    assert [call["query"] for call in calls] == [{"X-Amz-Signature": "***"}] * 2
    written = json.dumps(emulator.calls())
    assert emulator.account("datalab")["signature"] not in written
    assert "guessed" not in written


def test_a_revoked_key_leaves_the_addresses_good(emulator, stranger, finished):
    (address, *_) = addresses(finished(101, ONE))
    emulator.revoke("datalab")
    assert stranger.get(address).status_code == 200


def test_a_source_is_named_without_the_secrets_of_its_address(stranger, finished):
    signed = "https://me:pw@example.com/a.pdf?X-Amz-Signature=0123&part=1"
    (address, *_) = addresses(finished(101, {"file_urls": [signed]}))
    assert stranger.get(address).json()["source"] == "https://example.com/a.pdf"


@pytest.mark.parametrize(
    ("fault", "options", "status"),
    [
        ("status", {"status": 403}, 403),
        ("server_error", {"status": 503}, 503),
        ("huge", {"bytes": 5000}, 200),
        ("truncated", {}, 200),
    ],
)
def test_results_meet_faults_too(emulator, stranger, finished, fault, options, status):
    """An address runs out: then storage answers 403."""
    (address, *_) = addresses(finished(101, ONE))
    emulator.fail("datalab", "output", fault, **options)
    answer = stranger.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == ("application/json" if status == 200 else "application/xml")
    assert fault != "huge" or len(answer.content) == 5000
