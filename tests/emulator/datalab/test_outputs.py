"""Datalab: the results behind the signed URLs of an execution's steps."""

import json

import pytest

from tests.emulator.datalab import ONE, TWO, cells


def urls(execution: dict) -> list[str]:
    return [url for (url,) in cells(execution, "output_url")]


@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_every_url_leads_to_the_result_of_its_step_and_file(emulator, stranger, finished, shape):
    """No key is sent: everybody who has the URL may read, as with any object storage."""
    emulator.configure("datalab", steps=shape)
    execution = finished(101, TWO)
    seen = {}
    for step, found in execution["steps"].items():
        for key, cell in {"aggregated": found}.items() if shape == "flat" else found.items():
            response = stranger.get(cell["output_url"])
            assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
            assert response.content == stranger.get(cell["output_url"]).content
            seen[step, key] = response.json()

    files = ["aggregated"] if shape == "flat" else ["file-1", "file-2"]
    assert {(result["step"], result["file"]) for result in seen.values()} == set(seen)
    assert list(seen) == [(step, key) for step in ("parse", "extract") for key in files]
    assert all(result["success"] for result in seen.values())
    assert len({result["markdown"] for result in seen.values()}) == len(seen)


def test_the_result_of_a_failed_cell_says_why(stranger, finished):
    execution = finished(102, ONE)
    (url, _) = urls(execution)
    result = stranger.get(url).json()
    assert (result["success"], result["error"]) == (False, "Step parse failed: document is encrypted")
    assert "markdown" not in result


@pytest.mark.parametrize(
    "change", [("=", "=0"), ("?", "?other=1&not-"), ("X-Amz-Signature=", "X-Amz-Signature=&a=")]
)
def test_a_url_with_another_signature_or_none_is_refused(emulator, stranger, finished, change):
    """The API key does not replace it, and the refusal does not say whether a result exists."""
    (url, *_) = urls(finished(101, ONE))
    key = {"X-API-Key": emulator.account("datalab")["api_key"]}
    for wrong in (
        url.replace(*change, 1),
        url.replace("/outputs/", "/outputs/9").replace(*change, 1),
    ):
        response = stranger.get(wrong, headers=key)
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/xml"


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
def test_what_does_not_exist_is_404(stranger, finished, change):
    (url, *_) = urls(finished(101, ONE))
    assert stranger.get(url.replace(*change, 1)).status_code == 404


def test_a_step_that_has_not_ended_has_no_result(emulator, stranger, execute, get_execution):
    """Reading results is not a status check: the run does not move on."""
    emulator.set_pace(status_checks=3)
    execution_id = execute(101, ONE)
    get_execution(execution_id)
    (url, _) = urls(get_execution(execution_id))
    assert stranger.get(url).status_code == 200
    assert stranger.get(url.replace("/0/", "/1/")).status_code == 404


def test_reading_results_is_recorded_as_an_operation_of_its_own_without_signatures(
    emulator, stranger, finished
):
    execution = finished(101, ONE)
    (url, *_) = urls(execution)
    stranger.get(url)
    stranger.get(url.replace("Signature=", "Signature=guessed"))
    requests = emulator.requests("datalab", "output")
    assert [(request["status"], request["execution_id"], request["workflow_id"]) for request in requests] == [
        (200, str(execution["execution_id"]), "101"),
        (403, str(execution["execution_id"]), "101"),
    ]
    assert [request["query"] for request in requests] == [{"X-Amz-Signature": "***"}] * 2
    written = json.dumps(emulator.requests())
    assert emulator.account("datalab")["signature"] not in written
    assert "guessed" not in written


def test_urls_stay_valid_after_a_revocation(emulator, stranger, finished):
    (url, *_) = urls(finished(101, ONE))
    emulator.revoke("datalab")
    assert stranger.get(url).status_code == 200


def test_a_source_is_named_without_the_secrets_in_its_url(stranger, finished):
    signed = "https://me:pw@example.com/a.pdf?X-Amz-Signature=0123&part=1"
    (url, *_) = urls(finished(101, {"file_urls": [signed]}))
    assert stranger.get(url).json()["source"] == "https://example.com/a.pdf"


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
    """A signed URL expires: then the storage service returns 403."""
    (url, *_) = urls(finished(101, ONE))
    emulator.fail("datalab", "output", fault, **options)
    response = stranger.get(url)
    assert response.status_code == status
    assert response.headers["content-type"] == ("application/json" if status == 200 else "application/xml")
    assert fault != "huge" or len(response.content) == 5000
