"""
A proxy on loopback for the benchmark: it opens a tunnel for each CONNECT and passes on what comes, without a look at it.

It runs in a process of its own, ``python -m dev.bench.tunnel``, prints its port, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys

from dev.bench.server import ServerProcess
from dev.real_airflow import free_port

_PIECE = 64 * 1024


class Tunnel(ServerProcess):
    """The proxy's process."""

    def __init__(self) -> None:
        super().__init__("dev.bench.tunnel")
        self.url = f"http://127.0.0.1:{int(self.line())}"


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Open a tunnel to where a CONNECT leads."""
    head = await reader.readuntil(b"\r\n\r\n")
    host, _, port = head.split()[1].decode().rpartition(":")
    to_reader, to_writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(_pass_on(reader, to_writer), _pass_on(to_reader, writer), return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(_PIECE):
            writer.write(piece)
    finally:
        writer.close()


async def _serve() -> None:
    port = free_port()
    server = await asyncio.start_server(_connect, "127.0.0.1", port)
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
