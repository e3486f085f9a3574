"""
Refold (formerly Cobalt), the public REST API, version 2.

Pages: "Execute Workflow", "Get Execution", "List Executions" and "Stop Execution" of the API reference at
https://docs.refold.ai/. Where they leave something open, a comment names the page.
"""

from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.apis.refold_lists import find_started, list_executions
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution, State, state_of
from airflow_workflow_providers.core.parameters import flag, header, id_or_name, json_object, segment, text
from airflow_workflow_providers.core.request import Request, Response, Word, execution_request
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.vendor import VendorApi

#: The execution statuses of the API reference and of the changelog; a comment marks those that are not in both.
STATUSES = {
    "QUEUED": State.QUEUED,  # changelog only
    "RUNNING": State.RUNNING,  # also while a Human task or a Wait-for-Webhook node waits
    "STOPPING": State.STOPPING,
    "COMPLETED": State.SUCCEEDED,
    # Only on the page of the Terminate node, as the status of a run that it has ended:
    # https://docs.refold.ai/v3/platform/concepts/workflows/nodes/terminate-node
    "Success": State.SUCCEEDED,
    "ERRORED": State.FAILED,
    "TIMED_OUT": State.FAILED,
    "DUPLICATE": State.FAILED,  # changelog only: Refold dropped the event, so nothing was done
    "STOPPED": State.STOPPED,
    "TERMINATED": State.PARTIAL,  # changelog only: a Terminate node ended it early, on purpose
    "Partially Successful": State.PARTIAL,  # changelog only
}

#: The longest wait for a synchronous run, in seconds; Refold's guideline is 30 s to 2 min.
SYNC_LIMIT = 600.0

#: The path of an execution. A GET for an unknown id has been seen to hang, so every request has a timeout.
EXECUTION = "/api/v2/public/execution/{}"


class _Started(BaseModel):
    execution_id: Any = None
    headers: Any = None
    # Only a synchronous run has the rest; which of them a response has differs between the pages.
    # https://docs.refold.ai/v3/api-reference/workflows/execute-workflow
    return_value: Any = None
    errored: Any = None
    execution_error: Any = None


class _Status(BaseModel):
    status: Word


class _Read(_Status):
    nodes: Any = None


class _Stopped(BaseModel):
    message: Any = None


def auth_headers(secret: str, *, auth_type: str, linked_account_id: str | None) -> dict[str, str]:
    """
    Return the headers that authenticate a request.

    :param secret: the API key, or the session or personal access token.
    :param auth_type: ``api_key`` or ``bearer``.
    :param linked_account_id: the account to act for; a token belongs to its own.
    :raises InvalidInput: if an API key comes without a linked account.
    """
    if auth_type == "bearer":
        return {"Authorization": "Bearer " + header("password", secret)}
    if not linked_account_id:
        raise InvalidInput("An API key acts for a linked account: set the extra field linked_account_id.")
    return {
        "x-api-key": header("password", secret),
        "linked_account_id": header("linked_account_id", linked_account_id),
    }


def error_message(response: Response) -> str | None:
    """
    Return Refold's message from an error response.

    There are two forms. Most errors are ``{status_code, http_error_type, error_code or error, message}``, with the
    explanation in ``message``. The 400 of Execute is ``{"message": "Server Error", "error": ...}``, with the explanation in
    ``error``.
    """
    body = response.json_object()
    code = "error_code" if body.get("error_code") else "error"
    return (
        response.explain("message", code) if "http_error_type" in body else response.explain(code, "message")
    )


def execute_workflow(
    workflow_id: str,
    *,
    slug: str,
    payload: dict[str, Any] | None = None,
    config_id: str | None = None,
    sync_execution: bool = False,
    instance_tag: str | None = None,
    include_headers: bool = False,
    wrap_payload: bool = True,
    timeout: float | None = None,
) -> Request[Execution]:
    """
    Start a published workflow.

    :param workflow_id: the id of the published workflow, or its alias.
    :param slug: the slug of the application that the workflow belongs to.
    :param payload: the input of the workflow, a JSON object; default: ``{}``.
    :param config_id: the config to run for; default: the linked account's id.
    :param sync_execution: let Refold respond when the run is over, with its output.
    :param instance_tag: a label for the run; default: none.
    :param include_headers: let Refold repeat the request's headers; they are in the run's ``note``.
    :param wrap_payload: send ``{"payload": payload}``; False sends ``payload`` itself as the body.
    :param timeout: seconds for a synchronous run, at most and by default 600; without a response in that time the start is
        lost.
    :return: the run, which is not over unless ``sync_execution`` is set. A run that failed is returned too, with its state.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that a run may exist.
    """
    name = id_or_name("workflow_id", workflow_id)
    path = f"/api/v2/public/workflow/{segment('workflow_id', name)}/execute"
    body = json_object("payload", payload)
    waits = flag("sync_execution", sync_execution)
    repeats = flag("include_headers", include_headers)

    def read(response: Response) -> Execution:
        started = response.parse(_Started)
        state, status = _sync_outcome(started) if waits else (State.RUNNING, "RUNNING")
        headers = started.headers if repeats else None
        return Execution(
            execution_id=response.execution_id(started.execution_id),
            state=state,
            status=status,
            output=started.return_value,
            message=_reason(response, started.execution_error),
            note=f"Request headers as Refold saw them: {response.quote(headers)}" if headers else None,
        )

    return Request(
        summary=f"start workflow {shown(name)}",
        method="POST",
        path=path,
        headers={
            "slug": _header("slug", slug),
            "config_id": None if config_id is None else _header("config_id", config_id),
            "sync_execution": "true" if waits else None,
            "instance_tag": None if instance_tag is None else _header("instance_tag", instance_tag),
            "include-headers": "true" if repeats else None,
        },
        # The pages disagree: the example wraps the input in "payload", the specification calls the body itself
        # the payload. The example is the newer; wrap_payload=False sends the other.
        # https://docs.refold.ai/v3/api-reference/workflows/execute-workflow
        body={"payload": body} if flag("wrap_payload", wrap_payload) else body,
        parse=read,
        starts_run=True,
        fingerprint_input={"workflow_id": workflow_id, "slug": slug, "payload": body, "config_id": config_id},
        # A Response node may choose the HTTP status of a synchronous run, 4xx and 5xx too. A response that names the run is
        # the run's own.
        # https://docs.refold.ai/v3/platform/concepts/workflows/nodes/response
        accepts=_names_a_run if waits else (lambda response: response.ok),
        timeout=min(timeout or SYNC_LIMIT, SYNC_LIMIT) if waits else None,
    )


def _header(name: str, value: object) -> str:
    return header(name, text(name, value))


def _names_a_run(response: Response) -> bool:
    # A 200 that names no run is rejected when it is parsed, with its text.
    return response.ok or "execution_id" in response.json_object()


def _sync_outcome(started: _Started) -> tuple[State, str]:
    """
    Return the state and status of a synchronous run: only an explicit success is one.

    ``errored`` and ``execution_error`` are in the specification; the example has only ``return_value``. A response with
    none of them acknowledges an asynchronous run, which is polled, as is one whose ``errored`` is neither true nor false.
    https://docs.refold.ai/v3/api-reference/workflows/execute-workflow
    """
    if started.errored is True or started.execution_error:
        return State.FAILED, "ERRORED"
    if started.errored is False or (started.errored is None and "return_value" in started.model_fields_set):
        return State.SUCCEEDED, "COMPLETED"
    return State.RUNNING, "RUNNING"


def get_status(execution_id: str) -> Request[Execution]:
    """Read the status of a run, without its output."""
    return execution_request(execution_id, EXECUTION, _read_status)


def _read_status(execution_id: str, response: Response) -> Execution:
    status = response.parse(_Status).status
    return Execution(execution_id, state_of(status, STATUSES), status)


def get_execution(execution_id: str) -> Request[Execution]:
    """Read a run with its output: that of its Response node, if the run has reached one."""
    return execution_request(execution_id, EXECUTION, _read)


def _read(execution_id: str, response: Response) -> Execution:
    run = response.parse(_Read)
    nodes = _nodes(run.nodes)
    # The result of an asynchronous run is documented only as "the Response node". A node that was retried is listed
    # once for each try, so the last one counts: https://docs.refold.ai/v3/platform/concepts/workflows/nodes/response
    results = [node.get("latest_output") for node in nodes if _is_response(node.get("node_type"))]
    message = response.reasons(
        f"node {shown(node.get('node_name'), response.secrets)!r} ({node.get('node_status')}): "
        f"{_reason(response, node.get('latest_output'))}"
        for node in nodes
        if node.get("node_status") in ("Errored", "Timed_Out", "Rejected")
    )
    output = results[-1] if results else None
    return Execution(execution_id, state_of(run.status, STATUSES), run.status, output, message)


def _is_response(node_type: Any) -> bool:
    return isinstance(node_type, str) and node_type.lower() == "response"


def _nodes(nodes: Any) -> list[dict[str, Any]]:
    """Return the nodes of a run. The page documents a list; an object may hold them by name."""
    if isinstance(nodes, dict):
        nodes = list(nodes.values())
    return [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []


def ping(**_: Any) -> Request[dict[str, Any]]:
    """List one run, which only a valid key with a linked account, or a valid token, can do."""
    return replace(list_executions(limit=1), summary="test the connection")


def stop(execution_id: str) -> Request[str]:
    """Stop a run: Refold acknowledges at once, and the run goes through STOPPING to STOPPED."""
    return execution_request(execution_id, f"{EXECUTION}/stop", _read_stop, action="stop", method="POST")


def _read_stop(_: str, response: Response) -> str:
    return shown(response.parse(_Stopped).message or "", response.secrets)


def execution_url(base_url: str, execution_id: str) -> str:
    """Return the Logs page, where a person can search for the id: no page of a single run is documented."""
    return f"{base_url}/logs#{execution_id}"


def _reason(response: Response, value: Any) -> str | None:
    """Return the explanation in ``value``, which may be an error object of any form."""
    if value is None:
        return None
    if isinstance(value, dict):
        value = next((value[key] for key in ("message", "error") if value.get(key)), value)
    return response.quote(value)


API = VendorApi(
    base_url="https://app.refold.ai",
    auth_headers=auth_headers,
    error_message=error_message,
    ping=ping,
    get_status=get_status,
    get_execution=get_execution,
    stop=stop,
    find_started=find_started,
    execution_url=execution_url,
    has_partial=True,
)
