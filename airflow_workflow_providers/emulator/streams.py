"""Bodies and headers that do not come in one piece: dripped, endless, compressed, or more than memory should hold."""

import itertools
import struct
import zlib
from collections.abc import Iterator
from http.client import responses

from airflow_workflow_providers.emulator.shape import Answer

_BLANKS = b" " * 65_536
_MEGABYTE = b" " * 1_048_576
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#: A stored block of no bytes, which is not the last.
_EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def drip_headers(answer: Answer) -> Iterator[bytes]:
    """Yield status line and headers byte by byte; the last header has no end."""
    reason = responses.get(answer.status, "")
    headers = {"Content-Type": answer.media_type, **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return _bytes_of("\r\n".join([*lines, "X-Padding: "]).encode("latin-1"), then=b"x")


def drip_body(whole: bytes) -> Iterator[bytes]:
    """Yield a body byte by byte, and then blanks."""
    return _bytes_of(whole, then=b" ")


def padded_with_blanks(whole: bytes, size: int) -> Iterator[bytes]:
    """Yield a body and blanks, ``size`` bytes in all, if it is not longer already."""
    yield whole
    full, rest = divmod(max(size - len(whole), 0), len(_BLANKS))
    yield from itertools.repeat(_BLANKS, full)
    yield _BLANKS[:rest]


def gzip_bomb(whole: bytes, size: int) -> Iterator[bytes]:
    """Yield as one member of gzip a body and blanks, ``size`` bytes in all when decoded.

    A block that ends with a full flush refers to nothing before it, so the same megabyte can be sent again and again.
    """
    yield _GZIP_HEAD
    full, rest = divmod(max(size - len(whole), 0), len(_MEGABYTE))
    checksum = zlib.crc32(whole)
    yield _deflated(whole, zlib.Z_FULL_FLUSH)
    block = _deflated(_MEGABYTE, zlib.Z_FULL_FLUSH)
    for _ in range(full):
        checksum = zlib.crc32(_MEGABYTE, checksum)
        yield block
    checksum = zlib.crc32(_MEGABYTE[:rest], checksum)
    yield _deflated(_MEGABYTE[:rest], zlib.Z_FINISH) + struct.pack(
        "<II", checksum, max(size, len(whole)) % 2**32
    )


def empty_gzip() -> Iterator[bytes]:
    """Yield gzip without an end that decodes to nothing."""
    return itertools.chain([_GZIP_HEAD], itertools.repeat(_EMPTY_BLOCK * 1000))


def _bytes_of(whole: bytes, *, then: bytes) -> Iterator[bytes]:
    return itertools.chain((bytes([byte]) for byte in whole), itertools.repeat(then))


def _deflated(data: bytes, flush: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(flush)
