"""Altostrat's routes: what each one does."""

import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from typing_extensions import override

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.limits import Limit
from airflow_workflow_providers.emulator.lists import LISTS, in_pages, listed_status
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.altostrat import replies
from airflow_workflow_providers.emulator.vendors.altostrat.replies import Execution
from airflow_workflow_providers.emulator.vendors.altostrat.workflows import DEFAULT_WORKFLOWS, Workflow


class Altostrat(EmulatedVendor[Workflow]):
    """One user, with a key for machines and a session token."""

    name = "altostrat"
    secret_headers = ("authorization",)
    scheme = "Bearer "
    secrets = ("api_key", "token")
    #: Of the older page, 60 requests a minute for a token. The present one names no limit.
    rate_limit = Limit(1, 60)
    default_workflows = DEFAULT_WORKFLOWS
    # The reference has an ErrorResponse for 401, the vendor's published middleware (altostrat/api-tools) another body.
    # Only an older reference page, "Execute a workflow" under api-reference/spa, has the header Idempotency-Key.
    # "Retrieve a workflow run" says that a run comes with its trigger payload; its schema has none.
    variants = MappingProxyType(
        {
            "unauthorized": ("middleware", "documented"),
            "idempotency": ("ignored", "honoured"),
            "trigger_payload": ("hidden", "shown"),
            "list": LISTS,
        }
    )

    def new_credentials(self) -> dict[str, str]:
        """Return a key, which is sent where a JWT is ("Create an API key"), and a token in the form of a JWT."""
        claims = f'{{"iss":"https://auth.altostrat.io/","sub":"{secrets.token_hex(12)}"}}'
        parts = (b'{"alg":"RS256","typ":"JWT"}', claims.encode(), secrets.token_bytes(48))
        token = ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        return {"api_key": f"alto_sk_{secrets.token_hex(24)}", "token": token}

    def build_routes(self) -> tuple[Route, ...]:
        """Return the routes; the one of runs comes first, or "runs" would be taken for a workflow's id."""
        workflow = "/workflows/{workflow_id}"
        return (
            Route("get", "GET", "/workflows/runs/{execution_id}", self._get, returns_status=True),
            Route("execute", "POST", f"{workflow}/execute", self._execute),
            Route("list", "GET", f"{workflow}/executions", self._list, returns_status=True),
            Route("list_workflows", "GET", "/workflows", self._list_workflows),
        )

    def reset(self) -> None:
        """Forget executions and idempotency keys too."""
        super().reset()
        self._executions: dict[str, Execution] = {}
        self._first_replies: dict[str, Reply] = {}
        self._created_at = time.time()

    @override
    def error(self, operation: str, status: int, message: str | None = None) -> Reply:
        if status == 401 and self.variant["unauthorized"] == "middleware":
            return replies.unauthorized(message)
        return replies.error(status, message)

    def with_status(self, body: Any, status: Any) -> Any:
        """Set the status of a run, or of each on a page."""
        if "data" in body:
            return {**body, "data": [{**run, "status": status} for run in body["data"]]}
        return {**body, "status": status}

    def with_output_size(self, body: Any, size: int) -> Any:
        """Pad the output of the last log; without logs the body itself, or the first item of a list."""
        if isinstance(body, list):
            return [padded(body[0], size), *body[1:]]
        if not body.get("logs"):
            return padded(body, size)
        *others, last = body["logs"]
        return {**body, "logs": [*others, {**last, "output": padded(last["output"], size)}]}

    def _execute(self, incoming: Incoming) -> Reply:
        """Altostrat reference, "Execute a workflow"."""
        workflow = self.workflows.get(incoming.path_params["workflow_id"])
        if workflow is None:
            return self.error("execute", 404)
        if workflow.forbidden:
            return self.error("execute", 403)
        body = incoming.body if incoming.raw else {}
        # This refusal is inferred from the vendor's framework. Fields beside the context are accepted: no page says that they are refused.
        if not isinstance(body, dict) or not isinstance(body.get("context", {}), dict):
            text = "The context field must be an array."  # Laravel's word for a JSON object
            return Reply(422, {"message": text, "errors": {"context": [text]}})
        key = incoming.headers.get("idempotency-key")
        if key in self._first_replies and self.variant["idempotency"] == "honoured":
            return self._first_replies[key]
        execution = self._run(workflow, body.get("context", {}))
        # The page's example says "completed" here, as all its examples of a run do.
        first_status = execution.run.lifecycle.statuses[:1]
        started = self._body(execution, *first_status)
        reply = Reply(202, started, execution_id=execution.run.execution_id)
        if key:
            self._first_replies[key] = reply
        return reply

    def _get(self, incoming: Incoming) -> Reply:
        """
        Altostrat reference, "Retrieve a workflow run"; only here are there logs.

        How many there are before the end is inferred: none while a run is pending, and then all but the last.
        """
        execution = self._executions.get(incoming.path_params["execution_id"])
        if execution is None:
            return self.error("get", 404)
        execution.run.lifecycle.check()
        body = self._body(execution)
        if self.variant["trigger_payload"] == "shown":
            body["trigger_payload"] = execution.run.input
        logs = execution.logs if body["completed_at"] else execution.logs[:-1]
        return Reply(200, {**body, "logs": [] if body["status"] == "pending" else logs})

    def _list(self, incoming: Incoming) -> Reply:
        """Altostrat reference, "List workflow runs": the newest first; a status check of the runs on the page."""
        named = incoming.path_params["workflow_id"]
        if named not in self.workflows:
            return self.error("list", 404)
        newest = [each for each in self._executions.values() if each.run.workflow_id == named][::-1]
        number = replies.page_number(incoming.query)
        listed = in_pages(newest, replies.PER_PAGE, self.variant["list"])
        address = f"{incoming.origin}/{self.name}{incoming.path}"
        data = [self._listed(execution) for execution in replies.on_page(listed, number)]
        return Reply(200, replies.page(data, number, len(listed), address))

    def _listed(self, execution: Execution) -> dict[str, Any]:
        """Return a run as a list shows it."""
        status = execution.run.lifecycle.check()
        seen = listed_status(execution.run.lifecycle, status, self.variant["list"])
        body = self._body(execution)
        return body if seen == status else replies.run_body(replace(execution, completed_at=None), seen)

    def _list_workflows(self, incoming: Incoming) -> Reply:  # noqa: ARG002  # a handler takes the request
        """Altostrat reference, "List all workflows": an array, not a page."""
        bodies = [replies.workflow_body(workflow, self._created_at) for workflow in self.workflows.values()]
        return Reply(200, bodies)

    def _run(self, workflow: Workflow, given: Any) -> Execution:
        lifecycle = self.lifecycle(workflow, *workflow.passes)
        execution_id = replies.new_id("fl_run_")
        run = self.start(
            Run(self.name, execution_id, workflow.workflow_id, given, lifecycle, "ASYNC"), workflow
        )
        at = replies.timestamp(run.started_at)
        logs = [{"id": replies.new_id("fl_log_"), **step, "created_at": at} for step in workflow.steps(given)]
        self._executions[execution_id] = Execution(run, workflow.error, logs)
        return self._executions[execution_id]

    def _body(self, execution: Execution, status: str | None = None) -> dict[str, Any]:
        """Return a run with this status, or with its own; note when it is first seen to have ended."""
        lifecycle = execution.run.lifecycle
        if status is None:
            status = lifecycle.status
            ended = status not in replies.RUNNING_STATUSES and lifecycle.is_terminal
            if ended and execution.completed_at is None:
                execution.completed_at = time.time()
        return replies.run_body(execution, status)
