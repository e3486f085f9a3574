"""Refold: v3/api-reference/openapi.yaml of its documentation, as of July 24, 2026, and the page of Execute Workflow."""

from tests.emulator.schemas import (
    BOOLEAN,
    INTEGER,
    OBJECT,
    RUN,
    STRING,
    answer,
    array,
    body,
    document,
    fields,
    nullable,
    parameter,
    ref,
)

_BASE = "/api/v2/public"
_FLAG = {"enum": ["true", "false"]}
_PAGE = {
    "totalDocs": INTEGER,
    "limit": INTEGER,
    "page": INTEGER,
    "totalPages": INTEGER,
    "hasNextPage": BOOLEAN,
    "hasPrevPage": BOOLEAN,
    "nextPage": nullable(INTEGER),
    "prevPage": nullable(INTEGER),
    "pagingCounter": INTEGER,
}
_PAGING = [
    parameter("page", "query", {**INTEGER, "minimum": 1}),
    parameter("limit", "query", {**INTEGER, "minimum": 1}),
]
_WORKFLOW = parameter("workflow", "path", STRING, example="sync-contacts")
#: The overview of the reference: every error has this form.
_ERRORS = {"default": answer(ref("Error"))}

DOCUMENT = document(
    "Refold",
    {"type": "apiKey", "in": "header", "name": "x-api-key"},
    {
        f"{_BASE}/workflow/{{workflow}}/execute": {
            "post": {
                "parameters": [
                    parameter("workflow", "path", STRING, example="sync-contacts"),
                    parameter("slug", "header", STRING, required=True, example="hubspot"),
                    parameter("config_id", "header", STRING),
                    parameter("sync_execution", "header", _FLAG),
                    parameter("instance_tag", "header", STRING),
                    parameter("include-headers", "header", _FLAG),
                ],
                "requestBody": body(fields(payload=OBJECT), example={"payload": {"email": "a@example.com"}}),
                "responses": {
                    "200": answer(ref("Result")),
                    "400": answer(fields(message=STRING, error=STRING)),
                    **_ERRORS,
                },
            }
        },
        f"{_BASE}/session-token": {
            "post": {
                "parameters": [parameter("force_refresh", "query", BOOLEAN)],
                "requestBody": body(
                    fields(linked_account_id=STRING), example={"linked_account_id": "acct_1"}
                ),
                "responses": {
                    "200": answer(
                        fields(
                            token=STRING, refresh_token=STRING, expires_in=INTEGER, refresh_expires_in=INTEGER
                        )
                    ),
                    **_ERRORS,
                },
            }
        },
        f"{_BASE}/execution/{{execution}}": {
            "get": {
                "parameters": [parameter("execution", "path", STRING, example=RUN)],
                "responses": {"200": answer(ref("Execution")), **_ERRORS},
            }
        },
        f"{_BASE}/execution": {
            "get": {
                "parameters": [
                    *_PAGING,
                    parameter("slug", "query", STRING),
                    parameter("status", "query", STRING),
                    parameter("workflow_name", "query", STRING),
                    parameter("workflow_id", "query", STRING),
                    parameter("execution_id", "query", STRING),
                    parameter("execution_type", "query", {"enum": ["All", "SYNC", "ASYNC"]}),
                    parameter("execution_source", "query", {"enum": ["API_CALL", "SCHEDULE", "Event"]}),
                    parameter("start_date", "query", {**STRING, "format": "date-time"}),
                    parameter("end_date", "query", {**STRING, "format": "date-time"}),
                    parameter("sortAsc", "query", _FLAG),
                ],
                "responses": {"200": answer(fields(**_PAGE, docs=array(ref("Execution")))), **_ERRORS},
            }
        },
        f"{_BASE}/execution/{{execution}}/stop": {
            "post": {
                "parameters": [parameter("execution", "path", STRING, example=RUN)],
                "responses": {"200": answer(fields(message=STRING)), **_ERRORS},
            }
        },
        f"{_BASE}/workflow": {
            "get": {
                "parameters": [
                    *_PAGING,
                    parameter("slug", "query", STRING),
                    parameter("published", "query", _FLAG),
                    parameter("scope", "query", {"enum": ["private"]}),
                ],
                # The specification has an object as `schema`, the page's example null, which is what is sent.
                "responses": {
                    "200": answer(fields(**_PAGE, docs=array(ref("Workflow")), schema=nullable(OBJECT))),
                    **_ERRORS,
                },
            }
        },
        f"{_BASE}/execution/{{execution}}/rerun": {
            "post": {
                "parameters": [parameter("execution", "path", STRING, example=RUN)],
                "responses": {"200": answer(fields(status=STRING, id=STRING)), **_ERRORS},
            }
        },
        f"{_BASE}/execution/{{execution}}/nodes/{{node}}/batches": {
            "get": {
                "parameters": [
                    parameter("execution", "path", STRING, example=RUN),
                    parameter("node", "path", STRING, example="3"),
                    parameter("status", "query", STRING),
                    *_PAGING,
                ],
                "responses": {
                    "200": answer(
                        fields(**_PAGE, docs=array(fields(batch_index=INTEGER, status=STRING, output={})))
                    ),
                    **_ERRORS,
                },
            }
        },
        f"{_BASE}/linked-account": {
            "get": {
                "parameters": _PAGING,
                "responses": {"200": answer(fields(**_PAGE, docs=array(ref("LinkedAccount")))), **_ERRORS},
            }
        },
        f"{_BASE}/workflow/enabled": {
            "get": {
                "parameters": [],
                "responses": {
                    "200": answer(
                        array(
                            fields(
                                id=STRING,
                                name=STRING,
                                description=STRING,
                                icon=STRING,
                                config_id=STRING,
                                application=OBJECT,
                            )
                        )
                    ),
                    **_ERRORS,
                },
            }
        },
        f"{_BASE}/workflow/{{workflow}}": {
            "get": {
                "parameters": [_WORKFLOW],
                "responses": {"200": answer(ref("Workflow")), **_ERRORS},
            }
        },
        f"{_BASE}/workflow/versions/{{workflow}}": {
            "get": {
                "parameters": [_WORKFLOW, *_PAGING],
                "responses": {
                    "200": answer(
                        fields(**_PAGE, docs=array(fields(version=INTEGER, _id=STRING, createdAt=STRING)))
                    ),
                    **_ERRORS,
                },
            }
        },
        f"{_BASE}/workflow/request-structure/{{workflow}}": {
            "get": {
                "parameters": [_WORKFLOW],
                "responses": {
                    "200": answer(fields(payload={}, schema={}, schema_interpreted={})),
                    **_ERRORS,
                },
            }
        },
    },
    Result=fields(
        execution_id=STRING,
        message=STRING,
        return_value={},
        errored=BOOLEAN,
        status_code=INTEGER,
        executed_by_thanos=BOOLEAN,
        execution_error=OBJECT,
    ),
    Execution=fields(
        _id=STRING,
        name=STRING,
        status=STRING,
        associated_event_id=STRING,
        associated_workflow=fields(_id=STRING, name=STRING, icon=STRING),
        associated_trigger_application=OBJECT,
        trigger_application_event=STRING,
        linked_account_id=STRING,
        config_id=STRING,
        store_variables=OBJECT,
        linked_account_data=OBJECT,
        completion_time=STRING,
        is_child_instance=BOOLEAN,
        custom_field_values=OBJECT,
        executed_by_thanos=BOOLEAN,
        environment={"enum": ["test", "production"]},
        org_id=STRING,
        type_of_execution=STRING,
        instance_execution_time={"type": "number"},
        createdAt=STRING,
        updatedAt=STRING,
        nodes=array(OBJECT),
    ),
    LinkedAccount=fields(
        _id=STRING,
        associated_org=STRING,
        account_id=STRING,
        name=STRING,
        environment={"enum": ["test", "production"]},
        udf=array(fields(key_name=STRING, key_value=STRING)),
        integrations=array(OBJECT),
        createdAt=STRING,
        updatedAt=STRING,
    ),
    Workflow=fields(
        _id=STRING,
        name=STRING,
        description=STRING,
        icon=STRING,
        slug=STRING,
        org_id=STRING,
        environment={"enum": ["test", "production"]},
        linked_account_id=STRING,
        published=BOOLEAN,
        workflow_alias=STRING,
        nodes=array(OBJECT),
        edges=array(OBJECT),
        version=INTEGER,
    ),
    Error=fields(
        status_code=INTEGER, http_error_type=STRING, error_code=STRING, error=STRING, message=STRING
    ),
)
