"""Altostrat SDX, the Workflows API 1.0.0 of the API reference at https://altostrat.io/docs/."""

from __future__ import annotations

from typing import Any

from tests.vendors.documented.response import Documented, Outcome, Path, errors

_REFERENCE = "https://altostrat.io/docs/api/en/"
_EXECUTE = f"{_REFERENCE}workflow-runs/execute-a-workflow"
_RETRIEVE = f"{_REFERENCE}workflow-runs/retrieve-a-workflow-run"
_RUNS = f"{_REFERENCE}workflow-runs/list-workflow-runs"
_WORKFLOWS = f"{_REFERENCE}workflows"
_RERUN = f"{_REFERENCE}workflow-runs/re-run-a-workflow"
_RESUME = f"{_REFERENCE}workflow-runs/resume-a-failed-workflow"
_SYNC = f"{_REFERENCE}workflows/execute-a-synchronous-workflow"
_LOGS = f"{_REFERENCE}workflow-logs/list-workflow-logs"
_RECENT = f"{_REFERENCE}workflow-logs/list-recent-workflow-logs"
_AUTHORIZATIONS = f"{_REFERENCE}authorizations/list-workflow-authorizations"
_OLD = "https://docs.altostrat.io/api-reference/spa/workflows/history-&-monitoring/"
_MIDDLEWARE = "altostrat/api-tools, src/Http/Middleware/Auth0Users.php"

_RUN: dict[str, Any] = {
    "id": "fl_run_01h3j4k5l6m7n8p9q0r1s2t3u4",
    "status": "completed",
    "error_message": None,
    "started_at": "2025-10-31T12:00:00.000000Z",
    "completed_at": "2025-10-31T12:00:05.000000Z",
    "duration_in_seconds": 5,
}
_LOG: dict[str, Any] = {
    "id": "fl_log_01h3j4k5l6m7n8p9q0r1s2t3u4",
    "node_id": "n2",
    "component_id": "webhook",
    "status": "success",
    "output": {"status": 200, "body": {"message": "ok"}},
    "created_at": "2025-10-31T12:00:02.000000Z",
}
_GOING: dict[str, Any] = {"completed_at": None, "duration_in_seconds": None}
_FAILURE = "Webhook request failed: 503 Service Unavailable"
_WORKFLOW: dict[str, Any] = {
    "id": "fl_01h3j4k5l6m7n8p9q0r1s2t3u4",
    "name": "Sync sites",
    "description": None,
    "nodes": [],
    "edges": [],
    "schedule_type": "manual",
    "schedule_value": None,
    "next_run_at": None,
    "is_active": True,
    "webhook_url": "https://v1.api.altostrat.io/workflows/webhooks/whsec_abc123def456ghi789",
    "created_at": "2026-04-20T00:00:00.000000Z",
    "updated_at": "2026-04-20T00:00:00.000000Z",
}
_LINKS = {"first": f"{_RUNS}?page=1", "last": f"{_RUNS}?page=1", "prev": None, "next": None}
_META = {"current_page": 1, "from": 1, "last_page": 1, "path": _RUNS, "per_page": 15, "to": 1, "total": 1}

#: The operations that only this vendor has.
_OWN = (
    *("rerun", "resume", "execute_sync", "workflows", "workflow", "logs", "recent_logs"),
    *("log_statistics", "authorizations"),
)

_STATUS: tuple[Path, ...] = (("status",),)


def _runs(name: str, outcome: Outcome, **members: Any) -> list[Documented]:
    """Return one response of "Retrieve a workflow run" for each operation that reads it."""
    return [
        Documented(
            "altostrat",
            operation,
            name,
            _RETRIEVE,
            "value" if operation == "run" else outcome,
            {**_RUN, **members},
            decides=_STATUS,
        )
        for operation in ("status", "status_with_details", "result", "run")
    ]


def _started(name: str, page: str, **members: Any) -> Documented:
    body = {**_RUN, **members}
    return Documented(
        "altostrat", "start", name, page, "started", body, 202, decides=(("id",),), execution_id=body["id"]
    )


RESPONSES = [
    _started("accepted", _EXECUTE, status="pending", **_GOING),
    # The page's own example of a 202 has "completed". No start is an end, so the run is read again.
    _started("the page's example", _EXECUTE),
    _started(
        "running, with what the older page adds",
        f"{_REFERENCE}spa/workflows/execution-&-testing/execute-a-workflow",
        status="running",
        trigger_payload={"site_id": "site_456"},
        created_at=_RUN["started_at"],
        workflow=_WORKFLOW,
        **_GOING,
    ),
    *_runs("pending", "queued", status="pending", started_at=None, logs=[], **_GOING),
    *_runs("running", "running", status="running", logs=[_LOG], **_GOING),
    *_runs("waiting for a person", "paused", status="awaiting_ui_interaction", logs=[_LOG], **_GOING),
    *_runs("completed", "succeeded", logs=[{**_LOG, "node_id": "n1"}, _LOG]),
    *_runs("completed, with an error_message, as the page's example", "succeeded", error_message=_FAILURE),
    *_runs(
        "completed, after an error that does not end the workflow",
        "succeeded",
        logs=[{**_LOG, "status": "error"}, {**_LOG, "status": "warning", "component_id": None}],
    ),
    *_runs(
        "failed",
        "failed",
        status="failed",
        error_message=_FAILURE,
        logs=[{**_LOG, "status": "error", "output": {"status": 503}}],
    ),
    Documented(
        "altostrat",
        "list",
        "a page",
        _RUNS,
        "value",
        {"data": [_RUN], "links": _LINKS, "meta": _META},
        decides=(("data",), ("data", "*")),
    ),
    *(
        Documented(
            "altostrat",
            operation,
            name,
            _RUNS,
            "value",
            {"data": runs, "links": {**_LINKS, "next": f"{_RUNS}?page=2"}, "meta": {**_META, "last_page": 2}},
            # Each status is read as it is.
            decides=(("data",), ("data", "*", "id"), ("data", "*", "status")),
        )
        for operation in ("statuses", "newest", "begun")
        for name, runs in (
            (
                "three runs",
                [
                    {**_RUN, "status": "pending", "started_at": None, **_GOING},
                    {**_RUN, "status": "running", **_GOING},
                    _RUN,
                ],
            ),
            ("no run", []),
        )
    ),
    Documented(
        "altostrat",
        "ping",
        "the workflows",
        f"{_WORKFLOWS}/list-all-workflows",
        "value",
        [_WORKFLOW],
        decides=((),),
    ),
    Documented("altostrat", "ping", "no workflow", f"{_WORKFLOWS}/list-all-workflows", "value", []),
    *(
        Documented(
            "altostrat",
            operation,
            name,
            page,
            "started",
            {"message": message, "new_run": {**_RUN, **members}, **more},
            202,
            # An object around the run decides with its id.
            decides=(("new_run", "id"),),
            execution_id=_RUN["id"],
        )
        for operation, name, page, message, members, more in (
            (
                "rerun",
                "the page's example",
                _RERUN,
                "Workflow re-run initiated successfully.",
                {"logs": [_LOG]},
                {},
            ),
            (
                "rerun",
                "what the older page adds",
                f"{_OLD}re-run-a-workflow",
                "Queued.",
                {"status": "pending", "trigger_payload": {}, "workflow": _WORKFLOW, **_GOING},
                {"original_run_id": "fl_run_01h3j4k5l6m7n8p9q0r1s2t3u3"},
            ),
            (
                "resume",
                "the page's example",
                _RESUME,
                "Workflow resumed successfully from node 'n2'.",
                {},
                {},
            ),
            ("resume", "going", _RESUME, "Workflow resumed.", {"status": "running", **_GOING}, {}),
        )
    ),
    *(
        Documented(
            "altostrat", "execute_sync", name, _SYNC, "succeeded", body, headers={"content-type": kind}
        )
        for name, body, kind in (
            ("an object", {"resource_id": "res_abc123", "sites": [1, None]}, "application/json"),
            ("an empty object, as the page's example", {}, "application/json"),
            (
                "an object that looks like a failure",
                {"status": "failed", "error_message": "no"},
                "application/json",
            ),
            ("an array", [{"id": 1}], "application/json"),
            ("a text", b"all is well", "text/plain; charset=UTF-8"),
        )
    ),
    *(
        Documented("altostrat", operation, "an array", page, "value", [item])
        for operation, page, item in (
            ("workflows", f"{_WORKFLOWS}/list-all-workflows", _WORKFLOW),
            ("logs", _LOGS, _LOG),
            ("recent_logs", _RECENT, _LOG),
            (
                "authorizations",
                _AUTHORIZATIONS,
                {
                    "id": "auth_2m3h5n7k9j8g7f6e5d4c3b2a1",
                    "user_id": "usr_2m3h5n7k9j8g7f6e5d4c3b2a1",
                    "provider": "altostrat",
                    "status": "active",
                    "created_at": "2026-04-20T00:00:00Z",
                },
            ),
        )
    ),
    Documented(
        "altostrat",
        "workflows",
        "a page, as the list of runs",
        _RUNS,
        "value",
        {"data": [_WORKFLOW], "links": _LINKS, "meta": _META},
        decides=(("data",), ("data", "*")),
    ),
    Documented(
        "altostrat",
        "workflow",
        "the page's example",
        f"{_WORKFLOWS}/retrieve-a-workflow",
        "value",
        {
            **_WORKFLOW,
            "nodes": [{"id": "n1", "type": "manual_trigger", "data": {"componentId": "manual_trigger"}}],
            "edges": [{"id": "e1-2", "source": "n1", "target": "n2", "sourceHandle": "true"}],
        },
    ),
    Documented(
        "altostrat",
        "log_statistics",
        "the older page's example",
        f"{_OLD}get-workflow-log-statistics",
        "value",
        {
            "log_statuses": {"success": 1502, "error": 23, "warning": 5},
            "recent_runs": {"completed": 95, "failed": 5},
            "total_runs": 250,
            "success_rate": 97.5,
        },
    ),
    *errors(
        "altostrat",
        (
            "start",
            "status",
            "status_with_details",
            "result",
            "run",
            "list",
            "statuses",
            "newest",
            "begun",
            "ping",
            *_OWN,
        ),
        [
            {
                "name": "401, the form of the reference",
                "page": _EXECUTE,
                "status": 401,
                "body": {
                    "type": "authentication_error",
                    "code": "unauthorized",
                    "message": "The request requires authentication, but a valid token was not provided.",
                    "doc_url": "https://docs.altostrat.io/errors/unauthorized",
                },
            },
            {
                "name": "401, the form of the middleware",
                "page": _MIDDLEWARE,
                "status": 401,
                "body": {"message": "Unauthorized or invalid token provided."},
            },
            {
                "name": "403",
                "page": _EXECUTE,
                "status": 403,
                "body": {
                    "type": "permission_error",
                    "code": "forbidden",
                    "message": "You do not have permission to perform this action.",
                    "doc_url": "https://docs.altostrat.io/errors/forbidden",
                },
            },
            {
                "name": "404",
                "page": _EXECUTE,
                "status": 404,
                "body": {
                    "type": "invalid_request_error",
                    "code": "resource_missing",
                    "message": "The requested resource could not be found.",
                    "doc_url": "https://docs.altostrat.io/errors/resource_missing",
                },
            },
            {
                "name": "422, the form of Laravel",
                "page": "https://laravel.com/docs/validation",
                "status": 422,
                "body": {
                    "message": "The context field must be an array.",
                    "errors": {"context": ["The context field must be an array."]},
                },
            },
            {
                "name": "429",
                "page": "https://docs.altostrat.io/sdx-api/authentication",
                "status": 429,
                "body": {"message": "Too Many Attempts."},
                "headers": {"content-type": "application/json", "retry-after": "30"},
            },
            {
                "name": "500",
                "page": _EXECUTE,
                "status": 500,
                "body": {
                    "type": "api_error",
                    "code": "server_error",
                    "message": "An unexpected error occurred on the server.",
                    "doc_url": "https://docs.altostrat.io/errors/server_error",
                },
            },
        ],
    ),
]
