"""PromptLayer, the workflow endpoints of the API reference at https://docs.promptlayer.com/."""

from __future__ import annotations

from typing import Any

from tests.vendors.documented.response import JSON, Documented, Outcome, errors

_REFERENCE = "https://docs.promptlayer.com/reference/"
_RUN = f"{_REFERENCE}run-workflow"
_RESULTS = f"{_REFERENCE}workflow-version-execution-results"
_RECORDED = "prompt-layer-library, tests/fixtures/cassettes"
_ERRORS = "https://docs.promptlayer.com/openapi.json, ErrorResponse"

_NODE: dict[str, Any] = {
    "status": "SUCCESS",
    "value": "AAA",
    "error_message": None,
    "raw_error_message": None,
    "is_output_node": True,
}
_INNER = {**_NODE, "value": {"score": 0.5}, "is_output_node": False}
_FAILED = {**_NODE, "status": "FAILED", "value": None, "error_message": "content policy"}


#: A page of workflows.
_PAGE: dict[str, Any] = {
    "items": [
        {
            "id": 123,
            "workspace_id": 1,
            "user_id": None,
            "name": "answer-question",
            "is_deleted": False,
            "latest_version_number": 3,
            "release_labels": ["production"],
            "external_ids": [],
        }
    ],
    "page": 1,
    "per_page": 1,
    "total": 1,
    "pages": 1,
    "has_next": False,
    "has_prev": False,
    "next_num": None,
    "prev_num": None,
}
#: A workflow as the page shows it, without what the schema has besides.
_WORKFLOW: dict[str, Any] = {
    "success": True,
    "workflow_id": 123,
    "workflow_name": "answer-question",
    "version_number": 3,
    "release_labels": ["production"],
    "nodes": [{"name": "Answer", "node_type": "VARIABLE", "is_output_node": True, "dependencies": []}],
    "edges": [],
    "required_input_variables": {"user_message": "string"},
    "external_ids": [],
}
#: The same workflow as it was recorded.
_OBJECT: dict[str, Any] = {
    "success": True,
    "workflow": {"id": 123, "workspace_id": 1, "user_id": None, "name": "answer-question", "is_draft": False},
}


def _started(name: str, page: str, message: str, status: int, **members: Any) -> Documented:
    body = {
        "success": True,
        "message": message,
        "warning": None,
        "workflow_version_execution_id": 98765,
        **members,
    }
    return Documented(
        "promptlayer",
        "start",
        name,
        page,
        "started",
        body,
        status,
        decides=(("success",), ("workflow_version_execution_id",)),
        execution_id="98765",
    )


def _results(
    name: str, outcome: Outcome, nodes: Any, status: int = 200, *, page: str = _RESULTS
) -> list[Documented]:
    """Return one response with nodes for both operations that read it; with 202 and 204 no node decides."""
    decides = (("*", "status"), ("*", "is_output_node")) if status == 200 else ()
    return [
        Documented("promptlayer", operation, name, page, outcome, nodes, status, decides=decides)
        for operation in ("status", "result")
    ]


RESPONSES = [
    _started("started", _RUN, "Workflow execution started", 201),
    _started("started, as recorded", _RECORDED, "Workflow execution created successfully", 201),
    _started("accepted, with a callback", _RUN, "Workflow execution accepted", 202),
    _started(
        "started, with a warning",
        _RUN,
        "Workflow execution started",
        201,
        warning="Missing input variables: user_message",
    ),
    *_results("one output node", "succeeded", {"Node 1": _NODE}, page=_RECORDED),
    *_results("an output node and others", "succeeded", {"Parse": _INNER, "Response": _NODE}),
    *_results(
        "an output node, beside a failed node and one that was skipped",
        "succeeded",
        {
            "Parse": {**_FAILED, "is_output_node": False, "raw_error_message": {"raw": "Code failed: 1"}},
            "No": {**_NODE, "status": "SKIPPED", "value": None},
            "Yes": _NODE,
        },
    ),
    *_results("an output that is no text", "succeeded", {"Response": {**_NODE, "value": [1, {"a": None}]}}),
    *_results(
        "an inner node without is_output_node",
        "succeeded",
        {"Parse": {**_INNER, "is_output_node": None}, "Response": _NODE},
        page="prompt-layer-library, tests/fixtures/workflow_update_messages.py",
    ),
    *_results("the output node failed", "failed", {"Parse": _INNER, "Response": _FAILED}),
    *_results(
        "the output node failed, with the status of the page about callbacks",
        "failed",
        {"Response": {**_FAILED, "status": "FAILURE", "raw_error_message": "Traceback"}},
    ),
    *_results("no output node", "failed", {"Parse": _INNER}),
    *_results("the output node was not reached", "failed", {"Response": {**_NODE, "status": "SKIPPED"}}),
    *_results("still running", "running", {"Response": {**_NODE, "status": "RUNNING", "value": None}}, 202),
    *_results(
        "still queued, with a 200 as the server has sent it",
        "queued",
        {"Parse": _INNER, "Response": {**_NODE, "status": "QUEUED", "value": None}},
        page="https://docs.promptlayer.com/changelog, 2026-03-10",
    ),
    *(
        Documented(
            "promptlayer",
            operation,
            "204, once planned for an execution that is going",
            _RESULTS,
            "running",
            b"",
            204,
            {},
        )
        for operation in ("status", "result")
    ),
    # return_all_outputs=false returns the value alone, which could look like nodes, so no request asks for it.
    *(
        Documented(
            "promptlayer",
            operation,
            "a bare value",
            _RECORDED,
            "unexpected",
            "AAA",
            decides=((),),
            headers=JSON,
        )
        for operation in ("status", "result")
    ),
    *(
        Documented(
            "promptlayer",
            operation,
            name,
            f"{_REFERENCE}list-workflows",
            "value",
            {**_PAGE, **members},
            decides=(("items",),),
        )
        for operation, name, members in (
            ("ping", "a page of workflows", {}),
            ("workflows", "a page of workflows", {}),
            ("workflows", "an empty page", {"items": [], "total": None, "pages": 0}),
        )
    ),
    *(
        Documented("promptlayer", "workflow", name, page, "value", body)
        for name, page, body in (
            ("the page's example", f"{_REFERENCE}get-workflow", _WORKFLOW),
            ("as recorded", _RECORDED, _OBJECT),
            ("in both forms", "https://docs.promptlayer.com/changelog, 2026-03-20", {**_WORKFLOW, **_OBJECT}),
        )
    ),
    *(
        Documented(
            "promptlayer",
            "labels",
            name,
            f"{_REFERENCE}get-workflow-labels",
            "value",
            {"success": True, "release_labels": labels},
            decides=(("release_labels",),),
        )
        for name, labels in (
            (
                "a label",
                [
                    {
                        "release_label": "production",
                        "release_label_id": 7,
                        "workflow_version_id": 456,
                        "workflow_version_number": 3,
                    }
                ],
            ),
            ("no label", []),
        )
    ),
    *errors(
        "promptlayer",
        ("start", "status", "result", "ping", "workflows", "workflow", "labels"),
        [
            {
                "name": "400",
                "page": _ERRORS,
                "status": 400,
                "body": {"success": False, "message": "Invalid request", "error": "bad_request"},
            },
            {
                "name": "401",
                "page": _ERRORS,
                "status": 401,
                "body": {"success": False, "message": "Invalid API key"},
            },
            {
                "name": "403",
                "page": _ERRORS,
                "status": 403,
                "body": {"success": False, "error": "Forbidden"},
            },
            {
                "name": "404",
                "page": _ERRORS,
                "status": 404,
                "body": {"success": False, "message": "Workflow not found"},
            },
            {
                "name": "422, a list of problems",
                "page": _ERRORS,
                "status": 422,
                "body": {
                    "detail": [
                        {"loc": ["body", "input_variables"], "msg": "field required", "type": "value_error"}
                    ]
                },
            },
            {
                "name": "429",
                "page": _ERRORS,
                "status": 429,
                "body": {"success": False, "message": "Rate limit exceeded. Please retry later."},
            },
            {
                "name": "500",
                "page": _ERRORS,
                "status": 500,
                "body": {"success": False, "message": "Internal server error"},
            },
        ],
    ),
]
