"""Datalab's calls: what each one does."""

import itertools
import re
import secrets
from types import MappingProxyType
from typing import Any

from airflow_workflow_providers.emulator.ledger import Ledger, Run
from airflow_workflow_providers.emulator.lifecycle import Clock
from airflow_workflow_providers.emulator.shape import Answer, Asked, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.vendors.datalab.answers import (
    TEAM_ID,
    definition,
    error,
    invalid,
    naive,
    result,
    steps_of,
    storage_error,
)
from airflow_workflow_providers.emulator.vendors.datalab.inputs import problems_in
from airflow_workflow_providers.emulator.vendors.datalab.workflows import BUILT_IN, Workflow

_WORKFLOWS = "/api/v1/workflows/workflows"
_SIGNATURE = "X-Amz-Signature"
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class Datalab(Vendor[Workflow]):
    """One team with one API key."""

    name = "datalab"
    secret_headers = ("x-api-key",)
    secret_parameters = (_SIGNATURE,)
    secrets = ("api_key",)
    built_in = BUILT_IN
    # ``started_as``: the member of a start's answer that has the id; the vendor's client reads both, the page names
    # none. ``steps``: "nested" by file as the vendor's client reads them, or "flat" as the page Get Execution Status
    # shows them. ``queued``: whether runs pass QUEUED, which that page lists and Workflow Concepts does not.
    choices = MappingProxyType(
        {"started_as": ("execution_id", "id"), "steps": ("nested", "flat"), "queued": (False, True)}
    )

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__(ledger, clock)
        # No revocation of the key renews the signature: addresses that are signed stay good. It is a secret for all that.
        self.issued.add(self.account["signature"])
        # Not begun again at a reset: an id from before it is never somebody else's. 0 passes for no id at all.
        self._ids = itertools.count(70001)

    def credentials(self) -> dict[str, str]:
        """Return a key, and the signature that stands in every address of an output."""
        return {**super().credentials(), "signature": secrets.token_hex(32)}

    def describe(self) -> tuple[Route, ...]:
        """Return the routes that running a workflow needs, and the addresses of its results."""
        return (
            Route("execute", "POST", f"{_WORKFLOWS}/{{workflow_id}}/execute", self._execute),
            Route("get", "GET", "/api/v1/workflows/executions/{execution_id}", self._get, looks=True),
            Route("list_workflows", "GET", _WORKFLOWS, self._list_workflows),
            Route("user_health", "GET", "/api/v1/user_health", self._health),
            Route("health", "GET", "/api/v1/health", self._health),
            Route("output", "GET", "/outputs/{execution_id}/{place}/{key}.json", self._output),
        )

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Take in a workflow by its number; see :class:`Workflow` for the options."""
        if not _INTEGER.fullmatch(workflow_id) or int(workflow_id) < 1:
            raise ValueError("`workflow_id` is a whole number from 1.")
        workflow = Workflow.described(int(workflow_id), options)
        self.workflows[workflow.key] = workflow
        return {"workflow_id": workflow_id}

    def refuse(self, asked: Asked) -> Answer | None:
        """Refuse a caller without the key; an output needs the signature of its address instead, Health neither.

        User Health, whose page shows no refusal, is as the rest.
        """
        if asked.operation == "health":
            return None
        if asked.operation != "output":
            return super().refuse(asked)
        right = asked.query.get(_SIGNATURE) == self.account["signature"]
        return None if right else self.error("output", 403)

    def error(self, operation: str, status: int, message: str | None = None) -> Answer:
        """Return an error in the manner of the API, or of the storage where the results lie."""
        if operation == "output":
            return storage_error(status, message)
        path = next((route.path for route in self.routes if route.operation == operation), "")
        return error(path, status, message)

    def with_output_of(self, body: Any, size: int) -> Any:
        """Let a cell be so large, since a run's output is its steps; without one, the body itself."""
        for name, step in (body.get("steps") or {}).items():
            if "status" in step:
                return {**body, "steps": {**body["steps"], name: padded(step, size)}}
            key, cell = next(iter(step.items()))
            return {**body, "steps": {**body["steps"], name: {**step, key: padded(cell, size)}}}
        return padded(body, size)

    def _execute(self, asked: Asked) -> Reply:
        """Execute Workflow; the body may be left out, and its two families of ``input_config`` are taken alike."""
        named = asked.where["workflow_id"]
        body = asked.body if asked.raw else {}
        if not _INTEGER.fullmatch(named):
            return invalid(("int_parsing", ["path", "workflow_id"], named))
        if not isinstance(body, dict):
            return invalid(("model_attributes_type", ["body"], body))
        given = body.get("input_config", {})
        if not isinstance(given, dict | None):
            return invalid(("dict_type", ["body", "input_config"], given))
        if problems := problems_in(given):
            return invalid(*[(kind, ["body", "input_config", *at], value) for kind, at, value in problems])
        workflow = self.workflows.get(int(named))
        if workflow is None:  # the page shows no 404; the page Errors says only that there is one
            return self.error("execute", 404, "Workflow not found")
        number = next(self._ids)
        life = self.life(workflow, "PENDING", *(["QUEUED"] if self.chosen["queued"] else []), "IN_PROGRESS")
        run = self.begin(Run(self.name, str(number), named, given, life, "ASYNC"), workflow)
        told = {self.chosen["started_as"]: number, "status": "processing", "success": True}
        return Answer(200, told, execution_id=run.execution_id)

    def _get(self, asked: Asked) -> Reply:
        """Get Execution Status; ``input_config`` is on no page, but the vendor's client reads it."""
        named = asked.where["execution_id"]
        if not _INTEGER.fullmatch(named):
            return invalid(("int_parsing", ["path", "execution_id"], named))
        if str(int(named)) not in self.held:
            return self.error("get", 404, "Execution not found")  # unknown, as with Execute
        run, workflow = self.held[str(int(named))]
        status = self.look(run)
        told = {"execution_id": int(named), "workflow_id": workflow.workflow_id, "status": status}
        if status == "FAILED":
            told["error"] = workflow.error
        if not workflow.bare:
            at = naive(run.started_at)
            steps = self._steps(run, workflow, status, f"http://{asked.headers['host']}/{self.name}")
            told |= {"input_config": run.input, "created": at, "updated": at, "steps": steps}
        return Answer(200, told)

    def _steps(self, run: Run, workflow: Workflow, status: str, base_url: str) -> dict[str, Any] | None:
        return steps_of(
            run,
            workflow,
            status,
            flat=self.chosen["steps"] == "flat",
            address=f"{base_url}/outputs/{run.execution_id}",
            signature=self.account["signature"],
        )

    def _output(self, asked: Asked) -> Reply:
        """Tell the result of a step for a file, once that step is over; reading it is no status check."""
        place, key = asked.where["place"], asked.where["key"]
        run, workflow = self.held.get(asked.where["execution_id"], (None, None))
        if run is None or workflow is None:
            return self.error("output", 404)
        steps = self._steps(run, workflow, self.word(run), "") or {}
        for step, found in steps.items():
            cell = ({"aggregated": found} if "status" in found else found).get(key, {})
            if f"/{run.execution_id}/{place}/{key}.json" in cell.get("output_url", ""):
                return Answer(200, result(run, workflow, step, key, failed=cell["status"] == "FAILED"))
        return self.error("output", 404)

    def _list_workflows(self, asked: Asked) -> Reply:
        """List Workflows; the shape is what the vendor's client reads, for the page shows none."""
        flows = self.workflows.values() if asked.query.get("team_id", TEAM_ID) == TEAM_ID else ()
        return Answer(200, {"workflows": [definition(flow) for flow in flows]})

    def _health(self, asked: Asked) -> Reply:  # noqa: ARG002 - a handler is handed what was asked
        """Health, with a key or without."""
        return Answer(200, {"status": "ok"})
