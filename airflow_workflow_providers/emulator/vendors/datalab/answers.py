"""The shapes of Datalab's answers: errors, the steps of an execution, the result behind one, a workflow."""

from datetime import datetime, timezone
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.shape import Answer
from airflow_workflow_providers.emulator.vendors.datalab.inputs import Problem, files_of, without_secrets
from airflow_workflow_providers.emulator.vendors.datalab.workflows import Workflow

TEAM_ID = "12"
_MADE = "2025-10-22T10:00:00"

#: Where a page shows a text it is the page's (Errors; Troubleshooting); the rest is unknown and kept short.
_DETAILS: dict[int, Any] = {
    401: "Invalid API key provided. Set the X-API-Key header to your API key.",
    403: "You need an active, paid subscription to use this API.",
    404: "Not found",
    422: [{"type": "value_error", "loc": ["body"], "msg": "Value error", "input": None}],
}
#: Two pages say 200 requests a minute, the newer Troubleshooting says 400.
_RATE_LIMITED = (
    "Rate limit exceeded for endpoint {}. You can make 400 requests every 60 seconds. Please try again later, "
    "or reach out to support@datalab.to if you need a higher limit."
)
#: What FastAPI, by which the vendor's specification is written, says of a value of a wrong type.
_INVALID = {
    "int_parsing": "Input should be a valid integer, unable to parse string as an integer",
    "dict_type": "Input should be a valid dictionary",
    "model_attributes_type": "Input should be a valid dictionary or object to extract fields from",
    "list_type": "Input should be a valid list",
    "string_type": "Input should be a valid string",
    "url_parsing": "Input should be a valid URL",
    "url_scheme": "URL scheme should be 'http', 'https' or 'datalab'",
}
#: The results lie at a storage service, whose errors are XML; the codes are those of S3, whose signatures these are.
_STORAGE_CODES = {403: "SignatureDoesNotMatch", 404: "NoSuchKey", 429: "SlowDown", 503: "SlowDown"}


def error(path: str, status: int, message: str | None = None) -> Answer:
    """Return an error as the page Errors has it: ``detail`` and nothing else."""
    detail = message or _DETAILS.get(status, "Something went wrong")
    if status == 429 and message is None:
        detail = _RATE_LIMITED.format(path)
    return Answer(status, {"detail": detail})


def invalid(*problems: Problem) -> Answer:
    """Return the 422 of the page Errors, with every problem and its place."""
    detail = [
        {"type": kind, "loc": where, "msg": _INVALID[kind], "input": given} for kind, where, given in problems
    ]
    return Answer(422, {"detail": detail})


def storage_error(status: int, message: str | None = None) -> Answer:
    """Return an error of the storage that the results lie at."""
    code = _STORAGE_CODES.get(status, "InternalError")
    said = f"<Code>{code}</Code><Message>{message or code}</Message>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{said}</Error>'
    return Answer(status, body.encode(), media_type="application/xml")


def steps_of(
    run: Run, workflow: Workflow, status: str, *, flat: bool, address: str, signature: str
) -> dict[str, Any] | None:
    """Return the steps: a cell for each file in each, or flat, where the run is one cell wide."""
    if workflow.steps is None:
        return None
    files = [] if flat else [f"file-{n}" for n, _ in enumerate(files_of(run.input), 1)]
    keys = files or ["aggregated"]
    moment = naive(run.started_at)
    steps: dict[str, Any] = {}
    for place, step in enumerate(workflow.steps):
        cells: dict[str, Any] = {}
        for number, key in enumerate(keys):
            by_file = {"id": place * len(keys) + number + 1, "file_ids": files[number : number + 1]}
            word = workflow.cell(status, place, number, len(keys))
            cell = cells[key] = {**({} if flat else by_file), "status": word}
            if word != "PENDING":
                cell["started_at"] = moment
            if word in ("COMPLETED", "FAILED"):
                cell["completed_at" if flat else "finished_at"] = moment
                cell["output_url"] = f"{address}/{place}/{key}.json?X-Amz-Signature={signature}"
            if word == "FAILED":
                cell["error"] = workflow.error
        steps[step] = cells["aggregated"] if flat else cells
    return steps


def result(run: Run, workflow: Workflow, step: str, key: str, *, failed: bool) -> dict[str, Any]:
    """Return the document behind an ``output_url``, always the same; what stands in one is on no page."""
    files = files_of(run.input)
    about: dict[str, Any] = {
        "execution_id": int(run.execution_id),
        "step": step,
        "file": key,
        "source": None if key == "aggregated" else without_secrets(files[int(key.removeprefix("file-")) - 1]),
        "success": not failed,
    }
    if failed:
        return {**about, "status": "failed", "error": workflow.error}
    return {**about, "status": "complete", "output_format": "markdown", "markdown": f"# {key}\n\n{step}\n"}


def definition(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as the page Create Workflow answers it."""
    names = list(workflow.steps or ())
    fixed = {"version": "1.0.0", "settings": {}}
    steps = [
        {"id": n, "step_key": f"marker_{name}", "unique_name": name, "name": name, **fixed}
        for n, name in enumerate(names, 1)
    ]
    chained = [{**step, "depends_on": names[max(n - 1, 0) : n]} for n, step in enumerate(steps)]
    known = {"id": workflow.workflow_id, "name": workflow.name, "team_id": int(TEAM_ID), "steps": chained}
    return {**known, "created": _MADE, "updated": _MADE}


def naive(at: float) -> str:
    """Return a moment as the vendor writes it: to the second, without a zone."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
