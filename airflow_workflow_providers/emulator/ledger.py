"""What happened: every request that a vendor received, and every run that a request started."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_workflow_providers.emulator.lifecycle import Lifecycle

HIDDEN = "***"


@dataclass
class RecordedRequest:
    """One request as it came, without secrets; ``status`` stays None where no response was given."""

    n: int
    vendor: str
    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    at: float = field(default_factory=time.time)
    status: int | None = None
    fault: str | None = None
    execution_id: str | None = None
    workflow_id: str | None = None


@dataclass
class Run:
    """One run of a workflow. It is known here even if its client never received its id (``id_received``)."""

    vendor: str
    execution_id: str
    workflow_id: str
    input: Any
    lifecycle: Lifecycle
    mode: Literal["SYNC", "ASYNC"]
    tag: str | None = None
    started_at: float = field(default_factory=time.time)
    stops: int = 0
    id_received: bool = False
    end_reported: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    def stop(self, *statuses: str) -> None:
        """Let a run that is going pass through these statuses, and stay at the last."""
        if not self.lifecycle.is_terminal:
            self.stops += 1
            self.lifecycle.stop(*statuses)


class Ledger:
    """Requests and runs, in the order in which they came. The lock is for everything that the emulator remembers."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._requests: list[RecordedRequest] = []
        self._runs: dict[tuple[str, str], Run] = {}

    def add_request(self, **fields: Any) -> RecordedRequest:
        """Record a request before anything can go wrong with it."""
        with self.lock:
            request = RecordedRequest(n=len(self._requests) + 1, **fields)
            self._requests.append(request)
            return request

    def add_run(self, run: Run) -> None:
        """Record a run that has just started."""
        with self.lock:
            self._runs[run.vendor, run.execution_id] = run

    def workflow_of(self, vendor: str, execution_id: str | None) -> str | None:
        """Return the workflow of a run, None if there is no such run."""
        with self.lock:
            run = self._runs.get((vendor, execution_id or ""))
            return run.workflow_id if run is not None else None

    def end_reported(self, vendor: str, execution_id: str | None) -> bool:
        """Whether a response about this run alone has reported its end."""
        with self.lock:
            run = self._runs.get((vendor, execution_id or ""))
            return run is not None and run.end_reported

    def record_status(self, request: RecordedRequest, status: int, *, client_received: bool) -> None:
        """Record the status of a response, and whether the client receives the id of its run in it."""
        with self.lock:
            request.status = status
            run = self._runs.get((request.vendor, request.execution_id or ""))
            if run is not None:
                run.id_received |= client_received
                run.end_reported |= request.fault is None and run.lifecycle.is_terminal

    def requests(self, vendor: str | None = None, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the requests as plain JSON data."""
        with self.lock:
            return [
                dict(vars(request))
                for request in self._requests
                if vendor in (None, request.vendor) and operation in (None, request.operation)
            ]

    def runs(self, vendor: str | None = None) -> list[dict[str, Any]]:
        """Return the runs as plain JSON data; reading them is not a status check."""
        with self.lock:
            return [
                {
                    "vendor": run.vendor,
                    "execution_id": run.execution_id,
                    "workflow_id": run.workflow_id,
                    "input": run.input,
                    "started_at": run.started_at,
                    "status": run.lifecycle.status,
                    "is_terminal": run.lifecycle.is_terminal,
                    "stops": run.stops,
                    "tag": run.tag,
                    "mode": run.mode,
                    "id_received": run.id_received,
                    **run.notes,
                }
                for run in self._runs.values()
                if vendor in (None, run.vendor)
            ]

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self._requests.clear()
            self._runs.clear()


def hide(value: Any, secrets: Iterable[str]) -> Any:
    """Return the value with every secret in it replaced, at any depth."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
        return value
    if isinstance(value, dict):
        return {hide(key, secrets): hide(inner, secrets) for key, inner in value.items()}
    if isinstance(value, list):
        return [hide(inner, secrets) for inner in value]
    return value


def hide_header(value: str) -> str:
    """Replace the value of a header that carries a secret, valid or not, but keep its scheme."""
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space else HIDDEN
