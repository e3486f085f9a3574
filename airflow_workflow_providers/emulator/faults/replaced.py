"""Faults that replace the vendor's reply: errors, and bodies that are not the vendor's."""

import base64
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from typing_extensions import override

from airflow_workflow_providers.emulator.faults.base import ReplacesReply, Vendor
from airflow_workflow_providers.emulator.messages import Incoming, Reply

_PROXY_PAGE = b"<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body><h1>Please try again</h1></body></html>\n"


@dataclass(frozen=True, kw_only=True)
class Status(ReplacesReply):
    """Any status, with the vendor's own error body or another one; the vendor has refused the request."""

    name = "status"

    carry_out: bool = False
    status: int = 429
    body: Any = None
    headers: dict[str, Any] | None = None

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Reply:
        error = vendor.error(incoming.operation, self.status)
        headers = {name: str(value) for name, value in (self.headers or {}).items()}
        if self.body is not None:
            return Reply(self.status, self.body, headers)
        return replace(error, headers=headers)


@dataclass(frozen=True, kw_only=True)
class RateLimit(ReplacesReply):
    """HTTP 429 in the vendor's words, with a ``Retry-After`` if one is given."""

    name = "rate_limit"

    carry_out: bool = False
    retry_after: float | str | None = None

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Reply:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return replace(vendor.error(incoming.operation, 429), headers=headers)


@dataclass(frozen=True, kw_only=True)
class ServerError(ReplacesReply):
    """An HTTP 5xx in the vendor's words."""

    name = "server_error"
    lowest_status = 500

    carry_out: bool = False
    status: int = 500

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Reply:
        return vendor.error(incoming.operation, self.status)


@dataclass(frozen=True, kw_only=True)
class Html(ReplacesReply):
    """A proxy's HTML page instead of the vendor's reply."""

    name = "html"

    status: int = 200

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Reply:
        return Reply(self.status, _PROXY_PAGE, media_type="text/html")


@dataclass(frozen=True, kw_only=True)
class ListBody(ReplacesReply):
    """A JSON list where an object is documented."""

    name = "list_body"

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Reply:
        return Reply(200, [{"unexpected": "list"}])


@dataclass(frozen=True, kw_only=True)
class NotJson(ReplacesReply):
    """A body that is not JSON, with the Content-Type of JSON."""

    name = "not_json"

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Reply:
        return Reply(200, b"OK, but this is not JSON")


@dataclass(frozen=True, kw_only=True)
class EchoSecret(ReplacesReply):
    """An error that repeats the client's secrets, in one of the encodings in which a server may write them."""

    name = "echo_secret"
    lowest_status = 400

    carry_out: bool = False
    status: int = 401
    encoding: Literal["plain", "json", "percent", "percent_lower", "html", "base64", "folded", "half"] = (
        "plain"
    )

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Reply:
        sent = [value for name, value in incoming.headers.items() if name in vendor.secret_headers]
        sent += [value for name, value in incoming.query.items() if name in vendor.secret_parameters]
        # A scheme, as ``Bearer``, is not a secret.
        parts = [value.rpartition(" ") for value in sent]
        encode = _ENCODINGS[self.encoding]
        written = " ".join(scheme + space + encode(secret) for scheme, space, secret in parts)
        if self.encoding != "json":
            return vendor.error(incoming.operation, self.status, f"Invalid Credentials: {written}")
        text = f"Invalid Credentials: {' '.join(sent)} ({written})"
        error = vendor.error(incoming.operation, self.status, text)
        body = error.encoded()
        for _, _, secret in parts:
            body = body.replace(secret.encode(), encode(secret).encode())
        return Reply(self.status, body, error.headers, media_type=error.media_type)


def _every_other(write: Callable[[str], str]) -> Callable[[str], str]:
    """Return an encoding of all punctuation and of every second letter and digit: some keys have no punctuation."""
    return lambda text: "".join(
        write(char) if n % 2 == 0 or not char.isalnum() else char for n, char in enumerate(text)
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


_ENCODINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "plain": str,
        "json": _every_other(lambda char: "\\/" if char == "/" else f"\\u{ord(char):04x}"),
        "percent": _every_other(_percent),
        "percent_lower": _every_other(lambda char: _percent(char).lower()),
        "html": _every_other(lambda char: f"&#{ord(char)};" if char.isalnum() else html.escape(char)),
        "base64": lambda text: f"{_base64(text)} Basic {_base64('airflow:' + text)}",
        "folded": lambda text: f"{text[: len(text) // 2]}\r\n {text[len(text) // 2 :]}",
        "half": lambda text: text[: len(text) // 2],
    }
)
