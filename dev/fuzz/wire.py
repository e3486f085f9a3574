"""Bodies that no vendor writes, HTTP statuses and headers; the plain ones first, because hypothesis shrinks to them."""

from __future__ import annotations

from collections.abc import Callable

from dev.fuzz.target import KEY
from dev.fuzz.values import ADDRESSES, SIGNED

HTML = b"<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad Gateway</h1>\n<p>nginx</p></body></html>"

_ENTRY = '{{"_id": "{0}", "id": "{0}", "execution_id": "{0}", "status": "running"}}'
_ENTRIES = "[" + ", ".join(map(_ENTRY.format, range(10_000))) + "]"
#: The lists of three vendors, with so many entries that a search for each among the others takes too long.
LISTS = f'{{"docs": {_ENTRIES}, "data": {_ENTRIES}, "executions": {_ENTRIES}}}'.encode()

#: Bodies that no vendor writes.
BODIES: list[bytes] = [
    *(b"", b"{}", b"[]", b"null", b"true", b"0", b'""', b" \n\t", b"{", b'{"status": "COMPLETED"'),
    *(b'{"status": }', b"{'status': 'COMPLETED'}", b"status=COMPLETED", HTML),
    *(HTML.replace(b"nginx", KEY.encode()), b"\xff\xfe\x00\x00", b"\x00" * 10, b"\x1f\x8b\x08\x00garbage"),
    *(b"[" * 2_000, b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000, b"-", b"NaN", b'"\\ud800"', b'"\\'),
    *(b'{"status": "COMPLETED"} {"status": "FAILED"}', b"x" * 100_000, b"\n" * 100_000),
    *((SIGNED + ",").encode() * 3_000, ADDRESSES.encode(), LISTS),
]

RETRY_AFTER = [
    *("1", "0", "-1", "+5", "1.5", "1e3", " 7 ", "", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"),
    *("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 2094 08:49:37"),
    *("Sun, 06 Nov 2094 08:49:37 -0000", "Sun, 06 Nov 2094 08:49:37 +9999"),
    *("Sun, 06 Nov 9999999 08:49:37 GMT", "Sun, 99 Nov 2094 99:99:99 GMT", "06 Nov 0000 00:00:00 GMT", "²"),
    *("\u0661\u0662", "\uff19", "9" * 400, "9" * 5_000, "0x10", "1_000", "nan", "inf", "\x00", "5, 6"),
]
_CONTENT_TYPES = [
    *("", "text/html", "TEXT/HTML; charset=utf-8", "application/json; charset=utf-16"),
    *("application/json; charset=no-such-charset", "text/plain; charset=ebcdic", ";;;=", "\x00", KEY),
]
_LOCATIONS = [
    *(f"https://elsewhere.example/?key={KEY}", f"/{KEY}", SIGNED, "\x1b[1m\nx", "x" * 3_000, "//"),
]

HEADERS: list[dict[str, str]] = [
    {},
    *({"retry-after": value} for value in RETRY_AFTER),
    *({"content-type": value} for value in _CONTENT_TYPES),
    *({"location": value} for value in _LOCATIONS),
    {"x-request-id": KEY},
    {"content-encoding": "gzip", "content-length": "-5"},
]

STATUSES = [200, 201, 202, 203, 204, 206, 207, 299, 300, 301, 303, 307, 399, *range(400, 600)]


def _cut(content: bytes, place: int) -> bytes:
    return content[: place % (len(content) + 1)]


def _put(piece: bytes) -> Callable[[bytes, int], bytes]:
    def put(content: bytes, place: int) -> bytes:
        at = place % (len(content) + 1)
        return content[:at] + piece + content[at:]

    return put


#: Changes of the bytes of a body: each takes the body, and a number that says where.
SPOILING: list[Callable[[bytes, int], bytes]] = [
    _cut,
    lambda _content, _place: b"",
    lambda content, _place: b"\xef\xbb\xbf" + content,
    lambda content, _place: content.decode("utf-8", "replace").encode("utf-16"),
    lambda content, _place: content.decode("utf-8", "replace").encode("utf-16-be"),
    lambda content, _place: content.decode("utf-8", "replace").encode("utf-32"),
    lambda content, _place: content + content,
    lambda content, _place: b" \r\n" * 200 + content,
    lambda content, _place: HTML + content,
    lambda content, _place: b")]}',\n" + content,
    lambda content, _place: content.replace(b'"', b"'"),
    *map(
        _put, (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\x00", b"\x1b[2J", b",", b"}", b"//x\n", KEY.encode())
    ),
]
