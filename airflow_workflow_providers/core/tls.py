"""TLS: the context of a connection's settings, made anew when its files have changed."""

import functools
import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_workflow_providers.core.engine import httpx
from airflow_workflow_providers.core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """
    How to trust a server, and how to be trusted by it.

    :param verify: whether the server's certificate is checked.
    :param ca_bundle: a file or folder of certificate authorities, trusted besides the usual ones.
    :param client_certificate: a certificate to show to the server; ``client_key`` is its key, if it has a file of its own.
    """

    verify: bool = True
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """
    Return the TLS context of these settings; it is cached until a file that it was made from changes.

    :raises InvalidInput: if a file cannot be read; the error names it.
    """
    files = (settings.ca_bundle, settings.client_certificate, settings.client_key)
    defaults = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _context(settings.verify, *files, stamps=(*defaults, *map(_stamp, (*files, *defaults))))


def _stamp(path: str | None) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat() if path else None
    except (OSError, ValueError):  # a null byte in it
        return None
    return found and (found.st_mtime_ns, found.st_size, found.st_ino)


@functools.lru_cache(maxsize=16)
def _context(  # one context costs more than many requests
    verify: bool,  # noqa: FBT001  # positional, so that the cache has one key
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
