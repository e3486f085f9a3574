"""The nodes of a Refold execution that has ended or waits for a person; a running one has none, as was seen live."""

from collections.abc import Mapping
from typing import Any

from airflow_workflow_providers.emulator.vendors.refold.workflows import WAITING, Workflow

#: The statuses of a run that has passed its Response node.
WITH_OUTPUT = ("COMPLETED", "Partially Successful")
#: The id of the Group node, which works on batches.
GROUP = "3"
#: The id of the Human Intervention node.
HUMAN = "6"
#: The status of the action at which a run came to each of these ends.
_FAILED_AT = {"ERRORED": "Errored", "TIMED_OUT": "Timed_Out", "STOPPED": "Stopped"}
_STARTED = {
    "message": "Workflow started successfully",
    "node_id": "1",
    "node_type": "start",
    "status": "initialized",
}


def nodes_of(workflow: Workflow, given: Any, status: str, variant: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Return the nodes in the order in which they ran; a node that was retried is there twice.

    :param variant: ``response_node``: ``plain``, ``envelope``, or ``elsewhere`` if no node shows the output; ``human_node``: what
        names the node that waits for a person, its ``type`` or its ``name``.
    """
    response_node = variant["response_node"]
    nodes = [_node("1", "Start", "start", "Success", _STARTED)]
    if status == WAITING:
        return [*nodes, _human(WAITING, None, variant)]
    if workflow.asks_a_person:
        nodes.append(_human("Success", {"status": "Success", "body": {"approved": True}}, variant))
    action = ("2", "Update contact", "action")
    failure = {"message": workflow.error, "node_id": "2", "node_type": "action", "status": "errored"}
    if workflow.retried_node:
        nodes.append(_node(*action, "Errored", {**failure, "message": "Upstream returned 503"}))
    attempts = sum(node["node_id"] == action[0] for node in nodes) + 1
    if status in _FAILED_AT:
        message = None if status == "STOPPED" else failure
        return [*nodes, {**_node(*action, _FAILED_AT[status], message), "attempts_made": attempts}]
    nodes.append({**_node(*action, "Success", {"updated": True}), "attempts_made": attempts})
    if status == "Partially Successful":
        nodes.append(_node(GROUP, "Group", "group", status, {"message": workflow.error}))
    elif workflow.group_node:
        nodes.append(_node(GROUP, "Group", "group", "Success", {"groups": 1}))
    if status == "TERMINATED":
        nodes.append(_node("4", "Terminate", "terminate", "Success", {"message": "Terminated"}))
    elif workflow.response_node and status in WITH_OUTPUT and response_node != "elsewhere":
        output = workflow.output_for(given)
        if response_node == "envelope":
            output = {"status_code": workflow.http_status, "body": output}
        nodes.append(_node("5", "Response", "response", "Success", output))
    return nodes


def _human(status: str, output: Any, variant: Mapping[str, Any]) -> dict[str, Any]:
    """Return the node that waits for a person. No page shows its type; its name may be the author's own."""
    name, kind = (
        ("Approve", "human_task") if variant["human_node"] == "type" else ("Human Intervention", "utility")
    )
    return _node(HUMAN, name, kind, status, output)


def _node(number: str, name: str, kind: str, status: str, output: Any) -> dict[str, Any]:
    return {
        "node_id": number,
        "node_name": name,
        "node_type": kind,
        "node_status": status,
        "is_batch": False,
        "attempts_made": 1,
        "execution_time": 403,
        "latest_output": output,
    }
