"""PromptLayer's recalculation of a sheet, of the API reference at https://docs.promptlayer.com/."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.vendors.documented.promptlayer import RESPONSES as OF_WORKFLOWS
from tests.vendors.documented.response import Documented, Outcome, errors

_REFERENCE = "https://docs.promptlayer.com/reference/table-sheet-operations-"
_SCHEMA = "https://docs.promptlayer.com/openapi.json, "
_CLIENT = "prompt-layer-library 1.5.16, promptlayer/live_progress.py"

#: A table, its sheet, and the beginning of the id of each execution of the sheet.
TABLE, SHEET = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-9000-000000000001"
PREFIX = f"{TABLE}.{SHEET}."

_OPERATION_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_CELL: dict[str, Any] = {
    "id": "virtual:2",
    "sheet_id": SHEET,
    "column_id": "00000000-0000-4000-a000-000000000001",
    "row_index": 0,
    "status": "QUEUED",
    "execution_id": None,
    "value": {"text": "x"},
}
_QUEUED: dict[str, Any] = {
    "success": True,
    "operation": "recalculate",
    "operation_id": _OPERATION_ID,
    "execution_id": _OPERATION_ID,
    "execution_ids": [_OPERATION_ID],
    "cell_count": 20,
    "version": 7,
    "status_url": f"/api/public/v2/tables/{TABLE}/sheets/{SHEET}/operations/{_OPERATION_ID}",
    "virtual_cell_count": 1,
    "cells": [_CELL],
}
_DECIDES = (("operation_id",), ("requires_confirmation",), ("cell_count",), ("success",))


def _operation(
    name: str, outcome: Outcome, status: str, *, page: str = _CLIENT, done: int = 0, failed: int = 0
) -> list[Documented]:
    """Return one response of "Get Operation" for both operations that read it."""
    operation = {
        "operation_id": _OPERATION_ID,
        "operation": "recalculate",
        "status": status,
        "status_counts": {"COMPLETED": done, "FAILED": failed},
        "cell_count": 20,
        "completed_count": done,
        "failed_count": failed,
        "pending_count": 20 - done - failed,
        "status_url": _QUEUED["status_url"],
    }
    decides = (("operation", "status"), ("operation", "failed_count"))
    return [
        Documented(
            "promptlayer_sheets",
            operation_name,
            name,
            page,
            outcome,
            {"success": True, "operation": operation},
            decides=decides,
        )
        for operation_name in ("status", "result")
    ]


#: The error responses, by the schema ErrorResponse.
ERRORS: list[dict[str, Any]] = [
    {"name": "400", "status": 400, "body": {"success": False, "message": "Invalid request"}},
    {"name": "401", "status": 401, "body": {"success": False, "message": "Invalid API key"}},
    {"name": "404", "status": 404, "body": {"success": False, "error": "Table or sheet not found"}},
    {"name": "429", "status": 429, "body": {"success": False, "message": "Rate limit exceeded."}},
    {"name": "500", "status": 500, "body": {"success": False, "message": "Internal server error"}},
]
for _row in ERRORS:
    _row["page"] = f"{_SCHEMA}ErrorResponse"

RESPONSES = [
    Documented(
        "promptlayer_sheets",
        "start",
        "queued",
        f"{_REFERENCE}create",
        "started",
        _QUEUED,
        202,
        decides=_DECIDES[:1],
        execution_id=PREFIX + _OPERATION_ID,
    ),
    Documented(
        "promptlayer_sheets",
        "start",
        "nothing to do",
        f"{_REFERENCE}create",
        "succeeded",
        {"success": True, "cell_count": 0, "virtual_cell_count": 0, "cells": []},
        decides=_DECIDES,
    ),
    Documented(
        "promptlayer_sheets",
        "start",
        "a confirmation is wanted",
        f"{_SCHEMA}CreateTableSheetOperationConfirmationResponse",
        "rejected",
        {
            "success": False,
            "requires_confirmation": True,
            "confirmation_token": "tok_9f3Kq7Lw2Xn8Vt4R",
            "affected_cell_count": 1200,
            "message": "This operation affects many cells.",
        },
        decides=_DECIDES,
    ),
    *_operation("queued", "queued", "queued"),
    *_operation("dispatched", "queued", "dispatched"),
    *_operation("running", "running", "running", done=3),
    *_operation("running, with cells that failed", "running", "running", done=3, failed=2),
    *_operation("completed", "succeeded", "completed", done=20),
    *_operation("completed, in upper case", "succeeded", "COMPLETED", done=20),
    *_operation("completed, with cells that failed", "partial", "completed", done=17, failed=3),
    *_operation("failed", "failed", "failed", failed=20),
    *_operation("cancelled", "stopped", "cancelled", done=4),
    *(
        Documented("promptlayer_sheets", "stop", name, f"{_REFERENCE}cancel", "value", body)
        for name, body in (
            (
                "cancelled",
                {
                    "success": True,
                    "message": "Operation cancelled",
                    "operation_id": _OPERATION_ID,
                    "execution_ids": [_OPERATION_ID],
                    "cancelled_cell_count": 16,
                    "not_started_reset_count": 12,
                    "running_invalidated_count": 4,
                },
            ),
            (
                "no active operation",
                {
                    "success": True,
                    "message": "No active execution",
                    "operation_id": _OPERATION_ID,
                    "execution_ids": [],
                    "cancelled_cell_count": 0,
                },
            ),
        )
    ),
    *(replace(each, vendor="promptlayer_sheets") for each in OF_WORKFLOWS if each.operation == "ping"),
    *errors("promptlayer_sheets", ("start", "status", "result", "stop"), ERRORS),
]
