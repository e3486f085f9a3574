"""
One connection of an event loop to a vendor, kept open: status checks go over it many times a second.

It speaks HTTP/1.1 with h11, as the HTTP library does. What the library does around it for a pool, for tracing and for other
event loops costs as much as the rest of a check.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from airflow_workflow_providers.core.body import Body
from airflow_workflow_providers.core.engine import h11, httpcore
from airflow_workflow_providers.core.network import AsyncStream

#: How long an unused connection stays open, in seconds.
KEEPALIVE = 60.0

#: How much is read at once, and how long the head of a response may be, in bytes.
_READ, _HEAD = 64 * 1024, 100 * 1024

#: From a status and the headers to what takes the body.
MakeBody = Callable[[int, Iterable[tuple[bytes, bytes]]], Body]


class Lane:
    """
    One connection, opened anew when it is broken.

    :param connect: opens a socket.
    """

    def __init__(self, connect: Callable[[], Awaitable[AsyncStream]]) -> None:
        self._connect = connect
        self._stream: AsyncStream | None = None
        self._protocol = h11.Connection(h11.CLIENT)
        self._expires = 0.0

    async def exchange(self, request: h11.Request, content: bytes, make_body: MakeBody) -> Body:
        """
        Send a request and read its response.

        :param request: its head.
        :param content: its body.
        :param make_body: makes what takes the body of the response.
        :return: that, with the whole body.
        :raises Exception: of the socket or of the protocol; then the connection is closed.
        """
        known = self._stream
        if known is not None and not known.is_ended and time.monotonic() < self._expires:
            before = known.received
            try:
                return await self._exchange(known, request, content, make_body)
            except (httpcore.ReadError, httpcore.WriteError, h11.RemoteProtocolError):
                # Without a byte of a response, the server had closed it in the meantime. What only reads is sent again.
                if request.method != b"GET" or known.received != before:
                    raise
        self.close()
        self._stream = await self._connect()
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD)
        return await self._exchange(self._stream, request, content, make_body)

    @property
    def is_expired(self) -> bool:
        """Whether the connection has not been used for so long that it is not used again."""
        return self._stream is not None and time.monotonic() > self._expires

    def close(self) -> None:
        """Close the connection; the next exchange opens it again."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def _exchange(
        self, stream: AsyncStream, request: h11.Request, content: bytes, make_body: MakeBody
    ) -> Body:
        try:
            body = await self._response(stream, self._sent(request, content), make_body)
        except BaseException:
            self.close()
            raise
        if self._protocol.our_state is self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()
            self._expires = time.monotonic() + KEEPALIVE
        else:
            self.close()
        return body

    def _sent(self, request: h11.Request, content: bytes) -> bytes:
        events = [request, *([h11.Data(data=content)] if content else []), h11.EndOfMessage()]
        return b"".join(self._protocol.send(event) or b"" for event in events)

    async def _response(self, stream: AsyncStream, data: bytes, make_body: MakeBody) -> Body:
        await stream.write(data)
        body: Body | None = None
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                self._protocol.receive_data(await stream.read(_READ))
            elif isinstance(event, h11.Data) and body is not None:
                for sliced, _ in enumerate(body.feed(bytes(event.data))):
                    if sliced:  # a large body is decompressed piece by piece
                        await asyncio.sleep(0)
            elif isinstance(event, h11.EndOfMessage) and body is not None:
                return body
            elif isinstance(event, h11.Response):
                body = make_body(event.status_code, event.headers)
            elif not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the connection was closed in the middle of a response")
