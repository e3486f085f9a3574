"""How responses of Refold must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dev.fuzz.expected import (
    FREE,
    Expected,
    Response,
    http_error,
    is_id,
    is_ok,
    list_of,
    looked_up,
    members_of,
    newest_of,
    object_of,
    only,
    started,
    statuses_of,
)
from dev.fuzz.oracles import Oracle
from tests.vendors.documented.refold import LABEL

_STATES = {
    "QUEUED": "queued",
    "RUNNING": "running",
    "STOPPING": "stopping",
    "COMPLETED": "succeeded",
    "Success": "succeeded",
    "ERRORED": "failed",
    "TIMED_OUT": "failed",
    "DUPLICATE": "failed",
    "STOPPED": "stopped",
    "TERMINATED": "partial",
    "Partially Successful": "partial",
}


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    members = members_of(response.body)
    if own := _OWN.get(response.operation):
        return own(response, members)
    if not is_ok(response):
        return http_error(response)
    if read := _READS.get(response.operation):
        return read(response, members)
    outcome = looked_up(_STATES, members.get("status"))
    if outcome == "running" and response.operation == "status_with_details":
        outcome = _running(members.get("nodes"))
    return Expected(outcome == "succeeded", only(outcome) if response.status == 200 else None)


def _running(nodes: Any) -> str | None:
    """Return the state of a run that is RUNNING: a node of its list that waits for a person pauses it."""
    if isinstance(nodes, dict):
        return None  # no page has that
    entries = [members_of(node) for node in nodes] if isinstance(nodes, list) else []
    waiting = [entry for entry in entries if entry.get("node_status") == "Waiting"]
    names = [entry.get(name) for entry in waiting for name in ("node_type", "node_name")]
    return "paused" if any(isinstance(name, str) and "human" in name.lower() for name in names) else "running"


def _start(response: Response, _: dict[str, Any]) -> Expected:
    return started(response, (200,), "execution_id")


def _rerun(response: Response, members: dict[str, Any]) -> Expected:
    """Return the expectation of a rerun, whose id has different names on the pages: it is sure only if there is one of them."""
    names = [name for name in ("id", "instanceId", "execution_id") if name in members]
    every = [started(response, (200,), name) for name in names]
    return Expected(
        must=every[0].must if len(every) == 1 else None,
        ids=tuple(known for one in every for known in one.ids),
    )


def _stop(response: Response, members: dict[str, Any]) -> Expected:
    sure = response.status == 200 and isinstance(members.get("message"), str)
    return Expected(must=frozenset(["value"]) if sure else None)


def _sync(response: Response, members: dict[str, Any]) -> Expected:
    """
    Return the expectation of a synchronous run, which can have any HTTP status: its author chooses it.

    A response with an execution id comes from the run itself.
    """
    named = members.get("execution_id")
    if not isinstance(named, str) or not named:
        return FREE if is_ok(response) or "execution_id" in members else http_error(response)
    errored, error = members.get("errored"), members.get("execution_error")
    may = not error and (errored is False or (errored is None and "return_value" in members))
    if not is_id(named) or response.status not in (200, 201, 400, 422, 500, 503):
        return Expected(may, ids=(named,))
    sure = "errored" not in members or type(errored) is bool
    must: str | None = None
    if errored is True or (isinstance(error, dict) and error):
        must = "failed"
    elif may and error is None:
        must = "succeeded"
    elif not members.keys() & {"errored", "execution_error", "return_value"}:
        must = "started"
    return Expected(may, only(must) if sure else None, (named,))


def _output(response: Response, _: dict[str, Any]) -> Expected:
    """
    Return the expectation of the result alone, of an execution that has succeeded.

    Only an error that may pass is one. With everything else the execution stays a success, with or without a result.
    """
    if response.status != 501 and (response.status >= 500 or response.status in (408, 429)):
        return http_error(response)
    return Expected(may_succeed=True, must=frozenset(["succeeded"]))


def _statuses(response: Response, members: dict[str, Any]) -> Expected:
    return statuses_of(response, members.get("docs"), "_id") if is_ok(response) else http_error(response)


def _newest(response: Response, members: dict[str, Any]) -> Expected:
    return newest_of(response, members.get("docs"), "_id") if is_ok(response) else http_error(response)


def _page(response: Response, members: dict[str, Any]) -> Expected:
    found = list_of(response, members.get("docs"), dict)
    docs = members["docs"] if isinstance(members.get("docs"), list) else []
    return Expected(must=found.must, ids=tuple(str(members_of(run).get("_id")) for run in docs))


#: How a response with a status of 2xx is read, unless it is an execution.
_READS: dict[str, Callable[[Response, dict[str, Any]], Expected]] = {
    "start": _start,
    "rerun": _rerun,
    "stop": _stop,
    **dict.fromkeys(("list", "ping", "find_started", "workflows", "versions", "batches", "accounts"), _page),
    **dict.fromkeys(("workflow", "structure"), lambda response, _: object_of(response)),
    "enabled": lambda response, _: list_of(response, response.body, object),
}

#: What is read in a way of its own.
_OWN = {"sync_start": _sync, "output": _output, "statuses": _statuses, "newest": _newest, "begun": _newest}

ORACLE = Oracle(
    expected=expected,
    start={"include_headers": True},
    other_starts={"sync_start": {"sync_execution": True}},
    methods={
        "list": ("list_executions", {"limit": 10}),
        "rerun": ("rerun_execution", {"execution_id": "48291"}),
        "workflows": ("list_workflows", {}),
        "workflow": ("get_workflow", {"workflow_id": "w"}),
        "enabled": ("list_enabled_workflows", {}),
        "versions": ("list_workflow_versions", {"workflow_id": "w"}),
        "structure": ("get_request_structure", {"workflow_id": "w"}),
        "accounts": ("list_linked_accounts", {}),
        "batches": ("list_node_batches", {"execution_id": "48291", "node_id": "3"}),
    },
    label=LABEL,
    extra={"linked_account_id": "user_12345"},
    fields={
        "auth_type": (["api_key", None], ["basic", 5, ["api_key"]]),
        "linked_account_id": (["user_1"], ["ä", "a\nb", ["a"], {"a": 1}]),
    },
)
