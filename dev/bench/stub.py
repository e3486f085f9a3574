"""A server that responds to each request with RUNNING, and counts: ``python -m dev.bench.stub LATENCY``."""

from __future__ import annotations

import asyncio
import json
import sys

_BODY = json.dumps({"status": "RUNNING", "nodes": [{"node_name": "n", "node_type": "start"}] * 5}).encode()
_RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY) + _BODY
)


async def serve(latency: float) -> None:
    """Serve until standard input ends; print the port, and the counts for each line that is read."""
    responses = connections = 0

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal responses, connections
        connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(latency)
                writer.write(_RESPONSE)
                responses += 1
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            connections -= 1
            writer.close()

    server = await asyncio.start_server(peer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(responses, connections, flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
