"""
PromptLayer, the workflow endpoints.

Pages: "Run Workflow", "Get Workflow Version Execution Results" and "List Workflows" of the API reference at
https://docs.promptlayer.com/; what they leave open is said beside the line that had to choose.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from airflow_workflow_providers.core.call import Answer, Call, header, json_object, problems, segment
from airflow_workflow_providers.core.errors import InvalidInput, UnreadableAnswer
from airflow_workflow_providers.core.execution import Execution, State

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


class _Started(BaseModel):
    success: bool = True
    warning: Any = None
    # Strict, for true is no id, though it counts as 1; an id in quotes is one all the same.
    workflow_version_execution_id: (
        Annotated[int, Field(strict=True, gt=0)] | Annotated[str, Field(pattern="^[0-9]+$")]
    )


class _Page(BaseModel):
    items: list[Any]


class _Node(BaseModel):
    status: str
    value: Any = None
    error_message: str | None = None
    raw_error_message: Any = None
    is_output_node: bool | None = None


_NODES = TypeAdapter(dict[str, _Node])


def credentials(secret: str) -> dict[str, str]:
    """Return the header that signs a request in."""
    return {"X-API-KEY": header("password", secret)}


def explain(answer: Answer) -> str | None:
    """Return PromptLayer's words: ``message``, ``error`` or ``detail``, whichever an endpoint uses."""
    body = answer.json_object()
    said = body.get("message") or body.get("error") or body.get("detail")
    if isinstance(said, list):
        said = problems(said)
    return str(said) if said else None


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
    if workflow_label_name is not None and workflow_version_number is not None:
        raise InvalidInput(
            "workflow_label_name and workflow_version_number exclude each other: give one or none."
        )
    if workflow_version_number is not None and (
        isinstance(workflow_version_number, bool) or not isinstance(workflow_version_number, int)
    ):
        raise InvalidInput(f"workflow_version_number is a whole number; got {workflow_version_number!r}.")
    if workflow_label_name is not None and not str(workflow_label_name).strip():
        raise InvalidInput(
            "workflow_label_name must name a label; got an empty one. None runs the latest version."
        )
    for name, value in json_object("metadata", {} if metadata is None else metadata).items():
        if not isinstance(value, str):
            raise InvalidInput(f"metadata maps names to texts; {name!r} is {value!r}.")
    if callback_url is not None and not str(callback_url).startswith(("http://", "https://")):
        raise InvalidInput("callback_url must be an http or https address.")
    options = {
        "workflow_label_name": workflow_label_name,
        "workflow_version_number": workflow_version_number,
        "metadata": metadata,
        "callback_url": callback_url,
    }

    def read(answer: Answer) -> Execution:
        started = answer.parse(_Started)
        if not started.success:
            raise UnreadableAnswer(
                f"answered that it did not succeed: {answer.quote()!r}", status=answer.status
            )
        note = answer.quote(str(started.warning)) if started.warning else None
        return Execution(str(started.workflow_version_execution_id), State.RUNNING, "RUNNING", note=note)

    return Call(
        f"run workflow {workflow_name}",
        "POST",
        # Names may hold spaces and slashes; a numeric id is accepted in the same place.
        f"/workflows/{segment('workflow_name', workflow_name)}/run",
        body={
            "input_variables": json_object(
                "input_variables", {} if input_variables is None else input_variables
            ),
            "return_all_outputs": return_all_outputs,
            **{name: value for name, value in options.items() if value is not None},
        },
        secrets=(callback_url,) if callback_url else (),
        read=read,
        starts=True,
        # Metadata are labels; the release label names a version.
        identity={
            "workflow_name": str(workflow_name),
            "workflow_label_name": workflow_label_name,
            "workflow_version_number": workflow_version_number,
            "input_variables": input_variables,
        },
    )


def get_execution(execution_id: str) -> Call[Execution]:
    """
    Describe the read of an execution with all its nodes.

    All outputs are asked for, whatever the author wants: a bare value could be anything, even something that looks
    like nodes. ``final_output`` makes the author's choice of them.
    """

    def read(answer: Answer) -> Execution:
        # 202 says that a node is still to run; 204 was proposed for the same, and may come one day.
        if answer.status in (202, 204):
            return Execution(execution_id, State.RUNNING, "RUNNING")
        return _judge(answer, execution_id)

    execution_id = str(execution_id)  # a number in XCom and in a DAG is the same execution
    if not (execution_id.isascii() and execution_id.isdecimal()):
        raise InvalidInput(f"An execution id is a whole number at PromptLayer; got {execution_id!r}.")
    return Call(
        f"look at execution {execution_id}",
        "GET",
        "/workflow-version-execution-results",
        query={"workflow_version_execution_id": execution_id, "return_all_outputs": "true"},
        read=read,
    )


#: No look is cheaper than this read, whose nodes say how the execution is.
look = get_execution


def _judge(answer: Answer, execution_id: str) -> Execution:
    """
    Say how an execution is from its nodes: it succeeded if an output node did.

    That is the vendor's own rule. Its server has answered 200 for executions that were not over, so the nodes are asked
    whatever the HTTP status says.
    """
    try:
        nodes = _NODES.validate_json(answer.content)
    except ValidationError:
        raise UnreadableAnswer(
            f"answered HTTP {answer.status} with something else than nodes: {answer.quote()!r}",
            status=answer.status,
        ) from None
    if not nodes:
        return Execution(execution_id, State.UNKNOWN, "without nodes")
    states = {name: NODE_STATUSES.get(node.status, State.UNKNOWN) for name, node in nodes.items()}
    for going in (State.UNKNOWN, State.RUNNING, State.QUEUED):
        word = next((nodes[name].status for name, state in states.items() if state is going), None)
        if word is not None:
            return Execution(execution_id, going, word)
    output = {
        name: {
            "status": node.status,
            "value": node.value,
            "error_message": node.error_message,
            "is_output_node": bool(node.is_output_node),
        }
        for name, node in nodes.items()
    }
    outputs = [name for name in nodes if nodes[name].is_output_node]
    if any(states[name] is State.SUCCEEDED for name in outputs):
        return Execution(execution_id, State.SUCCEEDED, "SUCCESS", output)
    said = "; ".join(
        f"node {name!r} ({node.status}): {node.error_message or node.raw_error_message or 'without a word'}"
        for name, node in nodes.items()
        if states[name] is State.FAILED
    )
    message = (
        answer.quote(said) if said else ("no output node succeeded" if outputs else "it has no output node")
    )
    return Execution(execution_id, State.FAILED, "FAILED", output, message)


def final_output(nodes: Any) -> Any:
    """Return the value of the output node that succeeded; the first, where several did."""
    values = [
        node["value"]
        for node in (nodes.values() if isinstance(nodes, dict) else ())
        if node["is_output_node"] and node["status"] == "SUCCESS"
    ]
    return values[0] if values else None


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop an execution."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: no page of a single execution is documented."""
