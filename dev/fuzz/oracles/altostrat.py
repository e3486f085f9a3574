"""How responses of Altostrat SDX must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dev.fuzz.expected import (
    NOT_JSON,
    Expected,
    Response,
    http_error,
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
from dev.fuzz.oracles import EXECUTION_ID, Oracle

_STATES = {
    "pending": "queued",
    "running": "running",
    "awaiting_ui_interaction": "paused",
    "completed": "succeeded",
    "failed": "failed",
}


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation == "start":
        return started(response, (202,), "id")
    if own := _OWN.get(response.operation):
        return own(response, members)
    outcome = looked_up(_STATES, members.get("status")) if response.status == 200 else None
    if response.operation == "run":
        return Expected(must=only(outcome and "value"))
    return Expected(members.get("status") == "completed", only(outcome))


def _listed(response: Response, members: dict[str, Any]) -> Expected:
    """Return the expectation of an array of anything, or a page of objects."""
    if isinstance(response.body, list):
        return list_of(response, response.body, object)
    return list_of(response, members.get("data"), dict)


def _again(response: Response, members: dict[str, Any]) -> Expected:
    return started(replace(response, body=members.get("new_run")), (202,), "id")


def _sync(response: Response, _: dict[str, Any]) -> Expected:
    """Return the expectation of a response that is the output: JSON or text. An HTML page comes from a proxy, and JSON may be cut."""
    kind = response.headers.get("content-type", "").lower()
    unsure = response.body is NOT_JSON and ("html" in kind or "json" in kind)
    return Expected(may_succeed=True, must=None if unsure else only("succeeded"))


#: What is read in a way of its own.
_OWN: dict[str, Callable[[Response, dict[str, Any]], Expected]] = {
    **dict.fromkeys(("ping", "workflows", "logs", "recent_logs", "authorizations"), _listed),
    **dict.fromkeys(("workflow", "log_statistics"), lambda response, _: object_of(response)),
    **dict.fromkeys(("rerun", "resume"), _again),
    "execute_sync": _sync,
    "list": lambda response, members: list_of(response, members.get("data"), dict),
    "statuses": lambda response, members: statuses_of(response, members.get("data"), "id"),
    **dict.fromkeys(
        ("newest", "begun"), lambda response, members: newest_of(response, members.get("data"), "id")
    ),
}

#: Whoever has the address of a webhook can start its workflow.
_TOKEN = "Hq4Zt9Lw2Xn8Vr6B"  # noqa: S105  # of nobody

ORACLE = Oracle(
    expected=expected,
    methods={
        "run": ("get_run", {"execution_id": EXECUTION_ID}),
        "list": ("list_runs", {"workflow_id": "fl_1"}),
        "rerun": ("rerun_run", {"execution_id": EXECUTION_ID}),
        "resume": ("resume_run", {"execution_id": EXECUTION_ID, "node_id": "n2"}),
        "execute_sync": ("execute_workflow_sync", {"workflow_id": "fl_1", "payload": {"a": 1}}),
        "workflows": ("list_workflows", {}),
        "workflow": ("get_workflow", {"workflow_id": "fl_1"}),
        "logs": ("list_workflow_logs", {"workflow_id": "fl_1"}),
        "recent_logs": ("list_recent_logs", {}),
        "log_statistics": ("get_log_statistics", {"workflow_id": "fl_1"}),
        "authorizations": ("list_authorizations", {}),
    },
    secrets={"webhook": (_TOKEN, f"https://v1.api.altostrat.io/workflows/webhooks/whsec_{_TOKEN}")},
)
