"""
Fetching a file of a result from an address that the vendor has named.

Such an address is not trusted: the request carries no key, goes over https to public addresses only, and each redirect is
checked as the first address was. A host that the connection lists may be anything: it is the author's own.
"""

import mimetypes
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from airflow_workflow_providers.core import errors, http
from airflow_workflow_providers.core.body import Sink
from airflow_workflow_providers.core.network import require_public, resolve
from airflow_workflow_providers.core.request import Request, Response
from airflow_workflow_providers.core.text import shown

#: How many redirects are followed at the most.
MAX_REDIRECTS = 5

#: The largest file, in bytes.
MAX_FILE = 64 * 1024**3

#: The longest extension that is kept, with its dot.
_EXTENSION = 10


def fetch(settings: http.HttpSettings, address: str, write: Callable[[bytes], Any], *, timeout: float) -> str:
    """
    Fetch a file, once.

    :param settings: those of the connection; only its timeouts, ``download_hosts`` and how it trusts a server are used.
    :param address: where the file is; no error shows more of it than the host.
    :param write: takes one piece of the file after the other.
    :param timeout: seconds for all of it.
    :return: its media type.
    :raises NotFound: if the address has expired, or nothing is there.
    :raises UnexpectedResponse: if the address may not be used, or leads nowhere.
    :raises WorkflowError: if the file could not be fetched, or ``write`` failed.
    """
    until = time.monotonic() + timeout
    for _ in range(MAX_REDIRECTS + 1):
        parts = _checked(settings, address)
        response = _get(settings, parts, write, until - time.monotonic())
        target = response.headers.get("location", "")
        if not (300 <= response.status < 400 and target):
            return _media_type(parts, response)
        address = urljoin(address, target)
    raise errors.UnexpectedResponse(
        f"more than {MAX_REDIRECTS} redirects, the last one from host {parts.hostname}"
    )


def _checked(settings: http.HttpSettings, address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  # raises if it is not a number
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise errors.UnexpectedResponse("the vendor named an address that is not valid")
    if parts.scheme == "http" and host not in settings.download_hosts:
        raise errors.UnexpectedResponse(
            f"the vendor named an address at host {shown(host)} that is not https"
        )
    return parts


def _get(
    settings: http.HttpSettings, parts: SplitResult, write: Callable[[bytes], Any], timeout: float
) -> Response:
    host = str(parts.hostname)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    there = replace(
        settings,
        base_url=f"{parts.scheme}://{parts.netloc}",
        headers={},
        secrets=(*settings.secrets, path),
        client_certificate=None,
        client_key=None,
    )
    public_only = host not in settings.download_hosts
    transport = http.Transport(there, public_only=public_only)
    try:
        if public_only and transport.proxied:
            _require_public_behind_a_proxy(host, parts.port or 443, timeout)
        built = http.build(there, Request("fetch a file", "GET", path, parse=lambda response: response))
        return transport.exchange(built, timeout, sink=Sink(write, MAX_FILE))
    finally:
        transport.close()


def _media_type(parts: SplitResult, response: Response) -> str:
    if response.ok:
        said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return shown(said or mimetypes.guess_type(parts.path)[0] or "application/octet-stream", limit=100)
    message = f"HTTP {response.status} from host {parts.hostname}"
    # A storage service rejects an address that has expired with one of these.
    if response.status in (400, 401, 403, 404, 410):
        raise errors.NotFound(message, status=response.status)
    if response.status in (408, 429) or response.status >= 500:
        raise errors.Unavailable(message, status=response.status)
    raise errors.UnexpectedResponse(message, status=response.status)


def _require_public_behind_a_proxy(host: str, port: int, timeout: float) -> None:
    """Reject a host that is known here and not public; a name that only the proxy knows is left to the proxy."""
    try:
        addresses = resolve(host, port, timeout)
    except Exception:  # noqa: BLE001  # whatever the resolver says, the name is not known here
        return
    require_public(host, addresses)


def extension(address: str) -> str:
    """Return the extension of the file at an address, with its dot; empty if it has none."""
    found = PurePosixPath(urlsplit(address).path).suffix
    return found if found[1:].isalnum() and len(found) <= _EXTENSION else ""
