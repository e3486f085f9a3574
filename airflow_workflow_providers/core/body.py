"""A response's body as it comes in: decompressed, and never larger than a limit."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.core.errors import UnexpectedResponse, WorkflowError
from airflow_workflow_providers.core.request import Response
from airflow_workflow_providers.core.text import shown

#: The largest body, decoded, unless the connection says otherwise.
MAX_RESPONSE = 64 * 1024 * 1024

#: How much is decompressed in one step, in bytes: an event loop must not block for longer.
SLICE = 1024 * 1024


@dataclass(frozen=True)
class Sink:
    """
    Where a body goes instead of memory.

    :param write: takes one piece after the other.
    :param max_bytes: the largest body, decoded, in bytes.
    """

    write: Callable[[bytes], Any]
    max_bytes: int


class Body:
    """
    A body as it comes in: decompressed, and no larger than the limit.

    :param sink: where the body of a 2xx goes, with its own limit; the body of an error stays in memory.
    """

    def __init__(self, status: int, headers: Mapping[str, str], limit: int, sink: Sink | None = None) -> None:
        self.content = bytearray()
        self._sink = sink if sink is not None and 200 <= status < 300 else None
        self._received = 0
        self._status = status
        self._headers = headers
        self._limit = limit = limit if self._sink is None else self._sink.max_bytes
        length = headers.get("content-length", "")
        self._size = f"{length} bytes" if length.isdecimal() else f"more than {limit} bytes"
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise self.response().unexpected(
                f" with a body that is encoded as {shown(encoding)!r}, which was not asked for"
            )
        # 32 lets the decoder tell gzip and zlib apart.
        self._decoder = (
            zlib.decompressobj(zlib.MAX_WBITS | 32) if "gzip" in encoding or encoding == "deflate" else None
        )
        if length.isdecimal() and len(length) < 20 and self._decoder is None and int(length) > limit:
            raise self._too_large()

    def feed(self, chunk: bytes) -> Iterator[None]:
        """Take in a piece; yield after each slice, so that an event loop can run other tasks."""
        while chunk:
            if self._decoder is None:
                piece, chunk = chunk, b""
            else:
                try:
                    piece = self._decoder.decompress(chunk, SLICE)
                except zlib.error:
                    raise self.response().unexpected(" with a body that cannot be decompressed") from None
                # What follows the end of the stream is not part of the body.
                chunk = b"" if self._decoder.eof else self._decoder.unconsumed_tail
            self._received += len(piece)
            if self._received > self._limit:
                raise self._too_large()
            if self._sink is None:
                self.content += piece
            else:
                self._write(self._sink, piece)
            yield

    def response(self) -> Response:
        """Return the response, once all of it is in."""
        return Response(self._status, self._headers, bytes(self.content))

    def _write(self, sink: Sink, piece: bytes) -> None:
        try:
            sink.write(piece)
        except WorkflowError as error:
            error.status = self._status
            raise
        except Exception as error:  # the file systems of object stores have errors of their own
            raise WorkflowError(f"the response could not be stored: {error}", status=self._status) from error

    def _too_large(self) -> UnexpectedResponse:
        self.content.clear()
        hint = ". Raise it with the connection's extra field max_response_mb" if self._sink is None else ""
        return self.response().unexpected(
            f" with a body of {self._size}; the limit is {self._limit} bytes{hint}"
        )
