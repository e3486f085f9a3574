"""PromptLayer's routes: what each one does."""

import itertools
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from airflow_workflow_providers.emulator.ledger import Ledger, Run
from airflow_workflow_providers.emulator.lifecycle import Clock
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route, WebSocketRoute, padded
from airflow_workflow_providers.emulator.options import from_options
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.promptlayer import lists, push, replies
from airflow_workflow_providers.emulator.vendors.promptlayer.recalculations import Recalculations, id_of
from airflow_workflow_providers.emulator.vendors.promptlayer.replies import Nodes
from airflow_workflow_providers.emulator.vendors.promptlayer.tables import UUID, Table
from airflow_workflow_providers.emulator.vendors.promptlayer.workflows import (
    DEFAULT_WORKFLOWS,
    Node,
    Workflow,
)

_EXECUTION_ID = "workflow_version_execution_id"
_FIRST_WORKFLOW_ID = 101
#: Ids go on after a reset, so that an id from before never means another run.
_execution_ids = itertools.count(98765)

#: The fields of a start and their types (schema RunWorkflow). Others are ignored: the vendor's own client sends one that
#: is not documented.
_FIELDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "workflow_label_name": ("a string", (str, type(None))),
    "workflow_version_number": ("an integer", (int, type(None))),
    "metadata": ("an object of strings", (dict, type(None))),
    "input_variables": ("an object", (dict,)),
    "return_all_outputs": ("a boolean", (bool,)),
    "callback_url": ("an HTTP URL", (str, type(None))),
}
#: Only the texts for 401 and 429 are documented.
_MESSAGES = {
    401: "Invalid API key",
    404: "Not found",
    429: "Rate limit exceeded. Please retry later.",
}
#: What is documented in two ways, was wrong for a time, or is on old pages only; the first is the default.
_VARIANTS: Mapping[str, tuple[Any, ...]] = {
    "running": ("202", "204"),  # 204 was proposed for the documentation and not accepted
    "early_200": (False, True),  # changelog, March 10, 2026: "incorrect status codes"
    "failed_status": ("FAILED", "FAILURE"),  # FAILURE: the callback's page of October 2025
    "raw_error": ("string", "object"),  # an object in older samples
    "error_field": ("message", "error"),  # "some legacy endpoints may return either" (schema ErrorResponse)
    "invalid": ("message", "detail"),  # a 422 is an ErrorResponse or a list of details
    # Of the pushed message: the vendor's clients know both. Which size is too large is not known.
    "result_code": ("OK", "EXCEEDS_SIZE_LIMIT"),
    # Both are inferred: the vendor's JavaScript client subscribes after it has started the run.
    "late_subscriber": ("told", "missed"),
}
#: A recorded token for the websocket is valid for an hour. Here it stays valid.
_TOKEN_SECONDS = 3600


class PromptLayer(EmulatedVendor[Workflow]):
    """One workspace."""

    name = "promptlayer"
    secret_headers = ("x-api-key",)
    secrets = ("api_key",)
    default_workflows = DEFAULT_WORKFLOWS
    variants = _VARIANTS

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._recalculations = Recalculations(self)
        super().__init__(ledger, clock)

    def new_credentials(self) -> dict[str, str]:
        """Return a new key of the workspace."""
        return {"api_key": f"pl_{secrets.token_hex(20)}"}

    def build_routes(self) -> tuple[Route, ...]:
        """Return the routes of workflows and their runs, and of tables; a name in a path may contain slashes."""
        results = Route(
            "results",
            "GET",
            "/workflow-version-execution-results",
            self._results,
            returns_status=True,
            execution_id_parameter=_EXECUTION_ID,
        )
        run = Route("run", "POST", "/workflows/{named:anything}/run", self._run)
        return (
            run,
            results,
            Route("list_workflows", "GET", "/workflows", self._list_workflows),
            Route("workflow_labels", "GET", "/workflows/{named:anything}/labels", self._labels),
            Route("get_workflow", "GET", "/workflows/{named:anything}", self._get_workflow),
            Route("push_token", "POST", "/ws-token-request-library", self._push_token),
            *self._recalculations.routes(),
        )

    def websockets(self) -> tuple[WebSocketRoute, ...]:
        """Return the websocket on which the vendor's own clients wait for the end of a run."""
        return (WebSocketRoute("push", push.PATH, self._subscriber),)

    def reset(self) -> None:
        """Forget the websocket's tokens and channels, and tables, too."""
        super().reset()
        self._recalculations.reset()
        self._tokens: dict[str, str] = {}
        self._channels: dict[str, str] = {}

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """
        Add a workflow by its name, or a table by its id, a UUID.

        :class:`Workflow`, whose nodes are objects here, and :class:`Table` have the options.
        """
        if UUID.fullmatch(workflow_id):
            self._recalculations.add(Table.from_options(workflow_id, options))
            return {"workflow_id": workflow_id}
        nodes = options.get("nodes")
        if isinstance(nodes, list) and all(isinstance(node, dict) for node in nodes):
            options["nodes"] = tuple(from_options(Node, node, "a node") for node in nodes)
        super().add_workflow(workflow_id, **options)
        return {"workflow_id": self._id_of(self.workflows[workflow_id]), "workflow_name": workflow_id}

    def workflow_id_of(self, incoming: Incoming) -> str | None:
        """Return the name or id of the workflow in the path, or the table."""
        return incoming.path_params.get("named") or incoming.path_params.get("table_id")

    def execution_id_of(self, incoming: Incoming) -> str | None:
        """Return the run of a table, which is known below its sheet."""
        own = incoming.path_params.get("execution_id")
        return None if own is None else id_of(incoming, own)

    @override
    def error(self, operation: str, status: int, message: str | None = None) -> Reply:
        text = message or _MESSAGES.get(status, "Something went wrong")
        return Reply(status, {"success": False, self.variant["error_field"]: text})

    def with_status(self, body: Any, status: Any) -> Any:
        """Set the status of every node, of an operation or of a calculation; a bare value has none."""
        if isinstance(body, Nodes):
            return Nodes({name: {**node, "status": status} for name, node in body.items()})
        for name in ("operation", "calculation"):
            if isinstance(body, dict) and isinstance(body.get(name), dict):
                return {**body, name: {**body[name], "status": status}}
        return body

    def with_output_size(self, body: Any, size: int) -> Any:
        """Pad the value of the output node, or of the first node if none succeeded; without nodes the body itself."""
        if not isinstance(body, Nodes):
            return padded(body, size)
        name = (body.successful_outputs() or list(body))[0]
        return Nodes({**body, name: {**body[name], "value": padded(body[name]["value"], size)}})

    def _run(self, incoming: Incoming) -> Reply:
        """Run Workflow (docs.promptlayer.com/reference/run-workflow)."""
        body = incoming.body
        if problem := _problem_in(body):
            return self._invalid(*problem)
        label, version = body.get("workflow_label_name"), body.get("workflow_version_number")
        if label is not None and version is not None:
            return self.error("run", 400, "workflow_label_name and workflow_version_number are exclusive")
        workflow = self._find(incoming.path_params["named"], label, version)
        if isinstance(workflow, Reply):
            return workflow
        given, callback_url = body.get("input_variables", {}), body.get("callback_url")
        run = Run(
            vendor=self.name,
            execution_id=str(next(_execution_ids)),
            workflow_id=incoming.path_params["named"],
            input=given,
            lifecycle=self.lifecycle(workflow, *replies.RUNNING_STATUSES),
            mode="ASYNC",
            notes={
                "label": label,
                "version": version,
                "metadata": body.get("metadata"),
                "callback_url": callback_url,
                "return_all_outputs": body.get("return_all_outputs", False),
            },
        )
        self.start(run, workflow)
        # The suffix is not documented; the vendor's Python client sends it.
        for channel in push.channels_of(
            run.execution_id, self._id_of(workflow), body.get("channel_name_suffix")
        ):
            self._channels[channel] = run.execution_id
        # The example says "started"; a recorded response and the page's description of 201 say "created successfully".
        outcome = "created successfully" if callback_url is None else "accepted"
        started = {
            "success": True,
            "message": f"Workflow execution {outcome}",
            "warning": workflow.warning(given),
            _EXECUTION_ID: int(run.execution_id),
        }
        return Reply(201 if callback_url is None else 202, started, execution_id=run.execution_id)

    def _results(self, incoming: Incoming) -> Reply:
        """Get Workflow Version Execution Results; the `return_all_outputs` of the start has no effect here."""
        execution_id = incoming.query.get(_EXECUTION_ID, "")
        # The vendor's Python client may send True.
        all_outputs = incoming.query.get("return_all_outputs", "false").lower()
        if re.fullmatch("-?[0-9]{1,19}", execution_id) is None:
            return self._invalid("query", _EXECUTION_ID, "an integer")
        if all_outputs not in ("true", "false"):
            return self._invalid("query", "return_all_outputs", "a boolean")
        if execution_id not in self.runs:
            return self.error("results", 404, "Workflow version execution not found")
        run, workflow = self.runs[execution_id]
        nodes = replies.nodes_of(workflow, run.input, run.lifecycle.check(), self.variant)
        if nodes.are_running() and not self.variant["early_200"]:
            return Reply(202, nodes) if self.variant["running"] == "202" else Reply(204, None)
        return Reply(200, nodes.final_output(all_outputs=all_outputs == "true"))

    def _list_workflows(self, incoming: Incoming) -> Reply:
        """List Workflows (docs.promptlayer.com/reference/list-workflows)."""
        try:
            found = lists.selected(self.workflows.values(), incoming.query)
            page, per_page = lists.page_and_size(incoming.query)
        except lists.InvalidQuery as invalid:
            return self._invalid("query", invalid.name, invalid.kind)
        items = [replies.listed(workflow, self._id_of(workflow)) for workflow in found]
        return Reply(200, replies.page_of(items, page, per_page))

    def _get_workflow(self, incoming: Incoming) -> Reply:
        """Get Workflow (docs.promptlayer.com/reference/get-workflow); the 400 is inferred from that of a start."""
        label, version = incoming.query.get("label"), incoming.query.get("version")
        if label is not None and version is not None:
            return self.error("get_workflow", 400, "version and label are exclusive")
        if version is not None and not lists.is_positive(version):
            return self._invalid("query", "version", "an integer from 1")
        number = None if version is None else int(version)
        workflow = self._find(incoming.path_params["named"], label, number)
        if isinstance(workflow, Reply):
            return workflow
        shown = number or workflow.versions_by_label.get(label or "", workflow.latest)
        return Reply(200, replies.described(workflow, self._id_of(workflow), shown))

    def _labels(self, incoming: Incoming) -> Reply:
        """Get Workflow Labels (docs.promptlayer.com/reference/get-workflow-labels)."""
        workflow = self._find(incoming.path_params["named"], None, None)
        if isinstance(workflow, Reply):
            return workflow
        labels = replies.labelled(workflow, self._id_of(workflow))
        return Reply(200, {"success": True, "release_labels": labels})

    def _push_token(self, incoming: Incoming) -> Reply:
        """Issue a token for one channel of the websocket; not documented, but recorded. The refusal is inferred."""
        channel = incoming.query.get("capability")
        if not channel:
            return self._invalid("query", "capability", "a channel")
        token = secrets.token_urlsafe(32)
        self._tokens[token] = channel
        self.issued_secrets.add(token)
        now = int(time.time() * 1000)
        details = {
            "token": token,
            "issued": now,
            "expires": now + _TOKEN_SECONDS * 1000,
            "capability": {"user:1": ["presence", "subscribe"], channel: ["presence", "subscribe"]},
            "clientId": "1",
        }
        # The backend is newer than the recorded answer. Without it the vendor's JavaScript client uses another service.
        return Reply(201, {"success": True, "token_details": details, "messaging_backend": "centrifugo"})

    def _subscriber(self) -> push.Subscriber:
        return push.Subscriber(
            self._tokens, self._message_for, lambda: self.variant["late_subscriber"] == "told"
        )

    def _message_for(self, channel: str) -> dict[str, Any] | None:
        """Return what a channel says about its run; None before the end."""
        found = self.runs.get(self._channels.get(channel, ""))
        if found is None:
            return None
        run, workflow = found
        run.lifecycle.finish_if_paced_by_checks()
        nodes = replies.nodes_of(workflow, run.input, run.lifecycle.status, self.variant)
        if nodes.are_running():
            return None
        output = nodes.final_output(all_outputs=run.notes["return_all_outputs"])
        return push.completed(run.execution_id, self.variant["result_code"], output)

    def _id_of(self, workflow: Workflow) -> int:
        return _FIRST_WORKFLOW_ID + list(self.workflows).index(workflow.name)

    def _find(self, named: str, label: str | None, version: int | None) -> Workflow | Reply:
        """Return the workflow by its id or its name, or a 404."""
        by_id = {str(self._id_of(workflow)): workflow for workflow in self.workflows.values()}
        workflow = by_id.get(named) or self.workflows.get(named)
        if workflow is None:
            return self.error("", 404, "Workflow not found")
        if label is not None and label not in workflow.versions_by_label:
            return self.error("", 404, "Release label not found")
        if version is not None and version not in workflow.versions:
            return self.error("", 404, "Workflow version not found")
        return workflow

    def _invalid(self, location: str, name: str, kind: str) -> Reply:
        """Return a 422; its text is ours."""
        text = f"{name} must be {kind}"
        if self.variant["invalid"] == "message":
            return self.error("", 422, text)
        return Reply(422, {"detail": [{"loc": [location, name], "msg": text, "type": "value_error"}]})


def _problem_in(body: Any) -> tuple[str, str, str] | None:
    """Return which field of a start is invalid, where it is, and what it must be."""
    if not isinstance(body, dict):
        return "body", "body", "a JSON object"
    for name, (kind, types) in _FIELDS.items():
        value = body.get(name)
        if name in body and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            return "body", name, kind
    if not all(isinstance(value, str) for value in (body.get("metadata") or {}).values()):
        return "body", "metadata", "an object of strings"
    if body.get("callback_url") is not None and not _is_http_url(body["callback_url"]):
        return "body", "callback_url", "an HTTP URL"
    return None


def _is_http_url(text: str) -> bool:
    """Whether it is an HTTP URL with a host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
