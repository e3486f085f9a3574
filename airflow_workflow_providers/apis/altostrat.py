"""
Altostrat SDX, the Workflows API, version 1.0.0.

Pages: "Execute a workflow", "Retrieve a workflow run", "List workflow runs" and "List all workflows" of the API
reference at https://altostrat.io/docs/; what they leave open is said beside the line that had to choose.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from pydantic import BaseModel, Field, RootModel

from airflow_workflow_providers.core.call import Answer, Call, header, json_object, segment
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import CLOCK_DRIFT, OVER, Execution, State, state_of

#: Pages of 2025 show https://api.altostrat.io; the newest captures and the specification show this one.
BASE_URL = "https://v1.api.altostrat.io"

STATUSES = {
    "pending": State.QUEUED,
    "running": State.RUNNING,
    "awaiting_ui_interaction": State.PAUSED,
    "completed": State.SUCCEEDED,
    "failed": State.FAILED,
}

# A webhook's address starts its workflow for whoever has it; this is the part that nobody can guess.
_WEBHOOK = re.compile(r"whsec_[\w-]+")


class _Log(BaseModel):
    node_id: Any = None
    status: Any = None
    output: Any = None


class _Looked(BaseModel):
    # The specification marks no member as required; without a status nothing can be said of a run. What a look does
    # not need it does not read, so that nothing odd in a log can end a wait.
    status: str


class _Run(_Looked):
    id: Any = None
    error_message: Any = None
    logs: list[_Log] | None = None


class _Started(BaseModel):
    # An id is all that is needed of a start: without it a run may exist and nobody knows which.
    id: str = Field(min_length=1)
    status: Any = None


class _Page(BaseModel, extra="allow"):
    data: list[dict[str, Any]]


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
    said = [_text(body[name]) for name in ("message", "code") if body.get(name)]
    return f"{said[0]} ({said[1]})" if len(said) > 1 else "".join(said) or None


def check() -> Call[Any]:
    """Describe the list of workflows, which any right key can read."""

    def read(answer: Answer) -> Any:
        # Each workflow in the list has its webhook's address: an error that quotes the answer must not show it.
        return replace(answer, content=_hidden(answer.content.decode("utf-8", "replace")).encode()).parse(
            _Workflows
        )

    return Call("check the connection", "GET", "/workflows", read=read)


def execute_workflow(
    workflow_id: str, *, context: dict[str, Any] | None = None, nonce: dict[str, str] | None = None
) -> Call[Execution]:
    """
    Describe the start of a workflow; parameters as in the operator.

    :param nonce: what the context carries besides, by which the run can be recognised; it is not part of the input.
    """
    given = json_object("context", {} if context is None else context)
    if nonce and not given.keys().isdisjoint(nonce):
        raise InvalidInput(
            f"nonce_key is a key of its own in context; {', '.join(nonce)!r} is there already."
        )

    def read(answer: Answer) -> Execution:
        run = answer.parse(_Started)
        status = run.status if run.status and isinstance(run.status, str) else "pending"
        state = state_of(status, STATUSES)
        # The page's own example answers a start with "completed": whatever the word, the run is looked at.
        going = state if state not in OVER and state is not State.UNKNOWN else State.QUEUED
        return Execution(run.id, going, status)

    return Call(
        f"start workflow {workflow_id}",
        "POST",
        f"/workflows/{segment('workflow_id', workflow_id)}/execute",
        body={} if context is None and not nonce else {"context": {**given, **(nonce or {})}},
        read=read,
        starts=True,
        identity={"workflow_id": workflow_id, "context": context},
    )


def look(execution_id: str) -> Call[Execution]:
    """Describe a look at a run."""

    def read(answer: Answer) -> Execution:
        status = answer.parse(_Looked).status
        return Execution(execution_id, state_of(status, STATUSES), status)

    return _get(execution_id, read)


def get_execution(execution_id: str) -> Call[Execution]:
    """Describe the read of a run with its output: that of the last entry of its log, for a run has no other."""

    def read(answer: Answer) -> Execution:
        run = answer.parse(_Run)
        state = state_of(run.status, STATUSES)
        logs = run.logs or []
        # Some of the page's examples are completed and carry an error_message: the status decides.
        failed = [f"node {log.node_id!r}" for log in logs if log.status == "error"]
        said = _text(run.error_message or ("an error in " + ", ".join(failed) if failed else ""))
        return Execution(
            execution_id,
            state,
            run.status,
            # Before the end the last entry is that of some step on the way.
            output=logs[-1].output if logs and state in OVER else None,
            message=answer.quote(said) if said and state is State.FAILED else None,
        )

    return _get(execution_id, read)


def _get(execution_id: str, read: Any) -> Call[Execution]:
    return Call(
        f"look at run {execution_id}",
        "GET",
        f"/workflows/runs/{segment('execution_id', execution_id)}",
        read=read,
    )


def get_run(execution_id: str) -> Call[dict[str, Any]]:
    """Describe the read of a run as it is, with its whole log."""
    return Call(
        f"read run {execution_id}",
        "GET",
        f"/workflows/runs/{segment('execution_id', execution_id)}",
        read=lambda answer: {**answer.parse(_Run).model_dump(), **answer.json_object()},
    )


def list_runs(workflow_id: str, *, page: int = 1) -> Call[dict[str, Any]]:
    """Describe one page of a workflow's runs, newest first."""
    if isinstance(page, bool) or not isinstance(page, int) or page < 1:
        raise InvalidInput(f"page is a whole number from 1; got {page!r}.")
    return Call(
        f"list the runs of workflow {workflow_id}",
        "GET",
        f"/workflows/{segment('workflow_id', workflow_id)}/executions",
        query={"page": str(page)},
        read=lambda answer: answer.parse(_Page).model_dump(),
    )


def begun_at(run: dict[str, Any], moment: float) -> bool:
    """Return whether a run says that it was begun then, as far as two clocks and a request on its way can agree."""
    try:
        began = datetime.fromisoformat(str(run.get("started_at")).replace("Z", "+00:00"))
    except ValueError:
        return False
    began = began if began.tzinfo else began.replace(tzinfo=timezone.utc)
    return abs(began.timestamp() - moment) <= CLOCK_DRIFT


def begun_after(run: dict[str, Any], moment: float) -> bool:
    """Return whether a run may have been begun at that time or later; one that does not say may."""
    try:
        began = datetime.fromisoformat(str(run.get("started_at")).replace("Z", "+00:00"))
    except ValueError:
        return True
    began = began if began.tzinfo else began.replace(tzinfo=timezone.utc)
    return began.timestamp() >= moment - CLOCK_DRIFT


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


def _text(value: Any) -> str:
    """Return what a person should read of ``value``, which is a text if the page is right."""
    return _hidden(value if isinstance(value, str) else json.dumps(value))


def _hidden(text: str) -> str:
    return _WEBHOOK.sub("whsec_***", text)
