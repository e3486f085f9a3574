"""The one module of the fuzzer that knows the package's names: its requests, endpoints, hooks and errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from airflow.sdk import Connection

import airflow_workflow_providers
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.request import Request, Response, RunPage, StatusPage
from dev.fuzz.oracles import EXECUTION_ID, oracle
from dev.vendors import DOCUMENTED_ROWS

PACKAGE = Path(airflow_workflow_providers.__file__).parent

WorkflowError = errors.WorkflowError

#: The key of every connection here, which no text may show.
KEY = "tk_Zx81+Lm/Qw93=Tr&55<vK\"7j'pY"

_OUTCOMES: tuple[tuple[str, str], ...] = (
    # The more special class first.
    ("NotFound", "not_found"),
    ("AuthFailed", "auth_failed"),
    ("RequestRejected", "rejected"),
    ("RateLimited", "rate_limited"),
    ("Unavailable", "unavailable"),
    ("UnexpectedResponse", "unexpected"),
    ("LostStart", "lost_start"),
)


@dataclass(frozen=True)
class Reading:
    """
    How the package reads a response: as a value, or as an error of its own.

    :param operation: the operation that the response belongs to.
    :param value: what is returned.
    :param error: what is raised.
    """

    operation: str
    value: Any = None
    error: errors.WorkflowError | None = None

    @property
    def outcome(self) -> str:
        """The state of an execution, ``value`` for another value, or the kind of error."""
        if self.error is not None:
            kinds = (kind for name, kind in _OUTCOMES if isinstance(self.error, getattr(errors, name)))
            return next(kinds, type(self.error).__name__)
        return self.value.state.value if isinstance(self.value, Execution) else "value"

    @property
    def is_terminal(self) -> bool:
        """Whether it is an execution that has ended."""
        return isinstance(self.value, Execution) and self.value.is_terminal

    @property
    def ids(self) -> list[Any]:
        """The accepted ids of executions."""
        if isinstance(self.value, Execution):
            return [] if self.value.execution_id is None else [self.value.execution_id]
        if self.operation == "newest" and self.error is None:
            return [] if self.value is None else [self.value]
        if isinstance(self.value, RunPage):
            return [run.execution_id for run in self.value.runs]
        return list(self.value) if self.operation == "find_started" and self.error is None else []

    @property
    def statuses(self) -> tuple[tuple[str, str], ...]:
        """The ids and statuses that are read from a list."""
        return self.value.statuses if isinstance(self.value, StatusPage) else ()

    @property
    def retry_after(self) -> Any:
        """How long the server asked to wait, in seconds."""
        return getattr(self.error, "retry_after", None)

    @property
    def texts(self) -> dict[str, str]:
        """What a person sees of it, by name."""
        if self.error is not None:
            return {"error": str(self.error), "repr of the error": repr(self.error)}
        if isinstance(self.value, Execution):
            parts = ("execution_id", "status", "message", "note", "url", "output_missing")
            shown = {name: getattr(self.value, name) for name in parts}
            if (log := self.value.log) is not None:
                shown |= {f"entry {number}": log.line(entry) for number, entry in enumerate(log.entries)}
            return {name: text for name, text in shown.items() if text is not None} | {
                "repr": repr(self.value)
            }
        if isinstance(self.value, StatusPage):
            return {"repr": repr(self.value)}
        # Of the other values only the acknowledgement of a stop is shown.
        return {"value": str(self.value)} if self.operation == "stop" else {}

    @property
    def causes(self) -> dict[str, str]:
        """What else a traceback shows: the errors behind the error."""
        found: dict[str, str] = {}
        error: BaseException | None = self.error
        while error is not None:
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            if error is not None:
                found[f"cause {type(error).__name__}"] = str(error)
        return found


def _start(vendor: str, **options: Any) -> Request[Any]:
    return DOCUMENTED_ROWS[vendor].task(**{**oracle(vendor).start, **options}).build_start_request(60.0)  # type: ignore[no-any-return]  # an operator of ours


@cache
def requests(vendor: str) -> Mapping[str, Request[Any]]:
    """Return the requests of a vendor by their operation."""
    api = DOCUMENTED_ROWS[vendor].hook.api
    of_a_run = {
        "status": api.get_status,
        "status_with_details": api.get_status_with_details,
        "result": api.get_execution,
        "stop": api.stop,
    }
    return {
        "start": _start(vendor),
        "ping": api.ping(**oracle(vendor).ping),
        **{name: build(oracle(vendor).execution_id) for name, build in of_a_run.items() if build is not None},
        **dict(_others(vendor)),
    }


def _others(vendor: str) -> Iterator[tuple[str, Request[Any]]]:
    """Yield the requests that only this vendor has, with their operation."""
    hook, known = DOCUMENTED_ROWS[vendor].hook, oracle(vendor)
    for operation, options in known.other_starts.items():
        yield operation, _start(vendor, **options)
    for operation, (method, parameters) in known.methods.items():
        yield operation, getattr(hook, method).__wrapped__(**parameters)
    if find_output := hook.api.find_output:
        yield (
            "output",
            find_output(Execution(EXECUTION_ID, State.SUCCEEDED, "COMPLETED", output_missing="why")),
        )
    if list_statuses := hook.api.list_statuses:
        yield "statuses", list_statuses("w", 1_700_000_000.0, 1)
    if find_newest := hook.api.find_newest:
        yield "newest", find_newest("w", 1_700_000_000.0)
    if list_begun := hook.api.list_begun:
        yield "begun", list_begun("w", 1_700_000_000.0, 1)
    if known.label:
        yield "find_started", next(hook.api.find_started(_start(vendor), known.label, 1_700_000_000.0))


def receive(
    vendor: str, operation: str, status: int, headers: Mapping[str, str], content: bytes, *, key: str = KEY
) -> Reading:
    """Let the package read a response; an exception that is not its own is raised."""
    response = Response(status, dict(headers), content)
    try:
        value = _endpoint(vendor, key).receive(requests(vendor)[operation], response)
    except errors.WorkflowError as error:
        return Reading(operation, error=error)
    # A page of the search has ids, and whether there is another page.
    return Reading(operation, value[0] if operation == "find_started" else value)


@cache
def _endpoint(vendor: str, key: str) -> Endpoint:
    return open_endpoint(vendor, **good_connection(vendor, key))


def good_connection(vendor: str, key: str = KEY) -> dict[str, Any]:
    """Return the fields of a valid connection."""
    fields = {
        "conn_type": DOCUMENTED_ROWS[vendor].conn_type,
        "host": "https://vendor.example",
        "password": key,
    }
    extra = dict(oracle(vendor).extra)
    if oracle(vendor).key_field not in fields:
        extra[oracle(vendor).key_field] = key
    return {**fields, "extra": json.dumps(extra)} if extra else fields


def give_connection(task: Any, vendor: str) -> None:
    """Let a task read a valid connection, over which nothing can be sent."""
    connection = Connection(conn_id="fuzzed", **good_connection(vendor))
    task.hook.get_connection = lambda conn_id: connection  # noqa: ARG005  # Airflow's method, not ours

    def send(*_: Any, **_options: Any) -> Any:
        raise errors.Unavailable("there is no network", sent=False)

    task.hook.client.send = send
    task.log.disabled = True


def headers_of(endpoint: Endpoint, request: Request[Any]) -> Mapping[str, str]:
    """
    Build a request, which is not sent, and return its headers.

    :raises WorkflowError: if it cannot be sent; an exception that is not the package's own is raised too.
    """
    client = Client(lambda: endpoint)
    try:
        built = client.build(request)
    finally:
        client.close()
    return {name.decode().lower(): value.decode() for name, value in built.headers}


def open_endpoint(vendor: str, **fields: Any) -> Endpoint:
    """Read a connection that has these fields, as a task does before it sends."""
    hook = DOCUMENTED_ROWS[vendor].hook("fuzzed")
    connection = Connection(conn_id="fuzzed", **fields)
    hook.get_connection = lambda conn_id: connection  # noqa: ARG005  # Airflow's method, not ours
    hook.client.build(requests(vendor)["start"])
    hook.client.close()
    return hook.client.endpoint  # type: ignore[no-any-return]  # a hook of ours
