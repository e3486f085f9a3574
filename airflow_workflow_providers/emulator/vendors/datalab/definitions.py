"""Definitions of workflows: create, read, list and delete them, and the types of their steps."""

import itertools
import time
from typing import Any

from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.inputs import INTEGER, Problem
from airflow_workflow_providers.emulator.vendors.datalab.workflows import Workflow

_TEAM = 12
#: The types of steps that Workflow Concepts names.
_STEP_TYPES = (
    "marker_parse",
    "marker_extract",
    "marker_segment",
    "conditional",
    "await_parse_quality",
    "api_request",
)


class Definitions:
    """The workflows of the team."""

    def __init__(self, vendor: EmulatedVendor[Any]) -> None:
        self._vendor = vendor
        # Not those of the workflows that tests usually add.
        self._ids = itertools.count(5001)
        self.reset()

    def reset(self) -> None:
        """Forget the steps of workflows that clients have created."""
        self._steps: dict[int, list[dict[str, Any]]] = {}
        self._created = replies.naive(time.time())

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        all_, one = "/api/v1/workflows/workflows", "/api/v1/workflows/workflows/{workflow_id}"
        return (
            Route("list_workflows", "GET", all_, self._list),
            Route("create_workflow", "POST", all_, self._create),
            Route("get_workflow", "GET", one, self._get),
            Route("delete_workflow", "DELETE", one, self._delete),
            Route("get_step_types", "GET", "/api/v1/workflows/step-types", self._step_types),
        )

    def _list(self, incoming: Incoming) -> Reply:
        """
        List Workflows; the page shows no reply, the vendor's client reads ``workflows``.

        That a key sees no workflow of another team is inferred.
        """
        team = incoming.query.get("team_id")
        if team is not None and not INTEGER.fullmatch(team):
            return replies.invalid(("int_parsing", ["query", "team_id"], team))
        ours = team is None or int(team) == _TEAM
        found = [each for each in self._vendor.workflows.values() if ours and isinstance(each, Workflow)]
        return Reply(200, {"workflows": [self._shown(workflow) for workflow in found]})

    def _create(self, incoming: Incoming) -> Reply:
        """Create Workflow."""
        body = incoming.body
        if problems := _problems(body):
            return replies.invalid(*problems)
        number = next(self._ids)
        self._steps[number] = [
            {
                "id": index,
                "step_key": step["step_key"],
                "unique_name": step["unique_name"],
                "name": step.get("name") or step["unique_name"],
                "version": step.get("version") or "1.0.0",
                "settings": step.get("settings") or {},
                "depends_on": step.get("depends_on") or [],
            }
            for index, step in enumerate(body["steps"], 1)
        ]
        names = tuple(step["unique_name"] for step in self._steps[number])
        workflow = Workflow(number, body["name"], names)
        self._vendor.workflows[workflow.key] = workflow
        return Reply(200, self._shown(workflow))

    def _get(self, incoming: Incoming) -> Reply:
        """Get Workflow."""
        workflow = self._workflow(incoming)
        return workflow if isinstance(workflow, Reply) else Reply(200, self._shown(workflow))

    def _delete(self, incoming: Incoming) -> Reply:
        """Delete Workflow; that one with executions cannot be deleted is in the vendor's client only."""
        workflow = self._workflow(incoming)
        if isinstance(workflow, Reply):
            return workflow
        if any(run.workflow_id == str(workflow.workflow_id) for run, _ in self._vendor.runs.values()):
            return self._vendor.error("delete_workflow", 400, "The workflow has executions")
        del self._vendor.workflows[workflow.key]
        message = f"Workflow {workflow.workflow_id} deleted successfully"
        return Reply(200, {"success": True, "message": message})

    def _step_types(self, _: Incoming) -> Reply:
        """List Step Types; the key of the type is ``type`` in a recipe and ``step_type`` in the pages of the client."""
        key = self._vendor.variant["step_type_key"]
        types = [
            {
                key: name,
                "version": "1.0.0",
                "name": name.replace("_", " ").capitalize(),
                "description": "",
                "settings_schema": {},
            }
            for name in _STEP_TYPES
        ]
        return Reply(200, {"step_types": types})

    def _workflow(self, incoming: Incoming) -> Workflow | Reply:
        named = incoming.path_params["workflow_id"]
        if not INTEGER.fullmatch(named):
            return replies.invalid(("int_parsing", ["path", "workflow_id"], named))
        found = self._vendor.workflows.get(int(named))
        if isinstance(found, Workflow):
            return found
        return self._vendor.error(incoming.operation, 404, "Workflow not found")

    def _shown(self, workflow: Workflow) -> dict[str, Any]:
        """Return a workflow; one that a test has added has steps that depend on one another in order."""
        names = workflow.steps or ()
        steps = [
            {
                "id": index + 1,
                "step_key": f"marker_{name}",
                "unique_name": name,
                "name": name,
                "version": "1.0.0",
                "settings": {},
                "depends_on": list(names[max(index - 1, 0) : index]),
            }
            for index, name in enumerate(names)
        ]
        return {
            "id": workflow.workflow_id,
            "name": workflow.name,
            "team_id": _TEAM,
            "steps": self._steps.get(workflow.workflow_id, steps),
            "created": self._created,
            "updated": self._created,
        }


def _problems(body: Any) -> list[Problem]:
    """Return what is wrong with a definition."""
    if not isinstance(body, dict):
        return [("model_attributes_type", ["body"], body)]
    found: list[Problem] = []
    if not isinstance(body.get("name"), str):
        found.append(("string_type", ["body", "name"], body.get("name")))
    steps = body.get("steps")
    if not isinstance(steps, list):
        return [*found, ("list_type", ["body", "steps"], steps)]
    for index, step in enumerate(steps):
        found += [
            ("string_type", ["body", "steps", index, name], step)
            for name in ("step_key", "unique_name")
            if not isinstance(step, dict) or not isinstance(step.get(name), str)
        ]
    return found
