"""Datalab: the files of the team, and the storage service that has their bytes."""

import hashlib
import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from airflow_workflow_providers.emulator.body import MAX_KEPT_BYTES
from tests.emulator import wait_until
from tests.emulator.datalab import EXECUTION, EXECUTIONS, PIPELINES, WORKFLOWS

FILES = "/api/v1/files"
CONTENT = b"%PDF-1.7 \x00\xff"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def ask(datalab):
    """Ask for a URL to upload a file to."""

    def ask(filename: str = "document.pdf", content_type: str = "application/pdf") -> dict:
        response = datalab.post(f"{FILES}/upload", json={"filename": filename, "content_type": content_type})
        assert response.status_code == 200, response.text
        return response.json()

    return ask


@pytest.fixture
def upload(datalab, stranger, ask):
    """Upload and confirm a file."""

    def upload(content: bytes = CONTENT, **named: str) -> dict:
        asked = ask(**named)
        assert stranger.put(asked["upload_url"], content=content).status_code == 200
        assert datalab.get(f"{FILES}/{asked['file_id']}/confirm").status_code == 200
        return asked

    return upload


def test_a_file_is_uploaded_in_three_steps(emulator, datalab, stranger, ask):
    """The bytes go to a signed URL without the key, and only a confirmed file is complete."""
    asked = ask()
    assert asked.keys() == {"file_id", "upload_url", "reference", "expires_in"}
    assert type(asked["file_id"]) is int
    assert asked["reference"].startswith("datalab://file-")
    assert asked["expires_in"] == 3600
    assert asked["upload_url"].startswith(f"{emulator.url}/datalab/")
    metadata = {
        "file_id": asked["file_id"],
        "original_filename": "document.pdf",
        "content_type": "application/pdf",
        "reference": asked["reference"],
    }
    seen = datalab.get(f"{FILES}/{asked['file_id']}").json()
    assert seen == {**metadata, "file_size": 0, "upload_status": "pending", "created": seen["created"]}

    put = stranger.put(asked["upload_url"], content=CONTENT, headers={"Content-Type": "application/pdf"})
    assert (put.status_code, put.content) == (200, b"")
    confirmed = datalab.get(f"{FILES}/{asked['file_id']}/confirm").json()
    assert isinstance(confirmed.pop("message"), str)
    assert confirmed == {"success": True, "file_id": asked["file_id"], "reference": asked["reference"]}
    seen = datalab.get(f"{FILES}/{asked['file_id']}").json()
    assert seen == {**metadata, "file_size": 11, "upload_status": "completed", "created": seen["created"]}


def test_a_file_is_downloaded_from_a_signed_url(emulator, datalab, stranger, upload):
    uploaded = upload(filename="ä b.pdf")
    got = datalab.get(f"{FILES}/{uploaded['file_id']}/download", params={"expires_in": 60}).json()
    url = got.pop("download_url")
    assert got == {"expires_in": 60, "file_id": uploaded["file_id"], "original_filename": "ä b.pdf"}
    response = stranger.get(url)
    assert (response.content, response.headers["content-type"]) == (CONTENT, "application/pdf")
    assert "%C3%A4%20b.pdf" in response.headers["content-disposition"]
    for wrong in (url.partition("?")[0], url.replace("Signature=", "Signature=0")):
        response = stranger.get(wrong, headers={"X-API-Key": emulator.account("datalab")["api_key"]})
        assert (response.status_code, response.headers["content-type"]) == (403, "application/xml")


def test_a_file_is_named_by_its_number_or_by_its_hashid(datalab, upload):
    uploaded = upload()
    hashid = uploaded["reference"].removeprefix("datalab://file-")
    by_number, by_hashid = (datalab.get(f"{FILES}/{name}").json() for name in (uploaded["file_id"], hashid))
    assert by_number == by_hashid
    assert datalab.get(f"{FILES}/{hashid}/confirm").json()["file_id"] == uploaded["file_id"]


def test_files_are_listed_in_pages(datalab, upload):
    uploaded = [upload(filename=f"{n}.pdf")["file_id"] for n in range(4)]
    page = datalab.get(FILES, params={"limit": 2, "offset": 1}).json()
    assert [file["file_id"] for file in page.pop("files")] == uploaded[::-1][1:3]
    assert page == {"total": 4, "limit": 2, "offset": 1}
    assert datalab.get(FILES).json()["limit"] == 50
    assert datalab.get(FILES, params={"limit": 1000}).json()["limit"] == 100


def test_a_deleted_file_is_gone(datalab, stranger, upload):
    uploaded = upload()
    path = f"{FILES}/{uploaded['file_id']}"
    url = datalab.get(f"{path}/download").json()["download_url"]
    assert datalab.delete(path).json()["success"] is True
    assert [datalab.get(path + more).status_code for more in ("", "/confirm", "/download")] == [404] * 3
    assert (datalab.delete(path).status_code, stranger.get(url).status_code) == (404, 404)
    assert stranger.put(uploaded["upload_url"], content=b"again").status_code == 404
    assert datalab.get(FILES).json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ([], ["body"]),
        ({"content_type": "application/pdf"}, ["body", "filename"]),
        ({"filename": "a.pdf"}, ["body", "content_type"]),
        ({"filename": 7, "content_type": "application/pdf"}, ["body", "filename"]),
    ],
)
def test_an_invalid_request_for_an_upload_is_refused(datalab, body, location):
    response = datalab.post(f"{FILES}/upload", json=body)
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, location)


@pytest.mark.parametrize(("seconds", "status"), [(59, 400), (86401, 400), (86400, 200), ("long", 422)])
def test_a_download_url_lives_for_a_minute_to_a_day(datalab, upload, seconds, status):
    response = datalab.get(f"{FILES}/{upload()['file_id']}/download", params={"expires_in": seconds})
    assert response.status_code == status


def test_what_was_not_uploaded_is_neither_confirmed_nor_downloaded(datalab, stranger, ask):
    asked = ask()
    assert datalab.get(f"{FILES}/{asked['file_id']}/confirm").status_code == 400
    assert datalab.get(f"{FILES}/{asked['file_id']}/download").status_code == 404
    assert stranger.get(asked["upload_url"]).status_code == 404


@pytest.mark.parametrize("before", [None, CONTENT])
def test_an_upload_that_breaks_off_leaves_nothing(emulator, datalab, stranger, ask, before):
    """It is in the ledger without a status, and what was uploaded before stays."""
    asked = ask()
    if before is not None:
        stranger.put(asked["upload_url"], content=before)
    count = len(emulator.requests("datalab", "put_file"))
    url = urlsplit(asked["upload_url"])
    with socket.create_connection((url.hostname, url.port)) as client:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 100000\r\n\r\n"
        client.sendall(head.encode() + b"x" * 50_000)
    wait_until(lambda: len(emulator.requests("datalab", "put_file")) > count)
    request = emulator.requests("datalab", "put_file")[-1]
    assert (request["status"], request["body"]) == (None, None)
    confirmed = datalab.get(f"{FILES}/{asked['file_id']}/confirm").status_code
    assert confirmed == (400 if before is None else 200)
    size = datalab.get(f"{FILES}/{asked['file_id']}").json()["file_size"]
    assert size == len(before or b"")


def test_the_ledger_has_the_size_and_the_digest_of_a_file_but_no_byte_and_no_signature(emulator, upload):
    upload()
    (request,) = emulator.requests("datalab", "put_file")
    assert request["body"] == {"bytes": 11, "sha256": DIGEST}
    assert request["query"] == {"X-Amz-Expires": "3600", "X-Amz-Signature": "***"}
    written = json.dumps(emulator.requests())
    assert "PDF-1.7" not in written
    assert emulator.account("datalab")["signature"] not in written


def test_a_file_that_is_too_large_to_be_kept_is_counted(emulator, datalab, stranger, upload):
    """Its bytes are gone, and a download says so."""
    size = MAX_KEPT_BYTES + 1
    uploaded = upload(b"x" * size)
    assert datalab.get(f"{FILES}/{uploaded['file_id']}").json()["file_size"] == size
    (request,) = emulator.requests("datalab", "put_file")
    assert request["body"]["sha256"] == hashlib.sha256(b"x" * size).hexdigest()
    url = datalab.get(f"{FILES}/{uploaded['file_id']}/download").json()["download_url"]
    response = stranger.get(url)
    assert (response.status_code, "at most" in response.text) == (501, True)


def test_a_confirmed_file_can_be_given_to_a_workflow_and_to_a_pipeline(emulator, datalab, finished, upload):
    reference = upload()["reference"]
    assert finished(101, {"file_urls": [reference]})["status"] == "COMPLETED"
    emulator.configure("datalab", unusable_file="refused")
    assert finished(101, {"file_urls": [reference]})["status"] == "COMPLETED"
    started = datalab.post(f"{PIPELINES}/pl_parse/run", data={"file_url": reference}).json()
    assert datalab.get(f"{EXECUTION}/{started['execution_id']}").json()["status"] == "completed"


@pytest.fixture(params=["unknown", "not confirmed", "deleted", "of another kind"])
def unusable(request, datalab, stranger, ask, upload) -> str:
    if request.param == "deleted":
        file = upload()
        datalab.delete(f"{FILES}/{file['file_id']}")
        return file["reference"]
    if request.param == "not confirmed":
        file = ask()
        stranger.put(file["upload_url"], content=CONTENT)
        return file["reference"]
    return "datalab://file-abc123" if request.param == "unknown" else "datalab://folder-1"


def test_an_execution_fails_whose_file_cannot_be_used(emulator, datalab, execute, unusable):
    emulator.set_pace(seconds=0)
    execution = datalab.get(f"{EXECUTIONS}/{execute(101, {'file_urls': [unusable]})}").json()
    assert (execution["status"], execution["error"]) == ("FAILED", f"File not found: {unusable}")
    started = datalab.post(f"{PIPELINES}/pl_parse/run", data={"file_url": unusable}).json()
    execution = datalab.get(f"{EXECUTION}/{started['execution_id']}").json()
    assert execution["status"] == "failed"
    assert execution["steps"][0]["error_message"] == f"File not found: {unusable}"


def test_a_start_whose_file_cannot_be_used_may_be_refused(emulator, datalab, unusable):
    emulator.configure("datalab", unusable_file="refused")
    given = {"input_config": {"file_urls": ["https://example.com/a.pdf", unusable]}}
    answers = [
        datalab.post(f"{WORKFLOWS}/101/execute", json=given),
        datalab.post(f"{PIPELINES}/pl_parse/run", data={"file_url": unusable}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()) == (400, {"detail": f"File not found: {unusable}"})
    assert emulator.runs() == []


@pytest.mark.parametrize(
    ("fault", "options", "status"), [("status", {"status": 403}, 403), ("server_error", {}, 500)]
)
def test_uploads_and_downloads_meet_faults(emulator, datalab, stranger, ask, upload, fault, options, status):
    """A signed URL expires: then the storage service returns 403."""
    asked = ask()
    emulator.fail("datalab", "put_file", fault, **options)
    response = stranger.put(asked["upload_url"], content=CONTENT)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/xml")
    assert datalab.get(f"{FILES}/{asked['file_id']}/confirm").status_code == 400
    url = datalab.get(f"{FILES}/{upload()['file_id']}/download").json()["download_url"]
    emulator.fail("datalab", "stored_file", "truncated")
    with pytest.raises((httpx.RemoteProtocolError, AssertionError)):
        assert stranger.get(url).content == CONTENT


def test_reset_forgets_files(emulator, datalab, upload):
    uploaded = upload()
    emulator.reset()
    assert datalab.get(f"{FILES}/{uploaded['file_id']}").status_code == 404
