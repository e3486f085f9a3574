"""
Datalab, the Workflows API.

Pages: "Execute Workflow", "Get Execution Status" and "Check Health (with API key)" of the API reference at
https://documentation.datalab.to/. Where they leave something open, a comment names the page.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import (
    Execution,
    ResultFile,
    RunStep,
    RunSteps,
    State,
    state_of,
    steps_done,
)
from airflow_workflow_providers.core.parameters import header, json_object, quoted, segment
from airflow_workflow_providers.core.request import MAX_REASONS, Request, Response, Word, execution_request
from airflow_workflow_providers.core.vendor import VendorApi

#: Datalab may add statuses, and its responses differ in case: https://documentation.datalab.to/api-reference/get-execution-status
STATUSES = {
    "PENDING": State.QUEUED,
    "QUEUED": State.QUEUED,
    "PROCESSING": State.RUNNING,  # in the response to a start
    "IN_PROGRESS": State.RUNNING,
    "COMPLETED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    # Not documented: the other final statuses of a workflow at Temporal, on which Datalab runs.
    # https://documentation.datalab.to/docs/workflows/workflow-concepts
    "CANCELED": State.STOPPED,
    "CANCELLED": State.STOPPED,
    "TERMINATED": State.STOPPED,
    "TIMED_OUT": State.FAILED,
}

#: The statuses of a step, or of a step over one file, that are a success; an empty one means nothing. A conditional step
#: skips the branch that it does not take: https://documentation.datalab.to/docs/workflows/workflow-concepts
DONE = frozenset({"COMPLETED", "SKIPPED", ""})

#: The statuses of a step that has not ended.
STEP_STATUSES = {**STATUSES, "RUNNING": State.RUNNING}

#: The documented forms of ``input_config``, and what each must hold. The newest client sends forms without a type.
TYPED_INPUTS = {"single_file": "file_url", "file_list": "file_urls"}

#: The path of an execution.
EXECUTION = "/api/v1/workflows/executions/{}"


class _Started(BaseModel):
    # The page documents no field; the vendor's own client reads these. An unexpected value in one of them must not make us
    # lose the id: https://documentation.datalab.to/api-reference/execute-workflow
    execution_id: Any = None
    id: Any = None
    status: Any = None
    success: Any = None
    error: Any = None


class _Status(BaseModel):
    status: Any = None
    success: Any = None
    steps: Any = None
    error: Any = None


class _Healthy(BaseModel):
    status: Word


def auth_headers(secret: str) -> dict[str, str]:
    """Return the header that authenticates a request."""
    return {"X-API-Key": header("password", secret)}


def ping(**_: Any) -> Request[Any]:
    """Send the health check that needs a key."""
    return Request(
        "test the connection", "GET", "/api/v1/user_health", parse=lambda response: response.parse(_Healthy)
    )


def execute_workflow(
    workflow_id: int | str, *, input_config: dict[str, Any] | None = None
) -> Request[Execution]:
    """
    Start a workflow.

    :param workflow_id: its number.
    :param input_config: what it reads; see
        :class:`~airflow_workflow_providers.operators.datalab.DatalabExecuteWorkflowOperator`.
    :return: the execution: it is running, or has failed already.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that an execution may exist.
    """
    number = workflow_number(workflow_id)
    if input_config is not None:
        kind = json_object("input_config", input_config).get("type")
        if isinstance(kind, str) and kind in TYPED_INPUTS and not input_config.get(TYPED_INPUTS[kind]):
            raise InvalidInput(f"input_config of type {kind!r} needs {TYPED_INPUTS[kind]!r}.")

    def read(response: Response) -> Execution:
        started = response.parse(_Started)
        # The vendor's own client rejects 0 too.
        execution_id = response.execution_id(started.execution_id or started.id, number=True)
        status = started.status if isinstance(started.status, str) and started.status else "processing"
        if started.success is False or status.upper() == "FAILED":
            message = response.quote(started.error) if started.error else None
            return Execution(execution_id, State.FAILED, status, message=message)
        # A start is never a success here: whatever other status it has, the execution is read again.
        return Execution(execution_id, State.RUNNING, status)

    return Request(
        f"start workflow {number}",
        "POST",
        f"/api/v1/workflows/workflows/{number}/execute",
        body={} if input_config is None else {"input_config": input_config},
        parse=read,
        starts_run=True,
        fingerprint_input={"workflow_id": number, "input_config": input_config},
    )


def workflow_number(workflow_id: int | str) -> str:
    """
    Return the number of a workflow as a path has it.

    :param workflow_id: the number, or a text of its digits.
    :raises InvalidInput: if it is something else.
    """
    number = segment("workflow_id", workflow_id)
    if not number.isdecimal():
        raise InvalidInput(f"workflow_id is a whole number at Datalab; got {quoted(workflow_id)}.")
    return number


def get_status(execution_id: str) -> Request[Execution]:
    """Read the status of an execution, without its output."""
    return execution_request(execution_id, EXECUTION, _read_status)


def _read_status(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status)
    cells = list(_cells(found.steps))
    return Execution(
        execution_id,
        *_outcome(found, response, cells),
        progress=_progress(cells),
        steps=_run_steps(response, cells),
    )


def get_execution(execution_id: str) -> Request[Execution]:
    """Read an execution: the status and error of each step and file. Signed addresses are left out."""
    return execution_request(execution_id, EXECUTION, _read)


def _read(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status)
    cells = list(_cells(found.steps))
    state, status = _outcome(found, response, cells)
    shown = _quoting(response)
    output: dict[str, Any] = {}
    files = []
    for cell in cells:
        folders = [] if cell.file is None else [shown(cell.step)]
        place = output.setdefault(folders[0], {}) if folders else output
        name = shown(cell.step if cell.file is None else cell.file)
        while name in place:  # two names may be shown alike: signed addresses, for one
            name += "_"
        place[name] = {
            "status": None if cell.status is None else shown(cell.status),
            "error": shown(cell.error) if cell.error else None,
        }
        if cell.address and isinstance(cell.address, str) and not (cell.failed or cell.undone):
            files.append(ResultFile((*folders, name), cell.address))
    reasons = [response.quote(found.error)] if found.error else []
    if state is State.FAILED and found.success is not None and not isinstance(found.success, bool):
        reasons.append(f"success is {response.quote(found.success)!r}")
    # A file that fails at one step does not reach the next: then steps without a success are not the reason.
    failed = [cell for cell in cells if cell.failed]
    blamed = failed or [cell for cell in cells if state is State.PARTIAL and cell.undone]
    reasons += [cell.named(shown) for cell in blamed[:MAX_REASONS]]
    return Execution(
        execution_id,
        state,
        status,
        output,
        response.reasons(reasons),
        files=tuple(files),
        steps=_run_steps(response, cells),
    )


@dataclass(frozen=True, kw_only=True)
class Part:
    """A step of a workflow or of a pipeline, with the vendor's raw text, which is not fit to be shown yet."""

    status: Any
    error: Any

    @property
    def _word(self) -> Any:
        # The case of a status differs between the responses.
        return self.status.upper() if isinstance(self.status, str) else self.status

    @property
    def failed(self) -> bool:
        """Whether it has an error, or says that it failed."""
        return bool(self.error) or self._word == "FAILED"

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.failed or bool(self.status and not self.undone)

    @property
    def undone(self) -> bool:
        """Whether it has a status that is not a success; for a step without one, the execution's status decides."""
        return self._word is not None and (not isinstance(self._word, str) or self._word not in DONE)

    @property
    def state(self) -> State:
        """Our state; ``State.UNKNOWN`` for a step without a status."""
        if self.failed:
            return State.FAILED
        if self.done:
            return State.SUCCEEDED
        return state_of(self._word, STEP_STATUSES) if isinstance(self._word, str) else State.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class _Cell(Part):
    """The result of a step, or of a step over one file."""

    step: Any
    file: Any
    address: Any = None

    def named(self, shown: Callable[[Any], str]) -> str:
        place = shown(self.step) if self.file is None else f"{shown(self.step)}[{shown(self.file)}]"
        return f"{place}: {shown(self.error or self.status)}"


def _cells(steps: Any) -> Iterator[_Cell]:
    """
    Yield the result of each step and file; the file is ``None`` if a step has no files.

    The page shows one cell for a step; since October 2025 the vendor's own client reads one for each file, or one
    called ``aggregated``. An object whose ``status`` is not an object is a cell; anything that is not an object is a
    status. https://documentation.datalab.to/api-reference/get-execution-status
    """
    named = dict(enumerate(steps)) if isinstance(steps, list) else steps if isinstance(steps, dict) else {}
    for step, said in named.items():
        by_file = isinstance(said, dict) and isinstance(said.get("status", {}), dict)
        for file, cell in said.items() if by_file else [(None, said)]:
            fields = cell if isinstance(cell, dict) else {"status": cell}
            error = fields.get("error") or fields.get("error_message")
            yield _Cell(
                step=step,
                file=file,
                status=fields.get("status"),
                error=error,
                address=fields.get("output_url"),
            )


def _outcome(found: _Status, response: Response, cells: Iterable[_Cell]) -> tuple[State, str]:
    """Return the state, and the vendor's status."""
    # A team that has used up its quota of pages gets a 200 with an error and no status.
    # https://documentation.datalab.to/platform/troubleshooting
    if found.status is None and found.success is False:
        return State.FAILED, "FAILED"
    if not isinstance(found.status, str):
        raise response.unexpected(f" without a status: {response.quote()!r}")
    state = state_of(found.status.upper(), STATUSES)
    if state is State.SUCCEEDED and found.success is not None and found.success is not True:
        # Only true is a success; "false" and 0 are neither true nor documented.
        state = State.FAILED
    if state is State.SUCCEEDED and (found.error or any(cell.failed or cell.undone for cell in cells)):
        # Files run independently: if one fails, the others continue, and the execution still completes.
        # https://documentation.datalab.to/docs/workflows/workflow-concepts
        state = State.PARTIAL
    return state, found.status


def _progress(cells: Iterable[_Cell]) -> str:
    """Return how many steps are done; one with files is done when all of them are."""
    steps: dict[Any, bool] = {}
    for cell in cells:
        steps[cell.step] = steps.get(cell.step, True) and cell.done
    return steps_done(steps.values())


def _run_steps(response: Response, cells: list[_Cell]) -> RunSteps:
    shown = _quoting(response)

    def step(cell: _Cell) -> RunStep:
        name = shown(cell.step) if cell.file is None else f"{shown(cell.step)}: {shown(cell.file)}"
        return RunStep(name, cell.state, shown(cell.status or ""))

    return RunSteps(cells, step)


def _quoting(response: Response) -> Callable[[Any], str]:
    """
    Return a function that makes a status, name or error fit to be shown: any of them may hold a signed address.

    The same few statuses and files are in thousands of cells, so each text is read once.
    """
    cached = functools.cache(response.quote)
    return lambda value: cached(value) if isinstance(value, str) else response.quote(value)


API = VendorApi(
    base_url="https://www.datalab.to",
    auth_headers=auth_headers,
    # The documented form is {detail}: a text, or a list of problems.
    error_message=lambda response: response.explain("detail") or response.explain("error"),
    ping=ping,
    get_status=get_status,
    get_execution=get_execution,
    has_partial=True,
)
