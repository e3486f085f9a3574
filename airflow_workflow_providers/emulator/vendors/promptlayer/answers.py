"""The shapes of PromptLayer's answers: a run's nodes, a page of workflows, a workflow."""

import uuid
from collections.abc import Mapping
from typing import Any

from airflow_workflow_providers.emulator.vendors.promptlayer.workflows import Node, Workflow
from airflow_workflow_providers.emulator.workflow import filled

#: The statuses of a node that is not final.
GOING_ON = ("QUEUED", "RUNNING")


class Nodes(dict[str, Any]):
    """A true map of nodes, told from an output that only looks like one."""

    def going_on(self) -> bool:
        """Whether a node is not final."""
        return any(node["status"] in GOING_ON for node in self.values())

    def succeeded(self) -> list[str]:
        """Return the names of the output nodes that succeeded."""
        return [name for name, node in self.items() if node["is_output_node"] and node["status"] == "SUCCESS"]


def nodes_of(workflow: Workflow, given: Any, word: str, chosen: Mapping[str, Any]) -> Nodes:
    """Return a run's nodes as they are now: each but the last has its end as soon as the run is under way."""
    waiting = {"QUEUED": workflow.nodes, "RUNNING": workflow.nodes[-1:]}.get(word, ())
    now = [Node(n.name, word, is_output=n.is_output) if n in waiting else n for n in workflow.nodes]
    return Nodes({node.name: _node(node, given, chosen) for node in now})


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
        **_head(workflow, number),
        "latest_version_number": max(workflow.versions),
        "release_labels": list(workflow.labels),
        "external_ids": [],
    }


def definition(workflow: Workflow, number: int, version: int) -> dict[str, Any]:
    """Return one version of a workflow: flat as documented, with the `workflow` that the vendor's client reads."""
    version_id = number * 1000 + version
    nodes = [
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{version_id} {node.name}")),
            "workflow_version_id": version_id,
            "name": node.name,
            "node_type": "PROMPT_TEMPLATE",
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
        "workflow_version_id": version_id,
        "commit_message": None,
        "required_input_variables": dict.fromkeys(workflow.required or (), "string"),
        "release_labels": list(workflow.labels) if version == max(workflow.versions) else [],
        "created_at": "2026-01-01T00:00:00Z",
        "nodes": nodes,
        "edges": [],
        "workflow": {**_head(workflow, number), "is_draft": False},
    }


def _head(workflow: Workflow, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "workspace_id": 1,
        "user_id": None,
        "name": workflow.name,
        "is_deleted": False,
    }


def _node(node: Node, given: Any, chosen: Mapping[str, Any]) -> dict[str, Any]:
    raw: Any = None if node.error is None else f"Code execution failed: {node.error}"
    if raw is not None and chosen["raw_error"] == "object":
        raw = {"raw": raw}
    return {
        "status": chosen["failed_word"] if node.status == "FAILED" else node.status,
        "value": filled(node.value, given),
        "error_message": node.error,
        "raw_error_message": raw,
        "is_output_node": node.is_output,
    }
