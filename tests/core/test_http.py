"""An exchange has one deadline and one limit of size, blocking and on an event loop; what fails is our own error."""

from __future__ import annotations

import gzip
import os
import socket
import time
import tracemalloc
import zlib
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.http import HttpSettings
from tests.core.raw import HEAD, blocking_and_asynchronous, hangs, request, says, send, serving

MIB = 1024 * 1024


SLOW = {
    "nothing at all": hangs,
    "headers a byte at a time": says(HEAD, b"X-A: b\r\n", every=0.05, endlessly=True),
    "100 Continue again and again": says(b"HTTP/1.1 100 Continue\r\n\r\n", every=0.01, endlessly=True),
    "a body a byte at a time": says(
        HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", every=0.05, endlessly=True
    ),
    "chunks without an end": says(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", every=0.05, endlessly=True
    ),
    "gzip blocks that decode to nothing": says(
        HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"a\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\r\n",
        b"5\r\n\0\0\0\xff\xff\r\n",
        every=0.01,
        endlessly=True,
    ),
}


@blocking_and_asynchronous
@pytest.mark.parametrize("behave", SLOW.values(), ids=SLOW)
def test_one_deadline_holds_over_a_whole_exchange(behave: Any, asynchronous: bool) -> None:
    """Within a tenth of it and half a second: whatever the server does to stretch it."""
    with serving(behave) as address:
        began = time.monotonic()
        with pytest.raises(errors.Unavailable, match=r"no complete response within 0\.5 s") as late:
            send(HttpSettings(address), request(timeout=0.5), asynchronous=asynchronous)

        assert time.monotonic() - began < 0.5 * 1.1 + 0.5
        assert late.value.sent
        assert address in str(late.value)
        assert "vendor_default" in str(late.value)
        assert late.value.__cause__ is None
        assert late.value.__context__ is None


def bomb(size: int) -> bytes:
    """Return a gzip stream that decodes to so many zeros."""
    packed = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join([*(packed.compress(bytes(MIB)) for _ in range(size // MIB)), packed.flush()])


LARGE = {
    "with its length": says(HEAD + b"Content-Length: 1500000000\r\n\r\n", bytes(MIB), endlessly=True),
    "without its length": says(HEAD + b"\r\n", bytes(MIB), endlessly=True),
    "as a gzip bomb": says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + bomb(64 * MIB)),
    "as a zlib bomb": says(HEAD + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(bytes(64 * MIB))),
}


@blocking_and_asynchronous
@pytest.mark.parametrize("behave", LARGE.values(), ids=LARGE)
def test_a_body_is_no_larger_than_the_limit(behave: Any, asynchronous: bool) -> None:
    """The error says size, limit, and how to raise it; and no more than the limit is held in memory."""
    with serving(behave) as address:
        tracemalloc.start()
        try:
            with pytest.raises(
                errors.UnexpectedResponse, match=f"the limit is {4 * MIB} bytes.*max_response_mb"
            ) as large:
                send(HttpSettings(address, max_response=4 * MIB), request(), asynchronous=asynchronous)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak < 24 * MIB
    assert ("1500000000 bytes" if behave is LARGE["with its length"] else "more than") in str(large.value)


@blocking_and_asynchronous
@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_a_body_within_the_limit_arrives_whole(encoding: str, asynchronous: bool) -> None:
    body = os.urandom(MIB) + bytes(2 * MIB)
    packed = {"": body, "gzip": gzip.compress(body), "deflate": zlib.compress(body)}[encoding]
    head = HEAD + f"Content-Length: {len(packed)}\r\n".encode()
    if encoding:
        head += f"Content-Encoding: {encoding}\r\n".encode()
    with serving(says(head + b"\r\n" + packed)) as address:
        answer = send(HttpSettings(address, max_response=len(body)), request(), asynchronous=asynchronous)

    assert answer.content == body


@blocking_and_asynchronous
@pytest.mark.parametrize(
    ("head", "body", "why"),
    [
        (b"Content-Encoding: gzip\r\n", b"no gzip at all", "cannot be decompressed"),
        (b"Content-Encoding: br\r\n", b"x", "encoded as 'br', which was not asked for"),
    ],
)
def test_a_body_that_cannot_be_decoded_is_our_own_error(
    head: bytes, body: bytes, why: str, asynchronous: bool
) -> None:
    behave = says(HEAD + head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    with serving(behave) as address, pytest.raises(errors.UnexpectedResponse, match=why):
        send(HttpSettings(address), request(), asynchronous=asynchronous)


ODD_BYTES = {
    "no HTTP": says(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "a status line alone": says(b"HTTP/1.1 200 OK\r\n", every=0.0),
    "a huge header": says(HEAD + b"X: " + b"x" * 200_000 + b"\r\n\r\n"),
    "a negative length": says(HEAD + b"Content-Length: -5\r\n\r\n"),
    "bad chunks": says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "too little": says(HEAD + b"Content-Length: 10\r\n\r\nabc"),
    "a NUL in a header": says(HEAD + b"X: a\0b\r\n\r\n"),
}


@blocking_and_asynchronous
@pytest.mark.parametrize("behave", ODD_BYTES.values(), ids=ODD_BYTES)
def test_whatever_comes_over_a_socket_is_our_own_error(behave: Any, asynchronous: bool) -> None:
    """One paragraph, without a chain of the engine's own."""

    def once(peer: socket.socket, ends: Any) -> None:
        behave(peer, ends)
        peer.shutdown(socket.SHUT_RDWR)

    with serving(once) as address, pytest.raises(errors.WorkflowError) as failed:
        send(HttpSettings(address), request(timeout=2), asynchronous=asynchronous)

    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    assert "HTTP status None" not in str(failed.value)
