"""
Serialising a request, and exchanging it for a response.

A triggerer is shared by the whole company, so each exchange has limits: one deadline for all of it (see ``network``), and
the size of the decoded body (see ``body``).
"""

import asyncio
import math
import time
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.body import MAX_RESPONSE, Body, Sink
from airflow_workflow_providers.core.engine import h11, httpcore, httpx
from airflow_workflow_providers.core.lane import KEEPALIVE, Lane
from airflow_workflow_providers.core.network import (
    AsyncBackend,
    AsyncStream,
    Backend,
    Exchange,
    current,
    deadline,
    running,
)
from airflow_workflow_providers.core.parameters import json_bytes
from airflow_workflow_providers.core.proxy import proxy_for
from airflow_workflow_providers.core.request import Request, Response
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.tls import TlsSettings, tls_context

#: How many connections an event loop opens to a vendor, unless the connection in Airflow allows fewer.
LANES = 48

#: How many connections a worker keeps open to a vendor at the most.
_WORKER_CONNECTIONS = 16

#: How long a connection may be unused before a start is sent on it, in seconds. Servers close connections that nobody uses, after 5 s or
#: longer; a start that meets such a close is lost.
START_KEEPALIVE = 2.0

#: How many different sets of headers are kept.
_HEADS = 16

#: A close continues when its caller is cancelled; asyncio may collect a task that nobody references before it is done.
_closing: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class HttpSettings(TlsSettings):
    """
    How to reach a vendor, read from a connection.

    :param base_url: where paths begin, without a slash at the end.
    :param headers: sent with each request; the credentials are in here.
    :param secrets: what no message may repeat.
    :param connect_timeout: seconds to open a connection.
    :param read_timeout: seconds for a whole exchange, unless the request has its own timeout.
    :param max_response: the largest body that is read, decoded, in bytes.
    :param download_hosts: hosts of result files that need not be public, and may be reached over http.
    :param requests_per_second: the account's limit, of which a process uses a share; ``None``: none.
    :param concurrent_requests: how many connections an event loop opens at the most; further requests wait in a queue.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    max_response: int = MAX_RESPONSE
    download_hosts: frozenset[str] = frozenset()
    requests_per_second: float | None = None
    concurrent_requests: int = LANES


# -- requests ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class BuiltRequest:
    """
    A request as it is sent: only the network can still fail.

    :ivar head: the same for a lane, which makes it when it first sends the request: status checks are sent many times.
    """

    method: str
    url: httpcore.URL
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    content: bytes | Iterable[bytes] = field(repr=False)
    head: h11.Request | None = field(default=None, init=False, repr=False)


def build(settings: HttpSettings, request: Request[Any]) -> BuiltRequest:
    """
    Serialise a request whole.

    :raises InvalidInput: if it cannot be sent: the address is not valid, or JSON or a header cannot hold a value.
    """
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "User-Agent": "airflow-workflow-providers",
        **settings.headers,
        **{name: value for name, value in request.headers.items() if value is not None},
    }
    content = b""
    if request.body is not None:
        is_json = request.media_type == "application/json"
        content = json_bytes("the request", request.body) if is_json else request.body.encode()
        headers["Content-Type"] = request.media_type
    query = {name: value for name, value in request.query.items() if value is not None}
    try:
        built = httpx.Request(
            request.method,
            settings.base_url + request.path,
            params=query or None,
            headers=headers,
            content=content,
        )
        url = built.url
        # The library would only notice on the socket that a label of the host name is too long.
        long = any(len(label) > 63 for label in url.raw_host.split(b"."))
        if url.scheme in ("http", "https") and url.host and not long:
            target = httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            )
            return BuiltRequest(request.method, target, tuple(built.headers.raw), content)
        why = "it needs http:// or https:// and a host whose labels have 63 characters at the most"
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, TypeError, ValueError) as error:
        why = shown(str(error), settings.secrets)
    raise errors.InvalidInput(
        f"{address(settings)} is not a valid base URL, or the request cannot be built: {why}."
    )


def address(settings: HttpSettings) -> str:
    """Return the base URL as a message may show it."""
    return shown(settings.base_url, settings.secrets)


# -- exchanges -----------------------------------------------------------------------------------------------------


class _Route:
    """How to reach a vendor: directly, or through the proxy of the environment."""

    def __init__(self, settings: HttpSettings) -> None:
        self.settings = settings
        self.proxy = proxy_for(settings.base_url)
        secure = urlsplit(settings.base_url).scheme == "https"
        files = settings.ca_bundle or settings.client_certificate
        self._tls = tls_context(settings) if secure or files else None
        tunnel = self.proxy is not None and self.proxy.scheme == "https"
        #: Headers as the protocol has checked them.
        self._heads: dict[tuple[tuple[bytes, bytes], ...], Any] = {}
        #: How many layers of TLS lie between the socket and the vendor.
        self.layers = int(secure) + int(secure and tunnel)

    def pool(self, prefix: str, **options: Any) -> Any:
        """Return a connection pool of the library; ``prefix`` is ``Async`` for its asynchronous one."""
        kind = "ConnectionPool"
        options = {"ssl_context": self._tls, "keepalive_expiry": KEEPALIVE, **options}
        if self.proxy is not None:
            kind = "SOCKSProxy" if self.proxy.scheme.startswith("socks") else "HTTPProxy"
            options |= {"proxy_url": self.proxy.url, "proxy_auth": self.proxy.auth}
            if self.proxy.scheme == "https":
                options["proxy_ssl_context"] = tls_context(self.settings)
        return getattr(httpcore, prefix + kind)(**options)

    async def connect(self) -> AsyncStream:
        """Open a socket of an event loop, which goes directly to the vendor."""
        parts = urlsplit(self.settings.base_url)
        secure, host = parts.scheme == "https", str(parts.hostname)
        limit = min(self.settings.connect_timeout, running().left())
        stream = await AsyncBackend(self.layers).connect_tcp(
            host, parts.port or (443 if secure else 80), limit
        )
        if secure and self._tls is not None:
            self._tls.set_alpn_protocols(["http/1.1"])
            await stream.start_tls(self._tls, host, limit)
        return stream

    def head(self, built: BuiltRequest) -> h11.Request:
        """Return the head of a request; the headers, which all status checks share, are checked once."""
        if built.head is None:
            if built.headers not in self._heads:
                if len(self._heads) > _HEADS:
                    self._heads.clear()
                self._heads[built.headers] = h11.Request(
                    method=b"GET", target=b"/", headers=list(built.headers)
                ).headers
            built.head = h11.Request(
                method=built.method, target=built.url.target, headers=self._heads[built.headers]
            )
        return built.head

    def request(self, built: BuiltRequest, timeout: float) -> httpcore.Request:
        timeouts = {"connect": min(self.settings.connect_timeout, timeout)}
        return httpcore.Request(
            built.method,
            built.url,
            headers=list(built.headers),
            content=built.content,
            extensions={"timeout": timeouts},
        )

    def body(self, status: int, raw_headers: Iterable[tuple[bytes, bytes]], sink: Sink | None = None) -> Body:
        headers: dict[str, str] = {}
        for raw_name, raw_value in raw_headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Body(status, headers, self.settings.max_response, sink)

    def failure(self, error: BaseException, exchange: Exchange) -> errors.WorkflowError:
        """Return the error of an exchange that failed; it says whether the request may have arrived."""
        if isinstance(error, errors.WorkflowError):
            return error
        secrets = self.settings.secrets
        if self.proxy is not None and self.proxy.auth is not None:
            secrets = (*secrets, self.proxy.auth[1].decode("utf-8", "replace"))
        if isinstance(error, (TimeoutError, httpcore.TimeoutException)):
            connect = isinstance(error, httpcore.ConnectTimeout)
            limit = min(self.settings.connect_timeout, exchange.limit) if connect else exchange.limit
            what = "no connection" if connect else "no complete response"
            # The limit of an exchange is what is left of a budget: 9.99969 s of 10 s.
            reason = f"{what} within {round(limit, 2):g} s"
        else:
            reason = f"{type(error).__name__}: {shown(str(error), secrets) or 'the connection was closed'}"
        through = f" through the proxy {self.proxy.url}" if self.proxy is not None else ""
        if isinstance(
            error, (h11.LocalProtocolError, httpcore.LocalProtocolError, httpcore.UnsupportedProtocol)
        ):
            return errors.InvalidInput(f"the request cannot be sent ({reason}), at {address(self.settings)}")
        return errors.Unavailable(f"{reason}, at {address(self.settings)}{through}", sent=exchange.sent)


class Transport:
    """
    The connections of a worker to a vendor.

    :param settings: how to reach it.
    :param public_only: reject a server with an address that is not public; a proxy may have any address.
    """

    def __init__(self, settings: HttpSettings, *, public_only: bool = False) -> None:
        self._route = _Route(settings)
        self.proxied = self._route.proxy is not None
        backend = Backend(self._route.layers, public_only=public_only and not self.proxied)
        most = min(_WORKER_CONNECTIONS, settings.concurrent_requests)
        options = {"max_connections": most, "network_backend": backend}
        self._pool = self._route.pool("", **options)
        self._starts = self._route.pool("", **options, keepalive_expiry=START_KEEPALIVE)

    def exchange(
        self, built: BuiltRequest, timeout: float, *, sink: Sink | None = None, only_once: bool = False
    ) -> Response:
        """
        Send a request once, and read the whole response.

        :param built: the request.
        :param timeout: seconds for all of it.
        :param sink: where the body of a 2xx goes instead of memory, with its own limit of size. There is no asynchronous
            counterpart: results are fetched on the worker.
        :param only_once: whether it must not arrive twice, as a start: then it is sent only on a connection that is new, or was
            used just before.
        :raises Unavailable: if there was no response in time; ``sent`` says whether the request may have arrived.
        :raises UnexpectedResponse: if the body is too large, or cannot be decompressed.
        """
        exchange = Exchange.within(timeout)
        token = current.set(exchange)
        try:
            pool = self._starts if only_once else self._pool
            response = pool.handle_request(self._route.request(built, timeout))
            try:
                body = self._route.body(response.status, response.headers, sink)
                for chunk in response.stream:
                    for _ in body.feed(chunk):
                        exchange.left()
            finally:
                response.close()
            return body.response()
        except Exception as error:  # noqa: BLE001  # whatever the engine raises becomes a WorkflowError
            failure = self._route.failure(error, exchange)
        finally:
            current.reset(token)
        raise failure

    def close(self) -> None:
        """Close the connections; the next exchange opens them again."""
        self._pool.close()
        self._starts.close()


class _ProxiedLane:
    """One connection of an event loop through a proxy: a pool of one is the smallest part of the library that can use one."""

    def __init__(self, route: _Route) -> None:
        self._route = route
        backend = AsyncBackend(route.layers)
        self._pool = route.pool("Async", max_connections=1, network_backend=backend)
        #: The pool looks after that.
        self.is_expired = False

    async def send(self, built: BuiltRequest, timeout: float) -> Body:  # noqa: ASYNC109  # for the connect
        response = await self._pool.handle_async_request(self._route.request(built, timeout))
        try:
            body = self._route.body(response.status, response.headers)
            async for chunk in response.stream:
                for sliced, _ in enumerate(body.feed(chunk)):
                    if sliced:
                        await asyncio.sleep(0)
        finally:
            await response.aclose()
        return body

    async def aclose(self) -> None:
        await self._pool.aclose()


class _DirectLane:
    """One connection of an event loop that goes directly to the vendor."""

    def __init__(self, route: _Route) -> None:
        self._route = route
        self._lane = Lane(route.connect)

    def send(self, built: BuiltRequest, _: float) -> Coroutine[Any, Any, Body]:
        return self._lane.exchange(self._route.head(built), bytes(built.content), self._route.body)  # type: ignore[arg-type]

    @property
    def is_expired(self) -> bool:
        return self._lane.is_expired

    async def aclose(self) -> None:
        self._lane.close()


class AsyncTransport:
    """
    The connections of an event loop to a vendor: lanes of one connection each, opened as they are needed.

    A request without a free lane waits in a queue of ours; its timeout begins when it has a lane.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._route = _Route(settings)
        self._free = asyncio.Semaphore(settings.concurrent_requests)
        self._idle: list[_DirectLane | _ProxiedLane] = []

    def _open(self) -> _DirectLane | _ProxiedLane:
        return _DirectLane(self._route) if self._route.proxy is None else _ProxiedLane(self._route)

    async def exchange(
        self,
        built: BuiltRequest,
        timeout: float,  # noqa: ASYNC109  # it begins with the exchange, not with the wait for a lane
        *,
        budget: float = math.inf,
        own_connection: bool = False,
    ) -> Response:
        """
        Send a request once, and read the whole response; as :meth:`Transport.exchange`.

        :param built: the request.
        :param timeout: seconds for the exchange.
        :param budget: seconds for the queue and the exchange.
        :param own_connection: open a connection for this request and skip the queue: for what must arrive even if all
            other requests hang.
        """
        if own_connection:
            lane = self._open()
            try:
                return await self._on(lane, built, timeout)
            finally:
                await lane.aclose()
        until = time.monotonic() + budget
        if await self._take_turn(budget):
            # The lane used last is the most likely to be open still.
            lane = self._idle.pop() if self._idle else self._open()
            try:
                return await self._on(lane, built, min(timeout, until - time.monotonic()))
            finally:
                self._idle.append(lane)
                self._free.release()
                # The first one has not been used for the longest time.
                if self._idle[0].is_expired:
                    await self._idle.pop(0).aclose()
        most = self._route.settings.concurrent_requests
        raise errors.Unavailable(f"all {most} connections were busy until the deadline", sent=False)

    async def _take_turn(self, budget: float) -> bool:
        """Wait for a free lane, at most this long; return whether there is one."""
        if not self._free.locked():
            return await self._free.acquire()
        try:
            with anyio.fail_after(None if budget == math.inf else budget):
                return await self._free.acquire()
        except TimeoutError:
            return False

    async def _on(self, lane: _DirectLane | _ProxiedLane, built: BuiltRequest, timeout: float) -> Response:  # noqa: ASYNC109  # see exchange
        exchange = Exchange.within(timeout)
        token = current.set(exchange)
        try:
            async with deadline(timeout):
                body = await lane.send(built, timeout)
            return body.response()
        except Exception as error:  # noqa: BLE001  # whatever the engine raises becomes a WorkflowError
            failure = self._route.failure(error, exchange)
        finally:
            current.reset(token)
        raise failure

    async def close(self) -> None:
        """Close the connections, even if the caller is cancelled."""
        closing = asyncio.create_task(self._close())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.shield(closing)

    async def _close(self) -> None:
        lanes, self._idle = self._idle, []
        for lane in lanes:
            await lane.aclose()
