"""Refold (formerly Cobalt), the public REST API version 2 of the API reference at https://docs.refold.ai/."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.vendors.documented.response import Documented, Outcome, Path, errors

_REFERENCE = "https://docs.refold.ai/api-reference/"
_EXECUTE = f"{_REFERENCE}workflows/execute-workflow"
_GET = f"{_REFERENCE}executions/get-execution"
_LIST = f"{_REFERENCE}executions/list-executions"
_GUIDE = "https://docs.refold.ai/build/workflow/workflow_api"
_STOP = f"{_REFERENCE}executions/stop-execution"
_RERUN = f"{_REFERENCE}executions/rerun-execution"
_OVERVIEW = f"{_REFERENCE}overview"
_SPECIFICATION = "https://docs.refold.ai/openapi.yaml, InstanceExecutionResult"
_CHANGELOG = "https://docs.refold.ai/changelog"
_TERMINATE = "https://docs.refold.ai/build/workflow/nodes/terminate-node"
_HUMAN = "https://docs.refold.ai/v3/platform/concepts/workflows/nodes/human-task"

_WORKFLOWS = f"{_REFERENCE}workflows/list-workflows"
_WORKFLOW = f"{_REFERENCE}workflows/get-workflow"
_ENABLED = f"{_REFERENCE}workflows/list-enabled-workflows"
_VERSIONS = f"{_REFERENCE}workflows/versions"
_STRUCTURE = f"{_REFERENCE}workflows/request-structure"
_ACCOUNTS = f"{_REFERENCE}linked-accounts/list-linked-accounts"
_BATCHES = f"{_REFERENCE}executions/list-batches"

#: The label of a start, in the responses to a search for its run.
LABEL = "airflow-6f1d0c5e2b7a"

#: The operations that only read what Refold has.
_READS = ("workflows", "workflow", "enabled", "versions", "structure", "batches", "accounts")

_ID = "6a314c54d4616e99e7fa5a02"
_NODE: dict[str, Any] = {
    "node_id": "1",
    "node_name": "Start",
    "node_type": "start",
    "node_status": "Success",
    "is_batch": False,
    "attempts_made": 1,
    "execution_time": 403,
    "latest_output": {
        "message": "Workflow started successfully",
        "node_id": "1",
        "node_type": "start",
        "status": "initialized",
    },
}
_RESPONSE = {
    **_NODE,
    "node_id": "9",
    "node_name": "Response",
    "node_type": "response",
    "latest_output": {"contacts": 3},
}
_WAITING = {
    **_NODE,
    "node_id": "12",
    "node_name": "Approve",
    "node_type": "utility",
    "node_status": "Waiting",
    "latest_output": None,
}
_ERRORED = {
    **_NODE,
    "node_id": "5",
    "node_name": "Create contact",
    "node_type": "hubspot",
    "node_status": "Errored",
    "latest_output": {"message": "contact quota exceeded"},
}
_RUN: dict[str, Any] = {
    "name": "Execution for workflow 6a106ba44480b80424a65289",
    "org_id": "6500a1b2c3d4e5f6a7b8c9d0",
    "environment": "test",
    "status": "COMPLETED",
    "completion_percentage": 100,
    "config_id": "user_12345",
    "linked_account_id": "user_12345",
}
#: More fields, from the page of version 2.
_MORE: dict[str, Any] = {
    "_id": _ID,
    "createdAt": "2026-06-16T13:15:00.887Z",
    "type_of_execution": "ASYNC",
    "associated_application": {"icon": "https://cdn.example/i.png", "name": "HubSpot", "_id": "6500a1b2"},
    "associated_workflow": {"_id": "6a106ba44480b80424a65289", "name": "Sync contacts", "icon": None},
    "associated_event_id": None,
}
_PAGE: dict[str, Any] = {
    "docs": [{**_RUN, **_MORE, "trigger_application_event": "Schedule"}],
    "totalDocs": 1,
    "limit": 10,
    "page": 1,
    "totalPages": 1,
    "pagingCounter": 1,
    "hasPrevPage": False,
    "hasNextPage": False,
    "prevPage": None,
    "nextPage": None,
}
_LISTED = [
    {**_RUN, **_MORE, "_id": known, "status": "RUNNING"} for known in (_ID, "6a314c54d4616e99e7fa5a03")
]
_STATUS: tuple[Path, ...] = (("status",),)


def _execution(
    name: str, outcome: Outcome, status: str, *nodes: Any, page: str = _GET, **members: Any
) -> list[Documented]:
    """Return one response of "Get Execution" for each operation that reads it."""
    body = {**_RUN, "status": status, "nodes": list(nodes), **members}
    return [
        Documented("refold", operation, name, page, outcome, body, decides=_STATUS)
        for operation in ("status", "status_with_details", "result")
    ]


def _waiting(name: str, decides: str, node: dict[str, Any]) -> list[Documented]:
    """Return a response in which this node waits for a person: one that reads the nodes sees that."""
    *others, _ = _execution(name, "running", "RUNNING", _NODE, node, page=_HUMAN)
    status, details = others
    nodes = (("nodes", 1, "node_status"), ("nodes", 1, decides))
    return [status, replace(details, outcome="paused", decides=(*_STATUS, *nodes))]


def _synchronous(
    name: str, outcome: Outcome, body: Any, status: int = 200, *, page: str = _SPECIFICATION
) -> Documented:
    """Return one response to a synchronous start; its HTTP status is the choice of the workflow's author."""
    return Documented(
        "refold",
        "sync_start",
        name,
        page,
        outcome,
        {"execution_id": _ID, **body},
        status,
        decides=(("execution_id",), ("errored",), ("execution_error",), ("return_value",)),
        execution_id=_ID,
    )


def _result(name: str, body: Any, status: int = 200) -> Documented:
    """
    Return one response with the result alone, of a run that is known to have succeeded.

    Nothing in it decides whether that is so: the guide documents the path, and the specification does not.
    """
    return Documented("refold", "output", name, _GUIDE, "succeeded", body, status)


RESPONSES = [
    Documented(
        "refold",
        "start",
        "started",
        _EXECUTE,
        "started",
        {"message": "Workflow execution started", "execution_id": _ID},
        decides=(("execution_id",),),
        execution_id=_ID,
    ),
    Documented(
        "refold",
        "start",
        "started, with the request's headers",
        f"{_EXECUTE}, include-headers",
        "started",
        {
            "message": "Workflow execution started",
            "execution_id": _ID,
            "headers": {"slug": "hubspot", "user-agent": "airflow"},
        },
        decides=(("execution_id",),),
        execution_id=_ID,
    ),
    *(
        Documented(
            "refold",
            "rerun",
            name,
            page,
            "started",
            {**body, member: _ID},
            decides=((member,),),
            execution_id=_ID,
        )
        for name, page, body, member in (
            ("the specification's reply", _RERUN, {"status": "success"}, "id"),
            ("the reply of version 2", f"{_RERUN}, version 2", {"message": "Execution queued"}, "instanceId"),
        )
    ),
    _synchronous("the page's example", "succeeded", {"return_value": {"contacts": 3}}, page=_EXECUTE),
    _synchronous("an output of null", "succeeded", {"return_value": None}, page=_EXECUTE),
    _synchronous(
        "with all that the specification has",
        "succeeded",
        {
            "return_value": {"contacts": 3},
            "errored": False,
            "status_code": 200,
            "executed_by_thanos": False,
            "execution_error": None,
        },
    ),
    _synchronous(
        "an HTTP status of the author's choice", "succeeded", {"return_value": "no", "errored": False}, 422
    ),
    _synchronous("503 by the author's choice", "succeeded", {"return_value": {}, "errored": False}, 503),
    _synchronous(
        "errored",
        "failed",
        {"errored": True, "execution_error": {"message": "contact quota exceeded"}, "return_value": None},
    ),
    _synchronous("an execution error alone", "failed", {"execution_error": {"message": "quota"}}),
    _synchronous(
        "the acknowledgement of an asynchronous run",
        "started",
        {"message": "Workflow execution started"},
        page=_EXECUTE,
    ),
    *_execution("queued", "queued", "QUEUED", page=_CHANGELOG),
    *_execution("running, without nodes yet", "running", "RUNNING", completion_percentage=0),
    *_execution("running", "running", "RUNNING", _NODE, {**_NODE, "node_status": "Waiting"}),
    *_waiting(
        "waiting for a person, by its name", "node_name", {**_WAITING, "node_name": "Human Intervention"}
    ),
    *_waiting(
        "waiting for a person, by its older name", "node_name", {**_WAITING, "node_name": "Human Task"}
    ),
    *_waiting("waiting for a person, by its type", "node_type", {**_WAITING, "node_type": "human_task"}),
    *_execution("stopping", "stopping", "STOPPING", _NODE),
    *_execution("completed", "succeeded", "COMPLETED", _NODE, _RESPONSE, **_MORE),
    *_execution("completed, as the page's example", "succeeded", "COMPLETED", _NODE),
    *_execution(
        "completed, after a node that was tried again", "succeeded", "COMPLETED", _ERRORED, _RESPONSE
    ),
    *_execution("a Terminate node's success", "succeeded", "Success", _NODE, page=_TERMINATE),
    *_execution("errored", "failed", "ERRORED", _NODE, _ERRORED),
    *_execution("timed out", "failed", "TIMED_OUT", {**_NODE, "node_status": "Timed_Out"}),
    *_execution("a duplicate", "failed", "DUPLICATE", page=_CHANGELOG),
    *_execution("stopped", "stopped", "STOPPED", _NODE),
    *_execution("terminated", "partial", "TERMINATED", _NODE, page=_CHANGELOG),
    *_execution("partially successful", "partial", "Partially Successful", _NODE, page=_CHANGELOG),
    _result("the guide's example", {"response": {"success": "true"}, "status": "COMPLETED"}),
    _result("no result", {"response": None, "status": "COMPLETED"}),
    _result("of a run that goes on", {"status": "RUNNING"}),
    _result(
        "404",
        {
            "status_code": 404,
            "http_error_type": "NOT_FOUND",
            "error_code": "RESOURCE_NOT_FOUND",
            "message": "Execution not found",
        },
        404,
    ),
    _result("not allowed", {"status_code": 401, "error_code": "SERVER_ERROR", "message": "Invalid"}, 401),
    *errors(
        "refold",
        ("output",),
        rows=[
            {"name": "429", "page": _OVERVIEW, "status": 429, "body": {"message": "implement backoff"}},
            {"name": "500", "page": _OVERVIEW, "status": 500, "body": {"message": "Server Error"}},
        ],
    ),
    *(
        Documented("refold", operation, "a page", _LIST, "value", _PAGE, decides=(("docs",), ("docs", "*")))
        for operation in ("list", "ping")
    ),
    *(
        Documented(
            "refold",
            "find_started",
            name,
            _LIST,
            "value",
            {**_PAGE, "docs": docs},
            decides=(("docs",), ("docs", "*")),
        )
        for name, docs in (
            # No page says where a list shows the label of a run.
            ("a run with the label", [{**_RUN, **_MORE, "instance_tag": LABEL}]),
            ("other runs", _PAGE["docs"]),
            ("no run", []),
        )
    ),
    *(
        Documented(
            "refold",
            operation,
            name,
            _LIST,
            "value",
            {**_PAGE, **members},
            # Each status is read as it is.
            decides=(("docs",), ("docs", "*", "_id"), ("docs", "*", "status")),
        )
        for operation in ("statuses", "newest", "begun")
        for name, members in (
            ("two running executions of three", {"docs": _LISTED, "totalDocs": 3, "hasNextPage": True}),
            ("no execution", {"docs": [], "totalDocs": 0}),
        )
    ),
    *(
        Documented(
            "refold",
            operation,
            "a page",
            page,
            "value",
            {**_PAGE, "docs": docs},
            decides=(("docs",), ("docs", "*")),
        )
        for operation, page, docs in (
            (
                "workflows",
                _WORKFLOWS,
                [
                    {
                        "_id": "69fdfe21957a1b5597aa04bd",
                        "name": "Nightly",
                        "published": True,
                        "slug": "hubspot",
                    }
                ],
            ),
            (
                "versions",
                _VERSIONS,
                [{"version": 2, "_id": "6a049fb6803e7107e7895eed", "createdAt": "2026-05-13T15:58:46.103Z"}],
            ),
            (
                "accounts",
                _ACCOUNTS,
                [
                    {
                        "_id": "6a19616ac7f8b1c6beaa22b7",
                        "account_id": "user_12345",
                        "name": "Acme Inc.",
                        "udf": [],
                        "integrations": [{"type": "hubspot", "app_id": None}],
                    }
                ],
            ),
            ("batches", _BATCHES, [{"batch_index": 0, "status": "Success", "output": {"processed": 12}}]),
        )
    ),
    Documented(
        "refold",
        "enabled",
        "an array",
        _ENABLED,
        "value",
        [{"id": "6a057a07803e7107e790b596", "name": "Nightly", "config_id": "user_12345", "application": {}}],
    ),
    Documented(
        "refold",
        "workflow",
        "the page's example",
        _WORKFLOW,
        "value",
        {"_id": "69fdfe21957a1b5597aa04bd", "name": "Nightly", "nodes": [{"id": "1"}], "edges": []},
    ),
    *(
        Documented("refold", "structure", name, _STRUCTURE, "value", body)
        for name, body in (
            ("no schema", {"payload": None, "schema": None, "schema_interpreted": None}),
            ("a schema", {"payload": {"email": "a@example.com"}, "schema": {"type": "object"}}),
        )
    ),
    Documented(
        "refold",
        "stop",
        "acknowledged",
        _STOP,
        "value",
        {"message": "Stopping instance"},
        decides=(("message",),),
    ),
    *errors(
        "refold",
        (
            "start",
            "sync_start",
            "rerun",
            "status",
            "status_with_details",
            "result",
            "list",
            "find_started",
            "statuses",
            "newest",
            "begun",
            "stop",
            "ping",
            *_READS,
        ),
        decides={"sync_start": (("execution_id",),)},
        rows=[
            {
                "name": "400 of Execute",
                "page": _EXECUTE,
                "status": 400,
                "body": {"message": "Server Error", "error": "Workflow ID and slug are required"},
            },
            {
                "name": "401",
                "page": _OVERVIEW,
                "status": 401,
                "body": {
                    "status_code": 401,
                    "http_error_type": "UNAUTHORIZED",
                    "error_code": "SERVER_ERROR",
                    "message": "Invalid Credentials",
                    "request_id": "89bd1675-4c1f-4d0e-9c55-1f0a6f0f7b11",
                },
            },
            {
                "name": "404",
                "page": _GET,
                "status": 404,
                "body": {
                    "status_code": 404,
                    "http_error_type": "NOT_FOUND",
                    "error_code": "RESOURCE_NOT_FOUND",
                    "message": "Execution not found",
                },
            },
            {
                "name": "403, with error for error_code",
                "page": _OVERVIEW,
                "status": 403,
                "body": {
                    "status_code": 403,
                    "http_error_type": "FORBIDDEN",
                    "error": "FORBIDDEN",
                    "message": "Workflow is private to another linked account",
                },
            },
            {
                "name": "429",
                "page": _OVERVIEW,
                "status": 429,
                "headers": {"content-type": "application/json", "retry-after": "1"},
                "body": {
                    "status_code": 429,
                    "http_error_type": "TOO_MANY_REQUESTS",
                    "message": "implement backoff",
                },
            },
            {
                "name": "500",
                "page": _OVERVIEW,
                "status": 500,
                "body": {
                    "status_code": 500,
                    "http_error_type": "INTERNAL_SERVER_ERROR",
                    "message": "Server Error",
                },
            },
        ],
    ),
]
