"""The shapes of PromptLayer's replies: a run's nodes, a page of workflows."""

import uuid
from collections.abc import Mapping
from typing import Any

from airflow_workflow_providers.emulator.vendors.promptlayer.workflows import Node, Workflow
from airflow_workflow_providers.emulator.workflow import fill_input

_NAMESPACE = uuid.UUID(int=0)

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

    def final_output(self, *, all_outputs: bool) -> Any:
        """Return all nodes, or the value of the first output that succeeded; without one, inferred, all nodes too."""
        outputs = self.successful_outputs()
        return self if all_outputs or self.are_running() or not outputs else self[outputs[0]]["value"]


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
        "latest_version_number": workflow.latest,
        "release_labels": list(workflow.versions_by_label),
        "external_ids": [
            {"source": source, "external_id": known} for source, known in workflow.external_ids.items()
        ],
    }


def labelled(workflow: Workflow, number: int) -> list[dict[str, Any]]:
    """Return the release labels of a workflow, each with its version (PromptLayer's reference, Get Workflow Labels)."""
    return [
        {
            "release_label": label,
            "release_label_id": 1000 * number + count,
            "workflow_version_id": _version_id(number, version),
            "workflow_version_number": version,
        }
        for count, (label, version) in enumerate(workflow.versions_by_label.items(), 1)
    ]


def described(workflow: Workflow, number: int, version: int) -> dict[str, Any]:
    """Return a version of a workflow in the documented form, and beside it as an object, which the vendor's Python client reads."""
    nodes = [
        {
            "id": str(uuid.uuid5(_NAMESPACE, f"{number}/{node.name}")),
            "name": node.name,
            "node_type": "VARIABLE",
            "is_output_node": bool(node.is_output),
            "configuration": {},
            "dependencies": [],
        }
        for node in workflow.nodes
    ]
    return {
        "success": True,
        "workflow_id": number,
        "workflow_name": workflow.name,
        "version": version,
        "workflow_version_id": _version_id(number, version),
        "commit_message": None,
        "required_input_variables": dict.fromkeys(workflow.required or (), "string"),
        "release_labels": [label for label, on in workflow.versions_by_label.items() if on == version],
        "created_at": workflow.created_at,
        "nodes": nodes,
        "edges": [],
        # As it was recorded in May 2025; the changelog of March 20, 2026 added it beside the flat form.
        "workflow": {
            "id": number,
            "workspace_id": 1,
            "user_id": None,
            "name": workflow.name,
            "is_draft": False,
            "is_deleted": False,
        },
    }


def _version_id(number: int, version: int) -> int:
    return 1000 * number + version


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
