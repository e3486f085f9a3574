"""
Datalab: the documents in the page "Execute Workflow" and in those of the reads of definitions, each with one operation.

``tests/emulator/datalab/schemas.py`` has what the other pages say. This document is for Schemathesis.
"""

from tests.emulator.schemas import (
    BOOLEAN,
    INTEGER,
    OBJECT,
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

_PROBLEM = fields("loc", "msg", "type", loc=array({"type": ["string", "integer"]}), msg=STRING, type=STRING)
_INVALID = {"422": answer(fields(detail=array(_PROBLEM)))}
# The specification calls it a date-time, and the vendor's examples have no zone.
_TIME = nullable(STRING)
_WORKFLOWS = "/api/v1/workflows/workflows"
_PIPELINES = "/api/v1/pipelines"
_WORKFLOW = parameter("workflow", "path", INTEGER, example=101)
_PIPELINE = parameter("pipeline", "path", STRING, example="pl_parse")


def _read(schema: dict, *parameters: dict) -> dict:
    return {"get": {"parameters": list(parameters), "responses": {"200": answer(schema), **_INVALID}}}


DOCUMENT = document(
    "Datalab",
    {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    {
        f"{_WORKFLOWS}/{{workflow}}/execute": {
            "post": {
                "parameters": [_WORKFLOW],
                "requestBody": body(
                    fields(input_config=nullable({"type": "object", "additionalProperties": True})),
                    example={
                        "input_config": {"type": "single_file", "file_url": "https://example.com/file.pdf"}
                    },
                ),
                "responses": {"200": answer({}), **_INVALID},
            }
        },
        # The specification also allows null, for which a query has no word.
        _WORKFLOWS: _read({}, parameter("team_id", "query", INTEGER)),
        f"{_WORKFLOWS}/{{workflow}}": _read(ref("Workflow"), _WORKFLOW),
        "/api/v1/workflows/step-types": _read({}),
        _PIPELINES: _read(
            fields("pipelines", "total", pipelines=array(ref("Pipeline")), total=INTEGER),
            parameter("saved_only", "query", BOOLEAN),
            parameter("include_archived", "query", BOOLEAN),
            parameter("limit", "query", {**INTEGER, "minimum": 1, "maximum": 200}),
            parameter("offset", "query", {**INTEGER, "minimum": 0}),
        ),
        f"{_PIPELINES}/{{pipeline}}": _read(ref("Pipeline"), _PIPELINE),
        f"{_PIPELINES}/{{pipeline}}/versions": _read(
            fields("versions", "total", versions=array(ref("Version")), total=INTEGER), _PIPELINE
        ),
        f"{_PIPELINES}/{{pipeline}}/rate": _read(
            {}, _PIPELINE, parameter("processing_location", "query", STRING)
        ),
    },
    Workflow=fields(
        "id", "name", "team_id", "steps", id=INTEGER, name=STRING, team_id=INTEGER, steps=array(OBJECT)
    ),
    Pipeline=fields(
        "id",
        "pipeline_id",
        "name",
        "steps",
        "is_saved",
        "archived",
        "active_version",
        "created",
        "updated",
        id=INTEGER,
        pipeline_id=STRING,
        name=nullable(STRING),
        steps=array({}),
        is_saved=BOOLEAN,
        archived=BOOLEAN,
        active_version=INTEGER,
        created=_TIME,
        updated=_TIME,
    ),
    Version=fields(
        "id",
        "version",
        "steps",
        "description",
        "created",
        id=INTEGER,
        version=INTEGER,
        steps=array({}),
        description=nullable(STRING),
        created=_TIME,
    ),
)
