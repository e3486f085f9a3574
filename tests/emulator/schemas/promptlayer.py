"""
PromptLayer: docs.promptlayer.com/openapi.json, as of August 21, 2026.

Its two ``oneOf`` cannot be met: nodes are also "anything", and a list of problems is also an error, of which no field is
required. So both are ``anyOf`` here. Another test holds the results with all outputs to the nodes alone.
"""

from tests.emulator.schemas import (
    BOOLEAN,
    INT64,
    INTEGER,
    OBJECT,
    RUN,
    STRING,
    X_API_KEY,
    answer,
    array,
    body,
    document,
    exactly,
    fields,
    nullable,
    parameter,
    ref,
)

_NODE = fields(
    status=STRING,
    value={},
    error_message=nullable(STRING),
    raw_error_message=nullable(STRING),
    is_output_node=BOOLEAN,
)
_LISTED = fields(
    "id",
    "workspace_id",
    "name",
    "is_deleted",
    "release_labels",
    id=INTEGER,
    workspace_id=INTEGER,
    user_id=nullable(INTEGER),
    name=STRING,
    is_deleted=BOOLEAN,
    latest_version_number=nullable(INTEGER),
    release_labels=array(STRING),
    external_ids=array(fields("source", "external_id", source=STRING, external_id=STRING)),
)
_PAGE = fields(
    "items",
    "page",
    "per_page",
    "pages",
    "has_next",
    "has_prev",
    items=array(_LISTED),
    page=INTEGER,
    per_page=INTEGER,
    total=nullable(INTEGER),
    pages=INTEGER,
    has_next=BOOLEAN,
    has_prev=BOOLEAN,
    next_num=nullable(INTEGER),
    prev_num=nullable(INTEGER),
)
_WORKFLOW = fields(
    "success",
    "workflow_id",
    "workflow_name",
    "version",
    "workflow_version_id",
    "nodes",
    "edges",
    success=BOOLEAN,
    workflow_id=INTEGER,
    workflow_name=STRING,
    version=INTEGER,
    workflow_version_id=INTEGER,
    commit_message=nullable(STRING),
    required_input_variables=nullable({"type": "object", "additionalProperties": STRING}),
    release_labels=array(STRING),
    created_at=nullable(STRING),
    nodes=array(
        fields(
            "id",
            "name",
            "node_type",
            "is_output_node",
            "configuration",
            "dependencies",
            id=STRING,
            workflow_version_id=INTEGER,
            name=STRING,
            node_type=STRING,
            is_output_node=BOOLEAN,
            configuration=OBJECT,
            dependencies=array(STRING),
        )
    ),
    edges=array(
        fields(
            "id",
            "source_node_name",
            "target_node_name",
            "is_and",
            id=STRING,
            source_node_name=STRING,
            target_node_name=STRING,
            is_and=BOOLEAN,
            conditionals=array(OBJECT),
        )
    ),
)
_LABELS = fields(
    "success",
    "release_labels",
    success=BOOLEAN,
    release_labels=array(
        fields(
            "release_label",
            "release_label_id",
            "workflow_version_id",
            "workflow_version_number",
            release_label=STRING,
            release_label_id=INTEGER,
            workflow_version_id=INTEGER,
            workflow_version_number=INTEGER,
        )
    ),
)
_UUID = {**STRING, "format": "uuid"}
_COUNTS = {"type": "object", "additionalProperties": INTEGER}
_CELL = fields(
    "id",
    "sheet_id",
    "column_id",
    "row_index",
    "status",
    id=STRING,
    sheet_id=_UUID,
    execution_id=nullable(_UUID),
    column_id=_UUID,
    row_index=INTEGER,
    last_computed_version=nullable(INTEGER),
    status={**STRING, "enum": ["STALE", "QUEUED", "DISPATCHED", "RUNNING", "COMPLETED", "FAILED"]},
    display_value=nullable(STRING),
    input_hash=nullable(STRING),
    value={},
    updated_at=nullable(STRING),
)
_QUEUED = exactly(
    success={"const": True},
    operation={"const": "recalculate"},
    operation_id=STRING,
    execution_id=STRING,
    execution_ids=array(STRING),
    cell_count=INTEGER,
    version=INTEGER,
    status_url=STRING,
    virtual_cell_count=INTEGER,
    cells=array(_CELL),
)
_NOTHING_TO_DO = exactly(
    success={"const": True}, cell_count={"const": 0}, virtual_cell_count=INTEGER, cells=array(_CELL)
)
_CONFIRMATION = exactly(
    success={"const": False},
    requires_confirmation={"const": True},
    confirmation_token=STRING,
    affected_cell_count=INTEGER,
    message=STRING,
)
_OPERATION = exactly(
    operation_id=STRING,
    operation={"const": "recalculate"},
    status=STRING,
    status_counts=_COUNTS,
    cell_count=INTEGER,
    completed_count=INTEGER,
    failed_count=INTEGER,
    pending_count=INTEGER,
    status_url=STRING,
)
_CANCELLED = fields(
    "success",
    "message",
    "operation_id",
    "execution_ids",
    "cancelled_cell_count",
    success=BOOLEAN,
    message=STRING,
    operation_id=STRING,
    execution_ids=array(STRING),
    cancelled_cell_count=INTEGER,
    not_started_reset_count=INTEGER,
    running_invalidated_count=INTEGER,
)
_CALCULATION_STATUS = {**STRING, "enum": ["queued", "running", "completed", "failed", "cancelled"]}
_CALCULATION = fields(
    "id",
    "scorecard_id",
    "workspace_id",
    "sheet_id",
    "sheet_revision",
    "status",
    "criterion_summaries",
    id=_UUID,
    scorecard_id=_UUID,
    workspace_id=INTEGER,
    sheet_id=_UUID,
    sheet_revision=STRING,
    status=_CALCULATION_STATUS,
    aggregate_score=nullable({"type": "number"}),
    aggregate_verdict={"enum": ["pass", "warn", "fail", "error", "skipped", None]},
    criterion_summaries=OBJECT,
    drift_summary=nullable(OBJECT),
    config_hash=nullable(STRING),
    started_at=nullable(STRING),
    completed_at=nullable(STRING),
    error_summary=nullable(STRING),
)
_SHEET = "/api/public/v2/tables/{table_id}/sheets/{sheet_id}"
_SHEET_IDS = [
    parameter("table_id", "path", _UUID, example="00000000-0000-4000-8000-000000000001"),
    parameter("sheet_id", "path", _UUID, example="00000000-0000-4000-9000-000000000001"),
]
_SHEET_ERRORS = {"400": answer(ref("Error")), "404": answer(ref("Error"))}
_INVALID = {"anyOf": [ref("Details"), ref("Error")]}
_ERRORS = {"400": answer(ref("Error")), "401": answer(ref("Error")), "404": answer(ref("Error"))}
_NAME = parameter("workflow", "path", STRING, example="answer-question")

DOCUMENT = document(
    "PromptLayer",
    X_API_KEY,
    {
        "/workflows/{workflow}/run": {
            "post": {
                "parameters": [_NAME],
                "requestBody": body(
                    fields(
                        workflow_label_name=nullable(STRING),
                        workflow_version_number=nullable(INTEGER),
                        metadata=nullable({"type": "object", "additionalProperties": STRING}),
                        input_variables=OBJECT,
                        return_all_outputs=BOOLEAN,
                        callback_url=nullable({**STRING, "format": "uri"}),
                    ),
                    required=True,
                    example={"input_variables": {"user_message": "help"}, "metadata": {"environment": "a"}},
                ),
                "responses": {
                    "201": answer(ref("Started")),
                    "202": answer(ref("Started")),
                    **_ERRORS,
                    "422": answer(_INVALID),
                },
            }
        },
        "/workflow-version-execution-results": {
            "get": {
                "parameters": [
                    parameter("workflow_version_execution_id", "query", INT64, required=True, example=RUN),
                    parameter("return_all_outputs", "query", BOOLEAN),
                ],
                "responses": {
                    "200": answer({"anyOf": [ref("Nodes"), {}]}),
                    "202": answer({"anyOf": [ref("Nodes"), {}]}),
                    "400": answer(),
                    "401": answer(),
                    "403": answer(),
                    "404": answer(),
                    "422": answer(_INVALID),
                },
            }
        },
        "/workflows": {
            "get": {
                "parameters": [
                    parameter("page", "query", {**INTEGER, "minimum": 1}),
                    parameter("per_page", "query", {**INTEGER, "minimum": 1, "maximum": 100}),
                    *(
                        parameter(name, "query", STRING)
                        for name in ("created_by_email", "external_source", "external_id")
                    ),
                    *(
                        parameter(f"{what}_{when}", "query", {**STRING, "format": "date-time"})
                        for what in ("created", "updated")
                        for when in ("after", "before")
                    ),
                    parameter(
                        "sort_by", "query", {**STRING, "enum": ["created_at", "updated_at", "name", "id"]}
                    ),
                    parameter("sort_order", "query", {**STRING, "enum": ["asc", "desc"]}),
                ],
                "responses": {
                    "200": answer(_PAGE),
                    "400": answer(fields("success", "message", success=BOOLEAN, message=STRING)),
                    "401": answer(fields("success", "message", success=BOOLEAN, message=STRING)),
                    "422": answer(_INVALID),
                },
            }
        },
        "/workflows/{workflow}": {
            "get": {
                "parameters": [
                    _NAME,
                    parameter("version", "query", {**INTEGER, "exclusiveMinimum": 0}),
                    parameter("label", "query", STRING),
                ],
                "responses": {"200": answer(_WORKFLOW), **_ERRORS, "422": answer(_INVALID)},
            }
        },
        "/workflows/{workflow}/labels": {
            "get": {
                "parameters": [_NAME],
                "responses": {
                    "200": answer(_LABELS),
                    "401": answer(ref("Error")),
                    "404": answer(),
                    "422": answer(_INVALID),
                },
            }
        },
        f"{_SHEET}/operations": {
            "post": {
                "parameters": _SHEET_IDS,
                "requestBody": body(
                    {
                        **fields(
                            operation={**STRING, "enum": ["recalculate"]},
                            column_ids=nullable(array(_UUID)),
                            row_ids=nullable(array({**INTEGER, "minimum": 0})),
                            statuses=nullable(array(_CELL["properties"]["status"])),
                            confirmation_token=nullable(STRING),
                        ),
                        "additionalProperties": False,
                    },
                    required=True,
                    example={"operation": "recalculate", "statuses": []},
                ),
                "responses": {
                    "200": answer({"oneOf": [_QUEUED, _NOTHING_TO_DO, _CONFIRMATION]}),
                    "202": answer({"oneOf": [_QUEUED, _NOTHING_TO_DO, _CONFIRMATION]}),
                    "401": answer(ref("Error")),
                    **_SHEET_ERRORS,
                },
            }
        },
        f"{_SHEET}/operations/{{operation_id}}": {
            method: {
                "parameters": [*_SHEET_IDS, parameter("operation_id", "path", STRING)],
                "responses": {"200": answer(done), **_SHEET_ERRORS},
            }
            for method, done in (
                ("get", exactly(success=BOOLEAN, operation=_OPERATION)),
                ("delete", _CANCELLED),
            )
        },
        f"{_SHEET}/scorecard/recalculate": {
            "post": {
                "parameters": _SHEET_IDS,
                "requestBody": body(
                    {
                        **fields(row_indices=array({**INTEGER, "minimum": 0}), step_ids=array(_UUID)),
                        "additionalProperties": False,
                    },
                ),
                "responses": {
                    "202": answer(
                        exactly(
                            success=BOOLEAN, calculation_id=_UUID, status=_CALCULATION_STATUS, version=INTEGER
                        )
                    ),
                    **_SHEET_ERRORS,
                },
            }
        },
        f"{_SHEET}/scorecard/calculations/{{calculation_id}}": {
            "get": {
                "parameters": [*_SHEET_IDS, parameter("calculation_id", "path", _UUID)],
                "responses": {
                    "200": answer(
                        fields(
                            "success",
                            "calculation",
                            "criterion_summaries",
                            "drift_summary",
                            success=BOOLEAN,
                            calculation=_CALCULATION,
                            criterion_summaries=nullable(OBJECT),
                            drift_summary=nullable(OBJECT),
                        )
                    ),
                    **_SHEET_ERRORS,
                },
            }
        },
    },
    Nodes={"type": "object", "additionalProperties": _NODE},
    Started=fields(
        "success",
        "message",
        "workflow_version_execution_id",
        success=BOOLEAN,
        message=STRING,
        warning=nullable(STRING),
        workflow_version_execution_id=INTEGER,
    ),
    Error=fields(success=BOOLEAN, message=STRING, error=STRING),
    Details=fields(detail=array(fields("loc", "msg", "type", loc=array({}), msg=STRING, type=STRING))),
)
