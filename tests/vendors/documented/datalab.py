"""Datalab, the Workflows API of the API reference at https://documentation.datalab.to/."""

from __future__ import annotations

from typing import Any

from tests.vendors.documented.response import Documented, Outcome, Path, errors

_REFERENCE = "https://documentation.datalab.to/api-reference/"
_EXECUTE = f"{_REFERENCE}execute-workflow"
_STATUS = f"{_REFERENCE}get-execution-status"
_ERRORS = "https://documentation.datalab.to/platform/errors"
_TROUBLES = "https://documentation.datalab.to/platform/troubleshooting"
_CONCEPTS = "https://documentation.datalab.to/docs/workflows/workflow-concepts"
_CLIENT = "datalab-python-sdk 0.5.0, datalab_sdk/client.py"

_WORKFLOW = f"{_REFERENCE}get-workflow"
_WORKFLOWS = f"{_REFERENCE}list-workflows"
_STEP_TYPES = f"{_REFERENCE}list-step-types"
_FILES = "https://documentation.datalab.to/docs/welcome/sdk/file-management"

_TIMES = {"created": "2025-10-22T10:00:00", "updated": "2025-10-22T10:02:00"}
_URL = "https://results.example/7/parse.json?X-Amz-Expires=3600&X-Amz-Signature=5f3ab8c27d91e640"
_FILE = {
    "file_id": 123,
    "original_filename": "document.pdf",
    "content_type": "application/pdf",
    "reference": "datalab://file-abc123",
    "upload_status": "completed",
    "file_size": 1024,
    "created": "2025-10-22T10:00:00",
}
_DEFINITION: dict[str, Any] = {
    "id": 7,
    "name": "invoices",
    "team_id": 12,
    "steps": [
        {
            "id": 1,
            "step_key": "marker_parse",
            "unique_name": "parse",
            "name": "Parse",
            "version": "1.0.0",
            "settings": {"max_pages": 5},
            "depends_on": [],
        }
    ],
    **_TIMES,
}
_STEP_TYPE = {"version": "1.0.0", "name": "Parse", "description": "", "settings_schema": {}}
_FLAT = {
    "status": "COMPLETED",
    "started_at": "2025-10-22T10:00:01",
    "completed_at": "2025-10-22T10:01:00",
    "output_url": _URL,
}
_CELL: dict[str, Any] = {
    "id": 1,
    "status": "COMPLETED",
    "started_at": "2025-10-22T10:00:01",
    "finished_at": "2025-10-22T10:01:00",
    "file_ids": ["file-abc123"],
    "output_url": _URL,
}
_FAILED = {**_CELL, "id": 2, "status": "FAILED", "output_url": None, "error": "document is encrypted"}

#: An execution can complete with a failed file, so its steps decide too, and the files of a step.
_DECIDES: tuple[Path, ...] = (
    ("status",),
    ("success",),
    ("error",),
    *(("steps", *way, name) for way in (("*",), ("*", "*")) for name in ("status", "error", "error_message")),
)
_ID: tuple[Path, ...] = (("execution_id",), ("id",), ("status",), ("success",))


def _execution(name: str, outcome: Outcome, page: str, steps: Any, **members: Any) -> list[Documented]:
    """Return one response of "Get Execution Status" for both operations that read it."""
    body = {"execution_id": 7, "workflow_id": 101, "status": "COMPLETED", **_TIMES, "steps": steps, **members}
    return [
        Documented("datalab", operation, name, page, outcome, body, decides=_DECIDES)
        for operation in ("status", "result")
    ]


def _started(name: str, page: str, body: dict[str, Any], outcome: Outcome = "started") -> Documented:
    return Documented("datalab", "start", name, page, outcome, body, decides=_ID, execution_id="7")


#: The errors of all operations.
ERRORS: list[dict[str, Any]] = [
    {
        "name": "400",
        "page": _ERRORS,
        "status": 400,
        "body": {"detail": "Invalid file type. Supported are pdf, docx and png."},
    },
    {
        "name": "401",
        "page": _TROUBLES,
        "status": 401,
        "body": {"detail": "Invalid API key provided. Set the X-API-Key header to your API key."},
    },
    {
        "name": "403",
        "page": _ERRORS,
        "status": 403,
        "body": {"detail": "You need an active, paid subscription to use this API."},
    },
    {
        "name": "404",
        "page": _ERRORS,
        "status": 404,
        "body": {"detail": "Requested resource not found or expired"},
    },
    {
        "name": "422",
        "page": f"{_EXECUTE}, HTTPValidationError",
        "status": 422,
        "body": {
            "detail": [
                {
                    "type": "dict_type",
                    "loc": ["body", "input_config"],
                    "msg": "Input should be a valid dictionary",
                    "input": "https://example.com/a.pdf?sig=1",
                }
            ]
        },
    },
    {
        "name": "429, too many requests",
        "page": _TROUBLES,
        "status": 429,
        "body": {
            "detail": "Rate limit exceeded for endpoint /api/v1/workflows. You can make 400 requests every 60 "
            "seconds. Please try again later."
        },
    },
    {
        "name": "429, too many at once",
        "page": _TROUBLES,
        "status": 429,
        "headers": {"content-type": "application/json", "retry-after": "30"},
        "body": {"detail": "Concurrency exceeded for endpoint /api/v1/workflows."},
    },
    {"name": "500", "page": _ERRORS, "status": 500, "body": {"detail": "Internal server error"}},
    {
        "name": "529",
        "page": _ERRORS,
        "status": 529,
        "body": {"error": "The service is overloaded"},
    },
]

RESPONSES = [
    _started(
        "started",
        "datalab-python-sdk, tests/test_workflows.py",
        {"execution_id": 7, "status": "processing", "success": True},
    ),
    _started(
        "started, with each field that the vendor's client reads",
        _CLIENT,
        {"id": 7, "status": "PENDING", "success": True, "results": None, "error": None, **_TIMES},
    ),
    _started(
        "failed at once",
        _CLIENT,
        {"execution_id": 7, "status": "failed", "success": False, "error": "no such file"},
        "failed",
    ),
    *_execution("pending", "queued", _STATUS, {"parse": {"status": "PENDING"}}, status="PENDING"),
    *_execution("queued", "queued", _STATUS, {}, status="QUEUED"),
    *_execution(
        "in progress, flat",
        "running",
        _STATUS,
        {"parse": _FLAT, "segment": {"status": "PENDING"}},
        status="IN_PROGRESS",
    ),
    *_execution("completed, flat", "succeeded", _STATUS, {"parse": _FLAT, "segment": _FLAT}),
    *_execution(
        "completed, by file",
        "succeeded",
        _CLIENT,
        {"parse": {"file-abc123": _CELL, "file-def456": {**_CELL, "id": 2}}},
        input_config={"file_urls": ["https://example.com/a.pdf", "datalab://file-abc123"]},
        error=None,
    ),
    *_execution("completed, aggregated", "succeeded", _CLIENT, {"parse": {"aggregated": _CELL}}),
    *_execution(
        "completed, in lower case as the vendor's client allows",
        "succeeded",
        _CLIENT,
        {"parse": {"aggregated": _CELL}},
        status="completed",
    ),
    *_execution(
        "completed, with a branch of a condition that is not taken",
        "succeeded",
        _CONCEPTS,
        {"parse": {"aggregated": _CELL}, "segment": {"aggregated": {"id": 3, "status": "SKIPPED"}}},
    ),
    *_execution(
        "completed, with a file that failed",
        "partial",
        _CONCEPTS,
        {"parse": {"file-abc123": _CELL, "file-def456": _FAILED}},
    ),
    *_execution(
        "completed, with a step that failed, flat",
        "partial",
        _CONCEPTS,
        {"parse": _FLAT, "segment": {"status": "FAILED", "error_message": "no table found"}},
    ),
    *_execution(
        "failed",
        "failed",
        _STATUS,
        {"parse": {"aggregated": _FAILED}},
        status="FAILED",
        error="document is encrypted",
    ),
    *(
        Documented(
            "datalab",
            operation,
            "a team above its quota of pages",
            _TROUBLES,
            "failed",
            {"success": False, "error": "Page rate limit exceeded. Your team has 5000 pages in flight."},
            decides=_DECIDES,
        )
        for operation in ("status", "result")
    ),
    Documented(
        "datalab",
        "ping",
        "healthy",
        f"{_REFERENCE}api-health",
        "value",
        {"status": "ok"},
        decides=(("status",),),
    ),
    Documented("datalab", "file", "a file", _FILES, "value", _FILE),
    Documented(
        "datalab",
        "files",
        "one file",
        _FILES,
        "value",
        {"files": [_FILE], "total": 1, "limit": 50, "offset": 0},
        decides=(("files",),),
    ),
    Documented(
        "datalab",
        "file_address",
        "an address",
        _FILES,
        "value",
        {"download_url": _URL, "expires_in": 3600, "file_id": 123, "original_filename": "document.pdf"},
        decides=(("download_url",),),
    ),
    Documented(
        "datalab", "delete_file", "deleted", _FILES, "value", {"success": True, "message": "File 123 deleted"}
    ),
    Documented("datalab", "workflow", "a workflow", _WORKFLOW, "value", _DEFINITION),
    *(
        Documented(
            "datalab",
            "workflows",
            name,
            # The page has no schema; the vendor's own client reads this field.
            f"{_WORKFLOWS}, {_CLIENT}",
            "value",
            {"workflows": workflows},
            decides=(("workflows",),),
        )
        for name, workflows in (("one workflow", [_DEFINITION]), ("no workflow", []))
    ),
    *(
        Documented(
            "datalab",
            "step_types",
            f"with the key {key}",
            f"{_STEP_TYPES}, {_CLIENT}",
            "value",
            {"step_types": [{key: "marker_parse", **_STEP_TYPE}]},
            decides=(("step_types",),),
        )
        for key in ("type", "step_type")
    ),
    *errors(
        "datalab",
        (
            "start",
            "status",
            "result",
            "ping",
            "file",
            "files",
            "file_address",
            "delete_file",
            "workflow",
            "workflows",
            "step_types",
        ),
        rows=ERRORS,
    ),
]
