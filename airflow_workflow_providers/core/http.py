"""
Building a request, and exchanging it for an answer.

A triggerer is shared by the whole company, so a whole exchange is limited: by one deadline (see ``network``), and by the
size of the decoded body (see ``body``).
"""

from __future__ import annotations

import asyncio
import functools
import math
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio

from airflow_workflow_providers.core.body import MAX_RESPONSE, Body
from airflow_workflow_providers.core.call import Answer, Call, json_bytes
from airflow_workflow_providers.core.engine import httpcore, httpx
from airflow_workflow_providers.core.errors import (
    InvalidInput,
    Unavailable,
    WorkflowError,
)
from airflow_workflow_providers.core.network import AsyncBackend, Backend, Exchange, current
from airflow_workflow_providers.core.proxy import proxy_for
from airflow_workflow_providers.core.text import shown

#: How many connections an event loop opens to a vendor at the most, as they are needed; what is more waits in a queue.
LANES = 48

#: How long an unused connection stays open, in seconds.
KEEPALIVE = 60.0

#: A close goes on when whoever asked for it is cancelled; a task that nobody holds may be collected before it is done.
_closing: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class HttpSettings:
    """
    How to reach a vendor, read from a connection.

    :param base_url: where paths begin, without a slash at the end.
    :param headers: sent with each request; the credentials are in here.
    :param secrets: what no message may repeat.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds for a whole exchange, unless the call has a limit of its own.
    :param max_response: the largest body that is read, decoded, in bytes.
    :param verify: whether the server's certificate is checked.
    :param ca_bundle: a file or folder of certificate authorities, trusted besides the usual ones.
    :param client_certificate: a certificate to show to the server; ``client_key`` is its key, if apart.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    max_response: int = MAX_RESPONSE
    verify: bool = True
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)


# -- requests ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Built:
    """A request as it is sent: nothing about it can go wrong any more but the way."""

    method: str
    url: httpcore.URL
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    content: bytes = field(repr=False)


def build(settings: HttpSettings, call: Call[Any]) -> Built:
    """
    Return the request of a call, serialised whole.

    :raises InvalidInput: if it cannot be sent: an address that is none, or what JSON or a header cannot say.
    """
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "User-Agent": "airflow-workflow-providers",
        **settings.headers,
        **{name: value for name, value in call.headers.items() if value is not None},
    }
    content = b"" if call.body is None else json_bytes("the request", call.body)
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    query = {name: value for name, value in call.query.items() if value is not None}
    why = ""
    try:
        request = httpx.Request(
            call.method, settings.base_url + call.path, params=query or None, headers=headers, content=content
        )
        url = request.url
        # The library would leave it to the socket to find out that a part of the name is too long.
        long = any(len(label) > 63 for label in url.raw_host.split(b"."))
        if url.scheme in ("http", "https") and url.host and not long:
            target = httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            )
            return Built(call.method, target, tuple(request.headers.raw), content)
        why = "it needs http:// or https:// and a host whose parts have 63 characters at the most"
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, TypeError, ValueError) as error:
        why = shown(str(error), settings.secrets)
    raise InvalidInput(f"{address(settings)} is not a valid base URL, or the request cannot be built: {why}.")


def address(settings: HttpSettings) -> str:
    """Return the base URL as a message may show it."""
    return shown(settings.base_url, settings.secrets)


# -- TLS -----------------------------------------------------------------------------------------------------------


def _tls(settings: HttpSettings) -> ssl.SSLContext:
    """Return the TLS context of these settings; one that was made from files is made anew when they have changed."""
    files = (settings.ca_bundle, settings.client_certificate, settings.client_key)
    usual = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _tls_context(settings.verify, *files, stamps=(*usual, *map(_stamp, (*files, *usual))))


def _stamp(path: str | None) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat() if path else None
    except (OSError, ValueError):  # a null byte in it
        return None
    return found and (found.st_mtime_ns, found.st_size, found.st_ino)


@functools.lru_cache(maxsize=16)
def _tls_context(  # one context costs more than many requests
    verify: bool,  # noqa: FBT001  # one caller, and positional so that the cache has one key
    ca_bundle: str | None,
    certificate: str | None,
    key: str | None,
    stamps: tuple[Any, ...],  # noqa: ARG001  # part of the cache's key
) -> ssl.SSLContext:
    context = httpx.create_ssl_context(verify=verify)
    try:
        if ca_bundle and verify:
            folder = Path(ca_bundle).is_dir()
            context.load_verify_locations(**{"capath" if folder else "cafile": ca_bundle})
    except (OSError, ValueError) as error:
        raise InvalidInput(f"ca_bundle {ca_bundle!r} cannot be read: {error}.") from None
    try:
        if certificate:
            context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"client_certificate {certificate!r} cannot be read: {error}.") from None
    return context


def _headers(response: httpcore.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


# -- exchanges -----------------------------------------------------------------------------------------------------


class _Route:
    """How to get to a vendor: directly, or by the proxy of the environment."""

    def __init__(self, settings: HttpSettings) -> None:
        self.settings = settings
        self.proxy = proxy_for(settings.base_url)
        secure = urlsplit(settings.base_url).scheme == "https"
        files = settings.ca_bundle or settings.client_certificate
        self.tls = _tls(settings) if secure or files else None
        tunnel = self.proxy is not None and self.proxy.scheme == "https"
        self.layers = int(secure) + int(secure and tunnel)

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"ssl_context": self.tls, "keepalive_expiry": KEEPALIVE}
        if self.proxy is not None:
            options |= {"proxy_url": self.proxy.url, "proxy_auth": self.proxy.auth}
            if self.proxy.scheme == "https":
                options["proxy_ssl_context"] = _tls(self.settings)
        return options

    def request(self, built: Built, limit: float) -> httpcore.Request:
        timeouts = {"connect": min(self.settings.connect_timeout, limit)}
        return httpcore.Request(
            built.method,
            built.url,
            headers=list(built.headers),
            content=built.content,
            extensions={"timeout": timeouts},
        )

    def failure(self, error: BaseException, exchange: Exchange) -> WorkflowError:
        """Return what went wrong on the way, and whether the request may have arrived."""
        if isinstance(error, WorkflowError):
            return error
        secrets = self.settings.secrets
        if self.proxy is not None and self.proxy.auth is not None:
            secrets = (*secrets, self.proxy.auth[1].decode("utf-8", "replace"))
        if isinstance(error, (TimeoutError, httpcore.TimeoutException)):
            connect = isinstance(error, httpcore.ConnectTimeout)
            limit = min(self.settings.connect_timeout, exchange.limit) if connect else exchange.limit
            what = "no connection" if connect else "no complete answer"
            reason = f"{what} within {limit:g} s"
        else:
            reason = f"{type(error).__name__}: {shown(str(error), secrets) or 'the connection was closed'}"
        by = f" by the proxy {self.proxy.url}" if self.proxy is not None else ""
        if isinstance(error, (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol)):
            return InvalidInput(f"the request cannot be sent ({reason}), at {address(self.settings)}")
        return Unavailable(f"{reason}, at {address(self.settings)}{by}", sent=exchange.sent)


class Transport:
    """The connections of a worker to a vendor."""

    def __init__(self, settings: HttpSettings) -> None:
        self._route = _Route(settings)
        kind: Any = httpcore.ConnectionPool
        if self._route.proxy is not None:
            kind = httpcore.SOCKSProxy if self._route.proxy.scheme.startswith("socks") else httpcore.HTTPProxy
        self._pool = kind(
            **self._route.options(), max_connections=16, network_backend=Backend(self._route.layers)
        )

    def exchange(self, built: Built, limit: float) -> Answer:
        """
        Send a request once, and read the whole answer.

        :raises Unavailable: if there was no answer within ``limit`` seconds; ``sent`` says whether the request can have
            arrived.
        :raises UnreadableAnswer: if the body is too large, or cannot be decompressed.
        """
        exchange = Exchange.within(limit)
        token = current.set(exchange)
        try:
            return self._exchange(built, exchange)
        except Exception as error:  # noqa: BLE001  # whatever the engine raises, a WorkflowError comes out
            failure = self._route.failure(error, exchange)
        finally:
            current.reset(token)
        raise failure

    def _exchange(self, built: Built, exchange: Exchange) -> Answer:
        settings = self._route.settings
        response = self._pool.handle_request(self._route.request(built, exchange.limit))
        try:
            headers = _headers(response)
            body = Body(response.status, headers, settings.max_response)
            for chunk in response.stream:
                for _ in body.feed(chunk):
                    exchange.left()
        finally:
            response.close()
        return Answer(response.status, headers, bytes(body.content), settings.secrets)

    def close(self) -> None:
        """Close the connections; the next exchange opens them again."""
        self._pool.close()


class AsyncTransport:
    """
    The connections of an event loop to a vendor: lanes of one connection each, opened as they are needed.

    What finds no lane waits in a queue of ours; its limit begins when it has one.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._route = _Route(settings)
        self._free = asyncio.Semaphore(LANES)
        self._idle: list[Any] = []

    def _open(self) -> Any:
        # A pool of one is the library's smallest thing that opens a broken connection anew and can use a proxy.
        kind: Any = httpcore.AsyncConnectionPool
        if self._route.proxy is not None:
            socks = self._route.proxy.scheme.startswith("socks")
            kind = httpcore.AsyncSOCKSProxy if socks else httpcore.AsyncHTTPProxy
        return kind(
            **self._route.options(), max_connections=1, network_backend=AsyncBackend(self._route.layers)
        )

    async def exchange(
        self, built: Built, limit: float, *, budget: float = math.inf, apart: bool = False
    ) -> Answer:
        """
        Do what :meth:`Transport.exchange` does, on an event loop.

        :param budget: seconds that are left for waiting in the queue and for the exchange.
        :param apart: use a connection of its own, and do not queue: for what must arrive whatever else hangs.
        """
        if apart:
            lane = self._open()
            try:
                return await self._on(lane, built, limit)
            finally:
                await lane.aclose()
        until = time.monotonic() + budget
        try:
            with anyio.fail_after(None if budget == math.inf else budget):
                await self._free.acquire()
        except TimeoutError:
            full = Unavailable(f"all {LANES} connections were busy until the deadline", sent=False)
        else:
            # The lane used last is the one that is surely still open.
            lane = self._idle.pop() if self._idle else self._open()
            try:
                return await self._on(lane, built, min(limit, until - time.monotonic()))
            finally:
                self._idle.append(lane)
                self._free.release()
        raise full

    async def _on(self, lane: Any, built: Built, limit: float) -> Answer:
        exchange = Exchange.within(limit)
        token = current.set(exchange)
        try:
            with anyio.fail_after(limit):
                return await self._exchange(lane, built, exchange)
        except Exception as error:  # noqa: BLE001  # whatever the engine raises, a WorkflowError comes out
            failure = self._route.failure(error, exchange)
        finally:
            current.reset(token)
        raise failure

    async def _exchange(self, lane: Any, built: Built, exchange: Exchange) -> Answer:
        settings = self._route.settings
        response = await lane.handle_async_request(self._route.request(built, exchange.limit))
        try:
            headers = _headers(response)
            body = Body(response.status, headers, settings.max_response)
            async for chunk in response.stream:
                for sliced, _ in enumerate(body.feed(chunk)):
                    if sliced:
                        await asyncio.sleep(0)
        finally:
            await response.aclose()
        return Answer(response.status, headers, bytes(body.content), settings.secrets)

    async def aclose(self) -> None:
        """Close the connections, also where whoever asked for it is cancelled."""
        closing = asyncio.create_task(self._close())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.shield(closing)

    async def _close(self) -> None:
        lanes, self._idle = self._idle, []
        for lane in lanes:
            await lane.aclose()
