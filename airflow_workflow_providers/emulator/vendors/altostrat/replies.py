"""The shapes of Altostrat's replies: two kinds of error, a run, a workflow, logs, a page of a list."""

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.messages import Reply
from airflow_workflow_providers.emulator.vendors.altostrat.workflows import Workflow

RUNNING_STATUSES = ("pending", "running", "awaiting_ui_interaction")
#: Only these statuses are documented to have an ErrorResponse. The page shows no code for any of them: these are the
#: specification's names of the responses. All other errors are those of the vendor's framework, Laravel.
_DOCUMENTED = {
    401: ("unauthorized", "The request requires authentication, but a valid token was not provided."),
    403: ("forbidden", "The authenticated user does not have permission to perform this action."),
    404: ("not_found", "The requested resource could not be found."),
    500: ("server_error", "An unexpected error occurred on the server."),
}
_FRAMEWORK = {429: "Too Many Attempts.", 503: "Service Unavailable"}
#: How long a page of a list is, is inferred: Laravel's default.
PER_PAGE = 15
_BASE_32 = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass
class Execution:
    """What Altostrat knows of a run: the error and logs that it will have, and when it was first seen to have ended."""

    run: Run
    error: str
    logs: list[dict[str, Any]]
    completed_at: float | None = None


def unauthorized(message: str | None = None) -> Reply:
    """Return a 401 as the vendor's published middleware gives it (altostrat/api-tools, Auth0Users)."""
    return Reply(401, {"message": message or "Unauthorized or invalid token provided."})


def error(status: int, message: str | None = None) -> Reply:
    """Return an ErrorResponse where one is documented, and Laravel's own error where none is."""
    if status not in _DOCUMENTED:
        return Reply(status, {"message": message or _FRAMEWORK.get(status, "Server Error")})
    code, text = _DOCUMENTED[status]
    kind = "api_error" if status == 500 else "invalid_request_error"
    address = f"https://docs.altostrat.io/errors/{code}"
    return Reply(status, {"type": kind, "code": code, "message": message or text, "doc_url": address})


def refused(status: int, code: str, message: str) -> Reply:
    """
    Return the refusal of a start that cannot be.

    No page shows one. Its shape is that of the documented errors; its status, its code and its words are ours.
    """
    address = f"https://docs.altostrat.io/errors/{code}"
    return Reply(
        status,
        {"type": "invalid_request_error", "code": code, "message": message, "doc_url": address},
    )


def run_body(execution: Execution, status: str) -> dict[str, Any]:
    """Return a run without its logs; it has neither input nor workflow, though older pages show both."""
    run, ended = execution.run, execution.completed_at
    return {
        "id": run.execution_id,
        "status": status,
        "error_message": execution.error if status == "failed" else None,
        "started_at": timestamp(run.started_at),
        "completed_at": None if ended is None else timestamp(ended),
        "duration_in_seconds": None if ended is None else round(ended - run.started_at, 6),
    }


def page_number(query: dict[str, str]) -> int:
    """Return the number of the page that a query asks for; the first, if it names none."""
    given = query.get("page", "")
    return max(int(given), 1) if given.isdecimal() else 1


def on_page(items: list[Any], number: int) -> list[Any]:
    """Return the items of a page."""
    return items[(number - 1) * PER_PAGE : number * PER_PAGE]


def page(data: list[dict[str, Any]], number: int, total: int, address: str) -> dict[str, Any]:
    """Return a page of a list, as Laravel makes it."""
    before, last = (number - 1) * PER_PAGE, max(-(-total // PER_PAGE), 1)
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
            "per_page": PER_PAGE,
            "to": before + len(data) if data else None,
            "total": total,
        },
    }


def listed_workflow(workflow: Workflow, created_at: float, webhook_url: str | None) -> dict[str, Any]:
    """
    Return a workflow as a list has it: without its nodes and edges.

    The example of "List all workflows" has both; each page says that they are only returned for a single workflow.
    """
    at = timestamp(created_at)
    return {
        "id": workflow.workflow_id,
        "name": workflow.workflow_id,
        "description": "",
        "schedule_type": "manual",
        "schedule_value": None,
        "next_run_at": None,
        "is_active": True,
        "webhook_url": webhook_url,
        "created_at": at,
        "updated_at": at,
    }


def workflow_body(workflow: Workflow, created_at: float, webhook_url: str | None) -> dict[str, Any]:
    """Return a workflow with its nodes and edges, in the shape of the example (Retrieve a workflow)."""
    nodes = [
        {
            "id": node["id"],
            "type": node["component_id"],
            "position": {"x": 150 * n, "y": 250},
            "data": {"componentId": node["component_id"]},
        }
        for n, node in enumerate(workflow.nodes, 1)
    ]
    edges = [
        {"id": f"e{n}", "source": before["id"], "target": after["id"]}
        for n, (before, after) in enumerate(itertools.pairwise(nodes), 1)
    ]
    return {**listed_workflow(workflow, created_at, webhook_url), "nodes": nodes, "edges": edges}


def statistics(logs: Iterable[dict[str, Any]], statuses: list[str]) -> dict[str, Any]:
    """
    Return how the runs with these logs and statuses went (older reference, Get workflow log statistics).

    That a workflow without runs has no success at all is inferred.
    """
    completed = statuses.count("completed")
    return {
        "log_statuses": dict(Counter(log["status"] for log in logs)),
        "recent_runs": dict(Counter(statuses)),
        "total_runs": len(statuses),
        "success_rate": round(100 * completed / len(statuses), 1) if statuses else 0,
    }


def new_id(prefix: str) -> str:
    """Return an id like the pages' examples: 26 characters that start with the time, as a ULID in lower case."""
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return prefix + "".join(_BASE_32[number >> 5 * place & 31] for place in reversed(range(26)))


def timestamp(at: float) -> str:
    """Return a time as the vendor writes it: UTC, microseconds, Z."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
