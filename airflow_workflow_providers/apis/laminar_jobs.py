"""
Laminar (now Minicor), jobs behind a trigger URL: started, then polled; or run with one request.

Pages: "Calling jobs" and "Authentication" of the platform documentation at https://docs.minicor.com/. Where they leave
something open, a comment names the page.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, RootModel

from airflow_workflow_providers.core import parameters
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution, State, state_of
from airflow_workflow_providers.core.request import (
    NOT_IMPLEMENTED,
    Request,
    Response,
    execution_request,
    read_request,
)
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.vendor import VendorApi

#: ``queued``, ``running`` and ``done`` are documented; the statuses after the end are not, so these are the likely ones. A
#: status that is not here, letter by letter, is not a success.
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

#: The path of an execution.
EXECUTION = "/_executions/{}"

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _Anything(RootModel[Any]):
    """JSON of any form."""


class _Started(BaseModel):
    jobExecutionId: Any = None  # noqa: N815  # the vendor's name
    status: Any = None


class _Status(BaseModel):
    status: Any = None
    done: Any = None
    error: Any = None


def auth_headers(secret: str, **_: Any) -> dict[str, str]:
    """Return the header that authenticates a request."""
    return {"x-api-key": parameters.header("trigger_api_key", secret)}


def list_jobs() -> Request[Any]:
    """
    List the jobs behind the trigger URL, and their endpoints.

    They are described at https://docs.minicor.com/api/calling-jobs

    :return: what Laminar sends: JSON, whose form no page shows.
    """
    return read_request("list the jobs", "/_jobs", model=_Anything)


def ping(**_: Any) -> Request[Any]:
    """List the jobs, which the key can read."""
    listed = list_jobs()
    return listed.read_as("test the connection", lambda response: bool(listed.parse(response)))


def run_job(
    job_path: str,
    *,
    method: str = "POST",
    payload: dict[str, Any] | None = None,
    query: dict[str, str] | None = None,
) -> Request[Execution]:
    """
    Start a job.

    :param job_path: its path below the trigger URL.
    :param method: the HTTP method of the job.
    :param payload: its input, a JSON object.
    :param query: query parameters, which are input too; the payload takes precedence.
    :return: the execution, which is not over.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that an execution may exist.
    """
    return _request(job_path, _read_start, {"async": "1"}, method=method, payload=payload, query=query)


def run_job_sync(
    job_path: str,
    *,
    method: str = "POST",
    payload: dict[str, Any] | None = None,
    query: dict[str, str] | None = None,
    timeout: float | None = None,
) -> Request[Execution]:
    """
    Run a job, and return when it is over.

    :param job_path: its path below the trigger URL.
    :param method: the HTTP method of the job.
    :param payload: its input, a JSON object.
    :param query: query parameters, which are input too; the payload takes precedence.
    :param timeout: seconds for the whole run; default: the connection's read timeout.
    :return: the response of the job as its ``output``: JSON of any type, or text. It has no id. A job that failed, or finished
        with failed parts, is returned too, with its state.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that the job may be going.
    """
    request = _request(job_path, _read_sync, {}, method=method, payload=payload, query=query)
    return replace(
        request,
        # A 501 can be the job's own, so it is read: a job may have run.
        accepts=lambda response: (
            response.ok or response.status == NOT_IMPLEMENTED or _says_why_it_failed(response)
        ),
        timeout=None if timeout is None else parameters.seconds("timeout", timeout),
        # Another kind of run: it has no id, so the one cannot be used for the other.
        fingerprint_input={**request.fingerprint_input, "mode": "synchronous"},
    )


def _request(
    job_path: str,
    read: Callable[[Response], Execution],
    flags: dict[str, str],
    *,
    method: str,
    payload: dict[str, Any] | None,
    query: dict[str, str] | None,
) -> Request[Execution]:
    """Return the request that starts a job; ``flags`` are query parameters that are no input."""
    parameters.one_of("method", method, METHODS)
    path = parameters.id_or_name("job_path", job_path)
    parts = [parameters.segment("job_path", part) for part in path.strip("/").split("/")]
    body = None if payload is None else parameters.json_object("payload", payload)
    # The page does not say whether the dot is part of the name: https://docs.minicor.com/api/calling-jobs
    if body is not None and ("minicor.teach" in body or "teach" in _members(body.get("minicor"))):
        raise InvalidInput("payload holds 'minicor.teach', which trains the job instead of running it.")
    return Request(
        f"run job {shown(path)}",
        method,
        "/" + "/".join(parts),
        query={**_query(query), **flags},
        body=body,
        parse=read,
        starts_run=True,
        fingerprint_input={"job_path": job_path, "method": method, "payload": payload, "query": query},
    )


def _read_start(response: Response) -> Execution:
    started = response.parse(_Started)
    status = started.status if started.status and isinstance(started.status, str) else "queued"
    return Execution(response.execution_id(started.jobExecutionId), State.QUEUED, status)


def _says_why_it_failed(response: Response) -> bool:
    # 502 is documented as a failure whose body has the error, but a proxy on the way responds with 502 too. The name of the error is
    # not documented: this is the one in other responses of the vendor.
    # https://docs.minicor.com/api/calling-jobs
    return response.status == 502 and bool(response.json_object().get("error"))


def _read_sync(response: Response) -> Execution:
    status = f"HTTP {response.status}"
    if response.status == 502:
        return Execution(None, State.FAILED, status, message=response.quote(response.json_object()["error"]))
    if response.status not in (200, 207):
        # 202, for one: then the job goes on, and there is no result.
        raise response.unexpected(f", which is not documented for a job that has ended: {response.quote()!r}")
    output = response.json_or_text()
    if response.status == 200:
        return Execution(None, State.SUCCEEDED, status, output)
    return Execution(None, State.PARTIAL, status, output, response.quote())


def _query(query: Any) -> dict[str, str]:
    """Return query parameters as they are sent; a value that an address cannot hold is rejected, not converted."""
    given: dict[str, str] = {}
    for name, value in parameters.json_object("query", query).items():
        if parameters.text("a name in query", name) == "async":
            raise InvalidInput("query must not hold 'async': the operator sets it.")
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (isinstance(value, str) or (number and abs(value) <= parameters.GREATEST)):
            raise InvalidInput(
                f"query parameter {name!r} must be text or a number; got {parameters.quoted(value)}."
            )
        given[name] = str.__str__(value) if isinstance(value, str) else str(value)
    if len(urlencode(given)) > parameters.ADDRESS_LIMIT:
        raise InvalidInput(
            f"query has more than {parameters.ADDRESS_LIMIT} characters when it is sent: a payload can hold more."
        )
    return given


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def get_status(execution_id: str) -> Request[Execution]:
    """Read ``done`` and the status of a job's execution, without its output."""
    return execution_request(execution_id, EXECUTION, _read_status, accepts=_names_the_result)


def _read_status(execution_id: str, response: Response) -> Execution:
    return Execution(execution_id, *_outcome(response.parse(_Status), response))


def get_execution(execution_id: str) -> Request[Execution]:
    """Read a job's execution with its output."""
    return execution_request(execution_id, EXECUTION, _read, accepts=_names_the_result)


def _read(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status)
    state, status = _outcome(found, response)
    if found.done is not True:
        return Execution(execution_id, state, status)
    body = response.json_object()
    # The name of the output is not documented: without a known name, all other fields are the output.
    # https://docs.minicor.com/api/calling-jobs
    rest = {name: value for name, value in body.items() if name not in _NO_OUTPUT}
    output = body.get("output", body.get("result", rest))
    message: str | None = None
    if state is not State.SUCCEEDED:
        # The name of the error is not documented: without a known name, the body is shown.
        message = response.quote(found.error or None)
        if STATUSES.get(status, State.UNKNOWN) in _NOT_FINAL:
            message = f"it is done, with the status {response.quote(status)!r}, which is not a known final status; {message}"
    return Execution(execution_id, state, status, output, message)


def _names_the_result(response: Response) -> bool:
    # A synchronous job returns 207 for a partial success and 502 for a failure, so its execution may do the same.
    # https://docs.minicor.com/api/calling-jobs
    return response.ok or (response.status == 502 and response.json_object().get("done") is True)


#: The fields that are not the output.
_NO_OUTPUT = frozenset({"jobExecutionId", "resultPath", "status", "done", "error"})

#: The states of a status that does not tell how a run has ended.
_NOT_FINAL = (State.QUEUED, State.RUNNING, State.UNKNOWN)


def _outcome(found: _Status, response: Response) -> tuple[State, str]:
    """
    Return the state, and the vendor's status.

    Only ``done: true`` ends a run; then the status tells how it has ended.
    """
    if isinstance(found.status, str):
        status, state = found.status, state_of(found.status, STATUSES)
    elif found.status is None and found.done is True:
        # No page documents a status after the end. Without one, an error decides.
        # https://docs.minicor.com/api/calling-jobs
        status, state = "done", State.FAILED if found.error else State.SUCCEEDED
    elif found.status is None and found.done is False:
        return State.RUNNING, "running"
    else:
        raise response.unexpected(f" without done and without a status: {response.quote()!r}")
    if found.done is not True:
        return state if state in _NOT_FINAL else State.RUNNING, status
    # Whatever the status is, an HTTP status of a failure is not a success.
    if state in _NOT_FINAL or response.status == 502:
        return State.FAILED, status
    if response.status == 207 and state is State.SUCCEEDED:
        return State.PARTIAL, status
    return state, status


#: Every customer has a trigger URL of their own, so there is no default base URL.
API = VendorApi(
    base_url="",
    auth_headers=auth_headers,
    # A 401 is empty.
    error_message=lambda response: response.explain("message") or response.explain("error"),
    ping=ping,
    get_status=get_status,
    get_execution=get_execution,
    has_partial=True,
)
