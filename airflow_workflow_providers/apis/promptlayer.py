"""
PromptLayer, the workflow endpoints.

Pages: "Run Workflow", "Get Workflow Version Execution Results" and "List Workflows" of the API reference at
https://docs.promptlayer.com/; what they leave open is said beside the line that had to choose.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from pydantic import BaseModel, RootModel

from airflow_workflow_providers.core.call import MOST_REASONS, Answer, Call, Word, header, problems
from airflow_workflow_providers.core.call import execution_id as checked_id
from airflow_workflow_providers.core.errors import InvalidInput, UnreadableAnswer
from airflow_workflow_providers.core.execution import OVER, Execution, State
from airflow_workflow_providers.core.parameters import (
    callback,
    flag,
    id_or_name,
    json_object,
    quoted,
    segment,
    text,
    whole_number,
)
from airflow_workflow_providers.core.secret import address_secrets
from airflow_workflow_providers.core.text import shown

BASE_URL = "https://api.promptlayer.com"

#: The words of a node; an execution has none of its own.
NODE_STATUSES = {
    "QUEUED": State.QUEUED,
    "RUNNING": State.RUNNING,
    "SUCCESS": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "FAILURE": State.FAILED,  # in a page of October 2025 on callbacks
    "SKIPPED": State.STOPPED,  # over, without having run
}


#: 202 says that a node is still to run; 204 was proposed for the same, and may come one day.
GOING = (202, 204)


class _Started(BaseModel):
    success: Any = None
    warning: Any = None
    workflow_version_execution_id: Any = None


class _Page(BaseModel):
    items: list[Any]


class _Node(BaseModel):
    # A node that does not say how it is leaves it open whether the execution is over; all else may be anything.
    status: Word
    value: Any = None
    error_message: Any = None
    raw_error_message: Any = None
    is_output_node: Any = None


class _Results(RootModel[dict[Any, _Node]]):
    pass


def credentials(secret: str) -> dict[str, str]:
    """Return the header that signs a request in."""
    return {"X-API-KEY": header("password", secret)}


def explain(answer: Answer) -> str | None:
    """Return PromptLayer's words: ``message``, ``error`` or ``detail``, whichever an endpoint uses."""
    body = answer.json_object()
    said = body.get("message") or body.get("error") or body.get("detail")
    if isinstance(said, list):
        return problems(said, answer) or None
    return answer.quote(said) if said else None


def check() -> Call[Any]:
    """Describe a list of one workflow: there is no endpoint made for a check."""
    return Call(
        "check the connection",
        "GET",
        "/workflows",
        query={"per_page": "1"},
        read=lambda answer: answer.parse(_Page).items,
    )


def run_workflow(
    workflow_name: str | int,
    *,
    workflow_label_name: str | None = None,
    workflow_version_number: int | None = None,
    input_variables: dict[str, Any] | None = None,
    metadata: dict[str, str] | None = None,
    return_all_outputs: bool = False,
    callback_url: str | None = None,
) -> Call[Execution]:
    """Describe the start of a workflow; parameters as in the operator."""
    name = id_or_name("workflow_name", workflow_name)
    # Names may hold spaces and slashes; a numeric id is accepted in the same place.
    path = f"/workflows/{segment('workflow_name', name)}/run"
    if workflow_label_name is not None and workflow_version_number is not None:
        raise InvalidInput(
            "workflow_label_name and workflow_version_number exclude each other: give one or none."
        )
    if workflow_label_name is not None:
        text("workflow_label_name", workflow_label_name)
    if workflow_version_number is not None:
        whole_number("workflow_version_number", workflow_version_number, least=1)
    for key, value in json_object("metadata", {} if metadata is None else metadata).items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise InvalidInput(f"metadata maps names to texts; {quoted(key)} is {quoted(value)}.")
    address = callback("callback_url", callback_url)
    options = {
        "workflow_label_name": workflow_label_name,
        "workflow_version_number": workflow_version_number,
        "metadata": metadata,
        "callback_url": address,
    }

    def read(answer: Answer) -> Execution:
        started = answer.parse(_Started)
        # Only false is a no; what is nearly one stands beside an id, and the execution says how it is.
        if started.success is False:
            raise UnreadableAnswer(
                f"returned HTTP {answer.status} and success: false: {answer.quote()!r}", status=answer.status
            )
        execution_id = checked_id(started.workflow_version_execution_id, answer)
        if not _is_id(execution_id):
            raise UnreadableAnswer(
                f"returned HTTP {answer.status} with an execution id that is no number: {answer.quote()!r}",
                status=answer.status,
            )
        note = answer.quote(started.warning) if started.warning else None
        return Execution(execution_id, State.RUNNING, "RUNNING", note=note)

    return Call(
        f"run workflow {shown(name)}",
        "POST",
        path,
        body={
            "input_variables": json_object(
                "input_variables", {} if input_variables is None else input_variables
            ),
            "return_all_outputs": flag("return_all_outputs", return_all_outputs),
            **{name: value for name, value in options.items() if value is not None},
        },
        secrets=address_secrets(address) if address else (),
        read=read,
        starts=True,
        # Metadata are labels; the release label names a version.
        identity={
            "workflow_name": name,
            "workflow_label_name": workflow_label_name,
            "workflow_version_number": workflow_version_number,
            "input_variables": input_variables,
        },
    )


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal()


def look(execution_id: str) -> Call[Execution]:
    """Describe a look at an execution: of its nodes, what says how it is, and no output."""
    known = _checked(execution_id)

    def read(answer: Answer) -> Execution:
        if answer.status in GOING:
            return Execution(known, State.RUNNING, "RUNNING")
        return Execution(known, *_outcome(_nodes(answer)))

    return _get(known, read)


def get_execution(execution_id: str) -> Call[Execution]:
    """
    Describe the read of an execution with all its nodes.

    All outputs are asked for, whatever the author wants: a bare value could be anything, even something that looks
    like nodes. ``final_output`` makes the author's choice of them.
    """
    known = _checked(execution_id)

    def read(answer: Answer) -> Execution:
        if answer.status in GOING:
            return Execution(known, State.RUNNING, "RUNNING")
        nodes = _nodes(answer)
        state, status = _outcome(nodes)
        if state not in OVER:
            return Execution(known, state, status)
        output = {
            name: {
                "status": node.status,
                "value": node.value,
                "error_message": node.error_message,
                "is_output_node": node.is_output_node is True,
            }
            for name, node in nodes.items()
        }
        message = None if state is State.SUCCEEDED else _why(answer, nodes)
        return Execution(known, state, status, output, message)

    return _get(known, read)


def _checked(execution_id: str) -> str:
    known = id_or_name("execution_id", execution_id)  # a number in XCom and in a DAG is the same execution
    if not _is_id(known):
        raise InvalidInput(f"execution_id is a whole number at PromptLayer; got {quoted(execution_id)}.")
    return known


def _get(execution_id: str, read: Any) -> Call[Execution]:
    return Call(
        f"look at execution {execution_id}",
        "GET",
        "/workflow-version-execution-results",
        query={"workflow_version_execution_id": execution_id, "return_all_outputs": "true"},
        read=read,
    )


def _nodes(answer: Answer) -> dict[str, _Node]:
    return answer.parse(_Results).root


def _outcome(nodes: dict[str, _Node]) -> tuple[State, str]:
    """
    Return how an execution is, by its nodes, and a word for it: it succeeded if an output node did.

    That is the vendor's own rule. Its server has answered 200 for executions that were not over, so the nodes are asked
    whatever the HTTP status says. https://docs.promptlayer.com/reference/workflow-version-execution-results
    """
    if not nodes:
        return State.UNKNOWN, "without nodes"
    states = {name: NODE_STATUSES.get(node.status, State.UNKNOWN) for name, node in nodes.items()}
    for going in (State.UNKNOWN, State.RUNNING, State.QUEUED):
        word = next((nodes[name].status for name, state in states.items() if state is going), None)
        if word is not None:
            return going, word
    if any(states[name] is State.SUCCEEDED for name, node in nodes.items() if node.is_output_node is True):
        return State.SUCCEEDED, "SUCCESS"
    return State.FAILED, "FAILED"


def _why(answer: Answer, nodes: dict[str, _Node]) -> str:
    """Return why no output node has succeeded."""
    failed = (
        f"node {shown(name, answer.secrets)!r} ({node.status}): "
        + answer.quote(node.error_message or node.raw_error_message or "no message")
        for name, node in nodes.items()
        if NODE_STATUSES.get(node.status) is State.FAILED
    )
    said = "; ".join(islice(failed, MOST_REASONS))
    if said:
        return answer.quote(said)
    if any(node.is_output_node is True for node in nodes.values()):
        return "no output node succeeded"
    return "it has no output node"


def final_output(nodes: Any) -> Any:
    """Return the value of the output node that succeeded; the first, where several did."""
    values = [
        node["value"]
        for node in (nodes.values() if isinstance(nodes, dict) else ())
        if node["is_output_node"] is True and node["status"] == "SUCCESS"
    ]
    return values[0] if values else None


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop an execution."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: no page of a single execution is documented."""
