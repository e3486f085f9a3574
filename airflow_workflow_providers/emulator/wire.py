"""What is below HTTP: the port, the thread that serves it, and how a connection is broken off."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterable

import uvicorn
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

_HOST = "127.0.0.1"
#: Linux gives ports from 32768 on to outgoing connections; below that nobody takes ours between stop and start.
_FREE_PORTS = range(10_000, 32_768)
_NO_LINGERING = struct.pack("ii", 1, 0)


class _Protocol(H11Protocol):
    """uvicorn's own, with three changes: a request can reach it, none is logged, none outlives the server."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Whoever configures logging after us, as Airflow does, would turn the log of requests on again.
        self.access_log = False
        self.app_state = {**self.app_state, "protocol": self}

    def shutdown(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            super().shutdown()
        else:
            self.transport.abort()


class _Server(uvicorn.Server):
    """uvicorn's own, which also says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class Listener:
    """One application on one port of the loopback address, served by one daemon thread."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self.port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Return once a client can connect."""
        bound = _bind(self.port)
        self.port = bound.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        server = self._server = _Server(config)
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
        """Break off what is still going, and return when neither thread nor socket is left."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None


def _bind(port: int) -> socket.socket:
    """Return a listening socket; for port 0 on some free port below those of outgoing connections."""
    candidates = [port] if port else random.sample(_FREE_PORTS, 200)
    for candidate in candidates:
        # asyncio sends at once (TCP_NODELAY) only where the protocol is named; else every answer takes 40 ms longer.
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


async def client_left(receive: Receive) -> None:
    """Return when the connection is gone, whoever ended it; the body must have been read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def left_within(request: Request, seconds: float) -> bool:
    """Wait so long, or less if the client leaves; say whether it left."""
    leaving = asyncio.ensure_future(client_left(request.receive))
    done, _ = await asyncio.wait({leaving}, timeout=seconds)
    if not done:
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
    return bool(done)


class Silence(Response):
    """No answer: the client waits until it gives up, or until the emulator stops."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the connection's end."""
        await client_left(receive)


class BrokenOff(Response):
    """No answer, and the connection ends: reset, or closed as an impatient proxy does (``clean``)."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__()
        self._clean = clean

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End the connection, and wait until uvicorn has seen it, or it would answer 500 of its own."""
        transport: asyncio.Transport = scope["state"]["protocol"].transport
        if not self._clean:
            # Without lingering, closing sends a reset: "connection reset by peer" and not an orderly end.
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        transport.abort()
        await client_left(receive)


class Raw(Response):
    """Bytes past HTTP's own rules, a piece at a time with ``seconds`` between, until the client leaves."""

    def __init__(self, pieces: Iterable[bytes], seconds: float) -> None:
        super().__init__()
        self._pieces = pieces
        self._seconds = seconds

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write to the transport itself, no faster than the client reads."""
        protocol: _Protocol = scope["state"]["protocol"]
        leaving = asyncio.ensure_future(client_left(receive))
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
    """Return a response whose body comes a piece at a time, with ``seconds`` between two, as long as the client reads."""

    async def paced() -> AsyncIterator[bytes]:
        held: bytes | None = None
        for piece in pieces:
            if held is not None:
                yield held
                await asyncio.sleep(seconds)
            held = piece
        before_last()
        yield held or b""

    return StreamingResponse(paced(), status, headers, media_type)
