"""The shapes of Refold's replies: two kinds of error, an execution, the result of a synchronous start."""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.messages import Reply
from airflow_workflow_providers.emulator.vendors.refold.nodes import GROUP, WITH_OUTPUT, nodes_of
from airflow_workflow_providers.emulator.vendors.refold.workflows import WAITING, Workflow

ORG_ID = "6500a1b2c3d4e5f6a7b8c9d0"
APPLICATION_ID = "6992cc7dc124a392c80e9e9c"

_ERROR_TYPES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    429: "TOO_MANY_REQUESTS",
    501: "NOT_IMPLEMENTED",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}
_MESSAGES = {
    401: "Invalid Credentials",
    404: "Not found",
    429: "Too many requests",
    504: "The workflow did not finish in time",
}
#: Which services use which field is not documented, only that most use `error` (Refold API reference, Overview: Errors).
#: The one example of an execution's error has `error_code`, so executions use that and everything else uses `error`.
_WITH_ERROR_CODE = frozenset({"get", "list", "stop", "rerun"})

_PERCENTAGE = {"QUEUED": 0, "RUNNING": 50, "STOPPING": 50}


def error(operation: str, status: int, message: str | None = None) -> Reply:
    """Return an error in the standard envelope (Refold API reference, Overview: Errors)."""
    field = "error_code" if operation in _WITH_ERROR_CODE else "error"
    body = {
        "status_code": status,
        "http_error_type": _ERROR_TYPES.get(status, "INTERNAL_SERVER_ERROR"),
        field: "SERVER_ERROR",
        "message": message or _MESSAGES.get(status, "Something went wrong"),
        "request_id": str(uuid.uuid4()),
    }
    return Reply(status, body)


def start_refused(reason: str = "Workflow ID and slug are required") -> Reply:
    """
    Return the 400 of Execute Workflow, which is not the standard envelope.

    The page shows one text for all reasons: no slug, a draft, another account's workflow (Refold API reference, Execute
    Workflow).
    """
    return Reply(400, {"message": "Server Error", "error": reason})


def wrong_slug(slug: str) -> Reply:
    """
    Return the refusal of a slug that is not the workflow's.

    The text is ours: the page's own says that a slug is required, which would mislead an author who has sent one.
    """
    return start_refused(f"No application with slug '{slug}' for this workflow")


def no_such_execution() -> Reply:
    """Return the documented 404, which has no request id (Refold API reference, Get Execution)."""
    return _example(404, {"error_code": "RESOURCE_NOT_FOUND"}, "Execution not found")


def no_such_account(account: str) -> Reply:
    """Return the 400 of an unknown linked account (Refold API reference, Generate Session Token)."""
    message = f"No linked account found for account id : {account} in environment test"
    return _example(400, {"error": "INVALID_LINKED_ACCOUNT_ID"}, message)


def _example(status: int, code: dict[str, str], message: str) -> Reply:
    """Return an error as a page's example has it: the standard envelope without a request id."""
    body = {"status_code": status, "http_error_type": _ERROR_TYPES[status], **code, "message": message}
    return Reply(status, body)


def new_id() -> str:
    """Return an id as the vendor's database makes them."""
    return secrets.token_hex(12)


def timestamp(at: float) -> str:
    """Return a time as the vendor writes it: UTC, milliseconds, Z."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Execution:
    """What Refold knows of a run: its workflow, the linked account that owns it, and its config."""

    run: Run
    workflow: Workflow
    owner: str
    config_id: str


def has_output(execution: Execution, status: str) -> bool:
    """Return whether an execution with this status has passed its Response node."""
    return status in WITH_OUTPUT and execution.workflow.response_node


def shown_status(status: str) -> str:
    """Return the status of an execution; one whose Human Intervention node waits is running."""
    return "RUNNING" if status == WAITING else status


def detail(execution: Execution, status: str, variant: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    Return an execution; it does not contain the id (Refold API reference, Get Execution, the example of v3).

    :param variant: how its nodes are; default: as in a list.
    """
    variant = {"response_node": "plain", "human_node": "type", **(variant or {})}
    run, workflow = execution.run, execution.workflow
    return {
        "name": f"Execution for workflow {workflow.hex_id}",
        "org_id": ORG_ID,
        "environment": "test",
        "status": shown_status(status),
        "completion_percentage": _PERCENTAGE.get(shown_status(status), 100),
        "config_id": execution.config_id,
        "linked_account_id": execution.owner,
        "nodes": [] if status in _PERCENTAGE else nodes_of(workflow, run.input, status, variant),
    }


def listed(execution: Execution, status: str, *, tagged: bool) -> dict[str, Any]:
    """Return an execution as a list shows it: with its id, what started it, and when."""
    return {
        **({"instance_tag": execution.run.tag} if tagged else {}),
        "_id": execution.run.execution_id,
        **detail(execution, status),
        "trigger_application_event": "API Call",
        "type_of_execution": execution.run.mode,
        "createdAt": timestamp(execution.run.started_at),
    }


def linked_account(account_id: str) -> dict[str, Any]:
    """Return a linked account as the list has it; the form is that of the page's example."""
    created = "2026-05-29T09:50:34.027Z"
    return {
        "_id": hashlib.sha256(account_id.encode()).hexdigest()[:24],
        "associated_org": ORG_ID,
        "account_id": account_id,
        "environment": "test",
        "name": account_id.replace("_", " ").title(),
        "udf": [{"key_name": "crm_password", "key_value": "a-secret-of-the-account"}],
        "integrations": [{"type": "hubspot", "name": "Hubspot", "app_id": None, "reauth_required": False}],
        "createdAt": created,
        "updatedAt": created,
    }


def listed_workflow(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as a list shows it (Refold API reference, List Workflows)."""
    return {
        "_id": workflow.hex_id,
        "name": workflow.alias,
        "published": workflow.published,
        "slug": workflow.slug,
    }


def enabled_workflow(workflow: Workflow, owner: str) -> dict[str, Any]:
    """Return a workflow that a linked account has enabled (Refold API reference, List Enabled Workflows)."""
    application = {"_id": APPLICATION_ID, "name": workflow.slug, "icon": "", "description": ""}
    return {
        "id": workflow.hex_id,
        "name": workflow.alias,
        "description": "",
        "icon": "",
        "config_id": owner,
        "application": application,
    }


def workflow(known: Workflow) -> dict[str, Any]:
    """Return a workflow with its nodes (Refold API reference, Get Workflow)."""
    nodes = [{"id": "1", "type": "start"}, {"id": "2", "type": "action"}]
    return {
        **listed_workflow(known),
        "description": "",
        "associated_application": APPLICATION_ID,
        "is_v2": True,
        "nodes": nodes,
        "edges": [{"source": "1", "target": "2"}],
        "environment": "test",
    }


def request_structure(known: Workflow) -> dict[str, Any]:
    """Return what a workflow expects (Refold API reference, Get Workflow Request Structure); each member may be null."""
    return {"payload": None, "schema": known.schema, "schema_interpreted": None}


def is_batch(execution: Execution, node_id: str) -> bool:
    """Return whether a node of an execution works on batches: the Group node does."""
    return execution.workflow.group_node and node_id == GROUP


def no_batches() -> Reply:
    """Return the 501 of a node that does not work on batches (Refold API reference, List Node Batches)."""
    message = "Batch details are not yet available for this execution type"
    return _example(501, {"error_code": "SERVER_ERROR"}, message)


def result(execution: Execution, status: str) -> dict[str, Any]:
    """Return the result of a synchronous start (Refold API reference, schema InstanceExecutionResult)."""
    run, workflow = execution.run, execution.workflow
    errored = status not in (*WITH_OUTPUT, "TERMINATED", "STOPPED")
    returned = has_output(execution, status)
    body: dict[str, Any] = {
        "execution_id": run.execution_id,
        "return_value": workflow.output_for(run.input) if returned else None,
        "errored": errored,
        "status_code": workflow.http_status if returned else 200,
    }
    if errored:
        body["execution_error"] = {"message": workflow.error, "node_id": "2"}
    return body
