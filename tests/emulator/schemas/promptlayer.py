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
