"""What a person or a script does with a running Airflow, over its public REST API."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Airflow listens on loopback here, which a proxy of the environment cannot reach.
_OPENER = build_opener(ProxyHandler({}))
_POLL = 0.5
_ALL = 1000


class RequestFailed(RuntimeError):
    """
    Airflow responded with an error.

    :param request: method and path.
    :param status: the HTTP status.
    :param body: the body of the response.
    """

    def __init__(self, request: str, status: int, body: str) -> None:
        super().__init__(f"{request}: HTTP {status}: {body[:1000]}")
        self.status = status


# SQLite rejects a write during another one; nothing was written then.
_WHEN_LOCKED = Retrying(
    retry=retry_if_exception(
        lambda error: isinstance(error, RequestFailed) and error.status == HTTPStatus.INTERNAL_SERVER_ERROR
    ),
    stop=stop_after_attempt(6),
    wait=wait_fixed(_POLL),
    reraise=True,
)


class AirflowApi:
    """The REST API of a running Airflow, as an administrator who needs no password."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._token = ""

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Send a request and return the JSON of its response; ``None`` if it is empty."""
        if not self._token:
            self._token = self._send("GET", "/auth/token", None, {})["access_token"]
        return _WHEN_LOCKED(self._send, method, path, body, {"Authorization": f"Bearer {self._token}"})

    def health(self) -> Any:
        """Return the health of Airflow's components; this needs no login."""
        return self._send("GET", "/api/v2/monitor/health", None, {})

    def version(self) -> str:
        """Return the version of Airflow, such as `3.3.2`."""
        return str(self.request("GET", "/api/v2/version")["version"])

    def check_alive(self) -> None:
        """Raise if a component of Airflow is known to have ended; every wait calls this, so that it ends too."""

    def add_connection(self, conn_id: str, fields: Mapping[str, Any]) -> None:
        """Store a connection as the Connections form would: `extra` becomes one JSON text."""
        body = {"connection_id": conn_id, **fields}
        if isinstance(body.get("extra"), dict):
            body["extra"] = json.dumps(body["extra"])
        self.request("POST", "/api/v2/connections", body)

    def dags(self) -> list[dict[str, Any]]:
        """Return every DAG that Airflow has parsed."""
        return list(self.request("GET", f"/api/v2/dags?limit={_ALL}")["dags"])

    def import_errors(self) -> dict[str, str]:
        """Return the stack trace of each DAG file that could not be parsed."""
        found = self.request("GET", f"/api/v2/importErrors?limit={_ALL}")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in found}

    def wait_for_dags(self, ids: Iterable[str], seconds: float = 60) -> None:
        """Wait until Airflow has parsed all these DAGs; raise at once if it could not parse a file."""
        wanted = set(ids)
        deadline = time.monotonic() + seconds
        while missing := wanted - {dag["dag_id"] for dag in self.dags()}:
            if errors := self.import_errors():
                raise RuntimeError("\n\n".join(f"{file}\n{trace}" for file, trace in errors.items()))
            if time.monotonic() > deadline:
                raise TimeoutError(f"not parsed within {seconds:.0f} s: {', '.join(sorted(missing))}")
            self.check_alive()
            time.sleep(_POLL)

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Unpause a DAG, start a run of it, and return the id of the run."""
        self.request("PATCH", f"/api/v2/dags/{quote(dag_id)}", {"is_paused": False})
        body = {"logical_date": None, "conf": dict(conf or {})}
        run = self.request("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", body)
        return str(run["dag_run_id"])

    def runs(self) -> list[dict[str, Any]]:
        """Return every run of every DAG."""
        return list(self.request("GET", f"/api/v2/dags/~/dagRuns?limit={_ALL}")["dag_runs"])

    def tasks(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the tasks of a DAG, with the tasks that follow each."""
        return list(self.request("GET", f"/api/v2/dags/{quote(dag_id)}/tasks")["tasks"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a DAG run."""
        return str(self.request("GET", f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}")["state"])

    def wait_for_run(self, dag_id: str, run_id: str, seconds: float) -> str:
        """Wait until a DAG run has ended and return its state."""
        deadline = time.monotonic() + seconds
        while (state := self.run_state(dag_id, run_id)) not in {"success", "failed"}:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag_id} is still {state} after {seconds:.0f} s")
            self.check_alive()
            time.sleep(_POLL)
        return state

    def task_instances(self, dag_id: str = "~", run_id: str = "~") -> list[dict[str, Any]]:
        """Return the task instances of a DAG run; `~` stands for all."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances?limit={_ALL}"
        return list(self.request("GET", path)["task_instances"])

    def wait_for_tasks(
        self, dag_id: str, run_id: str, states: Mapping[str, str | None], seconds: float
    ) -> None:
        """Wait until each of these tasks of a DAG run, or each of its mapped instances, has its state."""
        deadline = time.monotonic() + seconds
        while True:
            found = [(each["task_id"], each["state"]) for each in self.task_instances(dag_id, run_id)]
            wrong = {name: state for name, state in found if name in states and state != states[name]}
            if not wrong and states.keys() <= {name for name, _ in found}:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag_id}: after {seconds:.0f} s these have another state: {wrong}")
            self.check_alive()
            time.sleep(_POLL)

    def xcom_entries(self, key: str) -> list[dict[str, Any]]:
        """Return an entry for each task instance that has pushed this key; the values are not in it."""
        path = f"/api/v2/dags/~/dagRuns/~/taskInstances/~/xcomEntries?xcom_key={quote(key)}&limit={_ALL}"
        return list(self.request("GET", path)["xcom_entries"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str, map_index: int = -1) -> Any:
        """Return the value that a task instance has pushed under this key; ``None`` if there is none."""
        path = f"{_task(dag_id, run_id, task_id)}/xcomEntries/{quote(key)}?map_index={map_index}"
        try:
            return self.request("GET", path)["value"]
        except RequestFailed as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def task_log(
        self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, try_number: int = 1
    ) -> list[dict[str, Any]]:
        """Return the log of one try of a task instance, a record for each line."""
        query = urlencode({"map_index": map_index, "full_content": "true"})
        path = f"{_task(dag_id, run_id, task_id)}/logs/{try_number}?{query}"
        content = self.request("GET", path)["content"]
        return [line if isinstance(line, dict) else {"event": line} for line in content]

    def events(self, event: str) -> list[dict[str, Any]]:
        """Return the entries of Airflow's audit log with this event; it has state changes from Airflow 3.2 on."""
        return list(self.request("GET", f"/api/v2/eventLogs?event={quote(event)}&limit={_ALL}")["event_logs"])

    def _send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(
            self.url + path,
            data=data,
            method=method,
            headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
        )
        try:
            with _OPENER.open(request, timeout=60) as response:
                text = response.read()
        except HTTPError as error:
            raise RequestFailed(
                f"{method} {path}", error.code, error.read().decode(errors="replace")
            ) from None
        return json.loads(text) if text else None


def _task(dag_id: str, run_id: str, task_id: str) -> str:
    return f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances/{quote(task_id)}"
