"""Refold's calls: what each one does."""

import time
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.shape import Answer, Asked, Never, Reply, Route, Wait
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.vendors.refold.access import caller, new_account, refusal
from airflow_workflow_providers.emulator.vendors.refold.answers import (
    Execution,
    detail,
    enlarged,
    envelope,
    listed,
    new_id,
    no_such_execution,
    odd_refusal,
    relabelled,
    result,
    wrong_slug,
)
from airflow_workflow_providers.emulator.vendors.refold.lists import (
    execution_filter,
    page,
    page_asked_for,
    workflow_filter,
)
from airflow_workflow_providers.emulator.vendors.refold.workflows import BUILT_IN, Workflow

_PASSES = ("QUEUED", "RUNNING")
_RERUNNABLE = frozenset({"ERRORED", "TIMED_OUT", "STOPPED"})
_UNSANITARY = frozenset({"x-api-key", "authorization", "cookie", "proxy-authorization"})


class Refold(Vendor[Workflow]):
    """One organisation with one linked account."""

    name = "refold"
    secret_headers = ("x-api-key", "authorization")
    secrets = ("api_key", "token")
    built_in = BUILT_IN
    # Execute takes a tag "to label the resulting execution"; whether an execution shows it is not said.
    choices = MappingProxyType(
        {"unknown_execution": ("hang", "404"), "rerun_answer": ("v3", "v2"), "tag": ("hidden", "shown")}
    )

    def credentials(self) -> dict[str, str]:
        """Return a new key, account and session token."""
        return new_account()

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return a connection that uses the key."""
        extra = {"linked_account_id": self.account["linked_account_id"]}
        return {"conn_type": "refold", "host": base_url, "password": self.account["api_key"], "extra": extra}

    def describe(self) -> tuple[Route, ...]:
        """Return the public API's routes, as far as they are emulated."""
        base = "/api/v2/public"
        execution = f"{base}/execution"
        return (
            Route("execute", "POST", f"{base}/workflow/{{workflow_id}}/execute", self._execute),
            Route("get", "GET", f"{execution}/{{execution_id}}", self._get, looks=True),
            Route("list", "GET", execution, self._list, looks=True),
            Route("stop", "POST", f"{execution}/{{execution_id}}/stop", self._stop),
            Route("rerun", "POST", f"{execution}/{{execution_id}}/rerun", self._rerun),
            Route("list_workflows", "GET", f"{base}/workflow", self._list_workflows),
            Route("list_linked_accounts", "GET", f"{base}/linked-account", self._list_linked_accounts),
            Route("active_linked_account", "GET", f"{base}/session/active-linked-account", self._active),
        )

    def reset(self) -> None:
        """Forget the aliases and executions too."""
        super().reset()
        self._aliases = {workflow.alias: workflow.hex_id for workflow in BUILT_IN}
        self._executions: dict[str, Execution] = {}

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Take in a workflow by its alias or its id of 24 digits; see :class:`Workflow` for the options."""
        workflow = Workflow.described(workflow_id, options)
        self.workflows[workflow.hex_id] = workflow
        self._aliases[workflow.alias] = workflow.hex_id
        return {"workflow_id": workflow.hex_id, "alias": workflow.alias, "slug": workflow.slug}

    def refuse(self, asked: Asked) -> Answer | None:
        """Refuse a caller without the right key or token."""
        return refusal(asked, self.account)

    def error(self, operation: str, status: int, message: str | None = None) -> Answer:
        """Return an error in the standard envelope."""
        return envelope(operation, status, message)

    def with_status(self, body: Any, word: Any) -> Any:
        """Put the word into an execution, or into each of a list."""
        return relabelled(body, word)

    def with_output_of(self, body: Any, size: int) -> Any:
        """Let the Response node's output, or a synchronous call's, be so large; without one, the body itself."""
        return enlarged(body, size)

    def _execute(self, asked: Asked) -> Reply:
        """Refold API reference, Execute Workflow."""
        named = asked.where["workflow_id"]
        workflow = self.workflows.get(named) or self.workflows.get(self._aliases.get(named, ""))
        owner, slug = self._caller(asked), asked.headers.get("slug")
        if (
            workflow is None
            or not workflow.published
            or owner != self.account["linked_account_id"]
            or not slug
        ):
            return odd_refusal()
        if slug != workflow.slug:
            return wrong_slug(slug)
        blocking = asked.headers.get("sync_execution", "false")
        body = asked.body if asked.raw else {}
        if wrong := _wrong_with(workflow, blocking, body):
            return odd_refusal(wrong)
        # The page wraps the input in `payload`, the specification and the vendor's own clients send it flat.
        wrapped = set(body) == {"payload"}
        run = Run(
            vendor=self.name,
            execution_id=new_id(),
            workflow_id=named,
            input=body["payload"] if wrapped else body,
            life=self.life(workflow, *_PASSES),
            mode="SYNC" if blocking == "true" else "ASYNC",
            tag=asked.headers.get("instance_tag"),
            notes={"wrapped": wrapped},
        )
        execution = self._begin(Execution(run, workflow, owner, asked.headers.get("config_id") or owner))
        more = _sanitised(asked)
        if run.mode == "ASYNC":
            told = {"message": "Workflow execution started", "execution_id": run.execution_id, **more}
            return Answer(200, told, execution_id=run.execution_id)

        def answer() -> Answer:
            told = result(execution, self.word(run))
            return Answer(told["status_code"], {**told, **more}, execution_id=run.execution_id)

        return Wait(lambda: self.over_unlooked(run), answer, run.execution_id)

    def _get(self, asked: Asked) -> Reply:
        """Refold API reference, Get Execution; an id that nobody has is met with silence, as was seen live."""
        found = self._found(asked)
        if found is None:
            return Never() if self.chosen["unknown_execution"] == "hang" else no_such_execution()
        status = self.look(found.run)
        return Answer(200, detail(found, status))

    def _list(self, asked: Asked) -> Reply:
        """Refold API reference, List Executions; seeing a run in a list is not a look at it."""
        owner = self._caller(asked)
        try:
            wanted = execution_filter(asked.query)
        except ValueError as refused:
            return self.error("list", 400, str(refused))
        items = [
            listed(held, self.word(held.run), tagged=self.chosen["tag"] == "shown")
            for held in self._executions.values()
            if held.owner == owner and wanted(held.run, held.workflow, self.word(held.run))
        ]
        # The newest comes first unless it is asked for otherwise.
        return self._paged(
            "list", items if asked.query.get("sortAsc") == "true" else items[::-1], asked.query
        )

    def _stop(self, asked: Asked) -> Reply:
        """Refold API reference, Stop Execution; of a run that is over nothing is said, so nothing changes."""
        found = self._found(asked)
        if found is None:
            return no_such_execution()
        self.stop(found.run, "STOPPING", "STOPPED")
        return Answer(200, {"message": "Stopping instance"})

    def _rerun(self, asked: Asked) -> Reply:
        """Refold API reference, Rerun Execution: a new execution with the input of one that failed or was stopped."""
        found = self._found(asked)
        if found is None:
            return no_such_execution()
        run = found.run
        if self.word(run) not in _RERUNNABLE:
            return self.error("rerun", 400, "Only failed or stopped executions can be rerun")
        again = replace(
            run,
            execution_id=new_id(),
            life=self.life(found.workflow, *_PASSES),
            mode="ASYNC",
            started_at=time.time(),
            stops=0,
            answered=False,
            notes={**run.notes, "rerun_of": run.execution_id},
        )
        self._begin(replace(found, run=again))
        # Two pages, two shapes: v2 has the first, v3 and the specification the second.
        told = {"message": "Execution queued", "instanceId": again.execution_id}
        if self.chosen["rerun_answer"] == "v3":
            told = {"status": "success", "id": again.execution_id}
        return Answer(200, told, execution_id=again.execution_id)

    def _list_workflows(self, asked: Asked) -> Reply:
        """Refold API reference, List Workflows."""
        mine = self._caller(asked) == self.account["linked_account_id"]
        try:
            wanted = workflow_filter(asked.query)
        except ValueError as refused:
            return self.error("list_workflows", 400, str(refused))
        items = [
            {
                "_id": flow.hex_id,
                "name": flow.alias,
                "alias": flow.alias,
                "published": flow.published,
                "slug": flow.slug,
            }
            for flow in self.workflows.values()
            if mine and wanted(flow)
        ]
        return self._paged("list_workflows", items, asked.query, schema={})

    def _list_linked_accounts(self, asked: Asked) -> Reply:
        """Refold API reference, List Linked Accounts; the shape is that of the other lists."""
        account = {"linked_account_id": self.account["linked_account_id"], "environment": "test"}
        return self._paged("list_linked_accounts", [account], asked.query)

    def _active(self, asked: Asked) -> Reply:  # noqa: ARG002 - a handler is handed what was asked
        """Say whom the session token stands for."""
        return Answer(200, {"linked_account_id": self.account["linked_account_id"], "environment": "test"})

    def _caller(self, asked: Asked) -> str:
        return caller(asked, self.account)

    def _found(self, asked: Asked) -> Execution | None:
        held = self._executions.get(asked.where["execution_id"])
        return held if held is not None and held.owner == self._caller(asked) else None

    def _begin(self, execution: Execution) -> Execution:
        self.ledger.add_run(execution.run)
        self._executions[execution.run.execution_id] = execution
        return execution

    def _paged(
        self, operation: str, items: list[dict[str, Any]], query: dict[str, str], **more: Any
    ) -> Answer:
        try:
            number, limit = page_asked_for(query)
        except ValueError as refused:
            return self.error(operation, 400, str(refused))
        return Answer(200, {**page(items, number, limit), **more})


def _wrong_with(workflow: Workflow, blocking: str, body: Any) -> str | None:
    """Return what is wrong with a start, in words that are ours: the page shows none for these."""
    if blocking not in ("true", "false"):
        return "sync_execution must be true or false"
    if blocking == "true" and workflow.group_node:
        return "Sync execution is not supported for workflows with a Group node"
    if not isinstance(body, dict):
        return "The request body must be a JSON object"
    return None


def _sanitised(asked: Asked) -> dict[str, Any]:
    """Return the request's headers without the secret ones, if the caller asked for them in a header or the query."""
    if "true" not in (asked.headers.get("include-headers"), asked.query.get("include-headers")):
        return {}
    return {"headers": {name: value for name, value in asked.headers.items() if name not in _UNSANITARY}}
