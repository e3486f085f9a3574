"""
Datalab, the Workflows API.

Pages: "Execute Workflow", "Get Execution Status" and "Check Health (with API key)" of the API reference at
https://documentation.datalab.to/; what they leave open is said beside the line that had to choose.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.call import Answer, Call, header, json_object, problems, segment
from airflow_workflow_providers.core.errors import InvalidInput, UnreadableAnswer
from airflow_workflow_providers.core.execution import Execution, State, state_of

BASE_URL = "https://www.datalab.to"

#: Datalab may add words to this list, says its page on versioning; case differs between its answers.
STATUSES = {
    "PENDING": State.QUEUED,
    "QUEUED": State.QUEUED,
    "PROCESSING": State.RUNNING,  # what the answer to a start says
    "IN_PROGRESS": State.RUNNING,
    "COMPLETED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    # On no page of Datalab's: the other ends of a workflow at Temporal, on which Datalab says that it runs.
    "CANCELED": State.STOPPED,
    "CANCELLED": State.STOPPED,
    "TERMINATED": State.STOPPED,
    "TIMED_OUT": State.FAILED,
}

#: The documented forms of ``input_config``, and what each must hold. The newest client sends forms without a type.
TYPED_INPUTS = {"single_file": "file_url", "file_list": "file_urls"}


class _Started(BaseModel):
    # The page documents no field of this answer: these are what the vendor's own client reads. They may be anything,
    # lest an odd one beside the id cost us the id of an execution that goes on.
    execution_id: Any = None
    id: Any = None
    status: Any = None
    success: Any = None
    error: Any = None


class _Looked(BaseModel):
    status: str | None = None
    success: Any = None
    steps: dict[str, Any] | list[Any] | None = None
    error: Any = None


class _Healthy(BaseModel):
    status: str


def credentials(secret: str) -> dict[str, str]:
    """Return the header that signs a request in."""
    return {"X-API-Key": header("password", secret)}


def explain(answer: Answer) -> str | None:
    """Return Datalab's words: ``{"detail": text}``, or a list of problems with the places where they are."""
    body = answer.json_object()
    detail = body.get("detail") or body.get("error")
    if isinstance(detail, list):
        return problems(detail)
    return None if detail is None else str(detail)


def check() -> Call[Any]:
    """Describe the health check that needs a key."""
    return Call(
        "check the connection", "GET", "/api/v1/user_health", read=lambda answer: answer.parse(_Healthy)
    )


def execute_workflow(
    workflow_id: int | str, *, input_config: dict[str, Any] | None = None
) -> Call[Execution]:
    """Describe the start of a workflow; parameters as in the operator."""
    number = segment("workflow_id", workflow_id)
    if not number.isdecimal():
        raise InvalidInput(f"workflow_id is a whole number at Datalab; got {workflow_id!r}.")
    if input_config is not None:
        kind = json_object("input_config", input_config).get("type")
        if isinstance(kind, str) and kind in TYPED_INPUTS and not input_config.get(TYPED_INPUTS[kind]):
            raise InvalidInput(f"input_config of type {kind!r} needs {TYPED_INPUTS[kind]!r}.")

    def read(answer: Answer) -> Execution:
        started = answer.parse(_Started)
        execution_id = _id(started.execution_id) or _id(started.id)
        if execution_id is None:
            raise UnreadableAnswer(
                f"answered without an execution id: {answer.quote()!r}", status=answer.status
            )
        status = started.status if isinstance(started.status, str) and started.status else "processing"
        if started.success is False or status.upper() == "FAILED":
            message = answer.quote(str(started.error)) if started.error else None
            return Execution(execution_id, State.FAILED, status, message=message)
        # No start is a success here: whatever other word it says, the execution is looked at.
        return Execution(execution_id, State.RUNNING, status)

    return Call(
        f"start workflow {workflow_id}",
        "POST",
        f"/api/v1/workflows/workflows/{number}/execute",
        body={} if input_config is None else {"input_config": input_config},
        read=read,
        starts=True,
        identity={"workflow_id": number, "input_config": input_config},
    )


def _id(value: Any) -> str | None:
    """Return an id, a number or text; 0 is none to the vendor's own client either, and True is no number."""
    known = isinstance(value, (int, str)) and not isinstance(value, bool) and value
    return str(value).strip() or None if known else None


def get_execution(execution_id: str) -> Call[Execution]:
    """Describe the read of an execution: per step and file, its status and error. The signed addresses are left out."""

    def read(answer: Answer) -> Execution:
        looked = answer.parse(_Looked)
        # A team that is over its quota of pages is told so in a 200 with an error and no status.
        if looked.status is None and looked.success is not False:
            raise UnreadableAnswer(f"answered without a status: {answer.quote()!r}", status=answer.status)
        status = "FAILED" if looked.status is None else looked.status
        state = state_of(status.upper(), STATUSES)
        cells = _cells(answer, looked.steps)
        failed = [_named(*cell) for cell in cells if cell[2]["error"] or _word(cell) == "FAILED"]
        undone = [_named(*cell) for cell in cells if _word(cell) not in ("COMPLETED", "")]
        if state is State.SUCCEEDED and looked.success is False:
            state = State.FAILED
        if state is State.SUCCEEDED and (failed or undone or looked.error):
            # Files run on their own: if one fails the others go on, and the execution still completes.
            state = State.PARTIAL
        output: dict[str, Any] = {}
        for step, file, cell in cells:
            if file is None:
                output[step] = cell
            else:
                output.setdefault(step, {})[file] = cell
        reasons = failed or (undone if state is State.PARTIAL else [])
        message = "; ".join([*([str(looked.error)] if looked.error else []), *reasons])
        return Execution(execution_id, state, status, output, answer.quote(message) if message else None)

    return Call(
        f"look at execution {execution_id}",
        "GET",
        f"/api/v1/workflows/executions/{segment('execution_id', execution_id)}",
        read=read,
    )


#: No look is cheaper than this read.
look = get_execution


#: Step, file, and what became of it: ``status`` and ``error``.
_Cell = tuple[str, "str | None", "dict[str, str | None]"]


def _cells(answer: Answer, steps: dict[str, Any] | list[Any] | None) -> list[_Cell]:
    """
    Return what became of each step and file; the file is ``None`` where a step has no files.

    The page shows one cell for a step; since October 2025 the vendor's own client reads one for each file, or one
    called ``aggregated``. What has a ``status`` that is no object is a cell. Nothing is passed on unread, not even a
    name: an address in it may be signed.
    """
    named = {str(place): step for place, step in enumerate(steps)} if isinstance(steps, list) else steps or {}
    cells: list[_Cell] = []
    for name, step in named.items():
        by_file = isinstance(step, dict) and isinstance(step.get("status", {}), dict)
        for file, cell in step.items() if by_file else [(None, step)]:
            # A cell that is no object is a word, if anything.
            known = cell if isinstance(cell, dict) else {"status": cell}
            status, error = known.get("status"), known.get("error") or known.get("error_message")
            said = {
                "status": None if status is None else answer.quote(str(status)),
                "error": answer.quote(str(error)) if error else None,
            }
            cells.append((answer.quote(name), None if file is None else answer.quote(file), said))
    return cells


def _word(cell: _Cell) -> str:
    """Return the status of a cell in the table's case; empty if the cell says none."""
    return (cell[2]["status"] or "").upper()


def _named(step: str, file: str | None, said: dict[str, str | None]) -> str:
    """Return a cell as a person reads it."""
    return f"{step if file is None else f'{step}[{file}]'}: {said['error'] or said['status']}"


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop an execution."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: no page of a single execution is documented."""
