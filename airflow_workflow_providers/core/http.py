"""The one place that names the HTTP library: clients, the shared TLS context, and one exchange."""

from __future__ import annotations

import functools
import logging
import ssl
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from airflow_workflow_providers.core.call import Answer, Call, redact
from airflow_workflow_providers.core.errors import InvalidInput, Unavailable

Client = httpx.Client
AsyncClient = httpx.AsyncClient

#: A small pool on purpose: the library scans all of it at each request, and a triggerer sends thousands.
LIMITS = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=60)

#: What the library raises before a request has left: nothing can have been started.
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

_ours: ContextVar[bool] = ContextVar("airflow_workflow_providers_request", default=False)


class _NotOurs(logging.Filter):
    """Drop the library's INFO line for our requests: in a triggerer each line costs more than the request."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or not _ours.get()


logging.getLogger("httpx").addFilter(_NotOurs())


@dataclass(frozen=True)
class HttpSettings:
    """
    How to reach a vendor, read from a connection.

    :param base_url: where paths begin, without a slash at the end.
    :param headers: sent with each request; the credentials are in here.
    :param secrets: what no message may repeat.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds for a whole exchange, unless the call has a limit of its own.
    :param verify: whether the server's certificate is checked.
    :param ca_bundle: a file or folder of certificate authorities, trusted besides the usual ones.
    :param client_certificate: a certificate to show to the server; ``client_key`` is its key, if apart.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    verify: bool = True
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)


@functools.lru_cache(maxsize=16)
def _tls(*, verify: bool, ca_bundle: str | None, certificate: str | None, key: str | None) -> ssl.SSLContext:
    """Return the context for these settings, made once: it costs more than many requests."""
    context = httpx.create_ssl_context(verify=verify)
    try:
        if ca_bundle and verify:
            folder = Path(ca_bundle).is_dir()
            context.load_verify_locations(**{"capath" if folder else "cafile": ca_bundle})
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(f"Connection: ca_bundle {ca_bundle!r} cannot be read: {error}.") from error
    try:
        if certificate:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(
            f"Connection: client_certificate {certificate!r} cannot be read: {error}."
        ) from error
    return context


def _client_options(settings: HttpSettings) -> dict[str, Any]:
    # Proxies come from the environment (HTTPS_PROXY, NO_PROXY): trust_env is on by default. Redirects are
    # not followed: a POST sent on could start something elsewhere, and would carry the key along.
    return {
        "headers": dict(settings.headers),
        "verify": _tls(
            verify=settings.verify,
            ca_bundle=settings.ca_bundle,
            certificate=settings.client_certificate,
            key=settings.client_key,
        ),
        "limits": LIMITS,
        "follow_redirects": False,
    }


def open_client(settings: HttpSettings) -> Client:
    """Open a client for a worker."""
    return Client(**_client_options(settings))


def open_async_client(settings: HttpSettings) -> AsyncClient:
    """Open a client for an event loop; it belongs to that loop."""
    return AsyncClient(**_client_options(settings))


def _request(settings: HttpSettings, call: Call[Any]) -> tuple[dict[str, Any], float]:
    limit = call.limit if call.limit is not None else settings.read_timeout
    request: dict[str, Any] = {
        "method": call.method,
        "url": settings.base_url + call.path,
        "params": {k: v for k, v in call.query.items() if v is not None},
        "headers": {k: v for k, v in call.headers.items() if v is not None},
        "timeout": httpx.Timeout(limit, connect=min(settings.connect_timeout, limit)),
    }
    if call.body is not None:
        request["json"] = call.body
    # The library limits each read; a server that drips could stretch an exchange for ever without this.
    return request, time.monotonic() + limit


def fetch(client: Client, settings: HttpSettings, call: Call[Any]) -> Answer:
    """
    Send ``call`` once and read the whole answer.

    :raises Unavailable: if there was no answer; ``sent`` says whether the request can have arrived.
    """
    request, until = _request(settings, call)
    token = _ours.set(True)
    try:
        with client.stream(**request) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                _check(until)
            return _answer(settings, call, response, bytes(content))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unavailable(error, settings) from error
    finally:
        _ours.reset(token)


async def afetch(client: AsyncClient, settings: HttpSettings, call: Call[Any]) -> Answer:
    """Do what :func:`fetch` does, on an event loop."""
    request, until = _request(settings, call)
    token = _ours.set(True)
    try:
        async with client.stream(**request) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                _check(until)
            return _answer(settings, call, response, bytes(content))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unavailable(error, settings) from error
    finally:
        _ours.reset(token)


def _answer(settings: HttpSettings, call: Call[Any], response: httpx.Response, content: bytes) -> Answer:
    return Answer(response.status_code, dict(response.headers), content, (*settings.secrets, *call.secrets))


def _check(until: float) -> None:
    if time.monotonic() > until:
        raise httpx.ReadTimeout("the answer went on for longer than the limit")


def _unavailable(error: Exception, settings: HttpSettings) -> Unavailable | InvalidInput:
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)):
        return InvalidInput(f"{settings.base_url!r} is no address that can be called: {error}.")
    reason = str(error) or "no answer in time"
    return Unavailable(
        redact(f"{type(error).__name__}: {reason}", settings.secrets), sent=not isinstance(error, NEVER_LEFT)
    )
