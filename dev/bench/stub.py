"""
The vendors of the benchmark: a TLS server on loopback that responds late, in the form of each vendor, and counts.

It is not the emulator: it checks nothing and knows no rule, so that it costs little beside what is measured. It runs in a
process of its own, ``python -m dev.bench.stub CERTIFICATE LATENCY LISTS``, and ends with its standard input. Each line that
it reads is a command in JSON, and it prints one line of JSON for each.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import resource
import ssl
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from dev.bench.server import ServerProcess
from dev.real_airflow import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The latency of a vendor that hangs, in seconds.
NEVER = 3600.0

# -- the side of the measurement -------------------------------------------------------------------------------------


class Stub(ServerProcess):
    """
    The server's process.

    :param certificate: the file with its certificate and key.
    :param latency: seconds until it responds.
    :param lists: whether it has a list of executions.
    """

    def __init__(self, certificate: Path, latency: float, *, lists: bool = False) -> None:
        super().__init__("dev.bench.stub", str(certificate), str(latency), str(int(lists)))
        self.port = int(json.loads(self.line())["port"])

    def runs(self, ids: Iterable[str]) -> None:
        """Begin these runs."""
        self._command("runs", list(ids))

    def counts(self) -> dict[str, float]:
        """
        Return what happened so far.

        :return: ``calls``; ``checks``: statuses of runs that were sent; ``connections`` that were opened, and ``open`` now;
            ``cpu``: the server's own, in seconds.
        """
        return dict(self._command("counts"))

    def end(self, ids: Iterable[str], spread: float) -> dict[str, float]:
        """
        End these runs, evenly over a time.

        :param ids: the runs.
        :param spread: over how many seconds from now.
        :return: when each run ends, in seconds since the epoch.
        """
        return dict(self._command("end", list(ids), spread))

    def live(self, seconds: float) -> None:
        """Let each run that is started from now on end after so many seconds."""
        self._command("live", seconds)

    def started(self) -> list[str]:
        """Return the ids of all runs."""
        return list(self._command("started"))

    def _command(self, *command: Any) -> Any:
        print(json.dumps(command), file=self.process.stdin, flush=True)
        return json.loads(self.line())


# -- the vendors -----------------------------------------------------------------------------------------------------


class Vendors:
    """All runs of all vendors, and what was counted."""

    def __init__(self, *, lists: bool) -> None:
        self.calls = self.checks = self.connections = self.open = 0
        self._lists = lists
        self._life: float | None = None
        # By id, when each ends; None: not yet.
        self._runs: dict[str, float | None] = {}
        # Searched for in this order; most requests are status checks.
        self._paths = [
            (re.compile(r"/api/v2/public/execution/([^/?]+)$"), self._refold),
            (re.compile(r"(/api/2\.\d/jobs/runs/get.*)"), self._databricks),
            (re.compile(r"/api/v2/accounts/\d+/runs/(\d+)/"), self._dbt),
            (re.compile(r"/runs/(\d+)$"), self._http),
            (re.compile(r"/jobs/(\d+)$"), self._airbyte),
            (re.compile(r"/api/v2/public/execution\?"), self._refold_list),
            (re.compile(r"/api/v1/execution/([^/]+)/response"), self._refold_output),
            (re.compile(r"/api/v2/public/workflow/[^/]+/execute"), self._refold_start),
            (re.compile(r"/api/2\.\d/jobs/run-now"), self._databricks_start),
        ]

    def respond(self, target: str, body: bytes) -> tuple[int, Any]:
        """Return the HTTP status and the body for a request."""
        self.calls += 1
        for pattern, route in self._paths:
            if found := pattern.match(target):
                return route(found[1] if pattern.groups else target, body)
        return 404, {"message": "no such path"}

    def command(self, name: str, *given: Any) -> Any:
        """Do what a line of standard input says, and return what is printed."""
        now = time.time()
        if name == "runs":
            self._runs.update(dict.fromkeys(given[0]))
        elif name == "end":
            ids, spread = given
            ends = {run: now + spread * number / len(ids) for number, run in enumerate(ids)}
            self._runs.update(ends)
            return ends
        elif name == "started":
            return list(self._runs)
        elif name == "live":
            [self._life] = given
        fields = ("calls", "checks", "connections", "open")
        return {**{field: getattr(self, field) for field in fields}, "cpu": time.process_time()}

    def _ended(self, run: str) -> bool:
        self.checks += 1
        end = self._runs.setdefault(run, None)
        return end is not None and end <= time.time()

    def _status(self, run: str) -> str:
        end = self._runs[run]
        return "COMPLETED" if end is not None and end <= time.time() else "RUNNING"

    def _start(self) -> str:
        run = str(len(self._runs) + 1)
        self._runs[run] = None if self._life is None else time.time() + self._life
        return run

    def _refold(self, run: str, _: bytes) -> tuple[int, Any]:
        status = "COMPLETED" if self._ended(run) else "RUNNING"
        nodes = [
            {"node_id": str(number), "node_name": f"Node {number}", "node_type": "start"}
            for number in range(4)
        ]
        output = {
            "node_id": "9",
            "node_name": "Response",
            "node_type": "response",
            "latest_output": {"ok": True},
        }
        return 200, {"_id": run, "status": status, "nodes": [*nodes, output]}

    def _refold_list(self, target: str, _: bytes) -> tuple[int, Any]:
        if not self._lists:
            return 403, {"message": "The key may not list executions."}
        query = {name: values[-1] for name, values in parse_qs(urlsplit(target).query).items()}
        limit, page = int(query.get("limit", 10)), int(query.get("page", 1))
        begin = (page - 1) * limit
        runs = list(self._runs) if query.get("sortAsc") == "true" else list(reversed(self._runs))
        if status := query.get("status"):
            runs = [run for run in runs if self._status(run) == status]
        docs = [
            {"_id": run, "status": self._status(run), "createdAt": "2026-01-01T00:00:00.000Z"}
            for run in runs[begin : begin + limit]
        ]
        self.checks += len(docs)
        more = begin + limit < len(runs)
        return 200, {"docs": docs, "totalDocs": len(runs), "limit": limit, "page": page, "hasNextPage": more}

    def _refold_output(self, run: str, _: bytes) -> tuple[int, Any]:
        return 200, {"_id": run, "status": "COMPLETED", "response": {"ok": True}}

    def _refold_start(self, *_: Any) -> tuple[int, Any]:
        return 200, {"execution_id": self._start()}

    def _databricks(self, target: str, body: bytes) -> tuple[int, Any]:
        # The trigger sends the id as JSON, the operator in the query.
        run = str(json.loads(body)["run_id"]) if body else parse_qs(urlsplit(target).query)["run_id"][0]
        ended = self._ended(run)
        state = {
            "life_cycle_state": "TERMINATED" if ended else "RUNNING",
            "state_message": "",
            "user_cancelled_or_timedout": False,
        }
        if ended:
            state["result_state"] = "SUCCESS"
        tasks = [
            {"run_id": 9, "task_key": f"task_{number}", "start_time": 1, "state": {}} for number in range(4)
        ]
        page = f"https://127.0.0.1/run/{run}"
        return 200, {"job_id": 1, "run_id": int(run), "run_page_url": page, "state": state, "tasks": tasks}

    def _databricks_start(self, *_: Any) -> tuple[int, Any]:
        return 200, {"run_id": int(self._start()), "number_in_job": 1}

    def _dbt(self, run: str, _: bytes) -> tuple[int, Any]:
        data: dict[str, Any] = {
            "id": int(run),
            "account_id": 1,
            "job_definition_id": 1,
            "status": 10 if self._ended(run) else 3,
            "steps": [],
        }
        return 200, {"status": {"code": 200, "is_success": True, "user_message": "Success!"}, "data": data}

    def _http(self, run: str, _: bytes) -> tuple[int, Any]:
        # The trigger waits while the address does not exist.
        return (200, {"id": run}) if self._ended(run) else (404, {"message": "not yet"})

    def _airbyte(self, run: str, _: bytes) -> tuple[int, Any]:
        status = "succeeded" if self._ended(run) else "running"
        return 200, {
            "jobId": int(run),
            "status": status,
            "jobType": "sync",
            "startTime": "2026-01-01T00:00:00Z",
            "connectionId": "c",
        }


# -- HTTP ------------------------------------------------------------------------------------------------------------


class _Connection(asyncio.Protocol):
    """So much of HTTP/1.1 as the clients of the benchmark send: one request after the other, with a Content-Length."""

    def __init__(self, vendors: Vendors, latency: float) -> None:
        self._vendors = vendors
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._vendors.connections += 1
        self._vendors.open += 1

    def connection_lost(self, _: Exception | None) -> None:
        self._vendors.open -= 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, rest = self._received.partition(b"\r\n\r\n")
            length = int(found[1]) if (found := re.search(rb"(?i)\ncontent-length: *(\d+)", head)) else 0
            if len(rest) < length:
                return
            body, self._received = rest[:length], rest[length:]
            target = head.split(b" ", 2)[1].decode()
            asyncio.get_running_loop().call_later(self._latency, self._respond, target, body)

    def _respond(self, target: str, body: bytes) -> None:
        if self._transport.is_closing():
            return
        status, document = self._vendors.respond(target, body)
        content = json.dumps(document).encode()
        head = (
            f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._transport.write(head.encode() + content)


def allow_many_sockets() -> None:
    """Let this process open as many sockets as the system allows it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(certificate: str, latency: float, *, lists: bool) -> None:
    allow_many_sockets()
    vendors, loop = Vendors(lists=lists), asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    port = free_port()
    server = await loop.create_server(
        lambda: _Connection(vendors, latency), "127.0.0.1", port, ssl=context, backlog=4096
    )
    print(json.dumps({"port": port}), flush=True)
    gc.freeze()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(vendors.command(*json.loads(line))), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2]), lists=sys.argv[3] == "1"))
