"""
Airflow's public REST API on loopback, as far as the commands use it.

The paths, the parameters and the shapes are those of Airflow 3.3.2; ``tests/real/test_commands.py`` asks a real one.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "token-of-a-person-4711"

#: ``[api] maximum_page_limit``.
MAXIMUM_PAGE = 100

_TASK = r"/api/v2/dags/(?P<dag>[^/]+)/dagRuns/(?P<run>[^/]+)/taskInstances"


class AirflowServer:
    """
    The task instances of an Airflow.

    :ivar has_store: whether it has a task state store (Airflow 3.3).
    :ivar requests: method and path of each request.
    :ivar redirect_to: where each request is redirected.
    """

    def __init__(self) -> None:
        self.has_store = True
        self.requests: list[str] = []
        self.redirect_to = ""
        self._tasks: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()

    def add(
        self,
        operator: str,
        *,
        state: str | None = "success",
        store: dict[str, Any] | None = None,
        xcom: dict[str, Any] | None = None,
        rendered: dict[str, Any] | None = None,
        dag_id: str = "claims",
        run_id: str = "manual__2026-11-30T08:00:00+00:00",
        task_id: str = "run",
        map_index: int = -1,
    ) -> dict[str, Any]:
        """Add a task instance of the newest DAG run, and return it: a test may change it."""
        task = {
            "operator": operator,
            "state": state,
            "store": store or {},
            "xcom": xcom or {},
            "rendered_fields": rendered or {},
            "dag_id": dag_id,
            "dag_run_id": run_id,
            "task_id": task_id,
            "map_index": map_index,
        }
        self._tasks.insert(0, task)
        return task

    def asked(self, what: str) -> list[str]:
        """Return the requests whose path holds a text."""
        return [request for request in self.requests if what in request]

    # -- responses ----------------------------------------------------------------------------------------------------

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.requests.append(f"GET {self.path}")
                if server.redirect_to:
                    self._send(307, {}, {"Location": server.redirect_to + self.path})
                elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self._send(401, {"detail": "Invalid JWT token"})
                else:
                    self._send(*server.response(self.path))

            def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        return Handler

    def response(self, target: str) -> tuple[int, Any]:
        """Return the status and the body of a response."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        if found := re.fullmatch(_TASK, parts.path):
            return 200, self._list(unquote(found["dag"]), query)
        if not (found := re.fullmatch(_TASK + r"/(?P<task>[^/]+)(?P<rest>(/.*)?)", parts.path)):
            return 404, {"detail": "Not Found"}
        rest = found["rest"]
        index = rest[1:] if rest[1:].isdecimal() else query.get("map_index", ["-1"])[0]
        named = tuple(unquote(found[name]) for name in ("dag", "run", "task"))
        task = next(
            (
                task
                for task in self._tasks
                if (task["dag_id"], task["dag_run_id"], task["task_id"]) == named
                and task["map_index"] == int(index)
            ),
            None,
        )
        if rest == "/state-store":
            return self._stored(task, query)
        if task is None:
            return 404, {"detail": "The Task Instance was not found"}
        return (
            self._xcom(task, unquote(rest)) if rest.startswith("/xcomEntries/") else (200, self._shown(task))
        )

    @staticmethod
    def _xcom(task: dict[str, Any], path: str) -> tuple[int, Any]:
        key = path.removeprefix("/xcomEntries/")
        if key in task["xcom"]:
            return 200, {"key": key, "value": task["xcom"][key]}
        return 404, {"detail": f"XCom entry with key: `{key}` not found"}

    def _list(self, dag_id: str, query: dict[str, list[str]]) -> dict[str, Any]:
        assert query["order_by"] == ["-run_after"]
        found = [
            self._shown(task)
            for task in self._tasks
            if dag_id in ("~", task["dag_id"])
            and task["operator"] in query.get("operator", [task["operator"]])
            and task["state"] in query.get("state", [task["state"]])
        ]
        offset, limit = int(query["offset"][0]), min(int(query["limit"][0]), MAXIMUM_PAGE)
        return {"task_instances": found[offset : offset + limit], "total_entries": len(found)}

    def _stored(self, task: dict[str, Any] | None, query: dict[str, list[str]]) -> tuple[int, Any]:
        if not self.has_store:
            return 404, {"detail": "Not Found"}
        entries = [
            {"key": key, "value": value, "updated_at": "2026-11-30T08:00:00Z", "expires_at": None}
            for key, value in sorted((task["store"] if task else {}).items())
        ]
        offset, limit = int(query["offset"][0]), min(int(query["limit"][0]), MAXIMUM_PAGE)
        return 200, {"task_state_store": entries[offset : offset + limit], "total_entries": len(entries)}

    @staticmethod
    def _shown(task: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in task.items() if name not in ("store", "xcom")}
