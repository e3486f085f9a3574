"""
Datalab, the Pipelines API.

Pages: "Run Pipeline", "Get Pipeline Execution", "Get Step Result" and "List Pipeline Executions" of the API reference at
https://documentation.datalab.to/. Where they leave something open, a comment names the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

from airflow_workflow_providers.apis import datalab
from airflow_workflow_providers.core.execution import (
    CLOCK_DRIFT,
    Execution,
    ResultFile,
    RunStep,
    RunSteps,
    State,
    state_of,
    steps_done,
)
from airflow_workflow_providers.core.parameters import (
    GREATEST,
    callback,
    file_address,
    flag,
    id_or_name,
    segment,
    text,
    time_of,
    whole_number,
)
from airflow_workflow_providers.core.request import (
    MAX_REASONS,
    Flow,
    Request,
    Response,
    RunPage,
    StatusPage,
    Word,
    execution_request,
    list_request,
    newest_request,
    paged,
    read_request,
    runs_request,
    texts,
)
from airflow_workflow_providers.core.secret import address_secrets
from airflow_workflow_providers.core.text import shown

#: Datalab may add statuses: https://documentation.datalab.to/docs/sdk/pipelines
STATUSES = {
    "pending": State.QUEUED,
    "running": State.RUNNING,
    "completed": State.SUCCEEDED,
    # The page of the client calls it an end; the loop of the API reference stops only at the two others.
    # https://documentation.datalab.to/docs/sdk/pipelines
    "completed_with_errors": State.PARTIAL,
    "failed": State.FAILED,
}

#: The path of an execution.
EXECUTION = "/api/v1/pipelines/executions/{}"

#: How many pages of 100 executions are searched for one that may have started.
SEARCHED_PAGES = 20

_PAGE = 100


class _Started(BaseModel):
    # An unexpected value beside the id must not make us lose the id.
    execution_id: Any = None
    status: Any = None
    steps: Any = None


class _Status(BaseModel):
    status: Word
    steps: Any = None


class _Listed(BaseModel):
    # One odd entry must not hide the others.
    executions: list[Any]


def run_pipeline(
    pipeline_id: str,
    *,
    file: str,
    page_range: str | None = None,
    output_format: str | None = None,
    run_evals: bool = False,
    skip_cache: bool = False,
    version: int | None = None,
    webhook_url: str | None = None,
) -> Request[Execution]:
    """
    Run a pipeline over one file.

    :param pipeline_id: the pipeline, ``pl_...``.
    :param file: the file: an http or https address, or a reference of an uploaded file, ``datalab://...``.
    :param page_range: the pages, from 0, such as ``"0,2-4"``; default: all.
    :param output_format: ``markdown``, ``html``, ``json`` or ``chunks``; default: the pipeline's.
    :param run_evals: run the steps that evaluate, too.
    :param skip_cache: do the work again even if Datalab has a result of the same file.
    :param version: of the pipeline; 0 is the draft. Default: the published version, or the draft if there is none.
    :param webhook_url: an http or https address to which Datalab posts the end of the execution; default: none.
    :return: the execution: it is running, or has failed already.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that an execution may exist.
    """
    name = id_or_name("pipeline_id", pipeline_id)
    path = f"/api/v1/pipelines/{segment('pipeline_id', name)}/run"
    given = {
        "file_url": file_address("file", file, scheme="datalab"),
        "page_range": None if page_range is None else text("page_range", page_range),
        "output_format": None if output_format is None else text("output_format", output_format),
        "run_evals": "true" if flag("run_evals", run_evals) else None,
        "skip_cache": "true" if flag("skip_cache", skip_cache) else None,
        "version": None if version is None else str(whole_number("version", version)),
    }
    address = callback("webhook_url", webhook_url)
    fields = {key: value for key, value in {**given, "webhook_url": address}.items() if value is not None}

    def read(response: Response) -> Execution:
        started = response.parse(_Started)
        execution_id = response.execution_id(started.execution_id)
        status = started.status if isinstance(started.status, str) and started.status else "pending"
        failed = state_of(status.lower(), STATUSES) is State.FAILED
        message = _reasons(response, _steps(started.steps)) if failed else None
        # A start is never a success here: whatever other status it has, the execution is read again.
        return Execution(execution_id, State.FAILED if failed else State.RUNNING, status, message=message)

    return Request(
        f"run pipeline {shown(name)}",
        "POST",
        path,
        # The page says multipart/form-data; without a file, the vendor's own client sends the same fields like this.
        # https://documentation.datalab.to/api-reference/run-pipeline
        body=urlencode(fields),
        media_type="application/x-www-form-urlencoded",
        parse=read,
        starts_run=True,
        secrets=address_secrets(address) if address else (),
        fingerprint_input={"pipeline_id": name, **given},
    )


def get_status(execution_id: str) -> Request[Execution]:
    """Read the status of an execution, without its output."""
    return execution_request(execution_id, EXECUTION, _read_status)


def _read_status(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status)
    steps = list(_steps(found.steps))
    progress = steps_done(step.done for step in steps)
    return Execution(
        execution_id,
        _state(found.status, steps),
        found.status,
        progress=progress,
        steps=_run_steps(response, steps),
    )


def get_execution(execution_id: str) -> Request[Execution]:
    """Read an execution: the status and error of each step, and where the results of the steps are."""
    return execution_request(execution_id, EXECUTION, _read)


def _read(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status)
    steps = list(_steps(found.steps))
    output = [
        {
            "step_type": None if step.kind is None else response.quote(step.kind),
            "status": None if step.status is None else response.quote(step.status),
            "error": response.quote(step.error) if step.error else None,
        }
        for step in steps
    ]
    files = tuple(
        ResultFile(
            (f"{place}-{response.quote(step.kind or 'step')}.json",),
            get_step_result(execution_id, step.index),
            (place,),
        )
        for place, step in enumerate(steps)
        if isinstance(step.status, str) and step.status.lower() == "completed"
    )
    state = _state(found.status, steps)
    reasons = None if state is State.SUCCEEDED else _reasons(response, steps)
    return Execution(
        execution_id,
        state,
        found.status,
        output,
        reasons,
        files=files,
        steps=_run_steps(response, steps),
    )


@dataclass(frozen=True, kw_only=True)
class _Step(datalab.Part):
    """A step of a pipeline."""

    index: int
    kind: Any
    started_at: Any
    finished_at: Any


def _steps(steps: Any) -> Iterator[_Step]:
    """Yield the steps; the page documents a list, and for each step its ``step_index``."""
    for place, step in enumerate(steps if isinstance(steps, list) else []):
        fields = step if isinstance(step, dict) else {"status": step}
        index = fields.get("step_index")
        yield _Step(
            index=index if type(index) is int and 0 <= index <= GREATEST else place,
            kind=fields.get("step_type"),
            status=fields.get("status"),
            error=fields.get("error_message"),
            started_at=fields.get("started_at"),
            finished_at=fields.get("finished_at"),
        )


def _run_steps(response: Response, steps: list[_Step]) -> RunSteps:
    def run_step(step: _Step) -> RunStep:
        name, status = response.quote(step.kind or f"step {step.index}"), response.quote(step.status or "")
        return RunStep(name, step.state, status, time_of(step.started_at), time_of(step.finished_at))

    return RunSteps(steps, run_step)


def _state(status: str, steps: list[_Step]) -> State:
    state = state_of(status.lower(), STATUSES)
    if state is State.SUCCEEDED and any(step.failed or step.undone for step in steps):
        return State.PARTIAL
    return state


def _reasons(response: Response, steps: Iterator[_Step] | list[_Step]) -> str | None:
    """Return why an execution failed: only its steps say it."""
    # Steps after a failed one are not done either, and are not the reason.
    known = list(steps)
    blamed = [step for step in known if step.failed] or [step for step in known if step.undone]
    return response.reasons(
        f"step {step.index} ({response.quote(step.kind or 'unknown')}): {response.quote(step.error or step.status)}"
        for step in blamed[:MAX_REASONS]
    )


def get_step_result(execution_id: str, step_index: int) -> Request[Any]:
    """
    Read the result of a step.

    The page documents no field; the vendor's own client reads those of a conversion, such as ``markdown``.

    :param execution_id: the execution, ``pex_...``.
    :param step_index: the step, from 0; it has completed.
    :return: the result as Datalab sends it, JSON.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises NotFound: if there is no such result, or Datalab no longer keeps it.
    """
    number = whole_number("step_index", step_index)
    path = f"{EXECUTION}/steps/{number}/result"
    action = f"read the result of step {number} of"
    return execution_request(execution_id, path, lambda _, response: response.json(), action=action)


def list_pipeline_executions(
    pipeline_id: str, *, limit: int = 20, offset: int = 0
) -> Request[dict[str, Any]]:
    """
    List the executions of a pipeline.

    :param pipeline_id: the pipeline, ``pl_...``.
    :param limit: how many at the most, 1 to 100; default: 20.
    :param offset: how many are left out before; default: 0.
    :return: Datalab's page: ``executions`` and ``total``.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    name = id_or_name("pipeline_id", pipeline_id)
    return read_request(
        f"list the executions of pipeline {shown(name)}",
        f"/api/v1/pipelines/{segment('pipeline_id', name)}/executions",
        model=_Listed,
        query={
            "limit": whole_number("limit", limit, least=1, most=_PAGE),
            "offset": whole_number("offset", offset),
        },
    )


def list_statuses(workflow_id: str, since: float, page: int) -> Request[StatusPage] | None:
    """
    Read the statuses of a pipeline's executions, one page of 100, as the vendor spells them.

    :param workflow_id: the pipeline; an empty text: it is not known, and there is no list without one.
    :param since: only executions begun since then are needed, in seconds since the epoch; 0: all.
    :param page: from 1.
    """
    if not workflow_id:
        return None

    read = partial(_entries_since, since)
    return list_request(_list_page(workflow_id, page), read, "execution_id")


def list_begun(workflow_id: str, since: float, page: int) -> Request[RunPage]:
    """
    Read the executions of a pipeline begun since then, one page of 100.

    :param workflow_id: the pipeline, ``pl_...``.
    :param since: in seconds since the epoch.
    :param page: from 1.
    """
    return runs_request(
        _list_page(workflow_id, page),
        partial(_entries_since, since),
        id_field="execution_id",
        began_field="created",
        ended_field="completed_at",
        state=lambda status: state_of(status.lower(), STATUSES),
    )


def _entries_since(since: float, response: Response) -> tuple[list[Any], bool]:
    """Return the entries of a page, and whether there may be another one with executions begun since then."""
    listed = response.parse(_Listed).executions
    begun = (_begun_since(run, since) for run in listed if isinstance(run, dict))
    # That the newest is the first is inferred: the page calls them "recent".
    # https://documentation.datalab.to/api-reference/list-pipeline-executions
    return listed, _is_full(listed) and any(begun)


def find_newest(workflow_id: str, since: float) -> Request[str | None]:
    """
    Read the id of the newest execution of a pipeline begun since then, among the 100 on the first page.

    :param workflow_id: the pipeline, ``pl_...``.
    :param since: in seconds since the epoch.
    """
    listed = _list_page(workflow_id, 1)
    entries = "execution_id", "created"
    return newest_request(listed, lambda response: response.parse(_Listed).executions, *entries, since)


def find_started(start: Request[Execution], nonce: str, since: float) -> Flow[list[str]]:
    """
    Find the executions begun since then that show the reference of the file that was uploaded for the start.

    Such a reference is unique; an address of a file is not, and then no execution is searched for. The page does not say
    what ``input_config`` of an execution shows: https://documentation.datalab.to/api-reference/get-pipeline-execution

    :param start: the start, as it was sent; its pipeline is searched.
    :param nonce: the reference.
    :param since: when it was sent, in seconds since the epoch.
    """
    pipeline_id = start.fingerprint_input["pipeline_id"]
    found = yield from paged(lambda page: _search_page(pipeline_id, nonce, since, page), SEARCHED_PAGES)
    return list(dict.fromkeys(found))


def _search_page(pipeline_id: str, nonce: str, since: float, page: int) -> Request[tuple[list[str], bool]]:
    def read(response: Response) -> tuple[list[str], bool]:
        listed = response.parse(_Listed).executions
        runs = [run for run in listed if isinstance(run, dict) and _begun_since(run, since)]
        ids = [
            response.find_id(run.get("execution_id"))
            for run in runs
            if nonce in texts(run.get("input_config"))
        ]
        return [known for known in ids if known], _is_full(listed)

    return _list_page(pipeline_id, page).read_as("search for a run that may have started", read)


def _list_page(pipeline_id: str, page: int) -> Request[dict[str, Any]]:
    return list_pipeline_executions(pipeline_id, limit=_PAGE, offset=(page - 1) * _PAGE)


def _is_full(listed: list[Any]) -> bool:
    return len(listed) >= _PAGE


def _begun_since(run: dict[str, Any], since: float) -> bool:
    """Return whether a run may have begun since then; one without that time may."""
    created = time_of(run.get("created"))
    return created is None or created >= since - CLOCK_DRIFT


API = replace(
    datalab.API,
    get_status=get_status,
    list_statuses=list_statuses,
    find_newest=find_newest,
    list_begun=list_begun,
    get_execution=get_execution,
    find_started=find_started,
    has_partial=True,
)
