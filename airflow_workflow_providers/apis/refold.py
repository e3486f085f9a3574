"""
Refold (formerly Cobalt), the public REST API, version 2.

Pages: "Execute Workflow", "Get Execution", "List Executions" and "Stop Execution" of the API reference at
https://docs.refold.ai/; what they leave open is said beside the line that had to choose.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.apis.refold_lists import list_executions
from airflow_workflow_providers.core.call import MOST_REASONS, Answer, Call, Word, header, text_id
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution, State, state_of
from airflow_workflow_providers.core.parameters import flag, id_or_name, json_object, segment, text
from airflow_workflow_providers.core.text import shown

BASE_URL = "https://app.refold.ai"

#: The execution statuses of the API reference and of the changelog; the comments say which is not in both.
STATUSES = {
    "QUEUED": State.QUEUED,  # changelog only
    "RUNNING": State.RUNNING,  # also while a Human task or a Wait-for-Webhook node waits
    "STOPPING": State.STOPPING,
    "COMPLETED": State.SUCCEEDED,
    # The page of one node only, as the status of a run that the node has ended:
    # https://docs.refold.ai/v3/platform/concepts/workflows/nodes/terminate-node
    "Success": State.SUCCEEDED,
    "ERRORED": State.FAILED,
    "TIMED_OUT": State.FAILED,
    "DUPLICATE": State.FAILED,  # changelog only: an event that Refold dropped, so nothing was done
    "STOPPED": State.STOPPED,
    "TERMINATED": State.PARTIAL,  # changelog only: a Terminate node ended it early, as its author wished
    "Partially Successful": State.PARTIAL,  # changelog only
}

#: The longest that a synchronous run is waited for, in seconds; Refold's guideline is 30 s to 2 min.
SYNC_LIMIT = 600.0


class _Started(BaseModel):
    execution_id: Any = None
    headers: Any = None
    # Only a synchronous run has the rest; which of them an answer carries differs between the pages.
    return_value: Any = None
    errored: Any = None
    execution_error: Any = None


class _Looked(BaseModel):
    status: Word


class _Read(_Looked):
    nodes: Any = None


class _Stopped(BaseModel):
    message: Any = None


def credentials(secret: str, *, auth_type: str, linked_account_id: str | None) -> dict[str, str]:
    """
    Return the headers that sign a request in.

    :param secret: the API key, or the session or personal access token.
    :param auth_type: ``api_key`` or ``bearer``.
    :param linked_account_id: the account to act for; a token names its own.
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


def explain(answer: Answer) -> str | None:
    """
    Return Refold's words from an error answer.

    There are two envelopes. Most answers carry ``{status_code, http_error_type, error_code or error, message}``,
    and ``message`` is for people. Execute's 400 is ``{"message": "Server Error", "error": ...}``, and there it is
    ``error``.
    """
    body = answer.json_object()
    parts = [body.get("message"), body.get("error_code") or body.get("error")]
    if "http_error_type" not in body:
        parts.reverse()
    said = [answer.quote(part) for part in parts if part]
    return f"{said[0]} ({said[1]})" if len(said) > 1 else "".join(said) or None


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
    limit: float | None = None,
) -> Call[Execution]:
    """Describe the start of a workflow; parameters as in the operator, ``limit`` in seconds for a synchronous run."""
    name = id_or_name("workflow_id", workflow_id)
    path = f"/api/v2/public/workflow/{segment('workflow_id', name)}/execute"
    body = json_object("payload", {} if payload is None else payload)
    waits = flag("sync_execution", sync_execution)
    repeats = flag("include_headers", include_headers)

    def read(answer: Answer) -> Execution:
        started = answer.parse(_Started)
        state, status = _sync_outcome(started) if waits else (State.RUNNING, "RUNNING")
        headers = started.headers if repeats else None
        return Execution(
            execution_id=text_id(started.execution_id, answer),
            state=state,
            status=status,
            output=started.return_value,
            message=_reason(answer, started.execution_error),
            note=f"Request headers as Refold saw them: {answer.quote(headers)}" if headers else None,
        )

    return Call(
        doing=f"start workflow {shown(name)}",
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
        read=read,
        starts=True,
        identity={"workflow_id": workflow_id, "slug": slug, "payload": body, "config_id": config_id},
        # A Response node may choose the HTTP status of a synchronous run, 4xx and 5xx too. What makes an answer
        # the run's own is that it names the run.
        # https://docs.refold.ai/v3/platform/concepts/workflows/nodes/response
        expects=_names_a_run if waits else (lambda answer: answer.ok),
        limit=min(limit or SYNC_LIMIT, SYNC_LIMIT) if waits else None,
    )


def _header(name: str, value: object) -> str:
    return header(name, text(name, value))


def _names_a_run(answer: Answer) -> bool:
    # A 200 that names none is read all the same, and refused there with its text.
    return answer.ok or "execution_id" in answer.json_object()


def _sync_outcome(started: _Started) -> tuple[State, str]:
    """
    Judge a synchronous answer: success must be said, not guessed.

    ``errored`` and ``execution_error`` are in the specification, not in the example, which has ``return_value``
    alone. An answer with none of them is the acknowledgement of an asynchronous run: that one is waited for, and so is one
    whose ``errored`` is neither true nor false. https://docs.refold.ai/v3/api-reference/workflows/execute-workflow
    """
    if started.errored is True or started.execution_error:
        return State.FAILED, "ERRORED"
    if started.errored is False or (started.errored is None and "return_value" in started.model_fields_set):
        return State.SUCCEEDED, "COMPLETED"
    return State.RUNNING, "RUNNING"


def look(execution_id: str) -> Call[Execution]:
    """Describe a look at a run: its status, without its output, for a triggerer looks often."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        status = answer.parse(_Looked).status
        return Execution(known, state_of(status, STATUSES), status)

    return _get(known, read)


def get_execution(execution_id: str) -> Call[Execution]:
    """Describe the read of a run with its output: that of its Response node, if it has come to one."""
    known = id_or_name("execution_id", execution_id)

    def read(answer: Answer) -> Execution:
        run = answer.parse(_Read)
        nodes = _nodes(run.nodes)
        # Where an asynchronous run keeps its result is documented only as "the Response node"; a node that was
        # tried again is listed once for each try, so the last one counts.
        results = [node.get("latest_output") for node in nodes if _is_response(node.get("node_type"))]
        errors = (
            f"node {shown(node.get('node_name'), answer.secrets)!r} ({node.get('node_status')}): "
            f"{_reason(answer, node.get('latest_output'))}"
            for node in nodes
            if node.get("node_status") in ("Errored", "Timed_Out", "Rejected")
        )
        message = "; ".join(islice(errors, MOST_REASONS))
        return Execution(
            known,
            state_of(run.status, STATUSES),
            run.status,
            output=results[-1] if results else None,
            message=answer.quote(message) if message else None,
        )

    return _get(known, read)


def _is_response(node_type: Any) -> bool:
    return isinstance(node_type, str) and node_type.lower() == "response"


def _nodes(nodes: Any) -> list[dict[str, Any]]:
    """Return the nodes of a run: a list, if the page is right; an object that holds them by name is one as good."""
    if isinstance(nodes, dict):
        nodes = list(nodes.values())
    return [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []


def _get(execution_id: str, read: Any) -> Call[Execution]:
    # A GET for an id that Refold does not know has been seen to hang without an answer: every call has a limit.
    return Call(
        doing=f"look at execution {execution_id}",
        method="GET",
        path=f"/api/v2/public/execution/{segment('execution_id', execution_id)}",
        read=read,
    )


def check() -> Call[dict[str, Any]]:
    """Describe a list of one run: it proves the key and the linked account, or the token."""
    return replace(list_executions(limit=1), doing="check the connection")


def stop_execution(execution_id: str) -> Call[str]:
    """Describe the stop of a run: Refold acknowledges at once, and the run goes through STOPPING to STOPPED."""
    known = id_or_name("execution_id", execution_id)
    return Call(
        doing=f"stop execution {known}",
        method="POST",
        path=f"/api/v2/public/execution/{segment('execution_id', known)}/stop",
        read=lambda answer: shown(answer.parse(_Stopped).message or "", answer.secrets),
    )


def execution_url(base_url: str, execution_id: str) -> str:
    """Return the Logs page, where the id can be searched for: no page of a single run is documented."""
    return f"{base_url}/logs#{execution_id}"


def _reason(answer: Answer, value: Any) -> str | None:
    """Return what a person should read of ``value``, which may be an error object of any shape."""
    if value is None:
        return None
    if isinstance(value, dict):
        value = next((value[key] for key in ("message", "error") if value.get(key)), value)
    return answer.quote(value)
