"""A server that answers with any bytes at any speed, which no HTTP server can be made to do; and a call to it."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_workflow_providers.core.async_client import AsyncClient
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.request import Request, Response
from airflow_workflow_providers.core.vendor import VendorApi

Behaviour = Callable[[socket.socket, threading.Event], None]


@contextlib.contextmanager
def serving(behave: Behaviour) -> Iterator[str]:
    """
    Give the address of a server on 127.0.0.1 that does this with each connection, once a request has come.

    :param behave: sends what it likes; it looks at the event to end when the test does.
    """
    ends = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def serve(peer: socket.socket) -> None:
            with peer, contextlib.suppress(OSError):
                while select.select([peer], [], [], 0.05)[0] or not ends.is_set():
                    if not select.select([peer], [], [], 0)[0]:
                        continue
                    if not peer.recv(65536):
                        return
                    behave(peer, ends)

        def accept() -> None:
            while not ends.is_set():
                if select.select([listener], [], [], 0.05)[0]:
                    threads.append(threading.Thread(target=serve, args=(listener.accept()[0],)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ends.set()
            accepting.join()
            for thread in threads:
                thread.join()


def says(*pieces: bytes, every: float = 0.0, endlessly: bool = False) -> Behaviour:
    """
    Return a behaviour that sends these pieces, with so many seconds between them.

    :param pieces: what is sent.
    :param every: seconds between two pieces.
    :param endlessly: send the last one again and again.
    """

    def behave(peer: socket.socket, ends: threading.Event) -> None:
        for piece in pieces:
            peer.sendall(piece)
            if ends.wait(every):
                return
        while endlessly and not ends.is_set():
            peer.sendall(pieces[-1])
            ends.wait(every)

    return behave


def hangs(_: socket.socket, ends: threading.Event) -> None:
    """Say nothing until the test ends."""
    ends.wait()


def request(**options: Any) -> Request[Response]:
    return Request("do it", "GET", "/it", parse=lambda response: response, **options)


def endpoint(settings: HttpSettings, **api: Any) -> Endpoint:
    vendor = VendorApi(base_url="https://vendor", auth_headers=dict, **api)
    return Endpoint("Vendor", vendor, settings, "vendor_default")


def async_client(settings: HttpSettings) -> AsyncClient:
    async def read() -> Endpoint:
        return endpoint(settings)

    return AsyncClient(read)


def send(settings: HttpSettings, wanted: Request[Response], *, asynchronous: bool) -> Response:
    if not asynchronous:
        client = Client(lambda: endpoint(settings))
        try:
            return client.send(wanted, attempts=1)
        finally:
            client.close()

    async def exchange() -> Response:
        shared = async_client(settings)
        try:
            return await shared.send(wanted, attempts=1)
        finally:
            await shared.close()

    return asyncio.run(exchange())


blocking_and_asynchronous = pytest.mark.parametrize(
    "asynchronous", [False, True], ids=["blocking", "asynchronous"]
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
