"""Make a vendor's text fit to be shown: limited, without secrets, on one line. All such text passes through here."""

import base64
import functools
import html
import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias
from urllib.parse import quote

from airflow_workflow_providers.core.secret import SHORTEST

#: The longest text of a vendor in a log line or an error, in characters.
LIMIT = 500

#: How many times as much is read: white space and signed addresses become shorter.
_WINDOW = 8

#: Replaces what is left out.
HIDDEN = "***"

#: So many consecutive characters of a secret are never shown, wherever the text was cut.
_RUN = 8

#: A text of at most so many characters is a word.
_WORD = 40

#: How many layers of encoding are decoded: JSON inside JSON, or an address inside an address.
_LAYERS = 3

# One encoded unit, in any encoding that servers use.
_UNIT = re.compile(
    r"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<json>\\u[0-9a-fA-F]{4})"
    r"|(?P<byte>\\x[0-9a-fA-F]{2})"
    r"|(?P<escape>\\[\\/\"'nrt])"
    r"|(?P<percent>(?:%[0-9a-fA-F]{2})+)"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}

# A signed address is a key to its file; so is an address that holds a password. Linear: each run of characters is read once.
_ADDRESS = re.compile(r":/{2}[^\s\"'<>]+")
_USER = re.compile(r"(?<=//)[^/?#@\s]*@")

#: The secret part of a webhook's address, which starts a workflow for everybody who has it.
#: https://altostrat.io/docs/api/en/webhooks/trigger-a-workflow-via-webhook
WEBHOOK_TOKEN = re.compile(r"whsec_[\w-]+")


#: A character, and where in the original text it begins and ends.
_Char: TypeAlias = tuple[str, int, int]


def _joined(chars: Iterable[_Char]) -> str:
    return "".join(char for char, _, _ in chars)


def _decoded(chars: list[_Char]) -> list[_Char]:
    """Return a text with one layer of encoding removed."""
    decoded: list[_Char] = []
    place = 0
    for unit in _UNIT.finditer(_joined(chars)):
        decoded += chars[place : unit.start()]
        for plain, first, last in _plain(unit):
            decoded += [(char, chars[first][1], chars[last - 1][2]) for char in plain]
        place = unit.end()
    return decoded + chars[place:]


def _plain(unit: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the characters of one encoded unit, with the places in the text that they come from."""
    begin, end = unit.span()
    code, kind = unit.group(), unit.lastgroup
    if kind == "percent":
        raw = bytes.fromhex(code.replace("%", ""))
        if raw.isascii():
            for place, byte in enumerate(raw):
                yield chr(byte), begin + 3 * place, begin + 3 * place + 3
        else:
            yield raw.decode("utf-8", "replace"), begin, end
    elif kind == "entity":
        yield html.unescape(code), begin, end
    elif kind == "escape":
        yield _ESCAPED.get(code[1], code[1]), begin, end
    elif kind == "pair":
        high, low = int(code[2:6], 16), int(code[8:12], 16)
        yield chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), begin, end
    else:
        yield chr(int(code[-4:] if kind == "json" else code[-2:], 16)), begin, end


@functools.lru_cache(maxsize=128)
def _forms(secret: str) -> tuple[str, ...]:
    """Return the secret as it is, as base64 and as hexadecimal digits; the text is decoded from all other encodings."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {secret, raw.hex()}
    # Something may come before the secret, as the user does in "Basic": so there is a form for each place in a group of three,
    # without the digits that depend on the neighbours.
    for before in range(3):
        for altchars in (b"+/", b"-_"):
            encoded = base64.b64encode(bytes(before) + raw, altchars).decode()
            whole = (before + len(raw)) * 8 // 6
            forms.add(encoded[math.ceil(before * 8 / 6) : whole])
    return tuple(form for form in forms if len(form) >= SHORTEST)


@functools.lru_cache(maxsize=64)
def _runs(secrets: tuple[str, ...]) -> dict[int, frozenset[str]]:
    """Return, by their length, the pieces by which the secrets are recognised."""
    found: dict[int, set[str]] = {}
    for secret in secrets:
        for form in _forms(secret):
            text = "".join(char for char in form.lower() if char.isprintable() and not char.isspace())
            length = _RUN if len(text) >= 2 * _RUN else max(SHORTEST, len(text) // 2 + 1)
            found.setdefault(length, set()).update(
                text[place : place + length] for place in range(len(text) - length + 1)
            )
    return {length: frozenset(pieces) for length, pieces in found.items()}


def _secret_spans(chars: list[_Char], secrets: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    # Blanks, line folds and invisible characters may split a secret. A letter may have a lower case of two characters.
    closed = [
        (lower if len(lower := char.lower()) == 1 else char, begin, end)
        for char, begin, end in chars
        if char.isprintable() and not char.isspace()
    ]
    text = _joined(closed)
    for length, pieces in _runs(secrets).items():
        for place in range(len(text) - length + 1):
            if text[place : place + length] in pieces:
                yield closed[place][1], closed[place + length - 1][2]


def _address_spans(chars: list[_Char]) -> Iterator[tuple[int, int]]:
    text = _joined(chars)
    for address in _ADDRESS.finditer(text):
        begin, url = address.start(), address.group()
        query = re.search(r"[?#].", url)
        if query:
            yield chars[begin + query.start() + 1][1], chars[address.end() - 1][2]
        for user in _USER.finditer(url):
            yield chars[begin + user.start()][1], chars[begin + user.end() - 2][2]
    for token in WEBHOOK_TOKEN.finditer(text):
        yield chars[token.start()][1], chars[token.end() - 1][2]


def _without(text: str, secrets: tuple[str, ...]) -> str:
    """Return ``text`` without the secrets, the queries of addresses, and the users and passwords in them."""
    spans: list[tuple[int, int]] = []
    layer = [(char, place, place + 1) for place, char in enumerate(text)]
    for _ in range(_LAYERS + 1):
        spans += _secret_spans(layer, secrets)
        spans += _address_spans(layer)
        before, layer = layer, _decoded(layer)
        if layer == before:
            break
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
    """Return the beginning of a value as JSON; the value may be huge, or nested too deep to be written whole."""
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

    The text is cut first and then searched for secrets, so that the cost has a limit; no half of a secret is left at the
    cut.

    :param text: the vendor's text; any other value is shown as JSON.
    :param secrets: what must not be shown, in any encoding.
    :param limit: the most characters that come back.
    :return: one line of printable characters; ``***`` replaces what was left out, ``…`` what was cut off.
    """
    if isinstance(text, str) and len(text) <= _WORD:
        return _shown_word(str.__str__(text), secrets, limit)
    return _shown(text, secrets, limit)


def _shown(text: object, secrets: tuple[str, ...], limit: int) -> str:
    whole = text if isinstance(text, str) else _as_json(text, _WINDOW * limit)
    window = whole[: _WINDOW * limit]
    safe = _without(window, secrets) if len(window) >= SHORTEST else window
    line = " ".join("".join(char if char.isprintable() else " " for char in safe).split())
    if len(line) > limit or len(window) < len(whole):
        line = line[: limit - 1] + "…"
    return line


# The few words that say what a run does come again with each status check.
_shown_word = functools.lru_cache(maxsize=1024)(_shown)


def without_secrets(value: Any, secrets: tuple[str, ...]) -> Any:
    """
    Return an output without secrets: a workflow may repeat the headers that it was called with.

    :param value: JSON.
    :param secrets: what must not be in it, as it is, percent-encoded or in base64.
    :return: the same value if it holds none; else a copy with ``***`` instead of each.
    """
    if value is None:
        return None
    forms = {
        form
        for secret in secrets
        if len(secret) >= 2 * SHORTEST
        for form in (*_forms(secret), quote(secret, safe=""), quote(secret, safe="").lower())
        if len(form) >= 2 * SHORTEST
    }
    if not forms:
        return value
    # As text, which is searched at the speed of memory, however deep the value is nested.
    text = cleaned = json.dumps(value, ensure_ascii=False)
    for form in forms:
        cleaned = cleaned.replace(json.dumps(form, ensure_ascii=False)[1:-1], HIDDEN)
    return value if cleaned == text else json.loads(cleaned)
