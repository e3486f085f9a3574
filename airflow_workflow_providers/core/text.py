"""What a vendor says, made fit to be shown: limited, without secrets, on one line. The only gate for such text."""

from __future__ import annotations

import base64
import functools
import html
import json
import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from airflow_workflow_providers.core.secret import SHORTEST

#: How much of a vendor's text a log line or an error shows, in characters.
LIMIT = 500

#: How much of it is read for that: white space and signed addresses shrink.
_WINDOW = 8

#: Stands for what was left out.
HIDDEN = "***"

#: So many characters of a secret in a row are never shown, wherever the text was cut.
_RUN = 8

#: How often text is decoded: JSON inside of JSON, or an address inside of an address.
_LAYERS = 3

# One character of text as servers encode it, or a piece that says nothing at all.
_UNIT = re.compile(
    r"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<json>\\u[0-9a-fA-F]{4})"
    r"|(?P<byte>\\x[0-9a-fA-F]{2})"
    r"|(?P<escape>\\[\\/\"'nrt])"
    r"|(?P<percent>(?:%[0-9a-fA-F]{2})+)"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}

# A signed address is a key to what lies there; so is an address that holds a password. Linear: each run of characters is
# read once, whatever it holds.
_ADDRESS = re.compile(r":/{2}[^\s\"'<>]+")
_USER = re.compile(r"(?<=//)[^/?#@\s]*@")

# A webhook's address starts a workflow for everybody who has it; this is the part that nobody can guess.
# https://altostrat.io/docs/api/en/webhooks/trigger-a-workflow-via-webhook
_WEBHOOK = re.compile(r"whsec_[\w-]+")


class _Decoded:
    """A text, and for each of its characters the place that it comes from."""

    def __init__(self, text: str, begins: list[int], ends: list[int]) -> None:
        self.text = text
        self.begins = begins
        self.ends = ends

    @classmethod
    def of(cls, text: str) -> _Decoded:
        return cls(text, list(range(len(text))), list(range(1, len(text) + 1)))

    def decode(self) -> _Decoded | None:
        """Return the text with one layer of encoding taken off; ``None`` if there is none."""
        chars: list[str] = []
        begins: list[int] = []
        ends: list[int] = []
        place = 0
        for unit in _UNIT.finditer(self.text):
            begin, end = unit.span()
            chars.append(self.text[place:begin])
            begins += self.begins[place:begin]
            ends += self.ends[place:begin]
            for plain, first, last in _plain(unit):
                chars.append(plain)
                begins += [self.begins[first]] * len(plain)
                ends += [self.ends[last - 1]] * len(plain)
            place = end
        if not place:
            return None
        chars.append(self.text[place:])
        begins += self.begins[place:]
        ends += self.ends[place:]
        decoded = "".join(chars)
        return None if decoded == self.text else _Decoded(decoded, begins, ends)

    def close_up(self) -> _Decoded:
        """Return the text without blanks, line folds and invisible characters: a secret may be split by them."""
        kept = [place for place, char in enumerate(self.text) if char.isprintable() and not char.isspace()]
        return _Decoded(
            "".join(self.text[place] for place in kept),
            [self.begins[place] for place in kept],
            [self.ends[place] for place in kept],
        )


def _plain(unit: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Yield what one encoded unit stands for, with the places in the text that it comes from."""
    begin, end = unit.span()
    said, kind = unit.group(), unit.lastgroup
    if kind == "percent":
        raw = bytes.fromhex(said.replace("%", ""))
        if raw.isascii():
            for place, byte in enumerate(raw):
                yield chr(byte), begin + 3 * place, begin + 3 * place + 3
        else:
            yield raw.decode("utf-8", "replace"), begin, end
    elif kind == "entity":
        yield html.unescape(said), begin, end
    elif kind == "escape":
        yield _ESCAPED.get(said[1], said[1]), begin, end
    elif kind == "pair":
        high, low = int(said[2:6], 16), int(said[8:12], 16)
        yield chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), begin, end
    else:
        yield chr(int(said[-4:] if kind == "json" else said[-2:], 16)), begin, end


@functools.lru_cache(maxsize=128)
def _forms(secret: str) -> tuple[str, ...]:
    """Return the secret as it is and as base64 and hexadecimal digits have it; other encodings are decoded."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {secret, raw.hex()}
    # Something may stand before the secret, as the user does in "Basic": each place in a group of three is tried. What
    # depends on the neighbours is cut off.
    for before in range(3):
        for altchars in (b"+/", b"-_"):
            encoded = base64.b64encode(bytes(before) + raw, altchars).decode()
            whole = (before + len(raw)) * 8 // 6
            forms.add(encoded[math.ceil(before * 8 / 6) : whole])
    return tuple(form for form in forms if len(form) >= SHORTEST)


@functools.lru_cache(maxsize=64)
def _runs(secrets: tuple[str, ...]) -> dict[int, frozenset[str]]:
    """Return, by their length, the pieces of the secrets by which they are recognised."""
    found: dict[int, set[str]] = {}
    for secret in secrets:
        for form in _forms(secret):
            text = "".join(char for char in form.lower() if char.isprintable() and not char.isspace())
            length = _RUN if len(text) >= 2 * _RUN else max(SHORTEST, len(text) // 2 + 1)
            found.setdefault(length, set()).update(
                text[place : place + length] for place in range(len(text) - length + 1)
            )
    return {length: frozenset(pieces) for length, pieces in found.items()}


def _secret_spans(decoded: _Decoded, secrets: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    closed = decoded.close_up()
    text = closed.text.lower()
    if len(text) != len(closed.text):  # a letter that has no lower case of one character
        text = closed.text
    for length, pieces in _runs(secrets).items():
        for place in range(len(text) - length + 1):
            if text[place : place + length] in pieces:
                yield closed.begins[place], closed.ends[place + length - 1]


def _address_spans(decoded: _Decoded) -> Iterator[tuple[int, int]]:
    for address in _ADDRESS.finditer(decoded.text):
        begin, said = address.start(), address.group()
        for sign in ("?", "#"):
            place = said.find(sign)
            if 0 <= place < len(said) - 1:
                yield decoded.begins[begin + place + 1], decoded.ends[address.end() - 1]
                break
        for user in _USER.finditer(said):
            yield decoded.begins[begin + user.start()], decoded.ends[begin + user.end() - 2]
    for token in _WEBHOOK.finditer(decoded.text):
        yield decoded.begins[token.start()], decoded.ends[token.end() - 1]


def _without(text: str, secrets: tuple[str, ...]) -> str:
    """Return ``text`` without the secrets, the queries of addresses, and the users and passwords in them."""
    spans: list[tuple[int, int]] = []
    layer: _Decoded | None = _Decoded.of(text)
    for _ in range(_LAYERS + 1):
        if layer is None:
            break
        spans += _secret_spans(layer, secrets)
        spans += _address_spans(layer)
        layer = layer.decode()
    if not spans:
        return text
    shown: list[str] = []
    place = 0
    for begin, end in sorted(spans):
        if begin > place or not shown:
            shown += [text[place:begin], HIDDEN]
        place = max(place, end)
    return "".join([*shown, text[place:]])


def _as_json(value: object, enough: int) -> str:
    """Return the beginning of a value as JSON; it may be huge, or nested too deep to be written whole."""
    pieces: list[str] = []
    length = 0
    try:
        for piece in json.JSONEncoder(ensure_ascii=False, default=repr).iterencode(value):
            pieces.append(piece)
            length += len(piece)
            if length > enough:
                break
    except (RecursionError, ValueError):
        pieces.append("…")
    return "".join(pieces)


def shown(text: object, secrets: tuple[str, ...] = (), *, limit: int = LIMIT) -> str:
    """
    Return a vendor's text as a log line, an error or a record may show it.

    It is cut first and searched for secrets after, so that it costs the same however long it is; no half of a secret is
    left at the cut.

    :param text: what the vendor said; anything else than text is shown as JSON.
    :param secrets: what must not be shown, in whatever encoding it is repeated.
    :param limit: the most characters that come back.
    :return: one line of printable characters; ``***`` stands for what was left out, ``…`` for what was cut off.
    """
    whole = text if isinstance(text, str) else _as_json(text, _WINDOW * limit)
    window = whole[: _WINDOW * limit]
    safe = _without(window, secrets) if len(window) >= SHORTEST else window
    line = " ".join("".join(char if char.isprintable() else " " for char in safe).split())
    if len(line) > limit or len(window) < len(whole):
        line = line[: limit - 1] + "…"
    return line


def without_secrets(value: Any, secrets: tuple[str, ...]) -> Any:
    """
    Return an output in which no secret stands: a workflow may repeat the headers that it was called with.

    :param value: JSON.
    :param secrets: what must not be in it, as it is, percent-encoded or in base64.
    :return: the same value if there is none; else a copy with ``***`` in the place of each.
    """
    forms = {
        form
        for secret in secrets
        if len(secret) >= 2 * SHORTEST
        for form in (*_forms(secret), quote(secret, safe=""), quote(secret, safe="").lower())
        if len(form) >= 2 * SHORTEST
    }
    if not forms:
        return value
    # As text: it is searched as fast as memory is read, however deep the value is nested.
    text = cleaned = json.dumps(value, ensure_ascii=False)
    for form in forms:
        cleaned = cleaned.replace(json.dumps(form, ensure_ascii=False)[1:-1], HIDDEN)
    return value if cleaned == text else json.loads(cleaned)
