"""
Laminar (now Minicor), jobs behind a trigger URL: called without waiting, then looked at.

Pages: "Calling jobs" and "Authentication" of the platform documentation at https://docs.minicor.com/; what they leave
open is said beside the line that had to choose.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from airflow_workflow_providers.core.call import Answer, Call, header, json_object, segment
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution, State, state_of

#: Every customer has a trigger URL of their own.
BASE_URL = ""

#: Documented are ``queued`` and ``running``. How an end is called is not, only that ``done`` says that it has come; these
#: are the likely words, and any other one at the end is a failure that names it.
STATUSES = {
    "queued": State.QUEUED,
    "running": State.RUNNING,
    "succeeded": State.SUCCEEDED,
    "success": State.SUCCEEDED,
    "completed": State.SUCCEEDED,
    "partial": State.PARTIAL,
    "partially_succeeded": State.PARTIAL,
    "failed": State.FAILED,
    "error": State.FAILED,
}

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _Started(BaseModel):
    jobExecutionId: str = Field(min_length=1)  # noqa: N815  # the vendor's name
    status: str | None = None


class _Looked(BaseModel, extra="allow"):
    status: str
    done: bool | None = None
    error: Any = None


def credentials(secret: str, **_: Any) -> dict[str, str]:
    """Return the header that signs a request in."""
    return {"x-api-key": header("trigger_api_key", secret)}


def explain(answer: Answer) -> str | None:
    """Return Laminar's words, if there are any: its 401 says nothing."""
    body = answer.json_object()
    said = body.get("message") or body.get("error")
    return None if said is None else str(said)


def check() -> Call[Any]:
    """Describe the list of jobs, which the key can read."""
    return Call("check the connection", "GET", "/_jobs", read=lambda answer: answer.json())


def run_job(
    job_path: str,
    *,
    method: str = "POST",
    payload: dict[str, Any] | None = None,
    query: dict[str, str] | None = None,
) -> Call[Execution]:
    """Describe the call of a job that answers at once; parameters as in the operator."""
    if method not in METHODS:
        raise InvalidInput(f"method must be one of {', '.join(METHODS)}; got {method!r}.")
    body = None if payload is None else json_object("payload", payload)
    # The page does not say whether the dot is part of the name.
    if body is not None and ("minicor.teach" in body or "teach" in _members(body.get("minicor"))):
        raise InvalidInput("payload holds 'minicor.teach', which makes the call a lesson and not a run.")
    given = json_object("query", query or {})
    if "async" in given:
        raise InvalidInput("query must not hold 'async': the operator sets it.")
    for name, value in given.items():
        if not isinstance(value, (str, int, float)):
            raise InvalidInput(f"query parameter {name!r} must be text or a number; got {value!r}.")
    parts = [segment("job_path", part) for part in str(job_path).strip("/").split("/")]

    def read(answer: Answer) -> Execution:
        started = answer.parse(_Started)
        return Execution(started.jobExecutionId, State.QUEUED, started.status or "queued")

    return Call(
        f"run job {job_path}",
        method,
        "/" + "/".join(parts),
        query={**{name: str(value) for name, value in given.items()}, "async": "1"},
        body=body,
        read=read,
        starts=True,
        identity={"job_path": job_path, "method": method, "payload": payload, "query": query},
    )


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def get_execution(execution_id: str) -> Call[Execution]:
    """Describe the read of a job's execution with its output."""

    def read(answer: Answer) -> Execution:
        looked = answer.parse(_Looked)
        state = state_of(looked.status, STATUSES)
        if not looked.done:
            # Over is what is done: a word alone ends nothing.
            going = state if state in (State.QUEUED, State.RUNNING, State.UNKNOWN) else State.RUNNING
            return Execution(execution_id, going, looked.status)
        # The error's name is not documented: without one that we know, the body is shown.
        message: str | None = answer.quote(str(looked.error) if looked.error else None)
        if state in (State.QUEUED, State.RUNNING, State.UNKNOWN):
            state = State.FAILED
            message = f"it is done, with a status that is not known as an end; {answer.quote()}"
        # Whatever the word is, what HTTP calls undone is no success.
        if answer.status == 502:
            state = State.FAILED
        elif answer.status == 207 and state is State.SUCCEEDED:
            state = State.PARTIAL
        extra = looked.model_extra or {}
        known = {"jobExecutionId", "resultPath"}
        # The output's name is not documented either; what is neither that nor a name we know is left whole.
        output = extra.get("output", extra.get("result", {k: v for k, v in extra.items() if k not in known}))
        if state is State.SUCCEEDED:
            message = None
        return Execution(execution_id, state, looked.status, output, message)

    return Call(
        f"look at job execution {execution_id}",
        "GET",
        f"/_executions/{segment('execution_id', execution_id)}",
        read=read,
        # The page of the synchronous call answers 207 for a part undone and 502 for a failure: so may this one.
        expects=lambda answer: (
            answer.ok or (answer.status == 502 and answer.json_object().get("done") is True)
        ),
    )


#: No look is cheaper than this read.
look = get_execution


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop a job."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: no page of a single execution is documented."""
