"""PromptLayer's calls: what each one does."""

import itertools
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.shape import Answer, Asked, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.vendors.promptlayer.answers import (
    GOING_ON,
    Nodes,
    definition,
    listed,
    nodes_of,
    page_of,
)
from airflow_workflow_providers.emulator.vendors.promptlayer.workflows import BUILT_IN, Node, Workflow

_EXECUTION_ID = "workflow_version_execution_id"
_FIRST_WORKFLOW_ID = 101
#: Ids go on through every reset: one from before it is unknown after it, and never another run's.
_execution_ids = itertools.count(98765)

#: The members of a start, and what each may be (schema RunWorkflow); others are ignored, as the vendor's own client
#: sends one that is not documented.
_MEMBERS: dict[str, tuple[str, tuple[type, ...]]] = {
    "workflow_label_name": ("a string", (str, type(None))),
    "workflow_version_number": ("an integer", (int, type(None))),
    "metadata": ("an object of strings", (dict, type(None))),
    "input_variables": ("an object", (dict,)),
    "return_all_outputs": ("a boolean", (bool,)),
    "callback_url": ("an HTTP URL", (str, type(None))),
}
#: Only the words for 401 and 429 are documented.
_MESSAGES = {
    401: "Invalid API key",
    404: "Not found",
    429: "Rate limit exceeded. Please retry later.",
}
#: What is documented in two ways, was wrong for a time, or stands in old pages only; the first is the default.
_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "running": ("202", "204"),  # 204 was proposed for the documentation and not taken up
    "early_200": (False, True),  # changelog, March 10, 2026: "incorrect status codes"
    "failed_word": ("FAILED", "FAILURE"),  # FAILURE: the callback's page of October 2025
    "raw_error": ("string", "object"),  # an object in older samples
    "error_member": ("message", "error"),  # "some legacy endpoints may return either" (schema ErrorResponse)
    "invalid": ("message", "detail"),  # a 422 is an ErrorResponse or a list of details
}


class PromptLayer(Vendor[Workflow]):
    """One workspace."""

    name = "promptlayer"
    secret_headers = ("x-api-key",)
    secrets = ("api_key",)
    built_in = BUILT_IN
    choices = _CHOICES

    def credentials(self) -> dict[str, str]:
        """Return a new key of the workspace."""
        return {"api_key": f"pl_{secrets.token_hex(20)}"}

    def describe(self) -> tuple[Route, ...]:
        """Return the routes of workflows, as far as they are emulated; a name in a path may hold slashes."""
        results = "/workflow-version-execution-results"
        return (
            Route("run", "POST", "/workflows/{named:path}/run", self._run),
            Route("results", "GET", results, self._results, looks=True, run_in_query=_EXECUTION_ID),
            Route("list", "GET", "/workflows", self._list),
            Route("get_workflow", "GET", "/workflows/{named:path}", self._get_workflow),
        )

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Take in a workflow by its name; see :class:`Workflow` for the options, nodes being objects."""
        for name in options.keys() & {"nodes", "required", "labels", "versions"}:
            if options[name] is not None and not isinstance(options[name], list | tuple):
                raise TypeError(f"`{name}` is a list.")
        made: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in options.items()
        }
        if "nodes" in made:
            made["nodes"] = tuple(Node(**node) for node in made["nodes"])
        super().add_workflow(workflow_id, **made)
        return {"workflow_id": self._id_of(self.workflows[workflow_id]), "workflow_name": workflow_id}

    def workflow_of(self, asked: Asked) -> str | None:
        """Return the name or id with which a call names a workflow."""
        return asked.where.get("named")

    def error(self, operation: str, status: int, message: str | None = None) -> Answer:  # noqa: ARG002 - one shape
        """Return an ErrorResponse."""
        said = message or _MESSAGES.get(status, "Something went wrong")
        return Answer(status, {"success": False, self.chosen["error_member"]: said})

    def with_status(self, body: Any, word: Any) -> Any:
        """Put the word into every node; a bare value has none."""
        if not isinstance(body, Nodes):
            return body
        return Nodes({name: {**node, "status": word} for name, node in body.items()})

    def with_output_of(self, body: Any, size: int) -> Any:
        """Let the value of the output node be so large, or of the first if none succeeded; or else the whole body."""
        if not isinstance(body, Nodes):
            return padded(body, size)
        name = (body.succeeded() or list(body))[0]
        return Nodes({**body, name: {**body[name], "value": padded(body[name]["value"], size)}})

    def _run(self, asked: Asked) -> Reply:
        """Run Workflow (docs.promptlayer.com/reference/run-workflow)."""
        body = asked.body
        if wrong := _wrong_in(body):
            return self._invalid(*wrong)
        label, version = body.get("workflow_label_name"), body.get("workflow_version_number")
        if label is not None and version is not None:
            return self.error("run", 400, "workflow_label_name and workflow_version_number are exclusive")
        workflow = self._found(asked.where["named"], label, version)
        if isinstance(workflow, Answer):
            return workflow
        given, callback_url = body.get("input_variables", {}), body.get("callback_url")
        run = Run(
            vendor=self.name,
            execution_id=str(next(_execution_ids)),
            workflow_id=asked.where["named"],
            input=given,
            life=self.life(workflow, *GOING_ON),
            mode="ASYNC",
            notes={
                "label": label,
                "version": version,
                "metadata": body.get("metadata"),
                "callback_url": callback_url,
                "return_all_outputs": body.get("return_all_outputs", False),
            },
        )
        self.begin(run, workflow)
        # The example says "started", a recorded answer and the page's description of 201 "created successfully".
        done = "created successfully" if callback_url is None else "accepted"
        told = {
            "success": True,
            "message": f"Workflow execution {done}",
            "warning": workflow.warning(given),
            _EXECUTION_ID: int(run.execution_id),
        }
        return Answer(201 if callback_url is None else 202, told, execution_id=run.execution_id)

    def _results(self, asked: Asked) -> Reply:
        """Get Workflow Version Execution Results; the start's own `return_all_outputs` counts for nothing here."""
        execution_id = asked.query.get(_EXECUTION_ID, "")
        # The vendor's client is Python, which may write True.
        wants_all = asked.query.get("return_all_outputs", "false").lower()
        if not (execution_id.isascii() and execution_id.isdecimal()):
            return self._invalid("query", _EXECUTION_ID, "an integer")
        if wants_all not in ("true", "false"):
            return self._invalid("query", "return_all_outputs", "a boolean")
        if execution_id not in self.held:
            return self.error("results", 404, "Workflow version execution not found")
        run, workflow = self.held[execution_id]
        word = self.look(run)
        nodes = nodes_of(workflow, run.input, word, self.chosen)
        if nodes.going_on() and not self.chosen["early_200"]:
            return Answer(202, nodes) if self.chosen["running"] == "202" else Answer(204, None)
        succeeded = nodes.succeeded()
        # What is answered in place of a value that there is not is inferred from the vendor's clients.
        if wants_all == "true" or nodes.going_on() or not succeeded:
            return Answer(200, nodes)
        return Answer(200, nodes[succeeded[0]]["value"])

    def _list(self, asked: Asked) -> Reply:
        """List Workflows, the newest first; its filters are not emulated."""
        page, per_page = asked.query.get("page", "1"), asked.query.get("per_page", "30")
        if not _positive(page):
            return self._invalid("query", "page", "an integer from 1")
        if not _positive(per_page, 100):
            return self._invalid("query", "per_page", "an integer from 1 to 100")
        items = [listed(workflow, self._id_of(workflow)) for workflow in reversed(self.workflows.values())]
        return Answer(200, page_of(items, int(page), int(per_page)))

    def _get_workflow(self, asked: Asked) -> Reply:
        """Get Workflow: flat members as documented, and `workflow`, which the vendor's Python client reads."""
        label, version = asked.query.get("label"), asked.query.get("version")
        if version is not None and not _positive(version):
            return self._invalid("query", "version", "an integer from 1")
        if label is not None and version is not None:
            return self._invalid("query", "label", "absent where version is given")
        workflow = self._found(asked.where["named"], label, None if version is None else int(version))
        if isinstance(workflow, Answer):
            return workflow
        return Answer(
            200, definition(workflow, self._id_of(workflow), int(version or max(workflow.versions)))
        )

    def _id_of(self, workflow: Workflow) -> int:
        return _FIRST_WORKFLOW_ID + list(self.workflows).index(workflow.name)

    def _found(self, named: str, label: str | None, version: int | None) -> Workflow | Answer:
        """Return the workflow by its id or else its name, or the refusal of what there is not."""
        by_id = {str(self._id_of(workflow)): workflow for workflow in self.workflows.values()}
        workflow = by_id.get(named) or self.workflows.get(named)
        if workflow is None:
            return self.error("", 404, "Workflow not found")
        if label is not None and label not in workflow.labels:
            return self.error("", 404, "Release label not found")
        if version is not None and version not in workflow.versions:
            return self.error("", 404, "Workflow version not found")
        return workflow

    def _invalid(self, where: str, name: str, kind: str) -> Answer:
        """Return a 422; its words are ours."""
        said = f"{name} must be {kind}"
        if self.chosen["invalid"] == "message":
            return self.error("", 422, said)
        return Answer(422, {"detail": [{"loc": [where, name], "msg": said, "type": "value_error"}]})


def _wrong_in(body: Any) -> tuple[str, str, str] | None:
    """Return where a start is wrong, in which member, and what it must be."""
    if not isinstance(body, dict):
        return "body", "body", "a JSON object"
    for name, (kind, types) in _MEMBERS.items():
        value = body.get(name)
        if name in body and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            return "body", name, kind
    if not all(isinstance(value, str) for value in (body.get("metadata") or {}).values()):
        return "body", "metadata", "an object of strings"
    if body.get("callback_url") is not None and not _is_http_url(body["callback_url"]):
        return "body", "callback_url", "an HTTP URL"
    return None


def _is_http_url(written: str) -> bool:
    """Whether it is an address with a host."""
    try:
        parts = urlsplit(written)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _positive(written: str, most: int = 10**9) -> bool:
    """Whether this is a whole number from 1 to the most."""
    return re.fullmatch("[0-9]{1,10}", written) is not None and 1 <= int(written) <= most
