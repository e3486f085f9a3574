"""Responses that repeat the key of the request, in every encoding that a server can use."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html.entities import html5
from typing import Any
from urllib.parse import quote

from dev.fuzz import shown, target
from dev.fuzz.choices import Choices, cases
from dev.fuzz.run import Kind, Problem, TookTooLong, limited, unexpected
from dev.fuzz.trees import Raw, short, write, written
from dev.vendors import DOCUMENTED_ROWS
from tests.vendors.documented import documented, replaced

#: Keys in the form of several vendors, and one with every character that some encoding changes.
KEYS = (
    "pk_live_4f8a2b6c9d1e3f7a5b0c8d2e",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.s-3_Fq9Zt0Xw",
    "alto_sk_9/Zx+Lm4Qw==",
    target.KEY,
)

_NAMED = {sign: f"&{name}" for name, sign in sorted(html5.items()) if name.endswith(";") and len(sign) == 1}


def _each(encode: Callable[[str], str], *, also_plain: bool) -> Callable[[str], str]:
    """Return an encoding of every sign, or of those that are neither letter nor digit."""
    return lambda key: "".join(
        encode(sign) if also_plain or not (sign.isalnum() and sign.isascii()) else sign for sign in key
    )


def _base64(before: str, after: str = "", *, url: bool = False) -> Callable[[str], str]:
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    return lambda key: encode(f"{before}{key}{after}".encode()).decode()


def _folded(fold: str, every: int) -> Callable[[str], str]:
    return lambda key: fold.join(key[at : at + every] for at in range(0, len(key), every))


def _percent(sign: str) -> str:
    return f"%{ord(sign):02X}"


_WAYS: tuple[Callable[[str], str], ...] = (
    lambda sign: sign,
    _percent,
    lambda sign: f"&#{ord(sign)};",
    lambda sign: f"&#x{ord(sign):X};",
    lambda sign: f"\\u{ord(sign):04x}",
)

#: By name, how a server can repeat a key.
ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON with its slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "JSON with its signs escaped": _each(lambda sign: f"\\u{ord(sign):04x}", also_plain=False),
    "JSON, escaped whole": _each(lambda sign: f"\\u{ord(sign):04X}", also_plain=True),
    "percent": lambda key: quote(key, safe=""),
    "percent in lower case": lambda key: re.sub("%..", lambda found: found[0].lower(), quote(key, safe="")),
    "percent, whole": _each(_percent, also_plain=True),
    "HTML": html.escape,
    "HTML by number": _each(lambda sign: f"&#{ord(sign)};", also_plain=False),
    "HTML by number, whole": _each(lambda sign: f"&#{ord(sign):04};", also_plain=True),
    "HTML by hexadecimal number": _each(lambda sign: f"&#x{ord(sign):x};", also_plain=False),
    "HTML by name": _each(lambda sign: _NAMED.get(sign, sign), also_plain=False),
    "base64": _base64(""),
    "base64, one later": _base64("k", "."),
    "base64, two later": _base64("k:", ".."),
    "base64 for addresses": _base64("", url=True),
    "Basic, as the password": lambda key: f"Basic {_base64('user:')(key)}",
    "Basic, as the user": lambda key: f"Basic {_base64('', ':')(key)}",
    "mixed": lambda key: "".join(_WAYS[at % len(_WAYS)](sign) for at, sign in enumerate(key)),
    "mixed otherwise": lambda key: "".join(_WAYS[at // 3 % len(_WAYS)](sign) for at, sign in enumerate(key)),
    "folded": _folded("\r\n ", 10),
    "folded often": _folded("\n\t", 4),
    "the first half": lambda key: key[: len(key) // 2],
    "the second half": lambda key: key[len(key) // 2 :],
}

#: At these lengths a text may be cut.
_LIMITS = (0, 500, 1_000, 2_000, 4_000, 8_000)
_FILLING = ("x", " ", "\n", "é", "ab ", "&", "\\")
_AROUND = ("{}", "Invalid key {}!", "Authorization: Bearer {}", "key={}&x=1", '"{}"', "'{}',", "x{}y")
_STATUSES = (302, 401, 429, 200, 400, 502)

_RESPONSES = [response for vendor in sorted(DOCUMENTED_ROWS) for response in documented(vendor)]


@dataclass(frozen=True)
class Case:
    """A response that repeats ``key``, encoded as ``encoding`` says."""

    vendor: str
    operation: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    key: str
    encoding: str

    def __repr__(self) -> str:
        """Return the case as a call."""
        return (
            f"receive({self.vendor!r}, {self.operation!r}, {self.status}, {short(dict(self.headers))}, "
            f"{written(self.content)}, key={self.key!r})"
        )


def case(pick: Choices) -> Case:
    """Choose a response with the key in a field of its body, as its body, or in a header."""
    response = pick.of(_RESPONSES)
    encoding, key = pick.of(list(ENCODINGS)), pick.of(KEYS)
    # So that the key is near a length at which a text may be cut.
    before = max(0, pick.of(_LIMITS) - pick.below(60)) if pick.percent(50) else 0
    text = pick.of(_FILLING) * before + pick.of(_AROUND).format(ENCODINGS[encoding](key))
    where, elsewhere = pick.below(10), pick.percent(50)
    plain = Case(
        response.vendor,
        response.operation,
        pick.of(_STATUSES) if elsewhere and where >= 7 else response.status,
        response.headers,
        response.content,
        key,
        encoding,
    )
    if where == 9:
        header = pick.of(["location", "retry-after", "www-authenticate"])
        return replace(plain, headers={header: " ".join(text.splitlines())})
    if where >= 7 or not response.fields:
        return replace(plain, content=text.encode())
    path = pick.of(response.fields)
    # As the value of the field; or as its JSON text, if it is one.
    raw = '"' + text.replace("\n", " ").replace("\r", " ") + '"'
    value: Any = Raw(raw) if pick.percent(50) and _is_json(raw) else text
    return replace(plain, content=write(replaced(response.body, path, value)).encode())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def check(tried: Case) -> Iterator[Problem]:
    """Read the response, and yield where a piece of the key is shown."""
    whose = f"{tried.vendor} {tried.operation}"
    try:
        reading = limited(
            lambda: target.receive(
                tried.vendor, tried.operation, tried.status, tried.headers, tried.content, key=tried.key
            )
        )
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # any exception is a result here
        yield unexpected(error, whose)
        return
    texts = {**reading.texts, **reading.causes}
    for leak in shown.leaks(texts, {"key": tried.key}, whose, decode=True):
        yield Problem(leak.rule, tried.encoding, f"{leak.where}: {leak.what}")


KIND = Kind("echoes", cases(case, 16), check)
