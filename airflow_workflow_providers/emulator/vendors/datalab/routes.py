"""Datalab's routes: what each one does."""

import itertools
import re
import secrets
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from airflow_workflow_providers.emulator.ledger import Ledger, Run
from airflow_workflow_providers.emulator.lifecycle import Clock
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.inputs import problems_in
from airflow_workflow_providers.emulator.vendors.datalab.workflows import DEFAULT_WORKFLOWS, Workflow

_SIGNATURE = "X-Amz-Signature"
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class Datalab(EmulatedVendor[Workflow]):
    """One team with one API key."""

    name = "datalab"
    secret_headers = ("x-api-key",)
    secret_parameters = (_SIGNATURE,)
    secrets = ("api_key",)
    default_workflows = DEFAULT_WORKFLOWS
    # ``start_id_field``: the field of a start's reply that has the id; the vendor's client reads both, the page names
    # none. ``steps``: "nested" by file as the vendor's client reads them, or "flat" as on the page Get Execution Status.
    # ``queued``: whether runs pass through QUEUED, which that page lists and Workflow Concepts does not.
    variants = MappingProxyType(
        {"start_id_field": ("execution_id", "id"), "steps": ("nested", "flat"), "queued": (False, True)}
    )

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__(ledger, clock)
        # A revocation renews the key and not the signature: signed URLs stay valid. The signature is still a secret.
        self.issued_secrets.add(self.account["signature"])
        # A reset does not start it again, so that an id from before never means another run. Clients treat 0 as no id.
        self._ids = itertools.count(70001)

    def new_credentials(self) -> dict[str, str]:
        """Return a key, and the signature in the URL of every output."""
        return {**super().new_credentials(), "signature": secrets.token_hex(32)}

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return a connection that lists the emulator among the hosts of results, because it is not a public one."""
        known = super().connection(base_url)
        return {**known, "extra": {"download_hosts": urlsplit(base_url).hostname}}

    def build_routes(self) -> tuple[Route, ...]:
        """Return the routes that running a workflow needs, and the URLs of its results."""
        execute = "/api/v1/workflows/workflows/{workflow_id}/execute"
        execution = "/api/v1/workflows/executions/{execution_id}"
        return (
            Route("execute", "POST", execute, self._execute),
            Route("get", "GET", execution, self._get, returns_status=True),
            Route("user_health", "GET", "/api/v1/user_health", self._user_health),
            Route("output", "GET", "/outputs/{execution_id}/{place}/{key}.json", self._output),
        )

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Add a workflow by its number; see :class:`Workflow` for the options."""
        if not _INTEGER.fullmatch(workflow_id) or int(workflow_id) < 1:
            raise ValueError("`workflow_id` is a whole number from 1.")
        workflow = Workflow.from_options(int(workflow_id), options)
        self.workflows[workflow.key] = workflow
        return {"workflow_id": workflow_id}

    def authenticate(self, incoming: Incoming) -> Reply | None:
        """Refuse a request without the key; an output needs the signature in its URL instead."""
        if incoming.operation != "output":
            return super().authenticate(incoming)
        valid = incoming.query.get(_SIGNATURE) == self.account["signature"]
        return None if valid else self.error("output", 403)

    def error(self, operation: str, status: int, message: str | None = None) -> Reply:
        """Return an error of the API, or of the storage service that has the results."""
        if operation == "output":
            return replies.storage_error(status, message)
        path = next((route.path for route in self.routes if route.operation == operation), "")
        return replies.error(path, status, message)

    def with_output_size(self, body: Any, size: int) -> Any:
        """Pad a cell, since a run's output is its steps; without steps the body itself."""
        for name, step in (body.get("steps") or {}).items():
            if "status" in step:
                return {**body, "steps": {**body["steps"], name: padded(step, size)}}
            key, cell = next(iter(step.items()))
            return {**body, "steps": {**body["steps"], name: {**step, key: padded(cell, size)}}}
        return padded(body, size)

    def _execute(self, incoming: Incoming) -> Reply:
        """Execute Workflow. The body is optional, and both kinds of ``input_config`` are accepted."""
        named = incoming.path_params["workflow_id"]
        body = incoming.body if incoming.raw else {}
        if not _INTEGER.fullmatch(named):
            return replies.invalid(("int_parsing", ["path", "workflow_id"], named))
        if not isinstance(body, dict):
            return replies.invalid(("model_attributes_type", ["body"], body))
        given = body.get("input_config", {})
        if not isinstance(given, dict | None):
            return replies.invalid(("dict_type", ["body", "input_config"], given))
        if problems := problems_in(given):
            return replies.invalid(
                *[(kind, ["body", "input_config", *at], value) for kind, at, value in problems]
            )
        workflow = self.workflows.get(int(named))
        if workflow is None:  # the page shows no 404, the page Errors says that there is one
            return self.error("execute", 404, "Workflow not found")
        number = next(self._ids)
        statuses = ["PENDING", *(["QUEUED"] if self.variant["queued"] else []), "IN_PROGRESS"]
        lifecycle = self.lifecycle(workflow, *statuses)
        run = self.start(Run(self.name, str(number), named, given, lifecycle, "ASYNC"), workflow)
        body = {self.variant["start_id_field"]: number, "status": "processing", "success": True}
        return Reply(200, body, execution_id=run.execution_id)

    def _get(self, incoming: Incoming) -> Reply:
        """Get Execution Status. No page shows ``input_config``, but the vendor's client reads it."""
        named = incoming.path_params["execution_id"]
        if not _INTEGER.fullmatch(named):
            return replies.invalid(("int_parsing", ["path", "execution_id"], named))
        if str(int(named)) not in self.runs:
            return self.error("get", 404, "Execution not found")  # not documented, as in Execute Workflow
        run, workflow = self.runs[str(int(named))]
        status = run.lifecycle.check()
        body = {"execution_id": int(named), "workflow_id": workflow.workflow_id, "status": status}
        if status == "FAILED":
            body["error"] = workflow.error
        if not workflow.bare:
            at = replies.naive(run.started_at)
            steps = self._steps(run, workflow, status, f"http://{incoming.headers['host']}/{self.name}")
            body |= {"input_config": run.input, "created": at, "updated": at, "steps": steps}
        return Reply(200, body)

    def _steps(self, run: Run, workflow: Workflow, status: str, base_url: str) -> dict[str, Any] | None:
        return replies.steps_of(
            run,
            workflow,
            status,
            flat=self.variant["steps"] == "flat",
            address=f"{base_url}/outputs/{run.execution_id}",
            signature=self.account["signature"],
        )

    def _output(self, incoming: Incoming) -> Reply:
        """Return the result of a step for a file, once that step has ended; this is not a status check."""
        place, key = incoming.path_params["place"], incoming.path_params["key"]
        run, workflow = self.runs.get(incoming.path_params["execution_id"], (None, None))
        if run is None or workflow is None:
            return self.error("output", 404)
        steps = self._steps(run, workflow, run.lifecycle.status, "") or {}
        for step, found in steps.items():
            cell = ({"aggregated": found} if "status" in found else found).get(key, {})
            if f"/{run.execution_id}/{place}/{key}.json" in cell.get("output_url", ""):
                return Reply(200, replies.result(run, workflow, step, key, failed=cell["status"] == "FAILED"))
        return self.error("output", 404)

    @staticmethod
    def _user_health(_: Incoming) -> Reply:
        """User Health."""
        return Reply(200, {"status": "ok"})
