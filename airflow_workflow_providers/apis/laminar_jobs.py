"""
Laminar (now Minicor), jobs behind a trigger URL: called without waiting, then looked at.

Pages: "Calling jobs" and "Authentication" of the platform documentation at https://docs.minicor.com/; what they leave
open is said beside the line that had to choose.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

from airflow_workflow_providers.core.call import Answer, Call, header, text_id
from airflow_workflow_providers.core.errors import InvalidInput, UnreadableAnswer
from airflow_workflow_providers.core.execution import Execution, State, state_of
from airflow_workflow_providers.core.parameters import (
    ADDRESS_LIMIT,
    GREATEST,
    id_or_name,
    json_object,
    quoted,
    segment,
    text,
)
from airflow_workflow_providers.core.text import shown

#: Every customer has a trigger URL of their own.
BASE_URL = ""

#: Documented are ``queued`` and ``running``, and that ``done`` says that the end has come. What an end is called is not:
#: these are the likely words. Letters count, as in every other table: a word that is not here, or not so, is no success.
#: https://docs.minicor.com/api/calling-jobs
STATUSES = {
    "queued": State.QUEUED,
    "running": State.RUNNING,
    "ok": State.SUCCEEDED,
    "done": State.SUCCEEDED,
    "success": State.SUCCEEDED,
    "succeeded": State.SUCCEEDED,
    "completed": State.SUCCEEDED,
    "partial": State.PARTIAL,
    "partially_succeeded": State.PARTIAL,
    "failed": State.FAILED,
    "error": State.FAILED,
}

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _Started(BaseModel):
    jobExecutionId: Any = None  # noqa: N815  # the vendor's name
    status: Any = None


class _Looked(BaseModel):
    status: Any = None
    done: Any = None
    error: Any = None


def credentials(secret: str, **_: Any) -> dict[str, str]:
    """Return the header that signs a request in."""
    return {"x-api-key": header("trigger_api_key", secret)}


def explain(answer: Answer) -> str | None:
    """Return Laminar's words, if there are any: its 401 says nothing."""
    body = answer.json_object()
    said = body.get("message") or body.get("error")
    return answer.quote(said) if said else None


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
    if not isinstance(method, str) or method not in METHODS:
        raise InvalidInput(f"method must be one of {', '.join(METHODS)}; got {quoted(method)}.")
    path = id_or_name("job_path", job_path)
    parts = [segment("job_path", part) for part in path.strip("/").split("/")]
    body = None if payload is None else json_object("payload", payload)
    # The page does not say whether the dot is part of the name.
    if body is not None and ("minicor.teach" in body or "teach" in _members(body.get("minicor"))):
        raise InvalidInput("payload holds 'minicor.teach', which makes the call a lesson and not a run.")

    def read(answer: Answer) -> Execution:
        started = answer.parse(_Started)
        status = started.status if started.status and isinstance(started.status, str) else "queued"
        return Execution(text_id(started.jobExecutionId, answer), State.QUEUED, status)

    return Call(
        f"run job {shown(path)}",
        method,
        "/" + "/".join(parts),
        query={**_query({} if query is None else query), "async": "1"},
        body=body,
        read=read,
        starts=True,
        identity={"job_path": job_path, "method": method, "payload": payload, "query": query},
    )


def _query(query: Any) -> dict[str, str]:
    """Return query parameters as they are sent; what an address cannot say is refused, and nothing is guessed."""
    given: dict[str, str] = {}
    for name, value in json_object("query", query).items():
        if text("a name in query", name) == "async":
            raise InvalidInput("query must not hold 'async': the operator sets it.")
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (isinstance(value, str) or (number and abs(value) <= GREATEST)):
            raise InvalidInput(f"query parameter {name!r} must be text or a number; got {quoted(value)}.")
        given[name] = str.__str__(value) if isinstance(value, str) else str(value)
    if len(urlencode(given)) > ADDRESS_LIMIT:
        raise InvalidInput(
            f"query has more than {ADDRESS_LIMIT} characters when it is sent: a payload can hold more."
        )
    return given


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def look(execution_id: str) -> Call[Execution]:
    """Describe a look at a job's execution: ``done`` and the status word, and no output."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        return Execution(known, *_outcome(answer.parse(_Looked), answer))

    return _get(known, read)


def get_execution(execution_id: str) -> Call[Execution]:
    """Describe the read of a job's execution with its output."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        found = answer.parse(_Looked)
        state, status = _outcome(found, answer)
        if found.done is not True:
            return Execution(known, state, status)
        body = answer.json_object()
        # The output's name is not documented; what is neither that nor a name we know is left whole.
        rest = {name: value for name, value in body.items() if name not in _NO_OUTPUT}
        output = body.get("output", body.get("result", rest))
        message: str | None = None
        if state is not State.SUCCEEDED:
            # The error's name is not documented: without one that we know, the body is shown.
            message = answer.quote(found.error or None)
            if STATUSES.get(status, State.UNKNOWN) in _NO_END:
                message = f"it is done, with the status {answer.quote(status)!r}, which is not known as an end; {message}"
        return Execution(known, state, status, output, message)

    return _get(known, read)


def _get(execution_id: str, read: Any) -> Call[Execution]:
    return Call(
        f"look at job execution {execution_id}",
        "GET",
        f"/_executions/{segment('execution_id', execution_id)}",
        read=read,
        # The page of the synchronous call answers 207 for a part undone and 502 for a failure: so may this one.
        # https://docs.minicor.com/api/calling-jobs
        expects=lambda answer: (
            answer.ok or (answer.status == 502 and answer.json_object().get("done") is True)
        ),
    )


#: What is not the output, where the output has no name that we know.
_NO_OUTPUT = frozenset({"jobExecutionId", "resultPath", "status", "done", "error"})

#: The states of a word that does not say how a run has ended.
_NO_END = (State.QUEUED, State.RUNNING, State.UNKNOWN)


def _outcome(looked: _Looked, answer: Answer) -> tuple[State, str]:
    """
    Return the state, and the vendor's word.

    ``done``, and nothing that is nearly true, says that the run is over; a word alone ends nothing. Only then the word
    says how it has ended.
    """
    if isinstance(looked.status, str):
        status, state = looked.status, state_of(looked.status, STATUSES)
    elif looked.status is None and looked.done is True:
        # No page says that there is a word at all. Without one, an error speaks for it.
        status, state = "done", State.FAILED if looked.error else State.SUCCEEDED
    elif looked.status is None and looked.done is False:
        return State.RUNNING, "running"
    else:
        raise UnreadableAnswer(
            f"returned HTTP {answer.status} with something else than documented (neither done nor a status): "
            f"{answer.quote()!r}",
            status=answer.status,
        )
    if looked.done is not True:
        return state if state in _NO_END else State.RUNNING, status
    # Whatever the word is, what HTTP calls undone is no success.
    if state in _NO_END or answer.status == 502:
        return State.FAILED, status
    if answer.status == 207 and state is State.SUCCEEDED:
        return State.PARTIAL, status
    return state, status


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop a job."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: no page of a single execution is documented."""
