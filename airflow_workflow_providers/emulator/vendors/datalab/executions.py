"""Executions of workflows: start one, check its status, and the signed URLs of its results."""

import itertools
from dataclasses import replace
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.files import Files
from airflow_workflow_providers.emulator.vendors.datalab.inputs import INTEGER, Problem, files_of, problems_in
from airflow_workflow_providers.emulator.vendors.datalab.workflows import Workflow


class Executions:
    """What runs a workflow."""

    def __init__(self, vendor: EmulatedVendor[Any], files: Files) -> None:
        self._vendor = vendor
        self._files = files
        # A reset does not start it again, so that an id from before never means another run. Clients treat 0 as no id.
        self._ids = itertools.count(70001)

    def routes(self) -> tuple[Route, ...]:
        """Return the routes that running a workflow needs, and the URLs of its results."""
        execute = "/api/v1/workflows/workflows/{workflow_id}/execute"
        execution = "/api/v1/workflows/executions/{execution_id}"
        return (
            Route("execute", "POST", execute, self._execute),
            Route("get", "GET", execution, self._get, returns_status=True),
            Route("output", "GET", "/outputs/{execution_id}/{place}/{key}.json", self._output),
        )

    def _execute(self, incoming: Incoming) -> Reply:
        """Execute Workflow. The body is optional, and both kinds of ``input_config`` are accepted."""
        named = incoming.path_params["workflow_id"]
        body = incoming.body if incoming.raw else {}
        if problems := _problems(named, body):
            return replies.invalid(*problems)
        given = body.get("input_config", {})
        workflow = self._vendor.workflows.get(int(named))
        if workflow is None:  # the page shows no 404, the page Errors says that there is one
            return self._vendor.error("execute", 404, "Workflow not found")
        if (problem := self._files.problem_with(*files_of(given))) is not None:
            if self._files.refuses:
                return self._vendor.error("execute", 400, problem)
            workflow = replace(workflow, ends="FAILED", error=problem)
        number = next(self._ids)
        variant = self._vendor.variant
        statuses = ["PENDING", *(["QUEUED"] if variant["queued"] else []), "IN_PROGRESS"]
        lifecycle = self._vendor.lifecycle(workflow, *statuses)
        run = Run(self._vendor.name, str(number), named, given, lifecycle, "ASYNC")
        self._vendor.start(run, workflow)
        body = {variant["start_id_field"]: number, "status": "processing", "success": True}
        return Reply(200, body, execution_id=run.execution_id)

    def _get(self, incoming: Incoming) -> Reply:
        """Get Execution Status. No page shows ``input_config``, but the vendor's client reads it."""
        named = incoming.path_params["execution_id"]
        if not INTEGER.fullmatch(named):
            return replies.invalid(("int_parsing", ["path", "execution_id"], named))
        found = self._run(str(int(named)))
        if found is None:
            return self._vendor.error(
                "get", 404, "Execution not found"
            )  # not documented, as in Execute Workflow
        run, workflow = found
        status = run.lifecycle.check()
        body = {"execution_id": int(named), "workflow_id": workflow.workflow_id, "status": status}
        if status == "FAILED":
            body["error"] = workflow.error
        if not workflow.bare:
            at = replies.naive(run.started_at)
            steps = self._steps(run, workflow, status, replies.base_url(incoming))
            body |= {"input_config": run.input, "created": at, "updated": at, "steps": steps}
        return Reply(200, body)

    def _run(self, execution_id: str) -> tuple[Run, Workflow] | None:
        run, workflow = self._vendor.runs.get(execution_id, (None, None))
        return (run, workflow) if run is not None and isinstance(workflow, Workflow) else None

    def _steps(self, run: Run, workflow: Workflow, status: str, base_url: str) -> dict[str, Any] | None:
        return replies.steps_of(
            run,
            workflow,
            status,
            flat=self._vendor.variant["steps"] == "flat",
            address=f"{base_url}/outputs/{run.execution_id}",
            signature=self._vendor.account["signature"],
        )

    def _output(self, incoming: Incoming) -> Reply:
        """Return the result of a step for a file, once that step has ended; this is not a status check."""
        place, key = incoming.path_params["place"], incoming.path_params["key"]
        found = self._run(incoming.path_params["execution_id"])
        if found is None:
            return self._vendor.error("output", 404)
        run, workflow = found
        steps = self._steps(run, workflow, run.lifecycle.status, "") or {}
        for step, cells in steps.items():
            cell = ({"aggregated": cells} if "status" in cells else cells).get(key, {})
            if f"/{run.execution_id}/{place}/{key}.json" in cell.get("output_url", ""):
                return Reply(200, replies.result(run, workflow, step, key, failed=cell["status"] == "FAILED"))
        return self._vendor.error("output", 404)


def _problems(workflow_id: str, body: Any) -> list[Problem]:
    """Return what is wrong with a start."""
    if not INTEGER.fullmatch(workflow_id):
        return [("int_parsing", ["path", "workflow_id"], workflow_id)]
    if not isinstance(body, dict):
        return [("model_attributes_type", ["body"], body)]
    given = body.get("input_config", {})
    if not isinstance(given, dict | None):
        return [("dict_type", ["body", "input_config"], given)]
    return [(kind, ["body", "input_config", *at], value) for kind, at, value in problems_in(given)]
