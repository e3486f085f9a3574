"""An exchange has one deadline and one limit of size, blocking and on an event loop; what fails is our own error."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import socket
import ssl
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core import errors, network
from airflow_workflow_providers.core.call import Answer, Call
from airflow_workflow_providers.core.http import HttpSettings, Transport
from airflow_workflow_providers.core.session import Session
from tests.core.raw import hangs, says, serving

MIB = 1024 * 1024


def call(**options: Any) -> Call[Answer]:
    return Call("do it", "GET", "/it", read=lambda answer: answer, **options)


def send(settings: HttpSettings, asked: Call[Answer], *, asynchronous: bool) -> Answer:
    session = Session("Vendor", settings, lambda _: None, connection="vendor_default")
    if not asynchronous:
        try:
            return session.send(asked, attempts=1)
        finally:
            session.close()

    async def exchange() -> Answer:
        try:
            return await session.asend(asked, attempts=1)
        finally:
            await session.aclose()

    return asyncio.run(exchange())


blocking_and_asynchronous = pytest.mark.parametrize(
    "asynchronous", [False, True], ids=["blocking", "asynchronous"]
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
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
        with pytest.raises(errors.Unavailable, match=r"no complete answer within 0\.5 s") as late:
            send(HttpSettings(address), call(limit=0.5), asynchronous=asynchronous)

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
    "as a gzip bomb": says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + bomb(512 * MIB)),
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
                errors.UnreadableAnswer, match=f"the limit is {4 * MIB} bytes.*max_response_mb"
            ) as large:
                send(HttpSettings(address, max_response=4 * MIB), call(), asynchronous=asynchronous)
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
        answer = send(HttpSettings(address, max_response=len(body)), call(), asynchronous=asynchronous)

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
    with serving(says(HEAD + head + b"Content-Length: %d\r\n\r\n" % len(body) + body)) as address:
        with pytest.raises(errors.UnreadableAnswer, match=why):
            send(HttpSettings(address), call(), asynchronous=asynchronous)


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
        send(HttpSettings(address), call(limit=2), asynchronous=asynchronous)

    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    assert "HTTP status None" not in str(failed.value)


@blocking_and_asynchronous
def test_a_start_that_never_left_is_told_from_one_that_may_have_arrived(asynchronous: bool) -> None:
    """By the bytes, not by the kind of the error: a proxy that hangs has passed nothing on."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(errors.Unavailable) as refused:
        send(HttpSettings(f"http://127.0.0.1:{port}"), call(limit=1), asynchronous=asynchronous)
    assert not refused.value.sent

    with serving(hangs) as address, pytest.raises(errors.Unavailable) as silent:
        send(HttpSettings(address), call(limit=0.3), asynchronous=asynchronous)
    assert silent.value.sent


@blocking_and_asynchronous
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_from_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, variable: str, asynchronous: bool
) -> None:
    """Its password is not shown, and what it was asked for is; a CONNECT that gets no answer has sent no request."""
    asked: list[bytes] = []

    def refuse(peer: socket.socket, ends: Any) -> None:
        asked.append(b"")
        peer.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    for behave in (refuse, hangs):
        with serving(behave) as proxy:
            monkeypatch.setenv(variable, proxy.replace("http://", "http://user:pa55word@"))
            with pytest.raises(errors.Unavailable) as failed:
                send(HttpSettings("https://vendor.example"), call(limit=0.5), asynchronous=asynchronous)

            assert not failed.value.sent
            assert f"by the proxy {proxy}" in str(failed.value)
            assert "pa55word" not in str(failed.value)
    assert asked


@blocking_and_asynchronous
def test_a_request_goes_through_a_plain_proxy(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    with serving(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        answer = send(HttpSettings("http://vendor.example"), call(), asynchronous=asynchronous)
        assert answer.content == b"{}"

        monkeypatch.setenv("no_proxy", "vendor.example")
        with pytest.raises(errors.Unavailable) as direct:
            send(HttpSettings("http://vendor.example"), call(limit=1), asynchronous=asynchronous)
        assert "proxy" not in str(direct.value)


@blocking_and_asynchronous
@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("socks5://127.0.0.1:1080", "socksio"),
        ("ftp://127.0.0.1", "not a valid"),
        ("http://user:pa55word@h:99999", "not a valid"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, proxy: str, why: str, asynchronous: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    with pytest.raises(errors.InvalidInput, match=why) as refused:
        send(HttpSettings("https://vendor.example"), call(), asynchronous=asynchronous)

    assert "HTTPS_PROXY" in str(refused.value)
    assert "pa55word" not in str(refused.value)


def test_the_look_up_of_a_name_is_within_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own knows no limit, so a worker leaves it behind."""
    looked_up = network.threading.Event()
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_, **__: looked_up.wait(20) and [])
    began = time.monotonic()

    try:
        with pytest.raises(errors.Unavailable, match="no connection within 0.3 s") as late:
            send(HttpSettings("http://slow.example", connect_timeout=0.3), call(limit=5), asynchronous=False)
    finally:
        looked_up.set()

    assert time.monotonic() - began < 0.3 * 1.1 + 0.5
    assert not late.value.sent


def test_the_engine_logs_no_headers_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG it shows those of every request and response, with the key in them."""
    caplog.set_level(logging.DEBUG)
    with serving(says(HEAD + b"X-Echo: tk_s3cret\r\nContent-Length: 2\r\n\r\n{}")) as address:
        for asynchronous in (False, True):
            send(HttpSettings(address, {"x-api-key": "tk_s3cret"}), call(), asynchronous=asynchronous)

    assert "tk_s3cret" not in caplog.text
    assert "application/json" not in caplog.text


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[], Path]:
    """Make a certificate for 127.0.0.1 that signs itself; the file is replaced each time."""

    def make() -> Path:
        path = tmp_path / "both.pem"
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=127.0.0.1",
            ]
            + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", tmp_path / "c.pem"],
            check=True,
            capture_output=True,
        )
        path.write_bytes(path.read_bytes() + (tmp_path / "c.pem").read_bytes())
        return path

    return make


def test_a_certificate_that_was_replaced_on_disk_is_read_anew(certificate: Callable[[], Path]) -> None:
    """A process lives for months, a certificate does not."""

    def context() -> ssl.SSLContext:
        return Transport(HttpSettings("https://vendor.example", ca_bundle=str(path)))._route.tls

    path = certificate()
    first = context()
    assert context() is first
    before = {entry["serialNumber"] for entry in first.get_ca_certs()}

    certificate()
    second = context()

    assert second is not first
    assert {entry["serialNumber"] for entry in second.get_ca_certs()} != before


def test_cancelled_requests_leave_no_socket_open() -> None:
    """Two thousand, at every step; none is left to the garbage collector."""

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a count of names

    async def storm(address: str) -> tuple[int, int]:
        session = Session("Vendor", HttpSettings(address), lambda _: None)
        before = descriptors()
        for round_ in range(20):
            tasks = [asyncio.create_task(session.asend(call(limit=5), attempts=1)) for _ in range(100)]
            await asyncio.wait(tasks, timeout=0.002 * (round_ % 10))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        closing = asyncio.create_task(session.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await asyncio.sleep(0.05)
        return before, descriptors()

    with serving(says(HEAD + b"Content-Length: 2\r\n\r\n", b"{}", every=0.005)) as address:
        # The server's own side of each connection is in this process too: it closes when it reads the end.
        before, after = asyncio.run(storm(address))
        deadline = time.monotonic() + 5
        while descriptors() > before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert descriptors() <= before + 1


def test_more_checks_than_connections_wait_in_a_queue_of_ours() -> None:
    """The limit of a check begins when it has a connection: 200 checks of 0.2 s over 48 lanes, each limited to 0.5 s."""

    def slow(peer: socket.socket, ends: Any) -> None:
        ends.wait(0.2)
        peer.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    async def many(address: str) -> list[Any]:
        session = Session("Vendor", HttpSettings(address), lambda _: None)
        try:
            return await asyncio.gather(*(session.asend(call(limit=0.6), attempts=1) for _ in range(200)))
        finally:
            await session.aclose()

    with serving(slow) as address:
        answered = asyncio.run(many(address))

    assert [answer.status for answer in answered] == [200] * 200
