"""
Altostrat SDX, the Workflows API, version 1.0.0.

Pages: "Execute a workflow", "Retrieve a workflow run", "List workflow runs" and "List all workflows" of the API
reference at https://altostrat.io/docs/; what they leave open is said beside the line that had to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, RootModel

from airflow_workflow_providers.core.call import (
    MOST_REASONS,
    Answer,
    Call,
    Word,
    found_id,
    header,
    text_id,
)
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import CLOCK_DRIFT, OVER, Execution, State, state_of
from airflow_workflow_providers.core.parameters import id_or_name, json_object, segment, whole_number
from airflow_workflow_providers.core.text import shown

T = TypeVar("T")

#: Pages of 2025 show https://api.altostrat.io; the newest captures and the specification show this one.
BASE_URL = "https://v1.api.altostrat.io"

STATUSES = {
    "pending": State.QUEUED,
    "running": State.RUNNING,
    "awaiting_ui_interaction": State.PAUSED,
    "completed": State.SUCCEEDED,
    "failed": State.FAILED,
}


class _Looked(BaseModel):
    # The specification marks no member as required; without a status nothing can be said of a run. All else may be
    # anything: https://altostrat.io/docs/api/en/workflow-runs/retrieve-a-workflow-run
    status: Word


class _Run(_Looked):
    error_message: Any = None
    logs: Any = None


class _Started(BaseModel):
    # An id is all that is needed of a start: without it a run may exist and nobody knows which.
    id: Any = None
    status: Any = None


class _Page(BaseModel):
    data: list[dict[Any, Any]]


class _Searched(BaseModel):
    # One odd entry must not hide the run that is looked for.
    data: list[Any]


class _Workflows(RootModel[list[Any] | _Page]):
    """An array, says the page; other lists of this vendor are pages of one."""


def credentials(secret: str) -> dict[str, str]:
    """Return the header that signs a request in: a key (``alto_sk_...``) and a token go into the same one."""
    return {"Authorization": "Bearer " + header("password", secret)}


def explain(answer: Answer) -> str | None:
    """
    Return Altostrat's words from an error answer.

    Documented is ``{type, code, message, doc_url}``; the service in front of it answers 401 with ``{message}`` alone.
    """
    body = answer.json_object()
    said = [answer.quote(body[name]) for name in ("message", "code") if body.get(name)]
    return f"{said[0]} ({said[1]})" if len(said) > 1 else "".join(said) or None


def check() -> Call[Any]:
    """Describe the list of workflows, which any right key can read."""
    return Call("check the connection", "GET", "/workflows", read=lambda answer: answer.parse(_Workflows))


def execute_workflow(
    workflow_id: str, *, context: dict[str, Any] | None = None, nonce: dict[str, str] | None = None
) -> Call[Execution]:
    """
    Describe the start of a workflow; parameters as in the operator.

    :param nonce: what the context carries besides, by which the run can be recognised; it is not part of the input.
    """
    workflow = id_or_name("workflow_id", workflow_id)
    path = f"/workflows/{segment('workflow_id', workflow)}/execute"
    given = json_object("context", {} if context is None else context)
    label = json_object("nonce", {} if nonce is None else nonce)
    if not given.keys().isdisjoint(label):
        raise InvalidInput(
            f"nonce_key is a key of its own in context; {', '.join(label)!r} is there already."
        )

    def read(answer: Answer) -> Execution:
        run = answer.parse(_Started)
        status = run.status if run.status and isinstance(run.status, str) else "pending"
        state = state_of(status, STATUSES)
        # The page's own example answers a start with "completed": whatever the word, the run is looked at.
        # https://altostrat.io/docs/api/en/workflow-runs/execute-a-workflow
        going = state if state not in OVER and state is not State.UNKNOWN else State.QUEUED
        return Execution(text_id(run.id, answer), going, status)

    return Call(
        f"start workflow {shown(workflow)}",
        "POST",
        path,
        body={} if context is None and not label else {"context": {**given, **label}},
        read=read,
        starts=True,
        identity={"workflow_id": workflow_id, "context": context},
    )


def look(execution_id: str) -> Call[Execution]:
    """Describe a look at a run: nothing but the status is read."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        status = answer.parse(_Looked).status
        return Execution(known, state_of(status, STATUSES), status)

    return _get(known, "look at", read)


def get_execution(execution_id: str) -> Call[Execution]:
    """Describe the read of a run with its output: that of the last entry of its log, for a run has no other."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        run = answer.parse(_Run)
        state = state_of(run.status, STATUSES)
        logs = _entries(run.logs)
        return Execution(
            known,
            state,
            run.status,
            # Before the end the last entry is that of some step on the way.
            output=logs[-1].get("output") if logs and state in OVER else None,
            # Some of the page's examples are completed and carry an error_message: the status decides.
            # https://altostrat.io/docs/api/en/workflow-runs/retrieve-a-workflow-run
            message=_why(answer, run.error_message, logs) if state is State.FAILED else None,
        )

    return _get(known, "look at", read)


def _get(execution_id: str, doing: str, read: Callable[[Answer], T]) -> Call[T]:
    return Call(
        f"{doing} run {execution_id}",
        "GET",
        f"/workflows/runs/{segment('execution_id', execution_id)}",
        read=read,
    )


def _entries(logs: Any) -> list[dict[str, Any]]:
    """Return the entries of a log, which is a list if the page is right; an object is one entry, or has one a name."""
    if isinstance(logs, dict):
        logs = [logs] if logs.keys() & {"output", "node_id"} else list(logs.values())
    return [entry for entry in logs if isinstance(entry, dict)] if isinstance(logs, list) else []


def _why(answer: Answer, error_message: Any, logs: list[dict[str, Any]]) -> str | None:
    if error_message:
        return answer.quote(error_message)
    failed: Iterator[str] = (
        f"node {shown(entry.get('node_id'), answer.secrets)!r}"
        for entry in logs
        if entry.get("status") == "error"
    )
    named = ", ".join(islice(failed, MOST_REASONS))
    return f"an error in {named}" if named else None


def get_run(execution_id: str) -> Call[dict[str, Any]]:
    """Describe the read of a run as it is, with its whole log."""

    def read(answer: Answer) -> dict[str, Any]:
        answer.parse(_Looked)
        return {"id": None, "error_message": None, "logs": None, **answer.json_object()}

    return _get(id_or_name("execution_id", execution_id), "read", read)


def list_runs(workflow_id: str, *, page: int = 1) -> Call[dict[str, Any]]:
    """Describe one page of a workflow's runs, newest first."""
    workflow = id_or_name("workflow_id", workflow_id)

    def read(answer: Answer) -> dict[str, Any]:
        answer.parse(_Page)
        return answer.json_object()

    return Call(
        f"list the runs of workflow {shown(workflow)}",
        "GET",
        f"/workflows/{segment('workflow_id', workflow)}/executions",
        query={"page": str(whole_number("page", page, least=1))},
        read=read,
    )


def find_begun(workflow_id: str, moment: float, page: int) -> Call[tuple[list[str], bool]]:
    """
    Describe one page of the search for the runs that were begun just then, and whether the next page may have more.

    The list is newest first: what follows a page of older runs is older still.
    https://altostrat.io/docs/api/en/workflow-runs/list-workflow-runs

    :param moment: in seconds since the epoch; two clocks and a request on its way agree within a minute.
    :param page: from 1.
    """

    def read(answer: Answer) -> tuple[list[str], bool]:
        runs = [run for run in answer.parse(_Searched).data if isinstance(run, dict)]
        begun = [(run, _begun_at(run)) for run in runs]
        near = [run for run, at in begun if at is not None and abs(at - moment) <= CLOCK_DRIFT]
        ids = [known for run in near if (known := found_id(run.get("id"), answer))]
        # A run that does not say when it was begun may be as new as any.
        return ids, any(at is None or at >= moment - CLOCK_DRIFT for _, at in begun)

    listed = list_runs(workflow_id, page=page)
    return Call("look for a run that may have started", listed.method, listed.path, read, query=listed.query)


def _begun_at(run: dict[str, Any]) -> float | None:
    said = run.get("started_at")
    try:
        began = datetime.fromisoformat(said.replace("Z", "+00:00")) if isinstance(said, str) else None
    except ValueError:
        return None
    if began is None:
        return None
    return (began if began.tzinfo else began.replace(tzinfo=timezone.utc)).timestamp()


def carries(run: dict[str, Any], nonce: str) -> bool:
    """
    Return whether a run shows the nonce among the values of its trigger payload.

    "Retrieve a workflow run" says that the payload is shown, its schema does not:
    https://altostrat.io/docs/api/en/workflow-runs/retrieve-a-workflow-run
    """
    payload = run.get("trigger_payload")
    return isinstance(payload, dict) and nonce in [
        value for value in payload.values() if isinstance(value, str)
    ]


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop a run."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: no page of a single run is documented."""
