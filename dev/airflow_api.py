"""What a person or a script asks of a running Airflow, over its public REST API."""

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

# Airflow here listens on loopback only; a proxy in the environment must not be asked for it.
_OPENER = build_opener(ProxyHandler({}))
_POLL = 0.5
_ALL = 1000


class RefusedError(RuntimeError):
    """Airflow answered with an error; its status and what it said."""

    def __init__(self, what: str, status: int, answer: str) -> None:
        super().__init__(f"{what}: {status} {answer[:1000]}")
        self.status = status


# SQLite turns a write away while another one is under way; nothing has been done then.
_WHEN_LOCKED = Retrying(
    retry=retry_if_exception(
        lambda error: isinstance(error, RefusedError) and error.status == HTTPStatus.INTERNAL_SERVER_ERROR
    ),
    stop=stop_after_attempt(6),
    wait=wait_fixed(_POLL),
    reraise=True,
)


class AirflowApi:
    """A running Airflow's REST API, as an administrator who needs no password."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._token = ""

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Send one request and return the JSON of its answer (None when it is empty)."""
        if not self._token:
            self._token = self._send("GET", "/auth/token", None, {})["access_token"]
        return _WHEN_LOCKED(self._send, method, path, body, {"Authorization": f"Bearer {self._token}"})

    def health(self) -> Any:
        """Return what Airflow says of its own components; it answers before anyone has logged in."""
        return self._send("GET", "/api/v2/monitor/health", None, {})

    def version(self) -> str:
        """Return which Airflow it is, for instance `3.3.2`."""
        return str(self.request("GET", "/api/v2/version")["version"])

    def must_live(self) -> None:
        """Raise if Airflow is known to be broken; asked in every wait, so that no wait outlives its reason."""

    def add_connection(self, conn_id: str, fields: Mapping[str, Any]) -> None:
        """Store a connection as the Connections form would: `extra` becomes one JSON text."""
        body = {"connection_id": conn_id, **fields}
        if isinstance(body.get("extra"), dict):
            body["extra"] = json.dumps(body["extra"])
        self.request("POST", "/api/v2/connections", body)

    def dags(self) -> list[dict[str, Any]]:
        """Return every DAG that was read."""
        return list(self.request("GET", f"/api/v2/dags?limit={_ALL}")["dags"])

    def import_errors(self) -> dict[str, str]:
        """Return the DAG files that could not be read, with the stack trace of each."""
        found = self.request("GET", f"/api/v2/importErrors?limit={_ALL}")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in found}

    def wait_for_dags(self, ids: Iterable[str], seconds: float = 60) -> None:
        """Wait until all these DAGs were read; say at once what was wrong with a file."""
        wanted = set(ids)
        deadline = time.monotonic() + seconds
        while missing := wanted - {dag["dag_id"] for dag in self.dags()}:
            if errors := self.import_errors():
                raise RuntimeError("\n\n".join(f"{file}\n{trace}" for file, trace in errors.items()))
            if time.monotonic() > deadline:
                raise TimeoutError(f"not read within {seconds:.0f} s: {', '.join(sorted(missing))}")
            self.must_live()
            time.sleep(_POLL)

    def trigger(self, dag_id: str) -> str:
        """Unpause the DAG, start a run of it and return the run's id."""
        self.request("PATCH", f"/api/v2/dags/{quote(dag_id)}", {"is_paused": False})
        run = self.request("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def runs(self) -> list[dict[str, Any]]:
        """Return every run of every DAG."""
        return list(self.request("GET", f"/api/v2/dags/~/dagRuns?limit={_ALL}")["dag_runs"])

    def tasks(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the DAG's tasks as written, with what comes after each."""
        return list(self.request("GET", f"/api/v2/dags/{quote(dag_id)}/tasks")["tasks"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return Airflow's word for where the run is."""
        return str(self.request("GET", f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}")["state"])

    def wait_for_run(self, dag_id: str, run_id: str, seconds: float) -> str:
        """Wait until the run is over and return its state."""
        deadline = time.monotonic() + seconds
        while (state := self.run_state(dag_id, run_id)) not in {"success", "failed"}:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag_id} is still {state} after {seconds:.0f} s")
            self.must_live()
            time.sleep(_POLL)
        return state

    def task_instances(self, dag_id: str = "~", run_id: str = "~") -> list[dict[str, Any]]:
        """Return the task instances of a run; `~` stands for all."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances?limit={_ALL}"
        return list(self.request("GET", path)["task_instances"])

    def xcom_entries(self, key: str) -> list[dict[str, Any]]:
        """Return which task instances, of any run, have pushed this key; the values are not in it."""
        path = f"/api/v2/dags/~/dagRuns/~/taskInstances/~/xcomEntries?xcom_key={quote(key)}&limit={_ALL}"
        return list(self.request("GET", path)["xcom_entries"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str, map_index: int = -1) -> Any:
        """Return the value a task instance pushed under this key, None if it has not."""
        path = f"{_task(dag_id, run_id, task_id)}/xcomEntries/{quote(key)}?map_index={map_index}"
        try:
            return self.request("GET", path)["value"]
        except RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def task_log(
        self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, try_number: int = 1
    ) -> list[dict[str, Any]]:
        """Return the log of one try of a task instance, a record a line."""
        query = urlencode({"map_index": map_index, "full_content": "true"})
        path = f"{_task(dag_id, run_id, task_id)}/logs/{try_number}?{query}"
        content = self.request("GET", path)["content"]
        return [line if isinstance(line, dict) else {"event": line} for line in content]

    def events(self, event: str) -> list[dict[str, Any]]:
        """Return what Airflow's audit log has of this kind (state changes are in it from 3.2)."""
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
            with _OPENER.open(request, timeout=60) as answer:
                text = answer.read()
        except HTTPError as error:
            raise RefusedError(
                f"{method} {path}", error.code, error.read().decode(errors="replace")
            ) from None
        return json.loads(text) if text else None


def _task(dag_id: str, run_id: str, task_id: str) -> str:
    return f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances/{quote(task_id)}"
