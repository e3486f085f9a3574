"""Faults in how the vendor's own reply is sent: a byte at a time, without an end, compressed, or too much of it."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.emulator import EXECUTE, ids_received, recorded, wait_until

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture
def idle(emulator) -> Callable[[], None]:
    """Wait until the emulator serves no request."""
    return lambda: wait_until(lambda: emulator._server.open_requests == 0)


@pytest.fixture
def sent(emulator, refold):
    """Send a start over a socket, to see the bytes that come back; one second for each read."""

    @contextmanager
    def sent() -> Iterator[socket.socket]:
        request = refold.build_request("POST", EXECUTE, json={})
        lines = [f"POST {request.url.path} HTTP/1.1", *(f"{k}: {v}" for k, v in request.headers.items())]
        with closing(socket.create_connection(("127.0.0.1", emulator.port), timeout=1)) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + request.read())
            yield connection

    return sent


def received(connection: socket.socket, size: int) -> bytes:
    """Read this many bytes, or those before the end."""
    seen = b""
    while len(seen) < size and (more := connection.recv(size - len(seen))):
        seen += more
    return seen


@pytest.fixture
def stream_start(refold):
    """Send a start, and read the body of its response in the pieces in which it comes."""
    return lambda: refold.stream("POST", EXECUTE, json={})


@pytest.fixture
def outcome(emulator):
    """Return status and fault of the one start, and whether its client received the id."""
    return lambda: (*recorded(emulator), *ids_received(emulator))


def test_drip_sends_headers_without_an_end(fail, sent, idle, outcome):
    """One header grows; the run exists, and its client never receives the id."""
    fail("execute", "drip", part="headers", seconds=0)
    with sent() as connection:
        seen = received(connection, 3000)
    assert seen.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in seen
    assert len(seen) == 3000
    idle()
    assert outcome() == ((None, "drip"), False)


@pytest.mark.parametrize(("part", "unit"), [("headers", 1), ("body", len(b"1\r\nx\r\n"))])
def test_drip_sends_a_byte_at_a_time(fail, sent, part, unit):
    """No read waits long, so a time limit of each read never runs out. Each byte of a body is a chunk."""
    fail("execute", "drip", part=part, seconds=0.02)
    before = time.monotonic()
    with sent() as connection:
        head = b"" if part == "body" else b"\r\n\r\n"
        while not head.endswith(b"\r\n\r\n"):
            head += received(connection, 1)
        received(connection, 20 * unit)
    assert time.monotonic() - before > 18 * 0.02


def test_drip_sends_the_true_body_and_then_blanks_until_the_client_leaves(
    emulator, fail, stream_start, idle, outcome
):
    fail("execute", "drip", part="body", seconds=0)
    seen = b""
    with stream_start() as response:
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        for piece in response.iter_raw():
            seen += piece
            if len(seen) > 1000:
                break
    assert json.loads(seen)["execution_id"] == emulator.runs()[0]["execution_id"]
    idle()
    assert outcome() == ((200, "drip"), False)


def test_endless_continue_is_one_interim_response_after_another(fail, sent, idle, outcome):
    fail("execute", "endless_continue", seconds=0)
    with sent() as connection:
        assert received(connection, 500 * len(CONTINUE)) == CONTINUE * 500
    idle()
    assert outcome() == ((None, "endless_continue"), False)


def test_endless_continue_can_trickle_so_that_no_read_waits_long(fail, sent):
    """A client that limits each read, and not the whole, waits for ever."""
    fail("execute", "endless_continue", seconds=0.02)
    with sent() as connection:
        before = time.monotonic()
        assert received(connection, 11 * len(CONTINUE)) == CONTINUE * 11
    assert time.monotonic() - before >= 10 * 0.02


def test_gzip_bomb_decodes_to_the_true_body_and_blanks(emulator, fail, send_start, outcome):
    fail("execute", "gzip_bomb", bytes=5_000_000)
    response = send_start()
    assert len(response.content) == 5_000_000
    assert response.num_bytes_downloaded < 50_000
    assert response.json()["execution_id"] == emulator.runs()[0]["execution_id"]
    assert outcome() == ((200, "gzip_bomb"), True)


@pytest.mark.parametrize("size", [0, 500, 1_048_576, 1_048_700, 3_000_000])
def test_gzip_bomb_is_valid_gzip_of_any_size(fail, stream_start, size):
    """The checksum at its end is right, or a client would refuse it for another reason."""
    fail("execute", "gzip_bomb", bytes=size)
    with stream_start() as response:
        assert response.headers["content-encoding"] == "gzip"
        decoded = gzip.decompress(b"".join(response.iter_raw()))
    assert len(decoded) == max(size, len(decoded.rstrip()))
    assert json.loads(decoded)["execution_id"]


def test_gzip_bomb_is_3_gb_by_default_and_a_client_that_leaves_has_no_id(fail, stream_start, idle, outcome):
    """The emulator holds none of it: it is sent a megabyte at a time."""
    fail("execute", "gzip_bomb")
    decoder, decoded = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    with stream_start() as response:
        for piece in response.iter_raw():
            decoded += len(decoder.decompress(piece))
            if decoded > 20_000_000:
                break
    assert not decoder.eof
    idle()
    assert outcome() == ((200, "gzip_bomb"), False)


def test_empty_gzip_is_data_without_an_end_that_decodes_to_nothing(fail, stream_start, idle, outcome):
    fail("execute", "empty_gzip", seconds=0)
    decoder, raw = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    with stream_start() as response:
        assert response.headers["content-encoding"] == "gzip"
        for piece in response.iter_raw():
            raw += len(piece)
            assert decoder.decompress(piece) == b""
            if raw > 1_000_000:
                break
    assert not decoder.eof
    idle()
    assert outcome() == ((200, "empty_gzip"), False)


def test_empty_gzip_can_trickle_so_that_no_read_waits_long(fail, sent):
    """5,000 bytes at a time."""
    fail("execute", "empty_gzip", seconds=0.02)
    before = time.monotonic()
    with sent() as connection:
        received(connection, 11 * 5000)
    assert time.monotonic() - before > 9 * 0.02


@pytest.mark.parametrize(("chunked", "length"), [(False, "2000000"), (True, None)])
def test_large_is_the_true_body_and_blanks_with_and_without_its_length(
    emulator, fail, send_start, outcome, chunked, length
):
    fail("execute", "large", bytes=2_000_000, chunked=chunked)
    response = send_start()
    assert len(response.content) == 2_000_000
    assert response.headers.get("content-length") == length
    assert (response.headers.get("transfer-encoding") == "chunked") is chunked
    assert response.json()["execution_id"] == emulator.runs()[0]["execution_id"]
    assert outcome() == ((200, "large"), True)


@pytest.mark.parametrize("chunked", [False, True])
def test_large_is_not_held_in_memory(fail, stream_start, idle, outcome, chunked):
    """It begins at once, although it is a petabyte; a client that leaves has no id."""
    fail("execute", "large", bytes=10**15, chunked=chunked)
    seen = 0
    with stream_start() as response:
        for piece in response.iter_raw():
            seen += len(piece)
            if seen > 5_000_000:
                break
    idle()
    assert outcome() == ((200, "large"), False)


@pytest.mark.parametrize("fault", ["drip", "endless_continue", "gzip_bomb", "empty_gzip", "large"])
def test_a_start_with_such_a_response_need_not_be_carried_out(emulator, fail, sent, fault):
    fail("execute", fault, carry_out=False)
    with sent() as connection:
        status = b"100" if fault == "endless_continue" else b"500"
        assert received(connection, 12) == b"HTTP/1.1 " + status
    assert emulator.runs() == []


@pytest.mark.parametrize("fault", ["drip", "gzip_bomb", "empty_gzip", "large"])
def test_a_response_without_a_body_gets_one(emulator, reach, idle, fault):
    """PromptLayer may return 204, for which HTTP allows no body; so this is a 200."""
    emulator.configure("promptlayer", running="204")
    account = emulator.account("promptlayer")
    client = reach(account["base_url"], {"X-API-KEY": account["api_key"]})
    number = client.post("/workflows/answer-question/run", json={}).json()["workflow_version_execution_id"]
    emulator.fail("promptlayer", "results", fault)
    params = {"workflow_version_execution_id": number}
    with client.stream("GET", "/workflow-version-execution-results", params=params) as response:
        assert response.status_code == 200
        assert next(response.iter_raw())
    idle()


@pytest.mark.parametrize("fault", ["drip", "endless_continue", "empty_gzip", "large"])
def test_the_emulator_serves_others_meanwhile_and_stops_at_once(no_tls, fault):
    """Whatever it sends, and however fast."""
    options = {"bytes": 10**15} if fault == "large" else {"seconds": 0}
    with Emulator() as emulator:
        client = httpx.Client(base_url=emulator.url, timeout=5, verify=no_tls)
        emulator.fail("datalab", "user_health", fault, **options)
        with closing(socket.create_connection(("127.0.0.1", emulator.port))) as connection:
            connection.sendall(b"GET /datalab/api/v1/user_health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert received(connection, 1000)
            assert client.get("/datalab/api/v1/user_health").status_code == 401
            client.close()
            before = time.monotonic()
            emulator.stop()
            assert time.monotonic() - before < 2
