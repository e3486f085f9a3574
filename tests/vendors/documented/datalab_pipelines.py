"""Datalab, the Pipelines API of the API reference at https://documentation.datalab.to/."""

from __future__ import annotations

from typing import Any

from tests.vendors.documented.datalab import ERRORS
from tests.vendors.documented.response import Documented, Outcome, Path, errors

_REFERENCE = "https://documentation.datalab.to/api-reference/"
_RUN = f"{_REFERENCE}run-pipeline"
_GET = f"{_REFERENCE}get-pipeline-execution"
_LIST = f"{_REFERENCE}list-pipeline-executions"
_RESULT = f"{_REFERENCE}get-step-result"
_PIPELINES = f"{_REFERENCE}pipelines/list-pipelines"
_PIPELINE = f"{_REFERENCE}pipelines/get-pipeline"
_VERSIONS = f"{_REFERENCE}pipelines/list-pipeline-versions"
_RATE = "https://documentation.datalab.to/docs/recipes/pipelines/run-pipeline"
_HEALTH = f"{_REFERENCE}api-health"
_SDK = "https://documentation.datalab.to/docs/sdk/pipelines"

_ID = "pex_abc123"
_TIME = "2026-01-01T00:00:00"
_STEP: dict[str, Any] = {
    "step_index": 0,
    "step_type": "convert",
    "status": "completed",
    "lookup_key": "k1",
    "result_url": None,
    "started_at": _TIME,
    "finished_at": _TIME,
    "error_message": None,
    "source_step_type": None,
    "checkpoint_id": None,
}
_EXTRACT = {**_STEP, "step_index": 1, "step_type": "extract"}
_FAILED = {**_EXTRACT, "status": "failed", "error_message": "document is encrypted"}
_PENDING = {"step_index": 1, "step_type": "extract", "status": "pending"}

_RUNNING: dict[str, Any] = {
    "execution_id": "pex_1",
    "pipeline_id": "pl_abc123",
    "pipeline_version": 1,
    "status": "running",
    "steps": [],
    "created": _TIME,
}

_DEFINITION: dict[str, Any] = {
    "id": 301,
    "pipeline_id": "pl_abc123",
    "name": "invoices",
    "steps": [{"type": "convert", "settings": {"mode": "fast"}}],
    "is_saved": True,
    "archived": False,
    "active_version": 1,
    "created": _TIME,
    "updated": _TIME,
}
_DRAFT = {
    **_DEFINITION,
    "name": None,
    "is_saved": False,
    "active_version": 0,
    "created": None,
    "updated": None,
}
_VERSION = {
    "id": 1,
    "version": 1,
    "steps": _DEFINITION["steps"],
    "description": None,
    "created": _TIME,
}

#: The reference of an uploaded file.
REFERENCE = "datalab://file-abc123"

_DECIDES: tuple[Path, ...] = (("status",), ("steps", "*", "status"), ("steps", "*", "error_message"))


def _execution(
    name: str, outcome: Outcome, page: str, status: str, *steps: Any, **members: Any
) -> list[Documented]:
    """Return one response of "Get Pipeline Execution" for both operations that read it."""
    body = {
        "execution_id": _ID,
        "pipeline_id": "pl_abc123",
        "pipeline_version": 1,
        "status": status,
        "steps": list(steps),
        "created": _TIME,
        **members,
    }
    return [
        Documented("datalab_pipelines", operation, name, page, outcome, body, decides=_DECIDES)
        for operation in ("status", "result")
    ]


RESPONSES = [
    Documented(
        "datalab_pipelines",
        "start",
        "pending",
        _RUN,
        "started",
        {
            "execution_id": _ID,
            "pipeline_id": "pl_abc123",
            "pipeline_version": 1,
            "status": "pending",
            "steps": [{"step_index": 0, "step_type": "convert", "status": "pending"}],
            "created": _TIME,
        },
        decides=(("execution_id",), ("status",)),
        execution_id=_ID,
    ),
    *_execution("pending", "queued", _RUN, "pending", {**_PENDING, "step_index": 0}),
    *_execution("running", "running", _SDK, "running", _STEP, {**_PENDING, "status": "running"}),
    *_execution(
        "running, dispatched", "running", _SDK, "running", _STEP, {**_PENDING, "status": "dispatched"}
    ),
    *_execution("completed", "succeeded", _SDK, "completed", _STEP, _EXTRACT, completed_at=_TIME),
    *_execution(
        "completed, with everything that the specification has",
        "succeeded",
        _GET,
        "completed",
        _STEP,
        config_snapshot={"steps": []},
        input_config={"file_url": "datalab://file-abc123"},
        rate_breakdown={"convert": 1},
        started_at=_TIME,
        completed_at=_TIME,
    ),
    *_execution(
        "completed, with a skipped step",
        "succeeded",
        _SDK,
        "completed",
        _STEP,
        {**_PENDING, "status": "skipped"},
    ),
    *_execution("completed with errors", "partial", _SDK, "completed_with_errors", _STEP, _FAILED),
    *_execution("failed", "failed", _GET, "failed", {**_FAILED, "step_index": 0}, _PENDING),
    Documented(
        "datalab_pipelines",
        "step_result",
        "a conversion",
        _RESULT,
        "value",
        {
            "success": True,
            "status": "complete",
            "output_format": "markdown",
            "markdown": "# Invoice",
            "images": {},
        },
    ),
    *(
        Documented(
            "datalab_pipelines",
            operation,
            name,
            _LIST,
            "value",
            {"executions": executions, "total": len(executions)},
            decides=(("executions",), ("executions", "*")),
        )
        for operation in ("list", "find_started")
        for name, executions in (
            ("two executions", [_RUNNING, {**_RUNNING, "execution_id": "pex_2"}]),
            # The page does not say what it shows of the input.
            ("an execution with the reference", [{**_RUNNING, "input_config": {"file_url": REFERENCE}}]),
            ("no execution", []),
        )
    ),
    *(
        Documented(
            "datalab_pipelines",
            operation,
            name,
            _LIST,
            "value",
            {"executions": executions, "total": len(executions)},
            # Each status is read as it is.
            decides=(("executions",), ("executions", "*", "execution_id"), ("executions", "*", "status")),
        )
        for operation in ("statuses", "newest", "begun")
        for name, executions in (
            ("two executions", [_RUNNING, {**_RUNNING, "execution_id": "pex_2", "status": "pending"}]),
            ("no execution", []),
        )
    ),
    *(
        Documented("datalab_pipelines", "pipeline", name, _PIPELINE, "value", body)
        for name, body in (("published", _DEFINITION), ("a draft", _DRAFT))
    ),
    *(
        Documented(
            "datalab_pipelines",
            operation,
            name,
            page,
            "value",
            {field: listed, "total": len(listed)},
            decides=((field,),),
        )
        for operation, page, field, one in (
            ("pipelines", _PIPELINES, "pipelines", _DEFINITION),
            ("versions", _VERSIONS, "versions", _VERSION),
        )
        for name, listed in (("one", [one]), ("none", []))
    ),
    Documented(
        "datalab_pipelines",
        "rate",
        "a rate",
        _RATE,
        "value",
        {"rate_per_1000_pages_cents": 600, "rate_breakdown": {"convert": 600}},
    ),
    Documented(
        "datalab_pipelines", "ping", "healthy", _HEALTH, "value", {"status": "ok"}, decides=(("status",),)
    ),
    *errors(
        "datalab_pipelines",
        (
            "start",
            "status",
            "result",
            "ping",
            "step_result",
            "list",
            "find_started",
            "statuses",
            "newest",
            "begun",
            "pipelines",
            "pipeline",
            "versions",
            "rate",
        ),
        rows=ERRORS,
    ),
]
