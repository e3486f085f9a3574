"""The shapes of Datalab's replies: errors, the steps of an execution, and the result behind one."""

import html
import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.messages import Incoming, Reply
from airflow_workflow_providers.emulator.vendors.datalab.inputs import Problem, files_of, without_secrets
from airflow_workflow_providers.emulator.vendors.datalab.workflows import Workflow

#: The texts of the pages (Errors; Troubleshooting); those that no page shows are ours.
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
#: FastAPI's messages for a value of a wrong type: the vendor's specification comes from FastAPI.
_INVALID = {
    "int_parsing": "Input should be a valid integer, unable to parse string as an integer",
    "dict_type": "Input should be a valid dictionary",
    "model_attributes_type": "Input should be a valid dictionary or object to extract fields from",
    "list_type": "Input should be a valid list",
    "string_type": "Input should be a valid string",
    "bool_parsing": "Input should be a valid boolean, unable to interpret input",
    "greater_than_equal": "Input should be greater than or equal to the minimum",
    "less_than_equal": "Input should be less than or equal to the maximum",
    "missing": "Field required",
    # The rest is on no page.
    "file_type": "Value error, expected a file",
    "form_parsing": "There was an error parsing the body",
    "one_source": "Exactly one document must be provided",
    "output_format": "Output format should be 'json', 'html', 'markdown' or 'chunks'",
    "page_range": "Page range should be numbers and ranges, such as 0,2-4",
    "url_parsing": "Input should be a valid URL",
    "url_scheme": "URL scheme should be 'http', 'https' or 'datalab'",
}
#: The results are in a storage service whose errors are XML; the URLs have the signatures of S3, so these are its codes.
_STORAGE_CODES = {403: "SignatureDoesNotMatch", 404: "NoSuchKey", 429: "SlowDown", 503: "SlowDown"}


def error(path: str, status: int, message: str | None = None) -> Reply:
    """Return an error as on the page Errors: ``detail`` only."""
    detail = message or _DETAILS.get(status, "Something went wrong")
    if status == 429 and message is None:
        detail = _RATE_LIMITED.format(path)
    return Reply(status, {"detail": detail})


def invalid(*problems: Problem) -> Reply:
    """Return the 422 of the page Errors, with every problem and its location."""
    detail = [
        {"type": kind, "loc": location, "msg": _INVALID[kind], "input": given}
        for kind, location, given in problems
    ]
    return Reply(422, {"detail": detail})


def storage_error(status: int, message: str | None = None) -> Reply:
    """Return an error of the storage service."""
    code = _STORAGE_CODES.get(status, "InternalError")
    text = f"<Code>{code}</Code><Message>{message or code}</Message>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'
    return Reply(status, body.encode(), media_type="application/xml")


def steps_of(
    run: Run, workflow: Workflow, status: str, *, flat: bool, address: str, signature: str
) -> dict[str, Any] | None:
    """Return the steps: in each a cell for each file, or in the flat shape each as one cell."""
    if workflow.steps is None:
        return None
    files = [] if flat else [f"file-{n}" for n, _ in enumerate(files_of(run.input), 1)]
    keys = files or ["aggregated"]
    at = naive(run.started_at)
    steps: dict[str, Any] = {}
    for place, step in enumerate(workflow.steps):
        cells: dict[str, Any] = {}
        for number, key in enumerate(keys):
            by_file = {"id": place * len(keys) + number + 1, "file_ids": files[number : number + 1]}
            cell_status = workflow.cell(status, place, number, len(keys))
            cell = cells[key] = {**({} if flat else by_file), "status": cell_status}
            if cell_status != "PENDING":
                cell["started_at"] = at
            if cell_status in ("COMPLETED", "FAILED"):
                cell["completed_at" if flat else "finished_at"] = at
                cell["output_url"] = f"{address}/{place}/{key}.json?X-Amz-Signature={signature}"
            if cell_status == "FAILED":
                cell["error"] = workflow.error
        steps[step] = cells["aggregated"] if flat else cells
    return steps


def result(run: Run, workflow: Workflow, step: str, key: str, *, failed: bool) -> dict[str, Any]:
    """Return the document behind an ``output_url``, always the same; no page shows one."""
    files = files_of(run.input)
    body: dict[str, Any] = {
        "step": step,
        "file": key,
        "source": None if key == "aggregated" else without_secrets(files[int(key.removeprefix("file-")) - 1]),
        "success": not failed,
    }
    if failed:
        return {**body, "status": "failed", "error": workflow.error}
    return {**body, "status": "complete", "output_format": "markdown", "markdown": f"# {key}\n\n{step}\n"}


def document(kind: str, source: str, output_format: str, error: str | None) -> dict[str, Any]:
    """
    Return the result of a processor for a document, always the same.

    The fields are those of Custom Processor Result Check
    (documentation.datalab.to/api-reference/custom-processor-result-check-deprecated); what is in them is ours.

    :param kind: the processor: ``convert``, ``extract``, ``segment`` or another.
    :param source: what the document is called.
    :param output_format: the format of the result, or several with commas between them.
    :param error: why it failed; None if it did not.
    """
    if error is not None:
        return {"status": "failed", "success": False, "error": error, "page_count": 0}
    body = {"status": "complete", "success": True, "error": None, "page_count": 1, "runtime": 0.1}
    text = f"# {source}\n\n{kind}\n"
    content: dict[str, Any] = {
        "markdown": text,
        "html": f"<h1>{html.escape(source)}</h1>",
        "json": {"children": [{"block_type": "Page", "html": text}]},
        "chunks": {"blocks": [{"block_type": "Text", "html": text}]},
    }
    body |= {"output_format": output_format, **{name: content[name] for name in output_format.split(",")}}
    if kind == "extract":
        body["extraction_schema_json"] = json.dumps({"title": source})
    if kind == "segment":
        body["segmentation_results"] = {"segments": [{"name": "all", "pages": [0]}]}
    return body


def source_of(form: dict[str, Any]) -> str:
    """Return what the document of a form is called: its URL without secrets, the name of the file, or a checkpoint."""
    if "file_url" in form:
        return without_secrets(form["file_url"])
    return str(form["file"]["filename"] if "file" in form else form["checkpoint_id"])


def base_url(incoming: Incoming) -> str:
    """Return the base URL that a client has used."""
    return f"{incoming.origin}/datalab"


def quoted(name: str) -> str:
    """Return a file name as a header has it (RFC 8187)."""
    return quote(name, safe="")


def naive(at: float) -> str:
    """Return a time as the vendor writes it: to the second, without a zone."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
