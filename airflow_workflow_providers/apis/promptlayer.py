"""
PromptLayer, the workflow endpoints.

Pages: "Run Workflow", "Get Workflow Version Execution Results" and "List Workflows" of the API reference at
https://docs.promptlayer.com/. Where they leave something open, a comment names the page.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, RootModel

from airflow_workflow_providers.core import parameters
from airflow_workflow_providers.core.errors import InvalidInput, UnexpectedResponse
from airflow_workflow_providers.core.execution import (
    TERMINAL_STATES,
    Execution,
    RunStep,
    RunSteps,
    State,
    state_of,
    steps_done,
)
from airflow_workflow_providers.core.request import Request, Response, Word, execution_request
from airflow_workflow_providers.core.secret import address_secrets
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.vendor import VendorApi

#: The statuses of a node; an execution has no status of its own.
#: https://docs.promptlayer.com/reference/workflow-version-execution-results
NODE_STATUSES = {
    "QUEUED": State.QUEUED,
    "RUNNING": State.RUNNING,
    "SUCCESS": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "FAILURE": State.FAILED,  # on a page of October 2025 about callbacks
    "SKIPPED": State.STOPPED,  # it will not run
}

#: 202 means that a node has not finished, whatever its body is; 204 was proposed for the same.
#: https://docs.promptlayer.com/reference/workflow-version-execution-results
GOING = (202, 204)


class _Started(BaseModel):
    success: Any = None
    warning: Any = None
    workflow_version_execution_id: Any = None


class Page(BaseModel):
    """One page of workflows."""

    items: list[Any]


class _Node(BaseModel):
    # The status of a node decides; all else may be anything.
    status: Word
    value: Any = None
    error_message: Any = None
    raw_error_message: Any = None
    is_output_node: Any = None


#: The fields of a node in the output.
_SHOWN = {"status", "value", "error_message"}


class _Results(RootModel[dict[Any, _Node]]):
    pass


def auth_headers(secret: str) -> dict[str, str]:
    """Return the header that authenticates a request."""
    return {"X-API-KEY": parameters.header("password", secret)}


def ping(**_: Any) -> Request[Any]:
    """List one workflow: there is no endpoint that only tests a key."""
    return Request(
        "test the connection",
        "GET",
        "/workflows",
        query={"per_page": "1"},
        parse=lambda response: response.parse(Page).items,
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
) -> Request[Execution]:
    """
    Start a workflow.

    :param workflow_name: the workflow's name, or its number.
    :param workflow_label_name: run the version with this label.
    :param workflow_version_number: run this version. It excludes the label; without either the latest version runs.
    :param input_variables: the variables that the workflow needs, a JSON object; default: ``{}``.
    :param metadata: names and texts to keep with the execution; default: none.
    :param return_all_outputs: sent as it is; ``get_execution`` reads every node anyway.
    :param callback_url: an http or https address to which PromptLayer posts the results too; default: none.
    :return: the execution, which is not over; its ``note`` is PromptLayer's warning about variables, if there is one.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that an execution may exist.
    """
    name = parameters.id_or_name("workflow_name", workflow_name)
    # Names may hold spaces and slashes; a number is accepted too: https://docs.promptlayer.com/reference/run-workflow
    path = f"/workflows/{parameters.segment('workflow_name', name)}/run"
    if workflow_label_name is not None and workflow_version_number is not None:
        raise InvalidInput(
            "workflow_label_name and workflow_version_number exclude each other: give one or none."
        )
    if workflow_label_name is not None:
        parameters.text("workflow_label_name", workflow_label_name)
    if workflow_version_number is not None:
        parameters.whole_number("workflow_version_number", workflow_version_number, least=1)
    for key, value in parameters.json_object("metadata", metadata).items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise InvalidInput(
                f"metadata maps names to texts; {parameters.quoted(key)} is {parameters.quoted(value)}."
            )
    address = parameters.callback("callback_url", callback_url)
    options = {
        "workflow_label_name": workflow_label_name,
        "workflow_version_number": workflow_version_number,
        "metadata": metadata,
        "callback_url": address,
    }

    def read(response: Response) -> Execution:
        started = response.parse(_Started)
        # Only false is a rejection. Anything else comes with an id, and the execution has a state of its own.
        if started.success is False:
            raise response.unexpected(f" and success: false: {response.quote()!r}")
        execution_id = response.execution_id(started.workflow_version_execution_id, number=True)
        if not _is_id(execution_id):
            raise response.unexpected(f" with an execution id that is not a number: {response.quote()!r}")
        note = response.quote(started.warning) if started.warning else None
        return Execution(execution_id, State.RUNNING, "RUNNING", note=note)

    return Request(
        f"run workflow {shown(name)}",
        "POST",
        path,
        body={
            "input_variables": parameters.json_object("input_variables", input_variables),
            "return_all_outputs": parameters.flag("return_all_outputs", return_all_outputs),
            **{name: value for name, value in options.items() if value is not None},
        },
        secrets=address_secrets(address) if address else (),
        parse=read,
        starts_run=True,
        # Metadata are labels, not input; the release label names a version.
        fingerprint_input={
            "workflow_name": name,
            "workflow_label_name": workflow_label_name,
            "workflow_version_number": workflow_version_number,
            "input_variables": input_variables,
        },
    )


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal()


def get_status(execution_id: str) -> Request[Execution]:
    """Read the nodes of an execution for its state, without its output."""
    return _get(execution_id, _read_status)


def _read_status(execution_id: str, response: Response) -> Execution:
    going = response.status in GOING
    try:
        nodes = _nodes(response)
    except UnexpectedResponse:
        if not going:
            raise
        return Execution(execution_id, State.RUNNING, "RUNNING")

    def step(named: tuple[Any, _Node]) -> RunStep:
        name, node = named
        state = state_of(node.status, NODE_STATUSES)
        return RunStep(shown(name, response.secrets), state, shown(node.status, response.secrets))

    outcome = (State.RUNNING, "RUNNING") if going else _outcome(nodes)
    steps = RunSteps(list(nodes.items()), step)
    if outcome[0] in TERMINAL_STATES:
        return Execution(execution_id, *outcome, steps=steps)
    ended = (NODE_STATUSES.get(node.status) in TERMINAL_STATES for node in nodes.values())
    return Execution(execution_id, *outcome, progress=steps_done(ended), steps=steps)


def get_execution(execution_id: str) -> Request[Execution]:
    """
    Read an execution with all its nodes.

    It always asks for all outputs: a bare value could be anything, even something that looks like nodes.
    ``final_output`` selects the author's choice.
    """
    return _get(execution_id, _read)


def _read(execution_id: str, response: Response) -> Execution:
    execution = _read_status(execution_id, response)
    if not execution.is_terminal:
        return execution
    nodes = _nodes(response)
    output = {
        name: {**node.model_dump(include=_SHOWN), "is_output_node": node.is_output_node is True}
        for name, node in nodes.items()
    }
    message = None if execution.state is State.SUCCEEDED else _why(response, nodes)
    return replace(execution, output=output, message=message)


def _get(execution_id: str, read: Callable[[str, Response], Execution]) -> Request[Execution]:
    # A number in XCom and in a DAG is the same execution.
    known = parameters.id_or_name("execution_id", execution_id)
    if not _is_id(known):
        raise InvalidInput(
            f"execution_id is a whole number at PromptLayer; got {parameters.quoted(execution_id)}."
        )
    query = {"workflow_version_execution_id": known, "return_all_outputs": "true"}
    return execution_request(known, "/workflow-version-execution-results", read, query=query)


def _nodes(response: Response) -> dict[str, _Node]:
    return response.parse(_Results).root


def _outcome(nodes: dict[str, _Node]) -> tuple[State, str]:
    """
    Return the state of an execution by its nodes, and a status: it succeeded if an output node did.

    That is the vendor's own rule. Its server has returned 200 for executions that were not over, so the nodes decide,
    whatever the HTTP status is. https://docs.promptlayer.com/reference/workflow-version-execution-results
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


def _why(response: Response, nodes: dict[str, _Node]) -> str:
    """Return why no output node succeeded."""
    failed = response.reasons(
        f"node {shown(name, response.secrets)!r} ({node.status}): "
        + response.quote(node.error_message or node.raw_error_message or "no message")
        for name, node in nodes.items()
        if NODE_STATUSES.get(node.status) is State.FAILED
    )
    has_output = any(node.is_output_node is True for node in nodes.values())
    return failed or ("no output node succeeded" if has_output else "it has no output node")


def final_output(execution: Execution) -> Execution:
    """Return an execution with the value of the output node that succeeded; the first, if several did, or ``None``."""
    nodes = execution.output
    values = [
        node["value"]
        for node in (nodes.values() if isinstance(nodes, dict) else ())
        if node["is_output_node"] is True and node["status"] == "SUCCESS"
    ]
    return replace(execution, output=values[0] if values else None)


API = VendorApi(
    base_url="https://api.promptlayer.com",
    auth_headers=auth_headers,
    error_message=lambda response: (
        response.explain("message") or response.explain("error") or response.explain("detail")
    ),
    ping=ping,
    get_status=get_status,
    get_execution=get_execution,
    has_labels=True,
)
