"""
One deadline for a whole exchange, held where bytes go out and come in: in the network backend under the library's engine.

The library limits each read and each write; a server that sends a byte now and then could stretch an exchange for ever.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.core.engine import httpcore

#: How much is sent in one go: the limit of a write is counted for each.
_PIECE = 64 * 1024

#: How long the closing of a connection outside of any exchange may take, in seconds.
_CLOSING = 10.0


@dataclass
class Exchange:
    """One request and its answer: when it must be over, and whether a byte of the request may have left."""

    limit: float
    deadline: float
    sent: bool = False

    @classmethod
    def within(cls, limit: float) -> Exchange:
        return cls(limit, time.monotonic() + limit)

    def left(self, timeout: float | None = None) -> float:
        """Return the seconds that are left, or fewer where the library asks for fewer."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if timeout is None else min(left, timeout)


current: ContextVar[Exchange | None] = ContextVar("airflow_workflow_providerscurrent", default=None)


def _running() -> Exchange:
    # A connection that is closed after its exchange is outside of any.
    return current.get() or Exchange.within(_CLOSING)


class _NotOurs(logging.Filter):
    """Drop what the engine logs of our requests: headers at DEBUG, with the key in them."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  # whatever it says
        return current.get() is None


# A filter is not inherited: each logger of the engine that sees a request has its own.
for _name in ("connection", "http11", "http2", "proxy", "socks"):
    logging.getLogger(f"httpcore.{_name}").addFilter(_NotOurs())


class Stream(httpcore.NetworkStream):
    """A socket whose reads and writes end at the deadline; ``layers`` of TLS are missing before the vendor is reached."""

    def __init__(self, inner: httpcore.NetworkStream, layers: int) -> None:
        self._inner = inner
        self._layers = layers

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _running().left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = _running()
        exchange.sent = exchange.sent or not self._layers
        for place in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[place : place + _PIECE], exchange.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _running().left(timeout))
        return Stream(inner, max(0, self._layers - 1))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore.SyncBackend):
    """Opens sockets within the deadline, the look-up of the name included."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self._layers = layers

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        exchange = _running()
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for found in _resolve(host, port, exchange.left(timeout)):
            try:
                # Each address in turn, all within one limit.
                inner = super().connect_tcp(
                    found, port, exchange.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:  # noqa: PERF203  # a retry is a try in a loop
                failure = error
            else:
                return Stream(inner, self._layers)
        raise failure


def _resolve(host: str, port: int, timeout: float) -> list[str]:
    """Return the addresses of a host. The system's look-up knows no limit, so it is left behind in its thread when late."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.append(error)

    # A daemon, so that a look-up that hangs does not keep the process from its end.
    thread = threading.Thread(target=look_up, name=f"resolve-{host}", daemon=True)
    thread.start()
    thread.join(timeout)
    if not found:
        raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time")
    if isinstance(found[0], Exception):
        raise httpcore.ConnectError(str(found[0]))
    return list(dict.fromkeys(info[4][0] for info in found))


class AsyncStream(httpcore.AsyncNetworkStream):
    """As :class:`Stream`; the deadline of an asynchronous exchange is kept around all of it."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, layers: int) -> None:
        self._inner = inner
        self._layers = layers

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = _running()
        exchange.sent = exchange.sent or not self._layers
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return AsyncStream(inner, max(0, self._layers - 1))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncBackend(httpcore.AnyIOBackend):
    def __init__(self, layers: int) -> None:
        super().__init__()
        self._layers = layers

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        inner = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return AsyncStream(inner, self._layers)
