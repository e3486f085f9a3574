"""The one module of the fuzzer that knows the package's names: its requests, endpoints, hooks and errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from airflow.sdk import Connection

import airflow_workflow_providers
from airflow_workflow_providers.apis import (
    altostrat,
    datalab,
    laminar,
    laminar_jobs,
    promptlayer,
    refold,
    refold_lists,
)
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.request import Request, Response
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.vendors.documented.refold import LABEL

PACKAGE = Path(airflow_workflow_providers.__file__).parent

WorkflowError = errors.WorkflowError

#: The key of every connection here, and what else no text may show.
KEY = "tk_Zx81+Lm/Qw93=Tr&55<vK\"7j'pY"
#: What makes the address of a callback secret; only a start has one, at two of the vendors.
CALLBACK_TOKEN = "9f3Kq7Lw2Xn8Vt4R"  # noqa: S105  # made up, to be looked for
CALLBACK = f"https://hooks.example/airflow/{CALLBACK_TOKEN}"

#: The execution that is asked for.
EXECUTION_ID = "48291"

HOOKS: Mapping[str, type[WorkflowHook]] = {
    "altostrat": AltostratHook,
    "datalab": DatalabHook,
    "laminar": LaminarHook,
    "laminar_jobs": LaminarJobHook,
    "promptlayer": PromptLayerHook,
    "refold": RefoldHook,
}

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
    What the package made of a response: a value, or an error of its own.

    :param operation: what the response was to.
    :param value: what it returned.
    :param error: what it raised.
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
    def is_over(self) -> bool:
        """Whether it is an execution that has ended."""
        return isinstance(self.value, Execution) and self.value.is_terminal

    @property
    def ids(self) -> list[Any]:
        """The ids of executions that were accepted."""
        if isinstance(self.value, Execution):
            return [] if self.value.execution_id is None else [self.value.execution_id]
        return self.value if self.operation == "find_started" and isinstance(self.value, list) else []

    @property
    def retry_after(self) -> Any:
        """How long a server asked to wait."""
        return getattr(self.error, "retry_after", None)

    @property
    def texts(self) -> dict[str, str]:
        """What a person is shown of it, by name."""
        if self.error is not None:
            return {"error": str(self.error), "repr of the error": repr(self.error)}
        if isinstance(self.value, Execution):
            parts = ("execution_id", "status", "message", "note", "url")
            said = {name: getattr(self.value, name) for name in parts}
            return {name: text for name, text in said.items() if text is not None} | {
                "repr": repr(self.value)
            }
        # Of the other values only the acknowledgement of a stop is shown.
        return {"value": str(self.value)} if self.operation == "stop" else {}

    @property
    def causes(self) -> dict[str, str]:
        """What a traceback shows besides: the errors behind the error."""
        said: dict[str, str] = {}
        error: BaseException | None = self.error
        while error is not None:
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            if error is not None:
                said[f"cause {type(error).__name__}"] = str(error)
        return said


@cache
def requests(vendor: str) -> Mapping[str, Request[Any]]:
    """Return the requests of a vendor by their operation."""
    run = EXECUTION_ID
    if vendor == "altostrat":
        return {
            "start": altostrat.execute_workflow("fl_1", context={"a": 1}),
            "status": altostrat.get_status(run),
            "result": altostrat.get_execution(run),
            "run": altostrat.get_run(run),
            "list": altostrat.list_runs("fl_1"),
            "ping": altostrat.ping(),
        }
    if vendor == "datalab":
        return {
            "start": datalab.execute_workflow(7, input_config={"file_urls": ["https://example.com/a.pdf"]}),
            "status": datalab.get_status(run),
            "result": datalab.get_execution(run),
            "ping": datalab.ping(),
        }
    if vendor == "laminar":
        return {
            "start": laminar.execute_workflow(39, payload={"a": 1}, callback_url=CALLBACK),
            "ping": laminar.ping(workspace_id="1", configuration_id="customer-7"),
        }
    if vendor == "laminar_jobs":
        return {
            "start": laminar_jobs.run_job("sync-invoices", payload={"a": 1}),
            "status": laminar_jobs.get_status(run),
            "result": laminar_jobs.get_execution(run),
            "ping": laminar_jobs.ping(),
        }
    if vendor == "promptlayer":
        return {
            "start": promptlayer.run_workflow("answer", input_variables={"a": 1}, callback_url=CALLBACK),
            "status": promptlayer.get_status(run),
            "result": promptlayer.get_execution(run),
            "ping": promptlayer.ping(),
        }
    start: dict[str, Any] = {"slug": "hubspot", "payload": {"a": 1}, "include_headers": True}
    return {
        "start": refold.execute_workflow("sync-contacts", **start),
        "sync_start": refold.execute_workflow("sync-contacts", sync_execution=True, **start),
        "status": refold.get_status(run),
        "result": refold.get_execution(run),
        "list": refold_lists.list_executions(limit=10),
        "find_started": _search_page(),
        "stop": refold.stop(run),
        "ping": refold.ping(),
    }


def receive(
    vendor: str, operation: str, status: int, headers: Mapping[str, str], content: bytes, *, key: str = KEY
) -> Reading:
    """Let the package read a response; any exception that is not its own comes through."""
    response = Response(status, dict(headers), content)
    try:
        return Reading(operation, _endpoint(vendor, key).receive(requests(vendor)[operation], response))
    except errors.WorkflowError as error:
        return Reading(operation, error=error)


def _search_page() -> Request[Any]:
    """Return the request for the first page of the search for a lost start."""
    start = refold.execute_workflow("sync-contacts", slug="hubspot")
    page: Any = next(refold_lists.find_started(start, LABEL, 1_700_000_000.0))
    return page  # type: ignore[no-any-return]


@cache
def _endpoint(vendor: str, key: str) -> Endpoint:
    return open_endpoint(vendor, **good_connection(vendor, key))


def good_connection(vendor: str, key: str = KEY) -> dict[str, Any]:
    """Return the fields of a connection with which nothing is wrong."""
    fields: dict[str, Any] = {
        "conn_type": HOOKS[vendor].conn_type,
        "host": "https://vendor.example",
        "password": key,
    }
    if vendor == "refold":
        fields["extra"] = '{"linked_account_id": "user_12345"}'
    if vendor == "laminar_jobs":
        fields["extra"] = json.dumps({"trigger_url": "https://vendor.example/m/acme", "trigger_api_key": key})
    return fields


def address_of(endpoint: Endpoint) -> str:
    """Return the base URL of an endpoint."""
    return endpoint.settings.base_url


def headers_of(endpoint: Endpoint) -> Mapping[str, str]:
    """Return the headers that authenticate the requests of an endpoint."""
    return endpoint.settings.headers


@dataclass(frozen=True)
class Sent:
    """A request as it would have left."""

    url: str
    headers: Mapping[str, str]
    content: bytes


def send(endpoint: Endpoint, request: Request[Any]) -> Sent:
    """
    Build a request, which is not sent, and return what would have left.

    :raises WorkflowError: if nothing would have; any exception that is not the package's own comes through.
    """
    client = Client(lambda: endpoint)
    try:
        built = client.build(request)
    finally:
        client.close()
    headers = {name.decode().lower(): value.decode() for name, value in built.headers}
    url = built.url
    where = f"{url.scheme.decode()}://{url.host.decode()}{f':{url.port}' if url.port else ''}{url.target.decode()}"
    return Sent(where, headers, built.content)


def open_endpoint(vendor: str, **fields: Any) -> Endpoint:
    """Read a connection that has these fields, as a task does before it sends."""
    hook = HOOKS[vendor]("fuzzed")
    connection = Connection(conn_id="fuzzed", **fields)
    hook.get_connection = lambda conn_id: connection  # type: ignore[method-assign]  # noqa: ARG005  # Airflow's, not ours
    hook.client.build(requests(vendor)["start"])
    hook.client.close()
    return hook.client.endpoint
