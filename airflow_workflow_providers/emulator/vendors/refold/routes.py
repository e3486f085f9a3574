"""Refold's routes: what each one does."""

from types import MappingProxyType
from typing import Any

from typing_extensions import override

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.limits import Limit
from airflow_workflow_providers.emulator.lists import LISTS, in_pages, listed_status
from airflow_workflow_providers.emulator.messages import Incoming, NoResponse, Pending, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.refold import authentication, lists, replies
from airflow_workflow_providers.emulator.vendors.refold.replies import Execution
from airflow_workflow_providers.emulator.vendors.refold.workflows import DEFAULT_WORKFLOWS, Workflow

_CAN_BE_RERUN = ("ERRORED", "TIMED_OUT", "STOPPED")
_SECRET_HEADERS = frozenset({"x-api-key", "authorization", "cookie", "proxy-authorization"})


class Refold(EmulatedVendor[Workflow]):
    """One organisation with one linked account."""

    name = "refold"
    secret_headers = ("x-api-key", "authorization")
    secrets = ("api_key", "token")
    #: 20 requests a second, and 5 at once (api-reference/overview).
    rate_limit = Limit(20, 5)
    default_workflows = DEFAULT_WORKFLOWS
    variants = MappingProxyType(
        {
            "unknown_execution": ("hang", "404"),
            # Execute takes a tag "to label the resulting execution"; no page says whether an execution shows it.
            "tag": ("hidden", "shown"),
            # The page wraps the input in `payload`; the specification, the guide and the vendor's own clients do not. A
            # vendor that is literal takes what it expects, whatever the client meant.
            "body": ("either", "flat", "wrapped"),
            # No page shows a Response node of an execution. Other nodes are referred to as {{node.105.body}}, which an
            # envelope would explain; "elsewhere" shows the result only at the path of the guide.
            "response_node": ("plain", "envelope", "elsewhere"),
            # No page shows the type of a node that waits for a person. Its name is Human Intervention, unless it has another.
            "human_node": ("type", "name"),
            # Only the guide has the path of the result alone, below v1, of which other paths were announced to end.
            "response_path": ("present", "404", "hang"),
            "list": LISTS,
            # The specification and the page of version 3 have one reply, that of version 2 another.
            "rerun": ("id", "instanceId"),
            # How many seconds a session token is valid: as in the page's example, short, or unknown to who gets it.
            "session_expires_in": ("599747", "2", "not_said"),
        }
    )

    def new_credentials(self) -> dict[str, str]:
        """Return a new key, linked account and session token."""
        return authentication.new_account()

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return a connection that uses the key."""
        extra = {"linked_account_id": self.account["linked_account_id"]}
        return {"conn_type": "refold", "host": base_url, "password": self.account["api_key"], "extra": extra}

    def build_routes(self) -> tuple[Route, ...]:
        """Return the routes of the public API that running a workflow needs."""
        base = "/api/v2/public"
        workflow = f"{base}/workflow"
        execution = f"{base}/execution"
        return (
            Route("execute", "POST", f"{workflow}/{{workflow_id}}/execute", self._execute),
            Route("get", "GET", f"{execution}/{{execution_id}}", self._get, returns_status=True),
            Route("response", "GET", "/api/v1/execution/{execution_id}/response", self._response),
            Route("list", "GET", execution, self._list, returns_status=True),
            Route("stop", "POST", f"{execution}/{{execution_id}}/stop", self._stop),
            Route("rerun", "POST", f"{execution}/{{execution_id}}/rerun", self._rerun),
            Route("batches", "GET", f"{execution}/{{execution_id}}/nodes/{{node_id}}/batches", self._batches),
            Route("list_accounts", "GET", f"{base}/linked-account", self._list_accounts),
            Route("session_token", "POST", f"{base}/session-token", self._session_token),
            Route("list_workflows", "GET", workflow, self._list_workflows),
            Route("enabled_workflows", "GET", f"{workflow}/enabled", self._enabled_workflows),
            Route("get_workflow", "GET", f"{workflow}/{{workflow_id}}", self._get_workflow),
            Route("workflow_versions", "GET", f"{workflow}/versions/{{workflow_id}}", self._versions),
            Route(
                "request_structure",
                "GET",
                f"{workflow}/request-structure/{{workflow_id}}",
                self._request_structure,
            ),
        )

    def reset(self) -> None:
        """Forget the aliases and executions too."""
        super().reset()
        self._aliases = {workflow.alias: workflow.hex_id for workflow in DEFAULT_WORKFLOWS}
        self._executions: dict[str, Execution] = {}
        self._sessions = authentication.Sessions()

    def revoke(self) -> None:
        """Renew the key and the token, and forget the session tokens."""
        super().revoke()
        self._sessions.revoke()

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Add a workflow by its alias or its id of 24 digits; see :class:`Workflow` for the options."""
        workflow = Workflow.from_options(workflow_id, options)
        self.workflows[workflow.hex_id] = workflow
        self._aliases[workflow.alias] = workflow.hex_id
        return {"workflow_id": workflow.hex_id, "alias": workflow.alias, "slug": workflow.slug}

    @override
    def authenticate(self, incoming: Incoming) -> Reply | None:
        return authentication.authenticate(incoming, self.account, self._sessions)

    @override
    def error(self, operation: str, status: int, message: str | None = None) -> Reply:
        return replies.error(operation, status, message)

    def with_status(self, body: Any, status: Any) -> Any:
        """Set the status of an execution, or of each in a list."""
        if "docs" in body:
            return {**body, "docs": [{**item, "status": status} for item in body["docs"]]}
        return {**body, "status": status}

    def with_output_size(self, body: Any, size: int) -> Any:
        """Pad the output of the Response node, of a synchronous start or of a result; without one the body itself."""
        for name in ("return_value", "response"):
            if name in body:
                return {**body, name: padded(body[name], size)}
        nodes = [dict(node) for node in body.get("nodes", [])]
        responses = [node for node in nodes if node["node_type"] == "response"]
        for node in responses:
            output = node["latest_output"]
            inside = self.variant["response_node"] == "envelope"
            node["latest_output"] = (
                {**output, "body": padded(output["body"], size)} if inside else padded(output, size)
            )
        return {**body, "nodes": nodes} if responses else padded(body, size)

    def _session_token(self, incoming: Incoming) -> Reply:
        """Refold API reference, Generate Session Token; the page of version 2 has the token alone."""
        given = incoming.body if incoming.raw and isinstance(incoming.body, dict) else {}
        account = given.get("linked_account_id")
        if not isinstance(account, str) or not account:
            return self.error("session_token", 400, "linked_account_id is required")
        if account == authentication.UNKNOWN_ACCOUNT:
            return replies.no_such_account(account)
        said = self.variant["session_expires_in"]
        lifetime = 599747.0 if said == "not_said" else float(said)
        force = incoming.query.get("force_refresh") == "true"
        session = self._sessions.create(account, lifetime, force_refresh=force)
        self.issued_secrets.add(session.token)
        if said == "not_said":
            return Reply(200, {"token": session.token})
        refresh = {"refresh_token": f"ey{session.token[::-1]}", "refresh_expires_in": 2586947}
        return Reply(200, {"token": session.token, "expires_in": session.expires_in, **refresh})

    def _execute(self, incoming: Incoming) -> Reply | Pending:
        """Refold API reference, Execute Workflow."""
        named = incoming.path_params["workflow_id"]
        workflow = self._find_workflow(named)
        owner, slug = self._linked_account(incoming), incoming.headers.get("slug")
        owned = workflow is not None and (workflow.shared or owner == self.account["linked_account_id"])
        if workflow is None or not owned or not workflow.published or not slug:
            return replies.start_refused()
        if slug != workflow.slug:
            return replies.wrong_slug(slug)
        blocking = incoming.headers.get("sync_execution", "false")
        body = incoming.body if incoming.raw else {}
        wrapped = self.variant["body"] == "wrapped" or (
            self.variant["body"] == "either" and isinstance(body, dict) and set(body) == {"payload"}
        )
        if reason := _refusal(workflow, blocking, body, wrapped=wrapped):
            return replies.start_refused(reason)
        run = Run(
            vendor=self.name,
            execution_id=replies.new_id(),
            workflow_id=named,
            input=body.get("payload", {}) if wrapped else body,
            lifecycle=self.lifecycle(workflow, *workflow.passes),
            mode="SYNC" if blocking == "true" else "ASYNC",
            tag=incoming.headers.get("instance_tag"),
            notes={"wrapped": wrapped, "linked_account_id": owner},
        )
        execution = Execution(run, workflow, owner, incoming.headers.get("config_id") or owner)
        self._executions[run.execution_id] = execution
        self.start(run, workflow)
        headers = _headers_without_secrets(incoming)
        if run.mode == "ASYNC":
            started = {"message": "Workflow execution started", "execution_id": run.execution_id}
            return Reply(200, {**started, **headers}, execution_id=run.execution_id)

        def reply() -> Reply:
            result = replies.result(execution, run.lifecycle.status)
            return Reply(result["status_code"], {**result, **headers}, execution_id=run.execution_id)

        return self.when_ended(run, reply)

    def _get(self, incoming: Incoming) -> Reply | NoResponse:
        """Refold API reference, Get Execution; an unknown id gets no response, as was seen live."""
        execution = self._find(incoming)
        if execution is None:
            hangs = self.variant["unknown_execution"] == "hang"
            return NoResponse() if hangs else replies.no_such_execution()
        status = execution.run.lifecycle.check()
        return Reply(200, replies.detail(execution, status, self.variant))

    def _response(self, incoming: Incoming) -> Reply | NoResponse:
        """
        Refold guide, Workflow API; not a status check.

        The page has the result of a completed execution. What a running one has, and one without a Response node, is not
        documented: here null.
        """
        if self.variant["response_path"] == "hang":
            return NoResponse()
        execution = self._find(incoming)
        if execution is None or self.variant["response_path"] == "404":
            return replies.no_such_execution()
        status = execution.run.lifecycle.status
        response = (
            execution.workflow.output_for(execution.run.input)
            if replies.has_output(execution, status)
            else None
        )
        return Reply(200, {"response": response, "status": replies.shown_status(status)})

    def _list(self, incoming: Incoming) -> Reply:
        """Refold API reference, List Executions; a status check of the executions on the page."""
        owner = self._linked_account(incoming)
        try:
            selected = lists.execution_filter(incoming.query)
            number, limit = lists.page_number_and_limit(incoming.query)
        except ValueError as refused:
            return self.error("list", 400, str(refused))
        variant = self.variant["list"]

        def status(execution: Execution, own: str) -> str:
            return replies.shown_status(listed_status(execution.run.lifecycle, own, variant))

        found = [
            each
            for each in self._executions.values()
            if each.owner == owner
            and selected(each.run, each.workflow, status(each, each.run.lifecycle.next_status))
        ]
        # The newest comes first unless the query asks for the oldest.
        ordered = found if incoming.query.get("sortAsc") == "true" else found[::-1]
        listed = in_pages(ordered, limit, variant)
        shown = listed[(number - 1) * limit : number * limit]
        tagged = self.variant["tag"] == "shown"
        docs = [
            replies.listed(each, status(each, each.run.lifecycle.check()), tagged=tagged) for each in shown
        ]
        return Reply(200, lists.page(docs, number, limit, len(listed)))

    def _stop(self, incoming: Incoming) -> Reply:
        """Refold API reference, Stop Execution; what happens to a finished run is not documented, here nothing."""
        execution = self._find(incoming)
        if execution is None:
            return replies.no_such_execution()
        execution.run.stop("STOPPING", "STOPPED")
        return Reply(200, {"message": "Stopping instance"})

    def _rerun(self, incoming: Incoming) -> Reply:
        """
        Refold API reference, Rerun Execution: a new execution of the same payload.

        It is for one that failed or was stopped; no page says what another one gets, here a 400.
        """
        old = self._find(incoming)
        if old is None:
            return replies.no_such_execution()
        if old.run.lifecycle.status not in _CAN_BE_RERUN:
            return self.error("rerun", 400, "Only a failed or stopped execution can be rerun")
        # The workflow may have changed meanwhile: a new execution follows it as it is.
        workflow = self.workflows[old.workflow.hex_id]
        run = Run(
            vendor=self.name,
            execution_id=replies.new_id(),
            workflow_id=old.run.workflow_id,
            input=old.run.input,
            lifecycle=self.lifecycle(workflow, *workflow.passes),
            mode="ASYNC",
            tag=None,
            notes={**old.run.notes, "rerun_of": old.run.execution_id},
        )
        self._executions[run.execution_id] = Execution(run, workflow, old.owner, old.config_id)
        self.start(run, workflow)
        body = {
            "id": {"status": "success", "id": run.execution_id},
            "instanceId": {"message": "Execution queued", "instanceId": run.execution_id},
        }
        return Reply(200, body[self.variant["rerun"]], execution_id=run.execution_id)

    def _batches(self, incoming: Incoming) -> Reply:
        """Refold API reference, List Node Batches: its example of a batch for each node of a Group, which iterates."""
        execution = self._find(incoming)
        if execution is None:
            return replies.no_such_execution()
        if not replies.is_batch(execution, incoming.path_params["node_id"]):
            return replies.no_batches()
        batch = {"batch_index": 0, "status": "Success", "output": {"processed": 50}}
        docs = [batch] if incoming.query.get("status") in (None, batch["status"]) else []
        return self._page("batches", incoming, docs)

    def _list_accounts(self, incoming: Incoming) -> Reply:
        """Refold API reference, List Linked Accounts: that of the emulator's connection, and those that its example shows."""
        ids = (self.account["linked_account_id"], "customer_ada", "customer_grace", "customer_jane")
        return self._page("list_accounts", incoming, [replies.linked_account(each) for each in ids])

    def _list_workflows(self, incoming: Incoming) -> Reply:
        """
        Refold API reference, List Workflows: with `scope=private` those of the linked account, else those of the organisation.

        Here all workflows are shown without a scope too: the account may execute them all. The dates change nothing. The order,
        oldest first, is inferred.
        """
        try:
            selected = lists.workflow_filter(incoming.query)
        except ValueError as refused:
            return self.error("list_workflows", 400, str(refused))
        found = [replies.listed_workflow(each) for each in self.workflows.values() if selected(each)]
        return self._page("list_workflows", incoming, found, schema=None)

    def _enabled_workflows(self, incoming: Incoming) -> Reply:
        """Refold API reference, List Enabled Workflows; here those that are published."""
        owner = self._linked_account(incoming)
        published = [each for each in self.workflows.values() if each.published]
        return Reply(200, [replies.enabled_workflow(each, owner) for each in published])

    def _get_workflow(self, incoming: Incoming) -> Reply:
        """Refold API reference, Get Workflow; the 404 is that of List Workflow Versions."""
        workflow = self._find_workflow(incoming.path_params["workflow_id"])
        if workflow is None:
            return self.error("get_workflow", 404, "Workflow not found")
        if not workflow.shared and self._linked_account(incoming) != self.account["linked_account_id"]:
            return self.error("get_workflow", 403, "Workflow is private to another linked account")
        return Reply(200, replies.workflow(workflow))

    def _versions(self, incoming: Incoming) -> Reply:
        """Refold API reference, List Workflow Versions; here one, if it is published."""
        workflow = self._find_workflow(incoming.path_params["workflow_id"])
        if workflow is None:
            return self.error("workflow_versions", 404, "Workflow not found")
        version = {"version": 1, "_id": workflow.hex_id, "createdAt": "2026-05-08T15:15:45.616Z"}
        return self._page("workflow_versions", incoming, [version] if workflow.published else [])

    def _request_structure(self, incoming: Incoming) -> Reply:
        """Refold API reference, Get Workflow Request Structure; the 404 is that of List Workflow Versions."""
        workflow = self._find_workflow(incoming.path_params["workflow_id"])
        if workflow is None:
            return self.error("request_structure", 404, "Workflow not found")
        return Reply(200, replies.request_structure(workflow))

    def _page(self, operation: str, incoming: Incoming, docs: list[dict[str, Any]], **members: Any) -> Reply:
        """Return the page of a list that a query asks for."""
        try:
            number, limit = lists.page_number_and_limit(incoming.query)
        except ValueError as refused:
            return self.error(operation, 400, str(refused))
        shown = lists.page(docs[(number - 1) * limit : number * limit], number, limit, len(docs))
        return Reply(200, {**shown, **members})

    def _find_workflow(self, named: str) -> Workflow | None:
        """Return a workflow by its id or its alias."""
        return self.workflows.get(named) or self.workflows.get(self._aliases.get(named, ""))

    def _linked_account(self, incoming: Incoming) -> str:
        return authentication.linked_account(incoming, self.account, self._sessions)

    def _find(self, incoming: Incoming) -> Execution | None:
        execution = self._executions.get(incoming.path_params["execution_id"])
        owned = execution is not None and execution.owner == self._linked_account(incoming)
        return execution if owned else None


def _refusal(workflow: Workflow, blocking: str, body: Any, *, wrapped: bool) -> str | None:
    """Return why a start is refused, in words of ours: the page shows none for these reasons."""
    if blocking not in ("true", "false"):
        return "sync_execution must be true or false"
    if blocking == "true" and workflow.group_node:
        return "Sync execution is not supported for workflows with a Group node"
    if not isinstance(body, dict):
        return "The request body must be a JSON object"
    return workflow.problem_of(body.get("payload", {}) if wrapped else body)


def _headers_without_secrets(incoming: Incoming) -> dict[str, Any]:
    """Return the request's headers without the secret ones, if a header or the query asks for them."""
    if "true" not in (incoming.headers.get("include-headers"), incoming.query.get("include-headers")):
        return {}
    return {
        "headers": {name: value for name, value in incoming.headers.items() if name not in _SECRET_HEADERS}
    }
