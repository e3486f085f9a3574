"""Files to and from an address that a vendor has named: the address is not trusted, and is shown nowhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.transfer import MAX_REDIRECTS, download, extension, upload

SIGNATURE = "X-Amz-Signature=0123456789abcdef%2F%2B"


class Files(ThreadingHTTPServer):
    """A storage service: what it returns for a path, and which requests it has received."""

    def __init__(self) -> None:
        self.replies: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.received: list[tuple[str, dict[str, str]]] = []
        self.uploaded: dict[str, bytes] = {}
        super().__init__(("127.0.0.1", 0), _Handler)

    def address(self, path: str, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.server_port}/{path}?{SIGNATURE}"


class _Handler(BaseHTTPRequestHandler):
    server: Files

    def do_GET(self) -> None:
        self.server.received.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        status, headers, body = self.server.replies[self.path.partition("?")[0].strip("/")]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        size = int(self.headers["Content-Length"])
        if len(content := self.rfile.read(size)) == size:
            self.server.uploaded[self.path.partition("?")[0].strip("/")] = content
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def files() -> Iterator[Files]:
    with Files() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


LISTED = HttpSettings(
    "https://api.example",
    {"X-API-Key": "the-key-of-the-account"},
    ("the-key-of-the-account",),
    download_hosts=frozenset({"127.0.0.1"}),
)
NOT_LISTED = HttpSettings("https://api.example", {"X-API-Key": "the-key-of-the-account"})


def fetched(settings: HttpSettings, address: str) -> tuple[bytes, str]:
    content = bytearray()
    media_type = download(settings, address, content.extend, timeout=10)
    return bytes(content), media_type


def test_a_file_is_fetched_by_its_whole_address_and_without_the_key(files: Files) -> None:
    files.replies["a.pdf"] = (200, {"Content-Type": "application/pdf; charset=x"}, b"%PDF" * 1000)

    assert fetched(LISTED, files.address("a.pdf")) == (b"%PDF" * 1000, "application/pdf")

    [(path, headers)] = files.received
    assert path == f"/a.pdf?{SIGNATURE}"
    assert headers.keys() <= {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize(
    ("path", "headers", "media_type"),
    [
        ("a.md", {}, "text/markdown"),
        ("a", {}, "application/octet-stream"),
        ("a", {"Content-Type": "Text/HTML"}, "text/html"),
    ],
)
def test_the_media_type_is_said_or_follows_from_the_name(
    files: Files, path: str, headers: dict[str, str], media_type: str
) -> None:
    """A file may be empty."""
    files.replies[path] = (200, headers, b"")

    assert fetched(LISTED, files.address(path)) == (b"", media_type)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://files.example/a", "not https"),
        ("ftp://files.example/a", "not valid"),
        ("https:///a", "not valid"),
        ("https://user:password@files.example/a", "not valid"),
        ("https://files.example:port/a", "not valid"),
        ("/etc/passwd", "not valid"),
        ("https://127.0.0.1/a", "127.0.0.1, which is not public"),
        ("https://[::1]/a", "::1, which is not public"),
        ("https://[::ffff:10.0.0.1]/a", "not public"),
        ("https://169.254.169.254/latest/meta-data", "not public"),
        ("https://files.example/a", "10.0.0.7, which is not public"),
    ],
)
def test_an_address_that_may_lead_into_the_company_is_rejected(
    monkeypatch: pytest.MonkeyPatch, address: str, reason: str
) -> None:
    """Each address that the name has counts. Nothing is sent, and the error says what to do."""
    known = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, 443)) for found in ("93.184.216.34", "10.0.0.7")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: known)
    monkeypatch.setattr(
        socket, "create_connection", lambda *_args, **_options: pytest.fail("a socket was opened")
    )

    with pytest.raises(errors.UnexpectedResponse, match=reason):
        fetched(NOT_LISTED, address)


def test_a_redirect_is_followed_and_checked_like_the_first_address(files: Files) -> None:
    """The second server is not listed."""
    files.replies["first"] = (302, {"Location": "second"}, b"moved")
    files.replies["second"] = (200, {}, b"content")
    files.replies["away"] = (307, {"Location": files.address("second", "https", "localhost")}, b"")

    assert fetched(LISTED, files.address("first"))[0] == b"content"
    with pytest.raises(errors.UnexpectedResponse, match=r"localhost has the address .*, which is not public"):
        fetched(LISTED, files.address("away"))


def test_redirects_end(files: Files) -> None:
    files.replies["again"] = (302, {"Location": "again"}, b"")

    with pytest.raises(errors.UnexpectedResponse, match="redirects"):
        fetched(LISTED, files.address("again"))

    assert len(files.received) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, errors.NotFound),
        (404, errors.NotFound),
        (400, errors.NotFound),
        (410, errors.NotFound),
        (429, errors.Unavailable),
        (503, errors.Unavailable),
        (501, errors.UnexpectedResponse),
        (304, errors.UnexpectedResponse),
        (418, errors.UnexpectedResponse),
    ],
)
def test_what_a_storage_service_says_is_no_part_of_the_file(
    files: Files, status: int, error: type[errors.WorkflowError]
) -> None:
    """The error names the host alone: whoever has the address has the file."""
    files.replies["a"] = (status, {}, b"<Error>AccessDenied</Error>" if status != 304 else b"")
    content = bytearray()

    with pytest.raises(error) as failed:
        download(LISTED, files.address("a"), content.extend, timeout=10)

    assert type(failed.value) is error
    assert content == b""
    assert "127.0.0.1" in str(failed.value)
    assert "0123456789" not in str(failed.value)


def test_a_file_that_breaks_off_is_an_error(files: Files) -> None:
    files.replies["a"] = (200, {"Content-Length": "10"}, b"half")

    with pytest.raises(errors.Unavailable) as failed:
        fetched(LISTED, files.address("a"))

    assert "0123456789" not in str(failed.value)


def test_the_extension_of_a_file_is_kept_if_it_is_one() -> None:
    given = [
        "https://h/a/b.json?X=1.2",
        "https://h/a.tar.gz",
        "https://h/a",
        "https://h/a.b/c",
        "https://h/a.x y",
        "https://h/a." + "x" * 20,
    ]

    assert [extension(address) for address in given] == [".json", ".gz", "", "", "", ""]


def put(settings: HttpSettings, address: str, *pieces: bytes) -> None:
    size = sum(map(len, pieces))
    upload(settings, address, iter(pieces), size=size, content_type="application/pdf", timeout=10)


def test_a_file_is_uploaded_with_its_size_and_type_and_without_the_key(files: Files) -> None:
    """Storage services reject an upload without a size."""
    files.replies["a.pdf"] = (200, {}, b"")

    put(LISTED, files.address("a.pdf"), b"%PDF", b"-1.4")

    [(path, headers)] = files.received
    assert (path, files.uploaded["a.pdf"]) == (f"/a.pdf?{SIGNATURE}", b"%PDF-1.4")
    assert (headers["content-length"], headers["content-type"]) == ("8", "application/pdf")
    assert headers.keys() <= {
        *("host", "accept", "accept-encoding", "user-agent"),
        *("content-length", "content-type"),
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, errors.NotFound),
        (503, errors.Unavailable),
        (301, errors.UnexpectedResponse),
        (413, errors.UnexpectedResponse),
    ],
)
def test_an_upload_that_is_not_accepted_is_an_error_and_never_goes_elsewhere(
    files: Files, status: int, kind: type[errors.WorkflowError]
) -> None:
    files.replies["a.pdf"] = (status, {"Location": files.address("b.pdf")}, b"<Error/>")

    with pytest.raises(kind, match=f"HTTP {status} from host 127.0.0.1") as failed:
        put(LISTED, files.address("a.pdf"), b"%PDF")

    assert len(files.received) == 1
    assert "0123456789abcdef" not in str(failed.value)


def test_nothing_is_uploaded_to_an_address_that_is_not_public(files: Files) -> None:
    for address, why in (
        (files.address("a.pdf"), "not https"),
        (files.address("a.pdf", scheme="https"), "not public"),
        ("https://user:pass@bucket.example/a", "not valid"),
    ):
        with pytest.raises(errors.WorkflowError, match=why):
            put(NOT_LISTED, address, b"%PDF")
    assert files.received == []


def test_a_file_that_cannot_be_read_ends_its_upload(files: Files) -> None:
    """The error is that of the file, and the storage service has not received all of it."""
    files.replies["a.pdf"] = (200, {}, b"")

    def pieces() -> Iterator[bytes]:
        yield b"%PDF"
        raise errors.WorkflowError("s3://bucket/a.pdf could not be read")

    with pytest.raises(errors.WorkflowError, match=r"^s3://bucket/a\.pdf could not be read$"):
        upload(LISTED, files.address("a.pdf"), pieces(), size=8, content_type="text/plain", timeout=10)

    assert files.uploaded == {}
