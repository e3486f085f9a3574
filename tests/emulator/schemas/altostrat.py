"""
Altostrat: api/en/workflows.yaml, version 1.0.0; the seed of execute, and the pages of the other operations.

The statistics of logs are only in the older reference, api-reference/spa.
"""

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
_RUN = parameter("run", "path", STRING, example=RUN)
_STARTED_AGAIN = {"responses": {"202": answer(fields(message=STRING, new_run=ref("Run"))), **_ERRORS}}

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
                "parameters": [_RUN],
                "responses": {"200": answer(ref("Run")), **_ERRORS},
            }
        },
        "/workflows/runs/{run}/rerun": {"post": {"parameters": [_RUN], **_STARTED_AGAIN}},
        "/workflows/runs/{run}/resume-from/{node}": {
            "post": {"parameters": [_RUN, parameter("node", "path", STRING, example="n1")], **_STARTED_AGAIN}
        },
        "/workflows/sync/{workflow}": {
            "post": {
                "parameters": [parameter("workflow", "path", STRING, example="fl_responds")],
                "requestBody": body(OBJECT, example={"resource_id": "res_abc123"}),
                "responses": {"200": answer(OBJECT), **_ERRORS},
            }
        },
        "/workflows/{workflow}/logs": {
            "get": {"parameters": [_WORKFLOW], "responses": {"200": answer(array(ref("Log"))), **_ERRORS}}
        },
        "/workflows/{workflow}/logs/stats": {
            "get": {
                "parameters": [_WORKFLOW],
                "responses": {
                    "200": answer(
                        fields(
                            log_statuses=OBJECT,
                            recent_runs=OBJECT,
                            total_runs=INTEGER,
                            success_rate={"type": "number"},
                        )
                    ),
                    **_ERRORS,
                },
            }
        },
        "/workflows/logs/recent": {"get": {"responses": {"200": answer(array(ref("Log"))), **_ERRORS}}},
        "/workflows/authorization": {
            "get": {"responses": {"200": answer(array(ref("Authorization"))), **_ERRORS}}
        },
        "/workflows/{workflow}": {
            "get": {"parameters": [_WORKFLOW], "responses": {"200": answer(ref("Workflow")), **_ERRORS}}
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
        description=nullable(STRING),
        nodes=array(OBJECT),
        edges=array(OBJECT),
        schedule_type={"enum": ["manual", "interval", "cron", "daily", "weekly", "monthly", None]},
        schedule_value=nullable(STRING),
        next_run_at=nullable(STRING),
        is_active=BOOLEAN,
        webhook_url=nullable(STRING),
        created_at=STRING,
        updated_at=STRING,
    ),
    Authorization=fields(
        id=STRING, user_id=nullable(STRING), provider=nullable(STRING), status=STRING, created_at=STRING
    ),
    Error=fields(type=STRING, code=STRING, message=STRING, doc_url=STRING),
)
