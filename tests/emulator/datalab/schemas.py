"""
What Datalab's pages say about the fields of each reply: their types, and which are always there.

Every reply that a test of this folder gets is checked against these (``conftest.py``). They are our own words for facts of the
API reference, whose address for an operation is https://documentation.datalab.to/api-reference/ and the page that stands
beside it. Where the specification closes nothing off, we do: a field that the page does not have is a mistake here.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]

ANY: Schema = {}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
BOOL: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
# The specification calls it a date-time, and the vendor's examples have no zone.
TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$"}


def many(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def record(required: Schema, optional: Schema | None = None, *, closed: bool = True) -> Schema:
    """Return the schema of an object with these fields."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": not closed,
    }


#: The seed's two schemas; FastAPI also repeats the input, as the page Errors shows.
VALIDATION_ERROR = record(
    {
        "detail": many(
            record({"loc": many({"type": ["string", "integer"]}), "msg": TEXT, "type": TEXT}, {"input": ANY})
        )
    }
)
#: Page Errors, platform/errors.
ERROR = record({"detail": TEXT})

FILE = record(
    {
        "file_id": WHOLE,
        "original_filename": TEXT,
        "content_type": TEXT,
        "file_size": WHOLE,
        "upload_status": {"enum": ["pending", "completed", "failed"]},
        "created": TIME,
        "reference": {"type": "string", "pattern": "^datalab://file-"},
    }
)
STEP = record(
    {"step_index": WHOLE, "step_type": TEXT, "status": TEXT},
    {
        "lookup_key": maybe(TEXT),
        "result_url": maybe(TEXT),
        "started_at": maybe(TIME),
        "finished_at": maybe(TIME),
        "error_message": maybe(TEXT),
        "source_step_type": maybe(TEXT),
        "checkpoint_id": maybe(TEXT),
    },
)
EXECUTION = record(
    {
        "execution_id": TEXT,
        "pipeline_id": TEXT,
        "pipeline_version": WHOLE,
        "status": TEXT,
        "steps": many(STEP),
    },
    {
        "started_at": maybe(TIME),
        "completed_at": maybe(TIME),
        "created": maybe(TIME),
        "config_snapshot": maybe(OBJECT),
        "input_config": maybe(OBJECT),
        "rate_breakdown": maybe(OBJECT),
    },
)
PIPELINE = record(
    {
        "id": WHOLE,
        "pipeline_id": TEXT,
        "name": maybe(TEXT),
        "steps": many(ANY),
        "is_saved": BOOL,
        "archived": BOOL,
        "active_version": WHOLE,
        "created": maybe(TIME),
        "updated": maybe(TIME),
    }
)
VERSION = record(
    {
        "id": WHOLE,
        "version": WHOLE,
        "steps": many(ANY),
        "description": maybe(TEXT),
        "created": maybe(TIME),
    }
)
WORKFLOW = record(
    {
        "id": WHOLE,
        "name": TEXT,
        "team_id": WHOLE,
        "steps": many(
            record(
                {
                    "id": WHOLE,
                    "step_key": TEXT,
                    "unique_name": TEXT,
                    "name": TEXT,
                    "version": TEXT,
                    "settings": OBJECT,
                    "depends_on": many(TEXT),
                }
            )
        ),
        "created": TIME,
        "updated": TIME,
    }
)
SUBMITTED = record(
    {"request_id": TEXT, "request_check_url": TEXT},
    {"success": BOOL, "error": maybe(TEXT), "versions": maybe(OBJECT)},
)
# The page has more fields than these, and the processors add their own.
RESULT = record(
    {"status": TEXT},
    {
        "success": maybe(BOOL),
        "error": maybe(TEXT),
        "output_format": TEXT,
        "markdown": maybe(TEXT),
        "html": maybe(TEXT),
        "json": ANY,
        "chunks": ANY,
        "extraction_schema_json": maybe(TEXT),
        "segmentation_results": maybe(OBJECT),
        "page_count": maybe(WHOLE),
        "checkpoint_id": maybe(TEXT),
        "runtime": maybe(NUMBER),
    },
    closed=False,
)

#: For each operation the page that has the fields of its reply, and their schema.
SCHEMAS: dict[str, tuple[str, Schema]] = {
    "user_health": ("api-health", record({"status": TEXT})),
    "create_workflow": ("create-workflow", WORKFLOW),
    "get_workflow": ("get-workflow", WORKFLOW),
    "run_pipeline": ("pipelines/run-pipeline", EXECUTION),
    "get_pipeline_execution": ("pipelines/get-pipeline-execution", EXECUTION),
    "list_pipeline_executions": (
        "pipelines/list-pipeline-executions",
        record({"executions": many(EXECUTION), "total": WHOLE}),
    ),
    "list_pipelines": ("pipelines/list-pipelines", record({"pipelines": many(PIPELINE), "total": WHOLE})),
    "create_pipeline": ("pipelines/get-pipeline", PIPELINE),
    "get_pipeline": ("pipelines/get-pipeline", PIPELINE),
    "update_pipeline": ("pipelines/get-pipeline", PIPELINE),
    "save_pipeline": ("pipelines/save-pipeline", PIPELINE),
    "discard_pipeline_draft": ("pipelines/discard-draft", PIPELINE),
    "create_pipeline_version": ("pipelines/create-pipeline-version", VERSION),
    "list_pipeline_versions": (
        "pipelines/list-pipeline-versions",
        record({"versions": many(VERSION), "total": WHOLE}),
    ),
    "upload_file": (
        "files/request-upload-url",
        record({"file_id": WHOLE, "upload_url": TEXT, "reference": TEXT}, {"expires_in": WHOLE}),
    ),
    "confirm_file": (
        "files/confirm-upload",
        record({"file_id": WHOLE, "reference": TEXT, "message": TEXT}, {"success": BOOL}),
    ),
    "get_file": ("files/get-file-metadata", FILE),
    "list_files": (
        "files/list-files",
        record({"files": many(FILE), "total": WHOLE}, {"limit": WHOLE, "offset": WHOLE}),
    ),
    "download_file": (
        "files/get-file-download-url",
        record({"download_url": TEXT, "expires_in": WHOLE, "file_id": WHOLE, "original_filename": TEXT}),
    ),
    "delete_file": ("files/delete-file", record({"message": TEXT}, {"success": BOOL})),
    # All processors share two replies; these are the pages of one of them.
    **dict.fromkeys(("convert", "extract", "segment"), ("run-custom-pipeline", SUBMITTED)),
    **{
        f"check_{name}": ("custom-processor-result-check-deprecated", RESULT)
        for name in ("convert", "extract", "segment")
    },
}
#: The operations whose reply is an empty schema in the specification, or on no page: the vendor's client is held to it.
WITHOUT_SCHEMA = {
    "execute": "empty on execute-workflow",
    "get": "empty on get-execution-status, whose example has flat steps",
    "list_workflows": "empty on list-workflows",
    "delete_workflow": "empty on delete-workflow",
    "get_step_types": "empty on list-step-types",
    "get_step_result": "empty on pipelines/get-step-result",
    "archive_pipeline": "empty on pipelines/archive-pipeline",
    "unarchive_pipeline": "empty on pipelines/unarchive-pipeline",
    "get_pipeline_rate": "empty on pipelines/get-pipeline-rate",
    "output": "a document in the storage service",
    "put_file": "the storage service",
    "stored_file": "the storage service",
}
#: The operations of the storage service, whose errors are XML.
STORAGE = ("output", "put_file", "stored_file")


def check(operation: str, status: int, body: Any) -> None:
    """Fail if a reply is not what the pages say."""
    if status == 422:
        schema = VALIDATION_ERROR
    elif status >= 400:
        schema = ERROR
    else:
        schema = SCHEMAS[operation][1] if operation in SCHEMAS else ANY
    problems = [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(body)
    ]
    assert problems == [], (operation, status)
