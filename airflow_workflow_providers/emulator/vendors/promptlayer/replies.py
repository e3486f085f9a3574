"""The shapes of PromptLayer's replies: a run's nodes, a page of workflows."""

from collections.abc import Mapping
from typing import Any

from airflow_workflow_providers.emulator.vendors.promptlayer.workflows import Node, Workflow
from airflow_workflow_providers.emulator.workflow import fill_input

#: The statuses of a node that has not ended.
RUNNING_STATUSES = ("QUEUED", "RUNNING")


class Nodes(dict[str, Any]):
    """A map of nodes, as opposed to an output that only looks like one."""

    def are_running(self) -> bool:
        """Whether a node has not ended."""
        return any(node["status"] in RUNNING_STATUSES for node in self.values())

    def successful_outputs(self) -> list[str]:
        """Return the names of the output nodes that succeeded."""
        return [name for name, node in self.items() if node["is_output_node"] and node["status"] == "SUCCESS"]


def nodes_of(workflow: Workflow, given: Any, status: str, variant: Mapping[str, Any]) -> Nodes:
    """Return the nodes of a run with this status: all but the last have ended as soon as it is RUNNING."""
    waiting = {"QUEUED": workflow.nodes, "RUNNING": workflow.nodes[-1:]}.get(status, ())
    now = [Node(n.name, status, is_output=n.is_output) if n in waiting else n for n in workflow.nodes]
    return Nodes({node.name: _node(node, given, variant) for node in now})


def page_of(items: list[dict[str, Any]], page: int, per_page: int) -> dict[str, Any]:
    """Return one page of a list (PromptLayer's reference, List Workflows)."""
    pages = -(-len(items) // per_page)
    return {
        "items": items[(page - 1) * per_page : page * per_page],
        "page": page,
        "per_page": per_page,
        "total": len(items),
        "pages": pages,
        "has_next": page < pages,
        "has_prev": page > 1,
        "next_num": page + 1 if page < pages else None,
        "prev_num": page - 1 if page > 1 else None,
    }


def listed(workflow: Workflow, number: int) -> dict[str, Any]:
    """Return a workflow as the list shows it."""
    return {
        "id": number,
        "workspace_id": 1,
        "user_id": None,
        "name": workflow.name,
        "is_deleted": False,
        "latest_version_number": max(workflow.versions),
        "release_labels": list(workflow.labels),
        "external_ids": [],
    }


def _node(node: Node, given: Any, variant: Mapping[str, Any]) -> dict[str, Any]:
    raw: Any = None if node.error is None else f"Code execution failed: {node.error}"
    if raw is not None and variant["raw_error"] == "object":
        raw = {"raw": raw}
    return {
        "status": variant["failed_status"] if node.status == "FAILED" else node.status,
        "value": fill_input(node.value, given),
        "error_message": node.error,
        "raw_error_message": raw,
        "is_output_node": node.is_output,
    }
