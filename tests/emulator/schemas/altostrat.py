"""Altostrat: api/en/workflows.yaml, version 1.0.0; the seed of execute, and the pages of the other operations."""

from tests.emulator.schemas import (
    BEARER,
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

_ERRORS = {status: answer(ref("Error")) for status in ("401", "403", "404", "500")}
_WORKFLOW = parameter("workflow", "path", STRING, example="fl_sync_sites")

DOCUMENT = document(
    "Altostrat",
    BEARER,
    {
        "/workflows/{workflow}/execute": {
            "post": {
                "parameters": [_WORKFLOW],
                "requestBody": body(fields(context=OBJECT), example={"context": {"site_id": "site_456"}}),
                "responses": {"202": answer(ref("Run")), **_ERRORS},
            }
        },
        "/workflows/runs/{run}": {
            "get": {
                "parameters": [parameter("run", "path", STRING, example=RUN)],
                "responses": {"200": answer(ref("Run")), **_ERRORS},
            }
        },
        "/workflows/{workflow}/executions": {
            "get": {
                "parameters": [_WORKFLOW, parameter("page", "query", INTEGER)],
                "responses": {
                    "200": answer(
                        fields(
                            data=array(ref("Run")),
                            links=fields(
                                first=STRING, last=STRING, prev=nullable(STRING), next=nullable(STRING)
                            ),
                            meta=fields(
                                current_page=INTEGER,
                                last_page=INTEGER,
                                path=STRING,
                                per_page=INTEGER,
                                total=INTEGER,
                            ),
                        )
                    ),
                    **_ERRORS,
                },
            }
        },
        "/workflows": {"get": {"responses": {"200": answer(array(ref("Workflow"))), **_ERRORS}}},
    },
    Run=fields(
        id=STRING,
        status={"enum": ["pending", "running", "completed", "failed", "awaiting_ui_interaction"]},
        error_message=nullable(STRING),
        started_at=STRING,
        completed_at=nullable(STRING),
        duration_in_seconds=nullable({"type": "number"}),
        logs=array(ref("Log")),
    ),
    Log=fields(
        id=STRING,
        node_id=STRING,
        component_id=nullable(STRING),
        status={"enum": ["success", "error", "warning"]},
        output=OBJECT,
        created_at=STRING,
    ),
    Workflow=fields(
        id=STRING,
        name=STRING,
        description=STRING,
        nodes=array(OBJECT),
        edges=array(OBJECT),
        schedule_type={"enum": ["manual", "interval", "cron", "daily", "weekly", "monthly"]},
        is_active=BOOLEAN,
        created_at=STRING,
        updated_at=STRING,
    ),
    Error=fields(type=STRING, code=STRING, message=STRING, doc_url=STRING),
)
