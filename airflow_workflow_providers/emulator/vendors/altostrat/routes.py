"""Altostrat's routes: what each one does."""

import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

from typing_extensions import override

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.limits import Limit
from airflow_workflow_providers.emulator.lists import LISTS, in_pages, listed_status
from airflow_workflow_providers.emulator.messages import Incoming, Pending, Reply, Route, padded
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
        """Return the routes; "runs", "logs" and so on come first, or they would be taken for the ids of workflows."""
        run, workflow = "/workflows/runs/{execution_id}", "/workflows/{workflow_id}"
        return (
            Route("get", "GET", run, self._get, returns_status=True),
            Route("rerun", "POST", f"{run}/rerun", self._rerun),
            Route("resume", "POST", f"{run}/resume-from/{{node_id}}", self._resume),
            Route("execute_sync", "POST", "/workflows/sync/{workflow_id}", self._execute_sync),
            Route("list_recent_logs", "GET", "/workflows/logs/recent", self._list_recent_logs),
            Route("list_authorizations", "GET", "/workflows/authorization", self._list_authorizations),
            Route("execute", "POST", f"{workflow}/execute", self._execute),
            Route("list", "GET", f"{workflow}/executions", self._list, returns_status=True),
            Route("list_workflow_logs", "GET", f"{workflow}/logs", self._list_workflow_logs),
            Route("get_log_statistics", "GET", f"{workflow}/logs/stats", self._get_log_statistics),
            Route("get_workflow", "GET", workflow, self._get_workflow),
            Route("list_workflows", "GET", "/workflows", self._list_workflows),
        )

    def reset(self) -> None:
        """Forget executions, idempotency keys and webhooks too."""
        super().reset()
        self._webhooks: dict[str, str] = {}
        self._authorization_id = replies.new_id("auth_")
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
        if isinstance(body, bytes):
            return body.ljust(size, b"x")
        if isinstance(body, list):
            return [padded(body[0] if body else {}, size), *body[1:]]
        if not isinstance(body, dict) or not body.get("logs"):
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
        return Reply(200, {**body, "logs": _logged(execution, body)})

    def _list(self, incoming: Incoming) -> Reply:
        """Altostrat reference, "List workflow runs": the newest first; a status check of the runs on the page."""
        named = incoming.path_params["workflow_id"]
        if named not in self.workflows:
            return self.error("list", 404)
        number = replies.page_number(incoming.query)
        listed = in_pages(self._executions_of(named), replies.PER_PAGE, self.variant["list"])
        address = f"{incoming.origin}/{self.name}{incoming.path}"
        data = [self._listed(execution) for execution in replies.on_page(listed, number)]
        return Reply(200, replies.page(data, number, len(listed), address))

    def _listed(self, execution: Execution) -> dict[str, Any]:
        """Return a run as a list shows it."""
        status = execution.run.lifecycle.check()
        seen = listed_status(execution.run.lifecycle, status, self.variant["list"])
        body = self._body(execution)
        return body if seen == status else replies.run_body(replace(execution, completed_at=None), seen)

    def _rerun(self, incoming: Incoming) -> Reply:
        """
        Altostrat reference, "Re-run a workflow": "a failed or completed execution".

        That a run which goes on is refused is inferred. The workflow may have changed meanwhile: a new run follows it as it is.
        """
        earlier = self._executions.get(incoming.path_params["execution_id"])
        if earlier is None:
            return self.error("rerun", 404)
        if not _has_ended(earlier.run):
            return replies.refused(409, "run_not_finished", "The workflow run has not finished.")
        execution = self._run_again(earlier, {"rerun_of": earlier.run.execution_id})
        return self._started_again(execution, "Workflow re-run initiated successfully.")

    def _resume(self, incoming: Incoming) -> Reply:
        """
        Altostrat reference, "Resume a failed workflow": "a specific, successfully completed node".

        That every other run and node is refused is inferred, and so is the log of the new run: it has the later steps only.
        """
        earlier = self._executions.get(incoming.path_params["execution_id"])
        node = incoming.path_params["node_id"]
        if earlier is None:
            return self.error("resume", 404)
        if not _has_ended(earlier.run) or earlier.run.lifecycle.status != "failed":
            return replies.refused(409, "run_not_failed", "Only a failed workflow run can be resumed.")
        workflow = self._workflow_of(earlier)
        if node not in {each["id"] for each in workflow.nodes}:
            return self.error("resume", 404, f"The workflow has no node '{node}'.")
        if not any(log["node_id"] == node and log["status"] == "success" for log in earlier.logs):
            return replies.refused(
                409, "node_not_completed", f"Node '{node}' has not completed successfully."
            )
        execution = self._run_again(earlier, {"resumed_from": earlier.run.execution_id, "node_id": node})
        reached = [each["id"] for each in workflow.nodes].index(node)
        inherited = {each["id"] for each in workflow.nodes[: reached + 1]}
        execution.logs = [log for log in execution.logs if log["node_id"] not in inherited]
        return self._started_again(execution, f"Workflow resumed successfully from node '{node}'.")

    def _run_again(self, earlier: Execution, notes: dict[str, Any]) -> Execution:
        workflow = self._workflow_of(earlier)
        if workflow.recovers:
            workflow = replace(workflow, ends="completed", failing_node=None)
        return self._run(workflow, earlier.run.input, notes=notes)

    def _started_again(self, execution: Execution, message: str) -> Reply:
        first_status = execution.run.lifecycle.statuses[:1]
        body = {"message": message, "new_run": self._body(execution, *first_status)}
        return Reply(202, body, execution_id=execution.run.execution_id)

    def _workflow_of(self, execution: Execution) -> Workflow:
        return self.workflows[execution.run.workflow_id]

    def _execute_sync(self, incoming: Incoming) -> Reply | Pending:
        """
        Altostrat reference, "Execute a synchronous workflow".

        The refusal of a workflow without the trigger is inferred, and so is the 500 of a run that fails. A text is sent as the
        vendor's framework sends one: as HTML.
        """
        workflow = self.workflows.get(incoming.path_params["workflow_id"])
        if workflow is None:
            return self.error("execute_sync", 404)
        if workflow.forbidden:
            return self.error("execute_sync", 403)
        if workflow.trigger != "sync_request_trigger":
            text = "The workflow has no synchronous trigger."
            return replies.refused(400, "trigger_missing", text)
        payload = incoming.body if incoming.raw else {}
        if not isinstance(payload, dict):
            text = "The payload field must be an array."  # as of a context
            return Reply(422, {"message": text, "errors": {"payload": [text]}})
        execution = self._run(workflow, payload, mode="SYNC")

        def reply() -> Reply:
            if execution.run.lifecycle.status == "failed":
                return self.error("execute_sync", 500, workflow.error)
            output = workflow.output_for(payload)
            if isinstance(output, str):
                return Reply(200, output.encode(), media_type="text/html; charset=UTF-8")
            return Reply(200, output)

        return self.when_ended(execution.run, reply)

    def _list_workflows(self, incoming: Incoming) -> Reply:
        """Altostrat reference, "List all workflows": an array, not a page."""
        bodies = [
            replies.listed_workflow(workflow, self._created_at, self._webhook(workflow, incoming))
            for workflow in self.workflows.values()
        ]
        return Reply(200, bodies)

    def _get_workflow(self, incoming: Incoming) -> Reply:
        """Altostrat reference, "Retrieve a workflow"."""
        workflow = self.workflows.get(incoming.path_params["workflow_id"])
        if workflow is None:
            return self.error("get_workflow", 404)
        webhook = self._webhook(workflow, incoming)
        return Reply(200, replies.workflow_body(workflow, self._created_at, webhook))

    def _webhook(self, workflow: Workflow, incoming: Incoming) -> str | None:
        """Return the address of a workflow's webhook, if it has one; here nothing answers there."""
        if workflow.trigger != "webhook_trigger":
            return None
        token = self._webhooks.setdefault(workflow.workflow_id, f"whsec_{secrets.token_hex(16)}")
        return f"{incoming.origin}/{self.name}/workflows/webhooks/{token}"

    def _list_workflow_logs(self, incoming: Incoming) -> Reply:
        """
        Altostrat reference, "List workflow logs".

        It names filters and describes none, so a query changes nothing. The order, the newest run first, is inferred.
        """
        named = incoming.path_params["workflow_id"]
        if named not in self.workflows:
            return self.error("list_workflow_logs", 404)
        return Reply(200, self._logs_of(named))

    def _list_recent_logs(self, incoming: Incoming) -> Reply:  # noqa: ARG002  # a handler takes the request
        """Altostrat reference, "List recent workflow logs": the latest of each workflow that has some."""
        latest = {
            execution.run.workflow_id: logs[-1]
            for execution in self._executions.values()
            if (logs := _logged(execution, self._body(execution)))
        }
        return Reply(200, list(latest.values()))

    def _get_log_statistics(self, incoming: Incoming) -> Reply:
        """Altostrat's older reference, "Get workflow log statistics"; here all runs are those of the last 30 days."""
        named = incoming.path_params["workflow_id"]
        if named not in self.workflows:
            return self.error("get_log_statistics", 404)
        statuses = [self._body(execution)["status"] for execution in self._executions_of(named)]
        return Reply(200, replies.statistics(self._logs_of(named), statuses))

    def _list_authorizations(self, incoming: Incoming) -> Reply:  # noqa: ARG002  # a handler takes the request
        """Altostrat reference, "List workflow authorizations"; here there is one."""
        known = {
            "id": self._authorization_id,
            "user_id": "usr_2m3h5n7k9j8g7f6e5d4c3b2a1",
            "provider": "altostrat",
            "status": "active",
            "created_at": replies.timestamp(self._created_at),
        }
        return Reply(200, [known])

    def _executions_of(self, workflow_id: str) -> list[Execution]:
        """Return the executions of a workflow, the newest first."""
        return [each for each in self._executions.values() if each.run.workflow_id == workflow_id][::-1]

    def _logs_of(self, workflow_id: str) -> list[dict[str, Any]]:
        """Return what the runs of a workflow have logged up to now; this is no status check."""
        executions = self._executions_of(workflow_id)
        return [log for execution in executions for log in _logged(execution, self._body(execution))]

    def _run(
        self,
        workflow: Workflow,
        given: Any,
        *,
        mode: Literal["SYNC", "ASYNC"] = "ASYNC",
        notes: dict[str, Any] | None = None,
    ) -> Execution:
        lifecycle = self.lifecycle(workflow, *workflow.passes)
        execution_id = replies.new_id("fl_run_")
        run = Run(self.name, execution_id, workflow.workflow_id, given, lifecycle, mode, notes=notes or {})
        self.start(run, workflow)
        at = replies.timestamp(run.started_at)
        logs = [{"id": replies.new_id("fl_log_"), **step, "created_at": at} for step in workflow.steps(given)]
        self._executions[execution_id] = Execution(run, workflow.error, logs)
        return self._executions[execution_id]

    def _body(self, execution: Execution, status: str | None = None) -> dict[str, Any]:
        """Return a run with this status, or with its own; note when it is first seen to have ended."""
        lifecycle = execution.run.lifecycle
        if status is None:
            status = lifecycle.status
            if _has_ended(execution.run) and execution.completed_at is None:
                execution.completed_at = time.time()
        return replies.run_body(execution, status)


def _has_ended(run: Run) -> bool:
    return run.lifecycle.is_terminal and run.lifecycle.status not in replies.RUNNING_STATUSES


def _logged(execution: Execution, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the logs of a run with this body: none while it is pending, and then all but the last until its end."""
    if body["status"] == "pending":
        return []
    return execution.logs if body["completed_at"] else execution.logs[:-1]
