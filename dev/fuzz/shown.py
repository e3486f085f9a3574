"""Check what a person sees: one printable line, not too long, without a secret. And check headers, which are sent."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote

from dev.fuzz.expected import unprintable
from dev.fuzz.run import Problem
from dev.fuzz.trees import short

#: The longest text that may be shown.
LONGEST = 2_000

#: How many characters of a secret in a row are a leak.
PIECE = 8

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{11,}={0,2}")
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_CONTROLS = re.compile(r"\\[nrtbf]|[\s\x00-\x1f\x7f]")


def wrong_with_texts(texts: Mapping[str, str], whose: str) -> Iterator[Problem]:
    """Yield what is wrong with the first text that must not be shown; a ``repr`` comes last."""
    for name, text in texts.items():
        where = f"{whose}, {name}"
        found = list(_wrong_with_text(text, where))
        yield from found
        if found:
            break


def _wrong_with_text(text: str, where: str) -> Iterator[Problem]:
    if "\n" in text or "\r" in text:
        yield Problem("more than one line is shown", where, short(text))
    elif sign := unprintable(text):
        yield Problem("an unprintable character is shown", where, f"{sign!r} in {short(text)}")
    if len(text) > LONGEST:
        yield Problem("a text that is too long is shown", where, f"{len(text)} characters: {short(text)}")


def wrong_with_headers(headers: Mapping[str, str], whose: str) -> Iterator[Problem]:
    """Yield the headers whose value HTTP cannot hold."""
    for name, value in headers.items():
        if not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", value):
            yield Problem("a header that cannot be sent is accepted", whose, f"{name}: {short(value)}")


def leaks(
    texts: Mapping[str, str], secrets: Mapping[str, str], whose: str, *, decode: bool = False
) -> Iterator[Problem]:
    """
    Yield the piece of a secret that a text shows, of the first text that shows one.

    :param secrets: by name.
    :param decode: search for it in every encoding.
    """
    for name, text in texts.items():
        views = set(decoded(text)) if decode else (text,)
        for kind, secret in secrets.items():
            piece = next((piece for view in views for piece in pieces(secret) if piece in view), None)
            if piece is not None:
                yield Problem(f"a {kind} is shown", f"{whose}, {name}", f"{piece!r} of it in {short(text)}")
                return


@lru_cache(maxsize=4_096)
def pieces(secret: str) -> tuple[str, ...]:
    """Return each part of a secret that is a leak. The beginning that all keys of a vendor share is not a leak."""
    runs = (secret[at : at + PIECE] for at in range(max(1, len(secret) - PIECE + 1)))
    return tuple(run for run in runs if run not in ("alto_sk_", "pk_live_"))


def decoded(text: str, depth: int = 2) -> Iterable[str]:
    """Yield a text as it is, and decoded: from JSON, percent encoding, HTML and base64, and without folded lines."""
    yield text
    if not depth:
        return
    for view in {
        _from_json(text),
        unquote(text),
        html.unescape(text),
        _CONTROLS.sub("", text),
        *_from_base64(text),
    }:
        if view != text:
            yield from decoded(view, depth - 1)


def _from_json(text: str) -> str:
    plain = _UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.replace("\\/", "/").replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")


def _from_base64(text: str) -> Iterator[str]:
    for run in _BASE64.findall(text):
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        for start in range(4):
            piece = plain[start:]
            piece = piece[: len(piece) - (len(piece) % 4 == 1)]
            try:
                yield base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("latin-1")
            except binascii.Error:
                continue
