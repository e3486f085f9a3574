"""What each vendor says in an error response, and the error of a start that the vendor rejects."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat, datalab, laminar_jobs, promptlayer, refold
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.vendor import VendorApi
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.vendors import (
    ALTOSTRAT,
    DATALAB,
    LAMINAR,
    LAMINAR_JOBS,
    PROMPTLAYER,
    REFOLD,
    VendorCase,
    misread,
    response,
)
from tests.vendors.altostrat import WEBHOOK
from tests.vendors.datalab import QUOTA

#: Bodies of error responses without an explanation.
NOTHING: list[tuple[Any, str | None]] = [({}, None), ([], None), ("text", None), (b"<html>", None)]

#: FastAPI's lists of problems. The input of a problem is left out: it can hold a secret.
PROBLEMS: list[tuple[Any, str | None]] = [
    (
        {
            "detail": [
                {"type": "int_parsing", "loc": ["path", "workflow_id"], "msg": "Not a number", "input": "x"},
                {"type": "missing", "loc": ["body", "files", 0], "msg": "Field required", "input": {}},
            ]
        },
        "path.workflow_id: Not a number; body.files.0: Field required",
    ),
    ({"detail": [{"loc": "body", "msg": "no"}]}, "body: no"),
    ({"detail": [{"loc": 5, "type": "missing"}]}, "5: missing"),
    ({"detail": [{"loc": None}]}, "rejected"),
    ({"detail": ["plain", None, 7, {"msg": "y"}]}, "plain; null; 7; y"),
    ({"detail": []}, None),
]

#: Bodies of each vendor, and the explanation that an error shows; ``None``: there is none.
MESSAGES: list[tuple[str, VendorApi, list[tuple[Any, str | None]]]] = [
    (
        "altostrat",
        altostrat.API,
        [
            # The form of the reference, and that of its framework, Laravel.
            (
                {
                    "type": "invalid_request_error",
                    "code": "parameter_missing",
                    "message": "The 'name' parameter is required for this request.",
                    "doc_url": "https://docs.altostrat.io/errors/parameter_missing",
                },
                "The 'name' parameter is required for this request. (parameter_missing)",
            ),
            ({"message": "Unauthorized or invalid token provided."}, "Unauthorized or invalid token provided."),
            ({"message": "The context field must be an array.", "errors": {"context": ["..."]}}, "The context field must be an array."),
            ({"code": "server_error"}, "server_error"),
            ({"message": None, "code": "server_error"}, "server_error"),
            ({"message": {"a": 1}, "code": 7}, '{"a": 1} (7)'),
            ({"message": f"No workflow at {WEBHOOK}."}, "No workflow at https://v1.api.altostrat.io/workflows/webhooks/***."),
            ({"message": ""}, None),
            *NOTHING,
        ],
    ),
    (
        "datalab",
        datalab.API,
        [
            # A text, FastAPI's list of problems, or the field that only the vendor's client reads.
            ({"detail": "Invalid file type."}, "Invalid file type."),
            ({"error": QUOTA, "success": False}, QUOTA),
            ({"detail": "first", "error": "second"}, "first"),
            ({"detail": {"code": 7}}, '{"code": 7}'),
            ({"detail": None}, None),
            *PROBLEMS,
            *NOTHING,
        ],
    ),
    (
        "laminar jobs",
        laminar_jobs.API,
        [
            ({"error": "No job matches"}, "No job matches"),
            ({"message": "no", "error": "X"}, "no"),
            ({"message": "", "error": "X"}, "X"),
            ({"error": {"code": 7}}, '{"code": 7}'),
            *NOTHING,
        ],
    ),
    (
        "promptlayer",
        promptlayer.API,
        [
            # The explanation is in one of three fields, and in one of them it can be a list.
            ({"success": False, "message": "Invalid API key"}, "Invalid API key"),
            ({"success": False, "error": "Workflow not found"}, "Workflow not found"),
            ({"success": False, "message": None, "error": "in error"}, "in error"),
            ({"success": False, "message": "in message", "error": "in error"}, "in message"),
            ({"detail": "Not authenticated"}, "Not authenticated"),
            ({"message": {"code": 7}}, '{"code": 7}'),
            ({"success": False}, None),
            *PROBLEMS,
            *NOTHING,
        ],
    ),
    (
        "refold",
        refold.API,
        [
            # In one form the explanation is in "message", in the other in "error".
            ({"message": "Server Error", "error": "Workflow ID and slug are required"}, "Workflow ID and slug are required (Server Error)"),
            ({"http_error_type": "UNAUTHORIZED", "error_code": "SERVER_ERROR", "message": "Invalid Credentials"}, "Invalid Credentials (SERVER_ERROR)"),
            ({"http_error_type": "NOT_FOUND", "error": "GONE", "message": "Execution not found"}, "Execution not found (GONE)"),
            ({"message": "alone"}, "alone"),
            ({"error": {"code": 7}}, '{"code": 7}'),
            *NOTHING,
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("api", "cases"), [case[1:] for case in MESSAGES], ids=[case[0] for case in MESSAGES]
)
def test_an_error_shows_the_vendors_explanation(api: VendorApi, cases: list[tuple[Any, str | None]]) -> None:
    """Whatever form the body has."""
    assert api.error_message is not None
    read = api.error_message

    assert misread(lambda body: read(response(body, 400)), cases) == {}


#: A workflow, further parameters, a fault of the emulator, and the class and a part of the error.
REJECTED: list[tuple[VendorCase, str, dict[str, Any], dict[str, Any], type[errors.WorkflowError], str]] = [
    (ALTOSTRAT, "fl_no_such_workflow", {}, {}, errors.NotFound, "(not_found)"),
    (ALTOSTRAT, "fl_forbidden", {}, {}, errors.AuthFailed, "(forbidden)"),
    (
        ALTOSTRAT,
        "fl_sync_sites",
        {},
        {"status": 422, "body": {"message": "The context field must be an array.", "errors": {"context": ["no"]}}},
        errors.RequestRejected,
        "HTTP 422: The context field must be an array.",
    ),
    (DATALAB, "101", {}, {"status": 400, "body": {"detail": "Invalid file type."}}, errors.RequestRejected, "HTTP 400: Invalid file type"),
    (DATALAB, "101", {}, {"status": 403}, errors.AuthFailed, "active, paid subscription"),
    (DATALAB, "101", {}, {"status": 404}, errors.NotFound, "HTTP 404: Not found"),
    (DATALAB, "101", {}, {"status": 413, "body": {"detail": "Too large"}}, errors.RequestRejected, "HTTP 413: Too large"),
    (DATALAB, "101", {}, {"status": 422}, errors.RequestRejected, "HTTP 422: body: Value error"),
    (LAMINAR_JOBS, "no-such-job", {}, {}, errors.NotFound, "HTTP 404: "),
    # The page says that the body of a 401 is empty.
    (LAMINAR_JOBS, "sync-invoices", {}, {"status": 401, "body": ""}, errors.AuthFailed, "HTTP 401"),
    (PROMPTLAYER, "no-such-workflow", {}, {}, errors.NotFound, "HTTP 404: Workflow not found"),
    (PROMPTLAYER, "answer-question", {"workflow_label_name": "staging"}, {}, errors.NotFound, "HTTP 404: Release label not found"),
    (PROMPTLAYER, "answer-question", {"workflow_version_number": 9}, {}, errors.NotFound, "HTTP 404: Workflow version not found"),
    (REFOLD, "draft", {}, {}, errors.RequestRejected, "HTTP 400: "),
    (REFOLD, "no-such-workflow", {}, {}, errors.RequestRejected, "HTTP 400: "),
    (REFOLD, "sync-contacts", {"slug": "salesforce"}, {}, errors.RequestRejected, "HTTP 400: "),
    (REFOLD, "group-node", {"sync_execution": True}, {}, errors.RequestRejected, "Group"),
    (LAMINAR, "999", {}, {}, errors.NotFound, "Workflow not found"),
    (LAMINAR, "39", {}, {"status": 401}, errors.AuthFailed, "HTTP 401: "),
    (LAMINAR, "39", {}, {"status": 403}, errors.AuthFailed, "HTTP 403: "),
    (LAMINAR, "39", {}, {"status": 404}, errors.NotFound, "HTTP 404: "),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "workflow", "options", "fault", "error", "said"), REJECTED)
def test_a_start_that_the_vendor_rejects_fails_with_the_vendors_explanation(
    vendor: VendorCase,
    workflow: str,
    options: dict[str, Any],
    fault: dict[str, Any],
    error: type[errors.WorkflowError],
    said: str,
    emulator: Emulator,
) -> None:
    """The error names the workflow and the connection, and says that nothing was started; the start is sent once."""
    if fault:
        emulator.fail(vendor.conn_type, vendor.start, "status", **fault)

    with pytest.raises(error) as rejected:
        Task(lambda: vendor.task(workflow, **options)).run()

    connection = f"The connection is '{vendor.conn_type}_default'."
    parts = [said, f" {workflow}: HTTP ", connection, "Nothing was started."]
    assert [part for part in parts if part not in str(rejected.value)] == []
    assert type(rejected.value) is error
    assert len(emulator.requests(vendor.conn_type)) == 1
    assert emulator.runs(vendor.conn_type) == []
