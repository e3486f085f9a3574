"""
Downloading a file of a result from an address that the vendor has named, and uploading an input to one.

Such an address is not trusted: the request carries no key, goes over https to public addresses only, and each redirect is
checked as the first address was. A host that the connection lists may be anything: it is the author's own.
"""

import mimetypes
import time
from collections.abc import Callable, Iterable
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


def download(
    settings: http.HttpSettings, address: str, write: Callable[[bytes], Any], *, timeout: float
) -> str:
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
            return _received(parts, response)
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


def upload(
    settings: http.HttpSettings,
    address: str,
    pieces: Iterable[bytes],
    *,
    size: int,
    content_type: str,
    timeout: float,
) -> None:
    """
    Upload a file, once. A redirect is not followed.

    :param settings: as for :func:`download`.
    :param address: where to; no error shows more of it than the host.
    :param pieces: the content, ``size`` bytes in all.
    :param size: how many bytes.
    :param content_type: its media type.
    :param timeout: seconds for all of it.
    :raises WorkflowError: if the file could not be uploaded, or ``pieces`` failed.
    """
    parts = _checked(settings, address)
    request = Request(
        "upload a file",
        "PUT",
        _path(parts),
        headers={"Content-Type": content_type, "Content-Length": str(size)},
        parse=lambda response: response,
    )
    _received(parts, _exchange(settings, parts, request, timeout, content=pieces))


def _get(
    settings: http.HttpSettings, parts: SplitResult, write: Callable[[bytes], Any], timeout: float
) -> Response:
    request = Request("fetch a file", "GET", _path(parts), parse=lambda response: response)
    return _exchange(settings, parts, request, timeout, sink=Sink(write, MAX_FILE))


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _exchange(
    settings: http.HttpSettings,
    parts: SplitResult,
    request: Request[Response],
    timeout: float,
    *,
    content: bytes | Iterable[bytes] = b"",
    sink: Sink | None = None,
) -> Response:
    host = str(parts.hostname)
    there = replace(
        settings,
        base_url=f"{parts.scheme}://{parts.netloc}",
        headers={},
        secrets=(*settings.secrets, request.path),
        client_certificate=None,
        client_key=None,
    )
    public_only = host not in settings.download_hosts
    transport = http.Transport(there, public_only=public_only)
    try:
        if public_only and transport.proxied:
            _require_public_behind_a_proxy(host, parts.port or 443, timeout)
        built = replace(http.build(there, request), content=content)
        return transport.exchange(built, timeout, sink=sink)
    finally:
        transport.close()


def media_type(response: Response, path: str = "") -> str:
    """Return the media type of a file: as its response says, else as the name in its path does."""
    said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return shown(said or mimetypes.guess_type(path)[0] or "application/octet-stream", limit=100)


def _received(parts: SplitResult, response: Response) -> str:
    if response.ok:
        return media_type(response, parts.path)
    message = f"HTTP {response.status} from host {parts.hostname}"
    # A storage service rejects an address that has expired with one of these.
    if response.status in (400, 401, 403, 404, 410):
        raise errors.NotFound(message, status=response.status)
    if response.may_pass:
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
