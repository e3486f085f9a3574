"""
The HTTP server: one port, one thread, and responses that a normal server would not send.

All that depends on uvicorn beyond its documented interface is here; ``tests/emulator/test_server.py`` names it and
fails if another release of uvicorn has it no more.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

_HOST = "127.0.0.1"
#: Linux gives ports from 32768 on to outgoing connections; below that no other program takes ours between stop and start.
_FREE_PORTS = range(10_000, 32_768)
_NO_LINGER = struct.pack("ii", 1, 0)


class _Protocol(H11Protocol):
    """
    uvicorn's own, with four changes.

    A response can reach it, no request is logged, none outlives the server, and an empty header about websockets is taken.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own type
        super().connection_made(transport)
        # A logging configuration that is loaded after ours, as Airflow's is, would turn the access log on again.
        self.access_log = False
        self.app_state = {**self.app_state, "protocol": self}

    def shutdown(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            super().shutdown()
        else:
            self.transport.abort()

    def handle_websocket_upgrade(self, event: Any) -> None:
        # A client of a vendor names no subprotocol in this header; its server takes that, the library `websockets` does not.
        empty = (b"sec-websocket-protocol", b"")
        self.headers = [header for header in self.headers if header != empty]
        super().handle_websocket_upgrade(event)


class _Uvicorn(uvicorn.Server):
    """uvicorn's own, which also says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class Server:
    """One application on one port of the loopback address, served by one daemon thread."""

    def __init__(self, app: ASGIApp, port: int, certificate: Path | None = None) -> None:
        self._app = app
        self._certificate = certificate
        self.port = port
        self._uvicorn: _Uvicorn | None = None
        self._thread: threading.Thread | None = None

    @property
    def open_requests(self) -> int:
        """How many requests are being served."""
        return len(self._uvicorn.server_state.tasks) if self._uvicorn is not None else 0

    def start(self) -> None:
        """Listen, and return once a client can connect."""
        bound = _bind(self.port)
        self.port = bound.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=_Protocol,
            # It uses nothing of `websockets` that is deprecated. Airflow brings that library, with fastapi[standard].
            ws="websockets-sansio",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            ssl_certfile=self._certificate,
        )
        server = self._uvicorn = _Uvicorn(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[bound])),
            name=f"emulator-{self.port}",
            daemon=True,
        )
        self._thread.start()
        while not server.listening.wait(0.05):
            if not self._thread.is_alive():
                bound.close()
                raise RuntimeError("The emulator's thread ended before it listened.")

    def stop(self) -> None:
        """Break open connections, and return when neither thread nor socket is left."""
        if self._uvicorn is not None and self._thread is not None:
            self._uvicorn.should_exit = True
            self._thread.join()
        self._uvicorn = self._thread = None


def _bind(port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free port below those of outgoing connections."""
    candidates = [port] if port else random.sample(_FREE_PORTS, 200)
    for candidate in candidates:
        # asyncio sends at once (TCP_NODELAY) only where the protocol is named; else each response takes 40 ms longer.
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((_HOST, candidate))
            bound.listen(1024)
        except OSError:
            bound.close()
            if port:
                raise
        else:
            return bound
    raise OSError(f"No free port between {_FREE_PORTS.start} and {_FREE_PORTS.stop - 1}.")


async def _disconnected(receive: Receive) -> None:
    """Return when either side has closed the connection; the body must have been read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def left_within(request: Request, seconds: float) -> bool:
    """Wait this long, or until the client leaves; say whether it left."""
    leaving = asyncio.ensure_future(_disconnected(request.receive))
    done, _ = await asyncio.wait({leaving}, timeout=seconds)
    if not done:
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
    return bool(done)


class HangResponse(Response):
    """No response: the client waits until it gives up, or until the emulator stops."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the end of the connection."""
        await _disconnected(receive)


class ResetResponse(Response):
    """No response, and the end of the connection: a TCP reset, or an orderly close (``clean``)."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__()
        self._clean = clean

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End the connection, and wait until uvicorn has seen it: it would send a 500 otherwise."""
        transport: asyncio.Transport = scope["state"]["protocol"].transport
        if not self._clean:
            # Without lingering, closing sends a reset ("connection reset by peer") and not an orderly end.
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
        await _disconnected(receive)


class RawResponse(Response):
    """Bytes that need not be valid HTTP, in pieces with ``seconds`` between them, until the client leaves."""

    def __init__(self, pieces: Iterable[bytes], seconds: float) -> None:
        super().__init__()
        self._pieces = pieces
        self._seconds = seconds

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write to the transport, no faster than the client reads."""
        protocol: _Protocol = scope["state"]["protocol"]
        leaving = asyncio.ensure_future(_disconnected(receive))
        for piece in self._pieces:
            protocol.transport.write(piece)
            await protocol.flow.drain()
            await asyncio.wait({leaving}, timeout=self._seconds)
            if leaving.done():
                return


def stream_response(
    pieces: Iterable[bytes],
    status: int,
    headers: dict[str, str],
    media_type: str,
    *,
    seconds: float,
    before_last: Callable[[], None],
) -> Response:
    """Return a response whose body comes in pieces with ``seconds`` between them, no faster than the client reads."""

    async def paced() -> AsyncIterator[bytes]:
        previous: bytes | None = None
        for piece in pieces:
            if previous is not None:
                yield previous
                await asyncio.sleep(seconds)
            previous = piece
        before_last()
        yield previous or b""

    return StreamingResponse(paced(), status, headers, media_type)
