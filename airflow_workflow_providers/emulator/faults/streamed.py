"""Faults in how the vendor's own reply is sent: dripped, endless, compressed, or too much of it."""

import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.client import responses
from typing import Literal

from typing_extensions import override

from airflow_workflow_providers.emulator.faults.base import ChangesReply, ReplacesReply, Vendor
from airflow_workflow_providers.emulator.messages import Incoming, RawBytes, Reply, StreamedReply

_BLANKS = b" " * 65_536
_MEGABYTE = b" " * 1_048_576
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#: A stored block of no bytes, which is not the last.
_EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Drip(ChangesReply):
    """
    The headers, or the body, one byte at a time, until the client leaves.

    :param part: ``body``: the true body, then blanks; ``headers``: one header that never ends.
    :param seconds: how long after each byte.
    """

    name = "drip"

    part: Literal["headers", "body"] = "body"
    seconds: float = 0.05

    @override
    def change(self, reply: Reply, vendor: Vendor) -> StreamedReply | RawBytes:
        if self.part == "body":
            return _streamed(reply, _one_by_one(reply.encoded(), then=b" "), seconds=self.seconds)
        headers = {"Content-Type": reply.media_type, **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        start = "\r\n".join([*lines, "X-Padding: "]).encode("latin-1")
        return RawBytes(_one_by_one(start, then=b"x"), self.seconds)


@dataclass(frozen=True, kw_only=True)
class EndlessContinue(ReplacesReply):
    """One interim response (HTTP 100) after another, until the client leaves."""

    name = "endless_continue"

    seconds: float = 0.05

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> RawBytes:
        return RawBytes(itertools.repeat(_CONTINUE), self.seconds)


@dataclass(frozen=True, kw_only=True)
class EmptyGzip(ChangesReply):
    """Gzip without an end that decodes to nothing, until the client leaves."""

    name = "empty_gzip"

    seconds: float = 0.05

    @override
    def change(self, reply: Reply, vendor: Vendor) -> StreamedReply:
        pieces = itertools.chain([_GZIP_HEADER], itertools.repeat(_EMPTY_BLOCK * 1000))
        return _streamed(reply, pieces, {"Content-Encoding": "gzip"}, self.seconds)


@dataclass(frozen=True, kw_only=True)
class GzipBomb(ChangesReply):
    """The true body and blanks, compressed: ``bytes`` in all when decoded."""

    name = "gzip_bomb"

    bytes: int = 3_000_000_000

    @override
    def change(self, reply: Reply, vendor: Vendor) -> StreamedReply:
        return _streamed(reply, _gzip(reply.encoded(), self.bytes), {"Content-Encoding": "gzip"})


@dataclass(frozen=True, kw_only=True)
class Large(ChangesReply):
    """The true body and blanks, which JSON allows: ``bytes`` in all, with their length or chunked."""

    name = "large"

    bytes: int = 100_000_000
    chunked: bool = False

    @override
    def change(self, reply: Reply, vendor: Vendor) -> StreamedReply:
        whole = reply.encoded()
        length = {} if self.chunked else {"Content-Length": str(max(self.bytes, len(whole)))}
        return _streamed(reply, _with_blanks(whole, self.bytes), length)


def _streamed(
    reply: Reply, pieces: Iterator[bytes], headers: dict[str, str] | None = None, seconds: float = 0.0
) -> StreamedReply:
    # HTTP allows no body with these two statuses.
    status = 200 if reply.status in (204, 304) else reply.status
    changed = replace(reply, status=status, headers={**reply.headers, **(headers or {})})
    return StreamedReply(changed, pieces, seconds)


def _one_by_one(whole: bytes, *, then: bytes) -> Iterator[bytes]:
    return itertools.chain((bytes([byte]) for byte in whole), itertools.repeat(then))


def _with_blanks(whole: bytes, size: int) -> Iterator[bytes]:
    yield whole
    full, rest = divmod(max(size - len(whole), 0), len(_BLANKS))
    yield from itertools.repeat(_BLANKS, full)
    yield _BLANKS[:rest]


def _gzip(whole: bytes, size: int) -> Iterator[bytes]:
    """
    Yield a body and blanks as one member of gzip, ``size`` bytes in all when decoded.

    A block that ends with a full flush refers to nothing before it, so the same megabyte can be sent again and again.
    """
    yield _GZIP_HEADER
    full, rest = divmod(max(size - len(whole), 0), len(_MEGABYTE))
    checksum = zlib.crc32(whole)
    yield _deflated(whole, zlib.Z_FULL_FLUSH)
    block = _deflated(_MEGABYTE, zlib.Z_FULL_FLUSH)
    for _ in range(full):
        checksum = zlib.crc32(_MEGABYTE, checksum)
        yield block
    checksum = zlib.crc32(_MEGABYTE[:rest], checksum)
    length = max(size, len(whole)) % 2**32
    yield _deflated(_MEGABYTE[:rest], zlib.Z_FINISH) + struct.pack("<II", checksum, length)


def _deflated(data: bytes, flush: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(flush)
