"""
Datalab, the Workflows API.

Pages: "Execute Workflow", "Get Execution Status" and "Check Health (with API key)" of the API reference at
https://documentation.datalab.to/; what they leave open is said beside the line that had to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.call import MOST_REASONS, Answer, Call, Word, header, problems
from airflow_workflow_providers.core.call import execution_id as checked_id
from airflow_workflow_providers.core.errors import InvalidInput, UnreadableAnswer
from airflow_workflow_providers.core.execution import Execution, State, state_of
from airflow_workflow_providers.core.parameters import id_or_name, json_object, quoted, segment

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

#: The words of a step, or of a step over one file, that leave nothing undone; an empty one says nothing. A branch that a conditional step did not
#: take is skipped: https://documentation.datalab.to/docs/workflows/workflow-concepts
DONE = frozenset({"COMPLETED", "SKIPPED", ""})

#: The documented forms of ``input_config``, and what each must hold. The newest client sends forms without a type.
TYPED_INPUTS = {"single_file": "file_url", "file_list": "file_urls"}


class _Started(BaseModel):
    # The page documents no field of this answer: these are what the vendor's own client reads. They may be anything: an
    # odd value beside the id must not make us lose the id of an execution that goes on.
    execution_id: Any = None
    id: Any = None
    status: Any = None
    success: Any = None
    error: Any = None


class _Looked(BaseModel):
    status: Any = None
    success: Any = None
    steps: Any = None
    error: Any = None


class _Healthy(BaseModel):
    status: Word


def credentials(secret: str) -> dict[str, str]:
    """Return the header that signs a request in."""
    return {"X-API-Key": header("password", secret)}


def explain(answer: Answer) -> str | None:
    """Return Datalab's words: ``{"detail": text}``, or a list of problems with the places where they are."""
    body = answer.json_object()
    detail = body.get("detail") or body.get("error")
    if isinstance(detail, list):
        return problems(detail, answer)
    return answer.quote(detail) if detail else None


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
        raise InvalidInput(f"workflow_id is a whole number at Datalab; got {quoted(workflow_id)}.")
    if input_config is not None:
        kind = json_object("input_config", input_config).get("type")
        if isinstance(kind, str) and kind in TYPED_INPUTS and not input_config.get(TYPED_INPUTS[kind]):
            raise InvalidInput(f"input_config of type {kind!r} needs {TYPED_INPUTS[kind]!r}.")

    def read(answer: Answer) -> Execution:
        started = answer.parse(_Started)
        # 0 is no id to the vendor's own client either.
        execution_id = checked_id(started.execution_id or started.id, answer)
        status = started.status if isinstance(started.status, str) and started.status else "processing"
        if started.success is False or status.upper() == "FAILED":
            message = answer.quote(started.error) if started.error else None
            return Execution(execution_id, State.FAILED, status, message=message)
        # No start is a success here: whatever other word it says, the execution is looked at.
        return Execution(execution_id, State.RUNNING, status)

    return Call(
        f"start workflow {number}",
        "POST",
        f"/api/v1/workflows/workflows/{number}/execute",
        body={} if input_config is None else {"input_config": input_config},
        read=read,
        starts=True,
        identity={"workflow_id": number, "input_config": input_config},
    )


def look(execution_id: str) -> Call[Execution]:
    """Describe a look at an execution: its status, which no step can spoil, and no output."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        looked = answer.parse(_Looked)
        return Execution(known, *_outcome(looked, answer, _cells(looked.steps)))

    return _get(known, read)


def get_execution(execution_id: str) -> Call[Execution]:
    """Describe the read of an execution: per step and file, its status and error. The signed addresses are left out."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        looked = answer.parse(_Looked)
        cells = list(_cells(looked.steps))
        state, status = _outcome(looked, answer, cells)
        shown = _quoting(answer)
        output: dict[str, Any] = {}
        for cell in cells:
            said = {
                "status": None if cell.status is None else shown(cell.status),
                "error": shown(cell.error) if cell.error else None,
            }
            if cell.file is None:
                output[shown(cell.step)] = said
            else:
                output.setdefault(shown(cell.step), {})[shown(cell.file)] = said
        reasons = [answer.quote(looked.error)] if looked.error else []
        if state is State.FAILED and _is_odd(looked.success):
            reasons.append(f"success is {answer.quote(looked.success)!r}")
        # A file that fails at one step never comes to the next: what is undone is not the reason then.
        failed = [cell for cell in cells if cell.failed]
        blamed = failed or [cell for cell in cells if state is State.PARTIAL and cell.undone]
        reasons += [cell.named(shown) for cell in blamed[:MOST_REASONS]]
        message = answer.quote("; ".join(reasons)) if reasons else None
        return Execution(known, state, status, output, message)

    return _get(known, read)


def _get(execution_id: str, read: Any) -> Call[Execution]:
    return Call(
        f"look at execution {execution_id}",
        "GET",
        f"/api/v1/workflows/executions/{segment('execution_id', execution_id)}",
        read=read,
    )


@dataclass(frozen=True)
class _Cell:
    """What became of a step, or of a step over one file; as the vendor says it, so that nothing of it can be shown yet."""

    step: Any
    file: Any
    status: Any
    error: Any

    @property
    def failed(self) -> bool:
        return bool(self.error) or (isinstance(self.status, str) and self.status.upper() == "FAILED")

    @property
    def undone(self) -> bool:
        """Whether it says something else than that it is done; a cell that says nothing leaves the word to the execution."""
        if isinstance(self.status, str):
            return self.status.upper() not in DONE
        return self.status is not None

    def named(self, shown: Callable[[Any], str]) -> str:
        place = shown(self.step) if self.file is None else f"{shown(self.step)}[{shown(self.file)}]"
        return f"{place}: {shown(self.error or self.status)}"


def _cells(steps: Any) -> Iterator[_Cell]:
    """
    Yield what became of each step and file; the file is ``None`` where a step has no files.

    The page shows one cell for a step; since October 2025 the vendor's own client reads one for each file, or one
    called ``aggregated``. What has a ``status`` that is no object is a cell, and one that is no object is a word, if
    anything. https://documentation.datalab.to/api-reference/get-execution-status
    """
    named = dict(enumerate(steps)) if isinstance(steps, list) else steps if isinstance(steps, dict) else {}
    for step, said in named.items():
        by_file = isinstance(said, dict) and isinstance(said.get("status", {}), dict)
        for file, cell in said.items() if by_file else [(None, said)]:
            fields = cell if isinstance(cell, dict) else {"status": cell}
            yield _Cell(step, file, fields.get("status"), fields.get("error") or fields.get("error_message"))


def _outcome(looked: _Looked, answer: Answer, cells: Iterable[_Cell]) -> tuple[State, str]:
    """Return the state, and the vendor's word."""
    # A team that is over its quota of pages is told so in a 200 with an error and no status.
    # https://documentation.datalab.to/platform/troubleshooting
    if looked.status is None and looked.success is False:
        return State.FAILED, "FAILED"
    if not isinstance(looked.status, str):
        raise UnreadableAnswer(
            f"returned HTTP {answer.status} without a status: {answer.quote()!r}", status=answer.status
        )
    state = state_of(looked.status.upper(), STATUSES)
    if state is State.SUCCEEDED and looked.success is not None and looked.success is not True:
        # Only true is a yes; "false" and 0 are no more than nearly a no, and no success either.
        state = State.FAILED
    if state is State.SUCCEEDED and (looked.error or any(cell.failed or cell.undone for cell in cells)):
        # Files run on their own: if one fails the others go on, and the execution still completes.
        # https://documentation.datalab.to/docs/workflows/workflow-concepts
        state = State.PARTIAL
    return state, looked.status


def _is_odd(success: Any) -> bool:
    return success is not None and not isinstance(success, bool)


def _quoting(answer: Answer) -> Callable[[Any], str]:
    """
    Return what makes a word, name or error fit to be shown: nothing is passed on unread, for an address may be signed.

    The same few words and files stand in thousands of cells: each text is read once.
    """
    known: dict[str, str] = {}

    def shown(value: Any) -> str:
        if not isinstance(value, str):
            return answer.quote(value)
        if value not in known:
            known[value] = answer.quote(value)
        return known[value]

    return shown


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop an execution."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: no page of a single execution is documented."""
