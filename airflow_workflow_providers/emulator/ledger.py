"""What happened: every call a vendor received, and every run that a call started."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_workflow_providers.emulator.lifecycle import Clock, Life

HIDDEN = "***"


@dataclass
class Call:
    """One request, as it came; ``status`` stays None when no answer was given."""

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
    """One run of a workflow, known here even when its caller was never told of it (``answered`` is false)."""

    vendor: str
    execution_id: str
    workflow_id: str
    input: Any
    life: Life
    mode: Literal["SYNC", "ASYNC"]
    tag: str | None = None
    started_at: float = field(default_factory=time.time)
    stops: int = 0
    answered: bool = False
    notes: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """Calls and runs, in the order in which they came; the lock is for everything the emulator remembers."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._calls: list[Call] = []
        self._runs: dict[tuple[str, str], Run] = {}

    def add_call(self, **seen: Any) -> Call:
        """Write a call down the moment it is there, before anything can go wrong with it."""
        with self.lock:
            call = Call(n=len(self._calls) + 1, **seen)
            self._calls.append(call)
            return call

    def add_run(self, run: Run) -> None:
        """Write down a run that has just begun."""
        with self.lock:
            self._runs[run.vendor, run.execution_id] = run

    def workflow_of(self, vendor: str, execution_id: str | None) -> str | None:
        """Return the workflow of a run, None if there is no such run."""
        with self.lock:
            run = self._runs.get((vendor, execution_id or ""))
            return run.workflow_id if run is not None else None

    def answered(self, call: Call, status: int, *, told: bool) -> None:
        """Note what a call is about to be answered, and whether that tells the caller its run's id."""
        with self.lock:
            call.status = status
            run = self._runs.get((call.vendor, call.execution_id or ""))
            if run is not None and told:
                run.answered = True

    def calls(self, vendor: str | None = None, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the calls as plain JSON data."""
        with self.lock:
            return [
                {
                    "n": call.n,
                    "at": call.at,
                    "vendor": call.vendor,
                    "operation": call.operation,
                    "method": call.method,
                    "path": call.path,
                    "query": dict(call.query),
                    "headers": dict(call.headers),
                    "body": call.body,
                    "status": call.status,
                    "fault": call.fault,
                    "execution_id": call.execution_id,
                    "workflow_id": call.workflow_id,
                }
                for call in self._calls
                if vendor in (None, call.vendor) and operation in (None, call.operation)
            ]

    def runs(self, vendor: str | None = None) -> list[dict[str, Any]]:
        """Return the runs as plain JSON data; reading them here is not a look at them."""
        with self.lock:
            now, pace = self._clock.now(), self._clock.pace
            return [
                {
                    "vendor": run.vendor,
                    "execution_id": run.execution_id,
                    "workflow_id": run.workflow_id,
                    "input": run.input,
                    "started_at": run.started_at,
                    "status": run.life.word(now, pace),
                    "over": run.life.over(now, pace),
                    "stops": run.stops,
                    "tag": run.tag,
                    "mode": run.mode,
                    "answered": run.answered,
                    **run.notes,
                }
                for run in self._runs.values()
                if vendor in (None, run.vendor)
            ]

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self._calls.clear()
            self._runs.clear()


def hide(value: Any, secrets: Iterable[str]) -> Any:
    """Return the value with every secret in it blotted out, however deep it lies."""
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
    """Blot out a header that carries a secret, true or false, but leave its scheme to be read."""
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space else HIDDEN
