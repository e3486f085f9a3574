"""
One deadline for a whole exchange, checked wherever bytes are sent and received: in the network backend of the library.

The library limits each read and each write alone: a server that sends a byte now and then could stretch an exchange
without end.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import anyio

from airflow_workflow_providers.core.engine import httpcore
from airflow_workflow_providers.core.errors import UnexpectedResponse

#: How much is sent in one write: each write has a timeout.
_PIECE = 64 * 1024

#: How much of a response may wait in memory until it is read, in bytes.
_BUFFER = 256 * 1024

#: How long the closing of a connection outside of any exchange may take, in seconds.
_CLOSING = 10.0


@dataclass
class Exchange:
    """One request and its response: its deadline, and whether a byte of the request may have left."""

    limit: float
    deadline: float
    sent: bool = False

    @classmethod
    def within(cls, limit: float) -> Exchange:
        return cls(limit, time.monotonic() + limit)

    def left(self, timeout: float | None = None) -> float:
        """Return the seconds that are left, or fewer if the library asks for fewer."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if timeout is None else min(left, timeout)


current: ContextVar[Exchange | None] = ContextVar("airflow_workflow_providers_exchange", default=None)


def running() -> Exchange:
    """Return the exchange of this thread or asyncio task."""
    # A connection is closed after its exchange, outside of any.
    return current.get() or Exchange.within(_CLOSING)


class _NotOurs(logging.Filter):
    """Drop what the engine logs of our requests: headers at DEBUG, with the key in them."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  # whatever it says
        return current.get() is None


# Loggers do not inherit filters: each logger of the engine that sees a request gets one.
for _name in ("connection", "http11", "http2", "proxy", "socks"):
    logging.getLogger(f"{httpcore.__name__}.{_name}").addFilter(_NotOurs())


class _Layered:
    """A socket of the library; what is not written here is the library's own."""

    def __init__(self, inner: Any, layers: int) -> None:
        self._inner = inner
        #: How many layers of TLS are still to come before the vendor.
        self._layers = layers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _sending(self) -> Exchange:
        exchange = running()
        exchange.sent = exchange.sent or not self._layers
        return exchange


class Stream(_Layered):
    """A socket whose reads and writes end at the deadline."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, running().left(timeout))  # type: ignore[no-any-return]

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = self._sending()
        for place in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[place : place + _PIECE], exchange.left(timeout))

    def start_tls(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Stream:
        inner = self._inner.start_tls(*args, timeout=running().left(timeout), **kwargs)
        return Stream(inner, max(0, self._layers - 1))


class Backend(httpcore.SyncBackend):
    """
    Opens sockets within the deadline, name resolution included.

    :param layers: how many layers of TLS lie between a socket and the server.
    :param public_only: reject addresses that are not public: the server was named by a vendor.
    """

    def __init__(self, layers: int, *, public_only: bool = False) -> None:
        super().__init__()
        self._layers = layers
        self._public_only = public_only

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        exchange = running()
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        addresses = resolve(host, port, exchange.left(timeout))
        if self._public_only:
            require_public(host, addresses)
        for found in addresses:
            try:
                # Each address in turn, all within one limit.
                inner = super().connect_tcp(found, port, exchange.left(timeout), *args, **kwargs)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:  # noqa: PERF203  # a retry is a try in a loop
                failure = error
            else:
                return Stream(inner, self._layers)
        raise failure


def require_public(host: str, addresses: list[str]) -> None:
    """
    Reject a host with an address that is not public.

    :raises UnexpectedResponse: if one of its addresses is not.
    """
    for found in addresses:
        address = ipaddress.ip_address(found.partition("%")[0])
        if not (getattr(address, "ipv4_mapped", None) or address).is_global:
            raise UnexpectedResponse(
                f"host {host} has the address {found}, which is not public; download_hosts of the connection may list the host"
            )


def resolve(host: str, port: int, timeout: float) -> list[str]:
    """Return the addresses of a host. The system's name resolution has no timeout, so it runs in a thread that may be left behind."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    found: list[Any] = []

    def resolve() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.append(error)

    # A daemon, so that a resolution that hangs does not keep the process alive.
    thread = threading.Thread(target=resolve, name=f"resolve-{host}", daemon=True)
    thread.start()
    thread.join(timeout)
    if not found:
        raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time")
    if isinstance(found[0], Exception):
        raise httpcore.ConnectError(str(found[0]))
    return list(dict.fromkeys(info[4][0] for info in found))


class AsyncStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """
    A socket of an event loop; an asynchronous exchange has its deadline around all of it.

    The library's own goes through a layer for several kinds of event loops, which costs a status check more than the rest.

    :param layers: as for :class:`Backend`.
    :ivar received: how many bytes have come.
    """

    def __init__(self, layers: int) -> None:
        self._layers = layers
        self.received = 0
        self._transport: Any = None
        self._received = bytearray()
        self._waiting: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None

    # -- what the event loop calls --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._received += data
        if len(self._received) > _BUFFER:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # -- what the library calls; a timeout of its own is not needed --

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  # see above
        if not (self._received or self._ended):
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        if not self._received and self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        paused = len(self._received) > _BUFFER
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if paused and len(self._received) <= _BUFFER and not self._ended:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  # see above
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection was closed")
        exchange = running()
        exchange.sent = exchange.sent or not self._layers
        self._transport.write(buffer)

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket at once."""
        self._transport.abort()

    @property
    def is_ended(self) -> bool:
        """Whether the other side has closed it, or has sent what nobody asked for."""
        return self._ended or bool(self._received)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # the library's
    ) -> AsyncStream:
        with _connecting(timeout):
            self._transport = await asyncio.get_running_loop().start_tls(
                self._transport, self, ssl_context, server_hostname=server_hostname
            )
        self._layers = max(0, self._layers - 1)
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # between two exchanges only an end can come
            return self.is_ended
        return self._transport.get_extra_info(info)


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """
    Opens sockets of an event loop.

    :param layers: as for :class:`Backend`.
    """

    def __init__(self, layers: int) -> None:
        self._layers = layers

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # the library's
        local_address: str | None = None,  # noqa: ARG002  # never given
        socket_options: Any = None,  # noqa: ARG002  # never given
    ) -> AsyncStream:
        with _connecting(timeout):
            _, stream = await asyncio.get_running_loop().create_connection(
                lambda: AsyncStream(self._layers), host, port
            )
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def _deadline(seconds: float) -> AsyncIterator[None]:
    with anyio.fail_after(seconds):
        yield


#: Raises ``TimeoutError`` after so many seconds, around what an event loop waits for. That of Python 3.11 costs the least.
deadline: Callable[[float], Any] = getattr(asyncio, "timeout", _deadline)


@contextmanager
def _connecting(timeout: float | None) -> Iterator[None]:
    """Limit the time of a connect, and give its errors the library's names."""
    try:
        with anyio.fail_after(timeout):
            yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except (OSError, ssl.SSLError) as error:
        raise httpcore.ConnectError(str(error)) from error
