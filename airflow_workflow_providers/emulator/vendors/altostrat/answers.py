"""The shapes of Altostrat's answers: two kinds of error, a run, a workflow, a page of a list."""

import itertools
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.shape import Answer, padded
from airflow_workflow_providers.emulator.vendors.altostrat.workflows import Workflow

NOT_OVER = ("pending", "running", "awaiting_ui_interaction")
#: Only these statuses are documented to have an ErrorResponse. The page shows no code for any of them: these are the
#: specification's names of the responses. All other errors look as the vendor's framework, Laravel, words them.
_DOCUMENTED = {
    401: ("unauthorized", "The request requires authentication, but a valid token was not provided."),
    403: ("forbidden", "The authenticated user does not have permission to perform this action."),
    404: ("not_found", "The requested resource could not be found."),
    500: ("server_error", "An unexpected error occurred on the server."),
}
_FRAMEWORK = {429: "Too Many Attempts.", 503: "Service Unavailable"}
#: The length of a page is nowhere said; this is Laravel's own.
_PER_PAGE = 15
_BASE_32 = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass
class Execution:
    """What Altostrat knows of a run: its error and logs to be, and when it was first found to be over."""

    run: Run
    error: str
    logs: list[dict[str, Any]]
    completed_at: float | None = None


def unauthorized(message: str | None = None) -> Answer:
    """Return a 401 as the vendor's published middleware gives it (altostrat/api-tools, Auth0Users)."""
    return Answer(401, {"message": message or "Unauthorized or invalid token provided."})


def envelope(status: int, message: str | None = None) -> Answer:
    """Return an ErrorResponse where one is documented, and what Laravel says where none is."""
    if status not in _DOCUMENTED:
        return Answer(status, {"message": message or _FRAMEWORK.get(status, "Server Error")})
    code, said = _DOCUMENTED[status]
    kind = "api_error" if status == 500 else "invalid_request_error"
    address = f"https://docs.altostrat.io/errors/{code}"
    return Answer(status, {"type": kind, "code": code, "message": message or said, "doc_url": address})


def run_shape(held: Execution, word: str) -> dict[str, Any]:
    """Return a run without its logs; it has neither input nor workflow, though older pages show both."""
    run, ended = held.run, held.completed_at
    return {
        "id": run.execution_id,
        "status": word,
        "error_message": held.error if word == "failed" else None,
        "started_at": timestamp(run.started_at),
        "completed_at": None if ended is None else timestamp(ended),
        "duration_in_seconds": None if ended is None else round(ended - run.started_at, 6),
    }


def page(items: list[dict[str, Any]], wish: str, address: str) -> dict[str, Any]:
    """Return one page of a list, as Laravel makes it; what is no page's number it takes for the first."""
    number = max(int(wish), 1) if wish.isdecimal() else 1
    before, last = (number - 1) * _PER_PAGE, max(-(-len(items) // _PER_PAGE), 1)
    data = items[before : before + _PER_PAGE]
    return {
        "data": data,
        "links": {
            "first": f"{address}?page=1",
            "last": f"{address}?page={last}",
            "prev": f"{address}?page={number - 1}" if number > 1 else None,
            "next": f"{address}?page={number + 1}" if number < last else None,
        },
        "meta": {
            "current_page": number,
            "from": before + 1 if data else None,
            "last_page": last,
            "path": address,
            "per_page": _PER_PAGE,
            "to": before + len(data) if data else None,
            "total": len(items),
        },
    }


def described(workflow: Workflow, created_at: float) -> dict[str, Any]:
    """Return a workflow that is started by hand; nodes, whose shape is nowhere shown, are its steps."""
    at = timestamp(created_at)
    steps = workflow.steps({})
    return {
        "id": workflow.workflow_id,
        "name": workflow.workflow_id,
        "description": "",
        "nodes": [{"id": step["node_id"], "component_id": step["component_id"]} for step in steps],
        "edges": [{"source": a["node_id"], "target": b["node_id"]} for a, b in itertools.pairwise(steps)],
        "schedule_type": "manual",
        "schedule_value": None,
        "next_run_at": None,
        "is_active": True,
        # The page shows an address; it would be the real vendor's.
        "webhook_url": None,
        "created_at": at,
        "updated_at": at,
    }


def relabelled(body: Any, word: Any) -> Any:
    """Return a run, or a page of them, with this status instead of the true one."""
    if "data" in body:
        return {**body, "data": [{**run, "status": word} for run in body["data"]]}
    return {**body, "status": word}


def enlarged(body: Any, size: int) -> Any:
    """Return a body whose output is so large: the last log's, or else the body itself, or a list's first thing."""
    if isinstance(body, list):
        return [padded(body[0], size), *body[1:]]
    if not body.get("logs"):
        return padded(body, size)
    *others, last = body["logs"]
    return {**body, "logs": [*others, {**last, "output": padded(last["output"], size)}]}


def new_id(prefix: str) -> str:
    """Return an id like the page's examples: 26 characters that begin with the time, as a ULID in lower case."""
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return prefix + "".join(_BASE_32[number >> 5 * place & 31] for place in reversed(range(26)))


def timestamp(at: float) -> str:
    """Return a moment as the vendor writes it: UTC, microseconds, Z."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
