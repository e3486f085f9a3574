"""
Refold (formerly Cobalt), the public REST API, version 2.

Pages: "Execute Workflow", "Get Execution", "List Executions" and "Stop Execution" of the API reference at
https://docs.refold.ai/. Where they leave something open, a comment names the page.
"""

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.apis import refold_lists
from airflow_workflow_providers.apis.refold_lists import (
    find_newest,
    find_started,
    list_executions,
    list_statuses,
)
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution, RunStep, RunSteps, State, state_of
from airflow_workflow_providers.core.parameters import flag, header, id_or_name, json_object, segment, text
from airflow_workflow_providers.core.request import Request, Response, RunPage, Word, execution_request
from airflow_workflow_providers.core.secret import unsendable
from airflow_workflow_providers.core.text import HIDDEN, shown
from airflow_workflow_providers.core.vendor import VendorApi

#: The execution statuses of the API reference and of the changelog; a comment marks those that are not in both.
STATUSES = {
    "QUEUED": State.QUEUED,  # changelog only
    "RUNNING": State.RUNNING,  # also while a Human Intervention or a Wait-for-Webhook node waits
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

#: The states of a run that has reached its end, so that it may have a result.
_FINISHED = frozenset({State.SUCCEEDED, State.PARTIAL})

#: The statuses of a node that did not do its work.
_FAILED_NODE = ("Errored", "Timed_Out", "Rejected")

#: The status of a node that waits: for a person, for a webhook, for the time of a Delay node.
WAITING = "Waiting"

#: The statuses of a node that are known.
NODE_STATUSES = {
    "Ready": State.QUEUED,
    WAITING: State.RUNNING,  # one that waits for a person is paused
    "Success": State.SUCCEEDED,
    "Errored_and_Skipped": State.PARTIAL,
    "Stopped": State.STOPPED,
    **dict.fromkeys(_FAILED_NODE, State.FAILED),
}

#: The path of an execution. A GET for an unknown id has been seen to hang, so every request has a timeout.
EXECUTION = "/api/v2/public/execution/{}"

#: The path of its result alone.
RESULT = "/api/v1/execution/{}/response"

_SEPARATORS = re.compile(r"[\s_-]+")

#: The address of the form of a person: whoever has its id can read it, without a key.
_FORM = re.compile(r"(human[-_]?tasks?/)[^\s\"'<>/?#]+", re.IGNORECASE)


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


class _Rerun(BaseModel):
    id: Any = None
    instanceId: Any = None  # noqa: N815  # the vendor's name
    execution_id: Any = None


class _Stopped(BaseModel):
    message: Any = None


def auth_headers(secret: str, *, auth_type: str, linked_account_id: str | None) -> dict[str, str]:
    """
    Return the headers that authenticate a request.

    :param secret: the API key, or the session or personal access token.
    :param auth_type: ``api_key``, ``session_token``, which needs the key for its session tokens, or ``bearer``.
    :param linked_account_id: the account to act for; a token belongs to its own.
    :raises InvalidInput: if an API key comes without a linked account.
    """
    if auth_type == "bearer":
        return bearer(secret)
    if not linked_account_id:
        raise InvalidInput(
            "An API key acts for a linked account: set the extra field linked_account_id, or the parameter of each task."
        )
    return {
        "x-api-key": header("password", secret),
        "linked_account_id": header("linked_account_id", linked_account_id),
    }


def bearer(token: str) -> dict[str, str]:
    """Return the header that authenticates a request with a token."""
    return {"Authorization": "Bearer " + header("password", token)}


@dataclass(frozen=True)
class SessionToken:
    """
    A session token.

    :param token: the token.
    :param expires_in: seconds until it expires; ``None`` if Refold does not say.
    """

    token: str = field(repr=False)
    expires_in: float | None


def create_session_token(linked_account_id: str, *, force_refresh: bool = False) -> Request[SessionToken]:
    """
    Create a session token for a linked account, which needs an API key.

    It is described at https://docs.refold.ai/v3/api-reference/session-tokens/generate-session-token

    :param linked_account_id: the account.
    :param force_refresh: create a new token. Default: Refold may return one that it has created before and that is valid.
    :return: the token, and when it expires.
    :raises InvalidInput: if it is no id; nothing was sent.
    """
    account = linked_account(linked_account_id)

    def read(response: Response) -> SessionToken:
        # Not with a model: its error would show the body, which has the token.
        body = response.json_object()
        token, expires_in = body.get("token"), body.get("expires_in")
        if not isinstance(token, str) or not token or unsendable(token):
            raise response.unexpected(" without a usable token")
        # A page of version 2 has the token alone.
        # https://docs.refold.ai/v2/api-reference/session-token/generate-token-for-linked-account
        if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)) or not expires_in > 0:
            expires_in = None
        return SessionToken(token, expires_in)

    return Request(
        f"create a session token for linked account {shown(account)}",
        "POST",
        "/api/v2/public/session-token",
        query={"force_refresh": "true" if force_refresh else None},
        body={"linked_account_id": account},
        parse=read,
    )


def linked_account(value: object) -> str:
    """Return the id of a linked account, a text or a whole number, as its header has it."""
    return header("linked_account_id", id_or_name("linked_account_id", value))


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
    wrap_payload: bool = False,
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
    :param wrap_payload: send ``{"payload": payload}``; default: ``payload`` itself is the body.
    :param timeout: seconds for a synchronous run, at most and by default 600; without a response in that time the start is
        lost.
    :return: the run, which is not over unless ``sync_execution`` is set. A run that failed is returned too, with its state;
        one that succeeded without a value, or with ``null``, has ``output_missing``.
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
        missing = None
        if state is State.SUCCEEDED and started.return_value is None:
            missing = "the response to the synchronous start has no return_value, or null"
        return Execution(
            execution_id=response.execution_id(started.execution_id),
            state=state,
            status=status,
            output=started.return_value,
            output_missing=missing,
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
        # The pages disagree. The specification calls the body itself the payload; so do the page of the API trigger and the
        # guide, and Refold's own clients send it like that. Only this page has a body with the field "payload":
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


def get_status_with_details(execution_id: str) -> Request[Execution]:
    """Read the status of a run and its nodes so far: whether it waits for a person, and how far it has come."""
    return execution_request(execution_id, EXECUTION, _read_status_with_details)


def _read_status_with_details(execution_id: str, response: Response) -> Execution:
    run = response.parse(_Read)
    nodes = _nodes(run.nodes)
    state, status = state_of(run.status, STATUSES), run.status
    # The run itself is RUNNING meanwhile.
    # https://docs.refold.ai/v3/platform/concepts/workflows/nodes/human-task
    waits = state is State.RUNNING and any(map(_waits_for_person, nodes))
    return Execution(
        execution_id,
        State.PAUSED if waits else state,
        WAITING if waits else status,
        # While a run waits for a person, nothing else is worth a line.
        progress="" if waits else _progress(nodes),
        steps=RunSteps(nodes, partial(_step, response.secrets)),
    )


def _progress(nodes: list[dict[str, Any]]) -> str:
    """Return how far a run has come. Nodes are listed as they are reached, so how many there will be is not known."""
    done = sum(node.get("node_status") in ("Success", "Errored_and_Skipped") for node in nodes)
    return f"{done} step{' is' if done == 1 else 's are'} done" if done else ""


def _waits_for_person(node: dict[str, Any]) -> bool:
    """
    Return whether a node waits for a person.

    Other nodes wait, too. No page shows the type of this one. The node is called Human Intervention, and Human Task before; its
    name is that, unless the author has changed it.
    """
    kinds = (node.get("node_type"), node.get("node_name"))
    return node.get("node_status") == WAITING and any(
        isinstance(kind, str) and "human" in kind.lower() for kind in kinds
    )


def get_execution(execution_id: str) -> Request[Execution]:
    """Read a run with its output: that of its Response node, if the response shows one."""
    return execution_request(execution_id, EXECUTION, _read)


def _read(execution_id: str, response: Response) -> Execution:
    run = response.parse(_Read)
    nodes = _nodes(run.nodes)
    state, output = state_of(run.status, STATUSES), _output(nodes)
    missing = output is None and state in _FINISHED
    message = response.reasons(
        f"node {shown(node.get('node_name'), response.secrets)!r} ({node.get('node_status')}): "
        f"{_reason(response, node.get('latest_output'))}"
        for node in nodes
        if node.get("node_status") in _FAILED_NODE
    )
    return Execution(
        execution_id,
        state,
        run.status,
        output,
        message,
        output_missing="none of its nodes is a Response node with an output" if missing else None,
        steps=RunSteps(nodes, partial(_step, response.secrets)),
    )


def _step(secrets: tuple[str, ...], node: dict[str, Any]) -> RunStep:
    """Return a node as a step. It says how long the node took, and not when."""
    status = node.get("node_status")
    state = state_of(status, NODE_STATUSES) if isinstance(status, str) else State.UNKNOWN
    return RunStep(
        shown(node.get("node_name") or node.get("node_id") or "node", secrets),
        State.PAUSED if _waits_for_person(node) else state,
        shown(status or "", secrets),
    )


def _output(nodes: list[dict[str, Any]]) -> Any:
    """
    Return the output of the Response node; ``None`` if there is none.

    A workflow may have several, and a node that was tried again is listed once for each try. So the last one counts that
    did not fail and has an output. ``null`` is none: nothing tells it from a node that has returned nothing.
    """
    outputs = [
        _without_envelope(node.get("latest_output"))
        for node in nodes
        if _is_response(node) and node.get("node_status") not in (*_FAILED_NODE, "Errored_and_Skipped")
    ]
    return next((output for output in reversed(outputs) if output is not None), None)


def _is_response(node: dict[str, Any]) -> bool:
    """
    Return whether a node is a Response node.

    No page shows the type of one. The types that are known are short and in lower case (``start``), so ``response`` is
    likely; letter case, separators and the word "node" do not count. Only a node without a type is known by its name, because
    a name is the author's own text.
    """
    kind = node.get("node_type") or node.get("node_name")
    return isinstance(kind, str) and _SEPARATORS.sub("", kind.lower()).removesuffix("node") == "response"


def _without_envelope(output: Any) -> Any:
    """
    Return what a Response node returned, without the HTTP response around it.

    No page shows the output of one. Other nodes are referred to as ``{{node.105.body...}}``, so there may be an envelope. An
    object is one if it has ``status_code``, an HTTP status, and ``body``, and nothing else but ``headers``. An author's own
    result of exactly this form cannot be told from an envelope: of it, the ``body`` is returned.
    """
    if not isinstance(output, dict) or output.keys() - {"headers"} != {"status_code", "body"}:
        return output
    code = output["status_code"]
    return output["body"] if type(code) is int and 100 <= code <= 599 else output


def find_output(execution: Execution) -> Request[Execution] | None:
    """
    Look for the result of a run that has ended without failure, and whose nodes show none.

    The guide has ``{"response": ..., "status": "COMPLETED"}`` for it. The specification does not have this path. Whether every
    host has it, and accepts a token there, is not known. So everything but a temporary failure means that there is no
    result: the status of the run is already known. Like in a node, ``null`` is none.
    https://docs.refold.ai/build/workflow/workflow_api

    :param execution: the run, as :func:`get_execution` reads it.
    :return: ``None`` if it has an output, or has failed.
    """
    if execution.output_missing is None:
        return None

    def read(_: str, response: Response) -> Execution:
        found = _found(response)
        if found is None:
            missing = f"{execution.output_missing}, and {path} returned HTTP {response.status} without one"
            return replace(execution, output_missing=missing)
        return replace(execution, output=found, output_missing=None)

    request = execution_request(str(execution.execution_id), RESULT, read, action="read the result of")
    path = request.path
    return replace(request, accepts=lambda response: not response.may_pass)


def _found(response: Response) -> Any:
    """Return the result of a run that has ended; ``None`` if the response has none."""
    body = response.json_object() if response.ok else {}
    status = body.get("status")
    ended = state_of(status, STATUSES) in _FINISHED if isinstance(status, str) else status is None
    return body.get("response") if ended else None


def _nodes(nodes: Any) -> list[dict[str, Any]]:
    """Return the nodes of a run. The page documents a list; an object may hold them by name."""
    if isinstance(nodes, dict):
        nodes = list(nodes.values())
    return [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []


def list_begun(workflow_id: str, since: float, page: int) -> Request[RunPage]:
    """Read the runs of a workflow begun since then, one page; see :func:`.refold_lists.list_begun`."""
    return refold_lists.list_begun(workflow_id, since, page, state=lambda status: state_of(status, STATUSES))


def ping(**_: Any) -> Request[dict[str, Any]]:
    """List one run, which only a valid key with a linked account, or a valid token, can do."""
    return replace(list_executions(limit=1), summary="test the connection")


def stop(execution_id: str) -> Request[str]:
    """Stop a run: Refold acknowledges at once, and the run goes through STOPPING to STOPPED."""
    return execution_request(execution_id, f"{EXECUTION}/stop", _read_stop, action="stop", method="POST")


def _read_stop(_: str, response: Response) -> str:
    return shown(response.parse(_Stopped).message or "", response.secrets)


def rerun_execution(execution_id: str) -> Request[Execution]:
    """
    Start a run again that failed or was stopped, with the payload that it had.

    It is described at https://docs.refold.ai/v3/api-reference/executions/rerun-execution

    :param execution_id: the run, which stays as it is.
    :return: the new run, which is not over.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises RequestRejected: if Refold rejected it.
    :raises LostStart: if the response was lost, so that a run may exist.
    """
    known = id_or_name("execution_id", execution_id)

    def read(_: str, response: Response) -> Execution:
        started = response.parse(_Rerun)
        # The pages have different names for the id: the specification "id", that of version 2 "instanceId".
        # https://docs.refold.ai/v2/api-reference/executions/rerun-execution
        named = next(
            (known for known in (started.id, started.instanceId, started.execution_id) if known), None
        )
        return Execution(response.execution_id(named), State.QUEUED, "QUEUED")

    return execution_request(
        known,
        f"{EXECUTION}/rerun",
        read,
        action="rerun",
        method="POST",
        starts_run=True,
        fingerprint_input={"rerun_of": known},
    )


def execution_url(base_url: str, execution_id: str) -> str:
    """Return the Logs page, where a person can search for the id: no page of a single run is documented."""
    return f"{base_url}/logs#{execution_id}"


def _reason(response: Response, value: Any) -> str | None:
    """Return the explanation in ``value``, which may be an error object of any form."""
    if value is None:
        return None
    if isinstance(value, dict):
        value = next((value[key] for key in ("message", "error") if value.get(key)), value)
    return _FORM.sub(rf"\1{HIDDEN}", response.quote(value))


API = VendorApi(
    base_url="https://app.refold.ai",
    auth_headers=auth_headers,
    error_message=error_message,
    ping=ping,
    get_status=get_status,
    get_status_with_details=get_status_with_details,
    list_statuses=list_statuses,
    find_newest=find_newest,
    list_begun=list_begun,
    get_execution=get_execution,
    find_output=find_output,
    stop=stop,
    find_started=find_started,
    execution_url=execution_url,
    has_labels=True,
    has_partial=True,
)
