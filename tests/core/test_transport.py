"""The way to a vendor: proxies, names, certificates, connections; what leaves, what is logged, what stays open."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core import engine, errors, http, network
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.tls import TlsSettings, tls_context
from tests.core.raw import (
    HEAD,
    async_client,
    blocking_and_asynchronous,
    endpoint,
    hangs,
    request,
    says,
    send,
    serving,
)

#: Makes a certificate for 127.0.0.1 that signs itself.
OPENSSL = (
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
    *("-addext", "subjectAltName=IP:127.0.0.1"),
)


@blocking_and_asynchronous
def test_a_start_that_never_left_is_told_from_one_that_may_have_arrived(asynchronous: bool) -> None:
    """By the bytes, not by the kind of the error: a proxy that hangs has passed nothing on."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(errors.Unavailable) as refused:
        send(HttpSettings(f"http://127.0.0.1:{port}"), request(timeout=1), asynchronous=asynchronous)
    assert not refused.value.sent

    with serving(hangs) as address, pytest.raises(errors.Unavailable) as silent:
        send(HttpSettings(address), request(timeout=0.3), asynchronous=asynchronous)
    assert silent.value.sent


@pytest.mark.parametrize("kind", [{"starts_run": True}, {"creates": "store"}], ids=["a run", "a store"])
def test_a_start_is_not_sent_on_a_connection_that_was_unused_for_a_while(
    monkeypatch: pytest.MonkeyPatch, kind: dict[str, Any]
) -> None:
    """The vendor may be just about to close it, and then nobody knows whether a run was started, or a store created."""
    connections: set[int] = set()

    def closes_at_the_second_request(peer: socket.socket, ends: threading.Event) -> None:
        port = peer.getpeername()[1]
        if port in connections:
            raise ConnectionResetError
        connections.add(port)
        says(HEAD + b"content-length: 2\r\n\r\n{}")(peer, ends)

    def send_two_starts() -> None:
        with serving(closes_at_the_second_request) as address:
            client = Client(lambda: endpoint(HttpSettings(address)))
            start = replace(request(timeout=5), **kind)
            try:
                client.send(start)
                client.send(start)
            finally:
                client.close()

    with pytest.raises(errors.LostStart):  # used again at once: this server closes sooner than servers do
        send_two_starts()
    connections.clear()
    monkeypatch.setattr(http, "START_KEEPALIVE", 0.0)

    send_two_starts()


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
                send(HttpSettings("https://vendor.example"), request(timeout=0.5), asynchronous=asynchronous)

            assert not failed.value.sent
            assert f"through the proxy {proxy}" in str(failed.value)
            assert "pa55word" not in str(failed.value)
    assert asked


@blocking_and_asynchronous
def test_a_request_goes_through_a_plain_proxy(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    with serving(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        answer = send(HttpSettings("http://vendor.example"), request(), asynchronous=asynchronous)
        assert answer.content == b"{}"

        monkeypatch.setenv("no_proxy", "vendor.example")
        with pytest.raises(errors.Unavailable) as direct:
            send(HttpSettings("http://vendor.example"), request(timeout=1), asynchronous=asynchronous)
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
        send(HttpSettings("https://vendor.example"), request(), asynchronous=asynchronous)

    assert "HTTPS_PROXY" in str(refused.value)
    assert "pa55word" not in str(refused.value)


def test_the_look_up_of_a_name_is_within_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own knows no limit, so a worker leaves it behind."""
    looked_up = network.threading.Event()
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_, **__: looked_up.wait(20) and [])
    began = time.monotonic()

    try:
        with pytest.raises(errors.Unavailable, match=r"no connection within 0\.3 s") as late:
            send(
                HttpSettings("http://slow.example", connect_timeout=0.3),
                request(timeout=5),
                asynchronous=False,
            )
    finally:
        looked_up.set()

    assert time.monotonic() - began < 0.3 * 1.1 + 0.5
    assert not late.value.sent


def test_the_engine_logs_no_headers_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG it shows those of every request and response, with the key in them."""
    caplog.set_level(logging.DEBUG)
    with serving(says(HEAD + b"X-Echo: tk_s3cret\r\nContent-Length: 2\r\n\r\n{}")) as address:
        for asynchronous in (False, True):
            send(HttpSettings(address, {"x-api-key": "tk_s3cret"}), request(), asynchronous=asynchronous)

    assert "tk_s3cret" not in caplog.text
    assert "application/json" not in caplog.text


def test_the_newer_library_is_used_where_it_is_installed() -> None:
    """Airflow 3.4 brings it. A mix of both would catch the errors of the wrong one."""
    suffix = "2" if importlib.util.find_spec("httpx2") else ""

    assert engine.httpx.__name__ == f"httpx{suffix}"
    assert engine.httpcore.__name__ == f"httpcore{suffix}"
    assert issubclass(network.Backend, engine.httpcore.SyncBackend)


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[], Path]:
    """Make a certificate for 127.0.0.1 that signs itself; the file is replaced each time."""

    def make() -> Path:
        path = tmp_path / "both.pem"
        subprocess.run(
            [*OPENSSL, "-keyout", path, "-out", tmp_path / "c.pem"],
            check=True,
            capture_output=True,
        )
        path.write_bytes(path.read_bytes() + (tmp_path / "c.pem").read_bytes())
        return path

    return make


def test_a_certificate_that_was_replaced_on_disk_is_read_anew(certificate: Callable[[], Path]) -> None:
    """A process lives for months, a certificate does not."""

    def context() -> ssl.SSLContext:
        return tls_context(TlsSettings(ca_bundle=str(path)))

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

    async def storm(address: str) -> None:
        client = async_client(HttpSettings(address))
        for round_ in range(20):
            tasks = [asyncio.create_task(client.send(request(timeout=5), attempts=1)) for _ in range(100)]
            await asyncio.wait(tasks, timeout=0.002 * (round_ % 10))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        closing = asyncio.create_task(client.close())
        await asyncio.wait([closing], timeout=0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await asyncio.gather(*http._closing)

    before = descriptors()
    # The server's own side of each connection is in this process too; it is closed when the server has ended.
    with serving(says(HEAD + b"Content-Length: 2\r\n\r\n", b"{}", every=0.005)) as address:
        asyncio.run(storm(address))

    assert descriptors() <= before


def test_more_checks_than_connections_wait_in_a_queue_of_ours() -> None:
    """The limit of a check begins when it has a connection: 400 checks of 0.4 s over 48 lanes, each limited to 2.5 s."""

    def slow(peer: socket.socket, ends: Any) -> None:
        ends.wait(0.4)
        peer.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    async def many(address: str) -> list[Any]:
        client = async_client(HttpSettings(address))
        try:
            return await asyncio.gather(*(client.send(request(timeout=2.5), attempts=1) for _ in range(400)))
        finally:
            await client.close()

    with serving(slow) as address:
        answered = asyncio.run(many(address))

    assert [answer.status for answer in answered] == [200] * 400


@blocking_and_asynchronous
def test_no_more_requests_are_sent_at_once_than_the_connection_allows(asynchronous: bool) -> None:
    """The others wait in a queue; the error of one that waits too long says how many connections there are."""
    most, now = 0, 0
    lock = threading.Lock()

    def slow(peer: socket.socket, ends: threading.Event) -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        ends.wait(0.1)
        with lock:
            now -= 1
        peer.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    async def together(address: str, *budgets: float) -> list[Any]:
        client = async_client(HttpSettings(address, concurrent_requests=3))
        try:
            sending = [client.send(request(), attempts=1, budget=budget) for budget in budgets]
            return await asyncio.gather(*sending, return_exceptions=True)
        finally:
            await client.close()

    with serving(slow) as address:
        if asynchronous:
            asyncio.run(together(address, *[30.0] * 9))
        else:
            client = Client(lambda: endpoint(HttpSettings(address, concurrent_requests=3)))
            client.build(request())  # opens its connections
            with ThreadPoolExecutor(9) as threads:
                list(threads.map(lambda _: client.send(request(), attempts=1), range(9)))
            client.close()
        assert most == 3

    if asynchronous:
        with serving(hangs) as address:
            answers = asyncio.run(together(address, 2.0, 2.0, 2.0, 0.5, 0.5))
        assert ["all 3 connections were busy" in str(answer) for answer in answers] == [False] * 3 + [
            True
        ] * 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_the_server_has_closed_in_the_meantime_is_opened_anew(method: str) -> None:
    """What only reads is sent again at once; of anything else it is not known whether it has arrived."""
    served: list[bytes] = []

    def once(peer: socket.socket, _: threading.Event) -> None:
        served.append(b"")
        if len(served) == 2:  # it has received the second request on this connection, and says nothing
            peer.shutdown(socket.SHUT_RDWR)
        else:
            peer.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    wanted = replace(request(), method=method)

    async def twice(settings: HttpSettings) -> list[int]:
        client = async_client(settings)
        try:
            return [(await client.send(wanted, attempts=1)).status for _ in range(2)]
        finally:
            await client.close()

    with serving(once) as address:
        if method == "GET":
            assert asyncio.run(twice(HttpSettings(address))) == [200, 200]
            assert len(served) == 3
        else:
            with pytest.raises(errors.Unavailable) as failed:
                asyncio.run(twice(HttpSettings(address)))
            assert failed.value.sent
            assert len(served) == 2
