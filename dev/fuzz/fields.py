"""What people write into the fields of a connection, and whether it must work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dev.fuzz import target
from dev.fuzz.trees import Raw, nested
from dev.vendors import CASES

#: What can be pasted around a key and is stripped: white space, a byte order mark, zero-width characters.
AROUND = [
    *(" ", "\n", "\r\n", "\t", "\x0b", "\x0c", "\x85", "\xa0", "\u2003", "\u2028", "\u3000", "\u200b"),
    *("\u200c", "\u200d", "\u2060", "\ufeff"),
]
#: What a header cannot hold.
UNSENDABLE = [
    *("\x00", "\x07", "\x1b", "\x7f", "\n", "\r\n", "é", "\u201c", "\u0441", "😀", "\ud800", "\u202e"),
    "\u200b",
]

KEYS = (target.KEY, "pk_live_4f8a2b6c9d1e3f7a5b0c8d2e")

#: Hosts that are valid if schema and port are.
GOOD_HOSTS: list[Any] = [None, "vendor.example", "vendor.example/m/acme", "https://vendor.example/api"]
HOSTS: list[Any] = [
    *(None, "", "vendor.example", "https://vendor.example", "https://vendor.example/"),
    *("vendor.example/m/acme", "https://vendor.example:8443/api", "http://127.0.0.1:8080"),
    *(" https://vendor.example ", "vendor.example:8443"),
    *(f"https://user:{target.KEY.replace('/', '')}@vendor.example", "user@vendor.example"),
    *("vendor.example?x=1", "https://vendor.example/?api_key=1", "https://vendor.example/#top", "https://"),
    *("://", "https://[::1]:80", "https://[::1", "https://vendor.example:99999"),
    *("https://vendor.example:port", "https://ven dor.example", "https://vendor.example\n"),
    *("https://vendor\x00.example", "ftp://vendor.example", "HTTPS://VENDOR.EXAMPLE", "file:///etc/passwd"),
    *("javascript://x", "https://" + "x" * 64 + ".example", "x" * 5_000, "https://é.example", "\ud800", ".."),
    *("/", "%00"),
]
SCHEMAS: list[Any] = [None, "", "https", "http", "HTTPS", "ftp", "https://", "a b", "\n", "é", "\ud800", 5]
PORTS: list[Any] = [None, 443, 8443, 1, 65_535, 0, -1, 65_536, 99_999, 10**30, "443", "x", 1.5, True]
LOGINS: list[Any] = [None, "", "user", "\n", "é"]

#: For each extra field that every vendor has, values that must work and values that must be rejected; any other value may
#: do either.
COMMON: dict[str, tuple[list[Any], list[Any]]] = {
    "connect_timeout": ([5, 0.5, None, ""], [-1, 0, "soon", [1], {"a": 1}]),
    "read_timeout": ([30, None], [-1, 0, "soon", [1], {"a": 1}]),
    "max_response_mb": ([1, "64", None], [0, 4097, 0.5, "big", [1]]),
    "requests_per_second": ([20, 0.5, "2.5", None, ""], [-1, 0, "soon", [1], {"a": 1}]),
    "concurrent_requests": ([1, "48", None, ""], [-1, 0, 49, 2.5, "all", [1], {"a": 1}]),
    "verify": ([True, False, None, ""], ["maybe", [True], {"a": 1}, 7]),
    "ca_bundle": ([None, ""], ["/no/such/file", 5, ["a"]]),
    "client_certificate": ([None], ["/no/such/file", 5, ["a"]]),
    "client_key": ([None], []),
}
#: Fields that no vendor has.
UNKNOWN: dict[str, tuple[list[Any], list[Any]]] = {
    "no_such_field": ([], [1, target.KEY]),
    "api_key": ([], [target.KEY]),
}
FREE: list[Any] = [
    *(1e10, 1e308, 10**400, *map(Raw, ("NaN", "Infinity", "9" * 5_000)), True, "true", "\ud800", "\x00"),
    *("x" * 10_000, {"a": [None]}, " ", nested('{"a": ', "}", 500, "1"), nested("[", "]", 2_000), target.KEY),
]

#: The whole extra.
EXTRAS: list[Any] = [
    *(None, "", "{}", "[]", "null", "5", '"x"', "{", "not JSON", "{'a': 1}", "\x00", "[" * 2_000),
    *('{"a":' * 2_000, f'"{target.KEY}"'),
]

CHANGES = ["key", "key", "extra", "extra", "extra", "address", "address", "whole", "type", "login"]

TYPES = sorted({case.conn_type for case in CASES.values()})


def meant(connection: Mapping[str, Any]) -> str | None:
    """Return the base URL of a host without a scheme, with its schema and port; ``None`` for any other host."""
    plain = re.fullmatch(r"([\w-]{1,60}\.example)((/[\w/.-]*)?)", connection["host"] or "", re.ASCII)
    if not plain or not is_address(connection):
        return None
    port = f":{connection['port']}" if connection["port"] else ""
    return f"{connection['schema'] or 'https'}://{plain[1]}{port}{plain[2]}"


def is_address(connection: Mapping[str, Any]) -> bool | None:
    """Return whether host, schema and port make a valid address; ``None`` if they may be accepted or rejected."""
    host, schema, port = connection["host"] or "", connection["schema"] or "", connection["port"]
    if re.search(r"[@?#]", host):
        return False
    whole = re.fullmatch(r"https?://[\w.-]{1,60}(:\d{1,4})?(/[\w/.-]*)?", host, re.ASCII)
    plain = re.fullmatch(r"[\w-]{1,60}\.example(/[\w/.-]*)?", host, re.ASCII)
    number = type(port) is int
    if not host:
        return None if port or schema else True
    if whole:  # a port in the other field would be ignored
        return True if port is None else False if number and port > 0 else None
    if plain:
        if number and not 0 <= port <= 65_535:
            return False
        right = (port is None or (number and port > 0)) and schema in ("", "http", "https")
        return True if right else False if schema == "ftp" else None
    return False if re.match(r"(ftp|file|javascript)://", host) else None
