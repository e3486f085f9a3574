"""Faults in how an answer is sent: a byte at a time, without an end, compressed, or too much of it."""

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
from tests.emulator import EXECUTE, noted, until

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture
def idle(emulator) -> Callable[[], None]:
    """Wait until the emulator serves nobody any more."""
    return lambda: until(lambda: not emulator._listener._server.server_state.tasks)


@pytest.fixture
def sent(emulator, refold):
    """Send a start over a socket of our own, to see what comes back before any library does; one second for each read."""

    @contextmanager
    def sent() -> Iterator[socket.socket]:
        request = refold.build_request("POST", EXECUTE, json={})
        lines = [f"POST {request.url.path} HTTP/1.1", *(f"{k}: {v}" for k, v in request.headers.items())]
        with closing(socket.create_connection(("127.0.0.1", emulator._listener.port), timeout=1)) as wire:
            wire.sendall("\r\n".join([*lines, "", ""]).encode() + request.read())
            yield wire

    return sent


def received(wire: socket.socket, size: int) -> bytes:
    """Read so many bytes, or what there is before the end."""
    seen = b""
    while len(seen) < size and (more := wire.recv(size - len(seen))):
        seen += more
    return seen


@pytest.fixture
def begun(refold):
    """Send a start, and read the body of its answer in the pieces in which it comes."""
    return lambda: refold.stream("POST", EXECUTE, json={})


@pytest.fixture
def outcome(emulator):
    """Say how the one start was answered, by which fault, and whether its caller knows of its run."""
    return lambda: (*noted(emulator), *(run["answered"] for run in emulator.runs()))


def test_drip_sends_headers_without_an_end(fail, sent, idle, outcome):
    """One header grows; the run is there, and its caller never knows."""
    fail("execute", "drip", part="headers", seconds=0)
    with sent() as wire:
        seen = received(wire, 3000)
    assert seen.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in seen
    assert len(seen) == 3000
    idle()
    assert outcome() == ((None, "drip"), False)


@pytest.mark.parametrize(("part", "unit"), [("headers", 1), ("body", len(b"1\r\nx\r\n"))])
def test_drip_sends_a_byte_at_a_time(fail, sent, part, unit):
    """No read waits long, so a limit of each read never runs out; a byte of a body has its length before it."""
    fail("execute", "drip", part=part, seconds=0.02)
    before = time.monotonic()
    with sent() as wire:
        head = b"" if part == "body" else b"\r\n\r\n"
        while not head.endswith(b"\r\n\r\n"):
            head += received(wire, 1)
        received(wire, 20 * unit)
    assert time.monotonic() - before > 18 * 0.02


def test_drip_sends_the_true_body_and_then_blanks_until_the_client_leaves(
    emulator, fail, begun, idle, outcome
):
    fail("execute", "drip", part="body", seconds=0)
    seen = b""
    with begun() as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        for piece in answer.iter_raw():
            seen += piece
            if len(seen) > 1000:
                break
    assert json.loads(seen)["execution_id"] == emulator.runs()[0]["execution_id"]
    idle()
    assert outcome() == ((200, "drip"), False)


def test_endless_continue_is_one_interim_response_after_another(fail, sent, idle, outcome):
    fail("execute", "endless_continue", seconds=0)
    with sent() as wire:
        assert received(wire, 500 * len(CONTINUE)) == CONTINUE * 500
    idle()
    assert outcome() == ((None, "endless_continue"), False)


def test_endless_continue_can_trickle_so_that_no_read_waits_long(fail, sent):
    """A client that limits each read, and not the whole, waits for ever."""
    fail("execute", "endless_continue", seconds=0.02)
    with sent() as wire:
        before = time.monotonic()
        assert received(wire, 11 * len(CONTINUE)) == CONTINUE * 11
    assert time.monotonic() - before >= 10 * 0.02


def test_gzip_bomb_decodes_to_the_true_answer_and_blanks(emulator, fail, begin, outcome):
    fail("execute", "gzip_bomb", bytes=5_000_000)
    answer = begin()
    assert len(answer.content) == 5_000_000
    assert answer.num_bytes_downloaded < 50_000
    assert answer.json()["execution_id"] == emulator.runs()[0]["execution_id"]
    assert outcome() == ((200, "gzip_bomb"), True)


@pytest.mark.parametrize("size", [0, 500, 1_048_576, 1_048_700, 3_000_000])
def test_gzip_bomb_is_valid_gzip_of_any_size(fail, begun, size):
    """The checksum at its end is right, or a client would refuse it for another reason."""
    fail("execute", "gzip_bomb", bytes=size)
    with begun() as answer:
        assert answer.headers["content-encoding"] == "gzip"
        decoded = gzip.decompress(b"".join(answer.iter_raw()))
    assert len(decoded) == max(size, len(decoded.rstrip()))
    assert json.loads(decoded)["execution_id"]


def test_gzip_bomb_is_3_gb_by_default_and_whoever_leaves_is_not_told(fail, begun, idle, outcome):
    """The emulator holds none of it: it goes out a megabyte's worth at a time."""
    fail("execute", "gzip_bomb")
    decoder, decoded = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    with begun() as answer:
        for piece in answer.iter_raw():
            decoded += len(decoder.decompress(piece))
            if decoded > 20_000_000:
                break
    assert not decoder.eof
    idle()
    assert outcome() == ((200, "gzip_bomb"), False)


def test_empty_gzip_is_data_without_an_end_that_decodes_to_nothing(fail, begun, idle, outcome):
    fail("execute", "empty_gzip", seconds=0)
    decoder, raw = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    with begun() as answer:
        assert answer.headers["content-encoding"] == "gzip"
        for piece in answer.iter_raw():
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
    with sent() as wire:
        received(wire, 11 * 5000)
    assert time.monotonic() - before > 9 * 0.02


@pytest.mark.parametrize(("chunked", "length"), [(False, "2000000"), (True, None)])
def test_large_is_the_true_answer_and_blanks_with_and_without_its_length(
    emulator, fail, begin, outcome, chunked, length
):
    fail("execute", "large", bytes=2_000_000, chunked=chunked)
    answer = begin()
    assert len(answer.content) == 2_000_000
    assert answer.headers.get("content-length") == length
    assert (answer.headers.get("transfer-encoding") == "chunked") is chunked
    assert answer.json()["execution_id"] == emulator.runs()[0]["execution_id"]
    assert outcome() == ((200, "large"), True)


@pytest.mark.parametrize("chunked", [False, True])
def test_large_is_not_held_in_memory(fail, begun, idle, outcome, chunked):
    """It begins at once, and could not if a petabyte had to be made first; who leaves is not told."""
    fail("execute", "large", bytes=10**15, chunked=chunked)
    seen = 0
    with begun() as answer:
        for piece in answer.iter_raw():
            seen += len(piece)
            if seen > 5_000_000:
                break
    idle()
    assert outcome() == ((200, "large"), False)


@pytest.mark.parametrize("fault", ["drip", "endless_continue", "gzip_bomb", "empty_gzip", "large"])
def test_a_start_that_is_answered_so_need_not_have_taken_place(emulator, fail, sent, fault):
    fail("execute", fault, carry_out=False)
    with sent() as wire:
        status = b"100" if fault == "endless_continue" else b"500"
        assert received(wire, 12) == b"HTTP/1.1 " + status
    assert emulator.runs() == []


@pytest.mark.parametrize("fault", ["drip", "gzip_bomb", "empty_gzip", "large"])
def test_an_answer_that_has_no_body_gets_one(emulator, reach, idle, fault):
    """PromptLayer may answer 204, which HTTP allows none; so this is a 200."""
    emulator.configure("promptlayer", running="204")
    account = emulator.account("promptlayer")
    client = reach(account["base_url"], {"X-API-KEY": account["api_key"]})
    number = client.post("/workflows/answer-question/run", json={}).json()["workflow_version_execution_id"]
    emulator.fail("promptlayer", "results", fault)
    asked = {"workflow_version_execution_id": number}
    with client.stream("GET", "/workflow-version-execution-results", params=asked) as answer:
        assert answer.status_code == 200
        assert next(answer.iter_raw())
    idle()


@pytest.mark.parametrize("fault", ["drip", "endless_continue", "empty_gzip", "large"])
def test_the_emulator_serves_others_meanwhile_and_stops_at_once(no_tls, fault):
    """Whatever it is sending, and however fast."""
    options = {"bytes": 10**15} if fault == "large" else {"seconds": 0}
    with Emulator() as emulator:
        account = emulator.account("datalab")
        client = httpx.Client(base_url=account["base_url"], timeout=5, verify=no_tls)
        emulator.fail("datalab", "health", fault, **options)
        with closing(socket.create_connection(("127.0.0.1", emulator._listener.port))) as wire:
            wire.sendall(b"GET /datalab/api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert received(wire, 1000)
            assert client.get("/api/v1/health").status_code == 200
            client.close()
            before = time.monotonic()
            emulator.stop()
            assert time.monotonic() - before < 2
