"""Altostrat's calls: what each one does."""

import secrets
import time
from base64 import urlsafe_b64encode
from types import MappingProxyType
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.shape import Answer, Asked, Reply, Route
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.vendors.altostrat.answers import (
    NOT_OVER,
    Execution,
    described,
    enlarged,
    envelope,
    new_id,
    page,
    relabelled,
    run_shape,
    timestamp,
    unauthorized,
)
from airflow_workflow_providers.emulator.vendors.altostrat.workflows import BUILT_IN, Workflow


class Altostrat(Vendor[Workflow]):
    """One user, with a key for machines and a session token."""

    name = "altostrat"
    secret_headers = ("authorization",)
    scheme = "Bearer "
    secrets = ("api_key", "token")
    built_in = BUILT_IN
    # The reference has an ErrorResponse for 401, the vendor's published middleware (altostrat/api-tools) another body.
    # Only an older reference page, "Execute a workflow" under api-reference/spa, has the header Idempotency-Key.
    # "Retrieve a workflow run" says that a run comes with its trigger payload; its schema has none.
    choices = MappingProxyType(
        {
            "unauthorized": ("middleware", "documented"),
            "idempotency": ("ignored", "honoured"),
            "trigger_payload": ("hidden", "shown"),
        }
    )

    def credentials(self) -> dict[str, str]:
        """Return a key, which goes where a JWT goes ("Create an API key"), and what looks like a JWT."""
        claims = f'{{"iss":"https://auth.altostrat.io/","sub":"{secrets.token_hex(12)}"}}'
        parts = (b'{"alg":"RS256","typ":"JWT"}', claims.encode(), secrets.token_bytes(48))
        token = ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        return {"api_key": f"alto_sk_{secrets.token_hex(24)}", "token": token}

    def describe(self) -> tuple[Route, ...]:
        """Return the routes; those of runs come first, or "runs" would be taken for a workflow's id."""
        run, workflow = "/workflows/runs/{execution_id}", "/workflows/{workflow_id}"
        return (
            Route("get", "GET", run, self._get, looks=True),
            Route("rerun", "POST", f"{run}/rerun", self._rerun),
            Route("resume", "POST", f"{run}/resume-from/{{node_id}}", self._resume),
            Route("execute", "POST", f"{workflow}/execute", self._execute),
            Route("list", "GET", f"{workflow}/executions", self._list, looks=True),
            Route("list_workflows", "GET", "/workflows", self._list_workflows),
            Route("get_workflow", "GET", workflow, self._get_workflow),
        )

    def reset(self) -> None:
        """Forget executions too, and what their keys were answered."""
        super().reset()
        self._executions: dict[str, Execution] = {}
        self._first_answers: dict[str, Answer] = {}
        self._began = time.time()

    def error(self, operation: str, status: int, message: str | None = None) -> Answer:  # noqa: ARG002 - all word it alike
        """Return an ErrorResponse where one is documented, and what Laravel says where none is."""
        if status == 401 and self.chosen["unauthorized"] == "middleware":
            return unauthorized(message)
        return envelope(status, message)

    def with_status(self, body: Any, word: Any) -> Any:
        """Put the word into a run, or into each of a page."""
        return relabelled(body, word)

    def with_output_of(self, body: Any, size: int) -> Any:
        """Let the last log's output be so large; without one, the body itself, or the first thing in a list."""
        return enlarged(body, size)

    def _execute(self, asked: Asked) -> Reply:
        """Altostrat reference, "Execute a workflow"."""
        workflow = self.workflows.get(asked.where["workflow_id"])
        if workflow is None:
            return self.error("execute", 404)
        if workflow.forbidden:
            return self.error("execute", 403)
        body = asked.body if asked.raw else {}
        # No page has this refusal. Members beside the context are let pass, as nothing says that they are refused.
        if not isinstance(body, dict) or not isinstance(body.get("context", {}), dict):
            said = "The context field must be an array."  # so Laravel calls what JSON calls an object
            return Answer(422, {"message": said, "errors": {"context": [said]}})
        key = asked.headers.get("idempotency-key")
        if key in self._first_answers and self.chosen["idempotency"] == "honoured":
            return self._first_answers[key]
        run = self._begin(workflow, body.get("context", {}))
        answer = Answer(202, self._started(run), execution_id=run.run.execution_id)
        if key:
            self._first_answers[key] = answer
        return answer

    def _get(self, asked: Asked) -> Reply:
        """Altostrat reference, "Retrieve a workflow run"; only here are there logs.

        How many there are before the end is not said; here none in the queue, and then all but the last.
        """
        found = self._executions.get(asked.where["execution_id"])
        if found is None:
            return self.error("get", 404)
        self.look(found.run)
        shown = self._shown(found)
        if self.chosen["trigger_payload"] == "shown":
            shown["trigger_payload"] = found.run.input
        if shown["status"] == "pending":
            return Answer(200, {**shown, "logs": []})
        return Answer(200, {**shown, "logs": found.logs if shown["completed_at"] else found.logs[:-1]})

    def _list(self, asked: Asked) -> Reply:
        """Altostrat reference, "List workflow runs": the newest first; seeing a run here is not a look."""
        named = asked.where["workflow_id"]
        if named not in self.workflows:
            return self.error("list", 404)
        runs = [self._shown(held) for held in self._executions.values() if held.run.workflow_id == named]
        address = f"http://{asked.headers.get('host', '')}/{self.name}{asked.path}"
        return Answer(200, page(runs[::-1], asked.query.get("page", ""), address))

    def _rerun(self, asked: Asked) -> Reply:
        """Altostrat reference, "Re-run a workflow": for runs that failed or completed."""
        return self._again(asked, ("completed", "failed"), "Workflow re-run initiated successfully.")

    def _resume(self, asked: Asked) -> Reply:
        """Altostrat reference, "Resume a failed workflow": from a node that succeeded."""
        node = asked.where["node_id"]
        return self._again(asked, ("failed",), f"Workflow resumed successfully from node '{node}'.", node)

    def _again(self, asked: Asked, ends: tuple[str, ...], said: str, node: str | None = None) -> Reply:
        """Start a new run with the old context, by the workflow as it is now; other refusals than 404 are ours."""
        found = self._executions.get(asked.where["execution_id"])
        if found is None:
            return self.error(asked.operation, 404)
        word = self.word(found.run)
        if word not in ends:
            return self.error(asked.operation, 422, f"The workflow run is {word}.")
        done = {log["node_id"] for log in found.logs if log["status"] == "success"}
        if node is not None and node not in done:
            return self.error(asked.operation, 422, f"Node '{node}' did not complete successfully.")
        notes = {"rerun_of": found.run.execution_id, **({"resumed_from": node} if node else {})}
        new = self._begin(self.workflows[found.run.workflow_id], found.run.input, **notes)
        told = {"message": said, "new_run": self._started(new)}
        return Answer(202, told, execution_id=new.run.execution_id)

    def _list_workflows(self, asked: Asked) -> Reply:  # noqa: ARG002 - a handler is handed what was asked
        """Altostrat reference, "List all workflows": an array, not a page."""
        return Answer(200, [described(workflow, self._began) for workflow in self.workflows.values()])

    def _get_workflow(self, asked: Asked) -> Reply:
        """Altostrat reference, "Retrieve a workflow"."""
        workflow = self.workflows.get(asked.where["workflow_id"])
        if workflow is None:
            return self.error("get_workflow", 404)
        return Answer(200, described(workflow, self._began))

    def _begin(self, workflow: Workflow, given: Any, **notes: str) -> Execution:
        life = self.life(workflow, *workflow.passes)
        run = Run(self.name, new_id("fl_run_"), workflow.workflow_id, given, life, "ASYNC", notes={**notes})
        at = timestamp(run.started_at)
        logs = [{"id": new_id("fl_log_"), **step, "created_at": at} for step in workflow.steps(given)]
        self.ledger.add_run(run)
        self._executions[run.execution_id] = Execution(run, workflow.error, logs)
        return self._executions[run.execution_id]

    def _started(self, held: Execution) -> dict[str, Any]:
        """Return a run as its start tells of it: at the first of its statuses, however short that lasts.

        The page's example says "completed" there, as all its examples of a run do.
        """
        return self._shown(held, *held.run.life.passes[:1])

    def _shown(self, held: Execution, word: str | None = None) -> dict[str, Any]:
        """Return a run with this status, or with its own; noting when it was first found to be over."""
        if word is None:
            word = self.word(held.run)
            if held.completed_at is None and word not in NOT_OVER and self.over(held.run):
                held.completed_at = time.time()
        return run_shape(held, word)
