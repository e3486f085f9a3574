"""A response's body as it comes in: decompressed, and never larger than a limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from airflow_workflow_providers.core.errors import UnreadableAnswer
from airflow_workflow_providers.core.text import shown

#: The largest body, decoded, unless the connection says otherwise.
MAX_RESPONSE = 64 * 1024 * 1024

#: How much is decompressed in one go, in bytes: an event loop must not stand still for longer.
SLICE = 1024 * 1024


class Body:
    """A body as it comes in: decompressed, and no larger than the limit."""

    def __init__(self, status: int, headers: Mapping[str, str], limit: int) -> None:
        self.content = bytearray()
        self._status = status
        self._limit = limit
        said = headers.get("content-length", "")
        self._size = f"{said} bytes" if said.isdecimal() else f"more than {limit} bytes"
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise UnreadableAnswer(
                f"returned HTTP {status} with a body that is encoded as {shown(encoding)!r}, which was not asked for",
                status=status,
            )
        # 32 lets the decoder tell gzip and zlib apart.
        self._decoder = (
            zlib.decompressobj(zlib.MAX_WBITS | 32) if "gzip" in encoding or encoding == "deflate" else None
        )
        if said.isdecimal() and len(said) < 20 and self._decoder is None and int(said) > limit:
            raise self._too_large()

    def feed(self, chunk: bytes) -> Iterator[None]:
        """Take in a piece; yields after each slice, so that an event loop can do something else."""
        while chunk:
            if self._decoder is None:
                piece, chunk = chunk, b""
            else:
                try:
                    piece = self._decoder.decompress(chunk, SLICE)
                except zlib.error:
                    raise UnreadableAnswer(
                        f"returned HTTP {self._status} with a body that cannot be decompressed",
                        status=self._status,
                    ) from None
                # What follows the end of the stream is not part of the body.
                chunk = b"" if self._decoder.eof else self._decoder.unconsumed_tail
            self.content += piece
            if len(self.content) > self._limit:
                raise self._too_large()
            yield

    def _too_large(self) -> UnreadableAnswer:
        self.content.clear()
        return UnreadableAnswer(
            f"returned HTTP {self._status} with a body of {self._size}; the limit is {self._limit} bytes. Raise it with the "
            "connection's extra field max_response_mb",
            status=self._status,
        )
