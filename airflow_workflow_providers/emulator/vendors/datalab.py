"""Datalab (datalab.to), the Workflows API under ``/api/v1``; its newer Pipelines API is not emulated.

Page titles here are those of the vendor's documentation at documentation.datalab.to. Nothing there stops a run, lists
runs, or makes a second start harmless, so nothing here does.
"""

import itertools
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

from airflow_workflow_providers.emulator.ledger import Ledger, Run
from airflow_workflow_providers.emulator.lifecycle import Clock
from airflow_workflow_providers.emulator.shape import Answer, Asked, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.workflow import AnyWorkflow

_WORKFLOWS = "/api/v1/workflows/workflows"
_TEAM_ID = "12"
_MADE = "2025-10-22T10:00:00"
_INTEGER = re.compile(r"-?[0-9]{1,18}")

#: Where a page shows a text it is the page's (Errors; Troubleshooting); the rest is unknown and kept short.
_DETAILS: dict[int, Any] = {
    401: "Invalid API key provided. Set the X-API-Key header to your API key.",
    403: "You need an active, paid subscription to use this API.",
    404: "Not found",
    422: [{"type": "value_error", "loc": ["body"], "msg": "Value error", "input": None}],
}
#: Two pages say 200 requests a minute, the newer Troubleshooting says 400.
_RATE_LIMITED = (
    "Rate limit exceeded for endpoint {}. You can make 400 requests every 60 seconds. Please try again later, "
    "or reach out to support@datalab.to if you need a higher limit."
)
_KINDS: dict[str, Any] = {"error": str, "bare": bool, "ends": str | None, "steps": tuple | list | None}
#: What FastAPI, by which the vendor's specification is written, says of a value of a wrong type.
_INVALID = {
    "int_parsing": "Input should be a valid integer, unable to parse string as an integer",
    "dict_type": "Input should be a valid dictionary",
    "model_attributes_type": "Input should be a valid dictionary or object to extract fields from",
}


@dataclass(frozen=True)
class Workflow(AnyWorkflow):
    """A workflow, and how its runs go; a file that fails does so at the first step and goes no further.

    :param workflow_id: its number, beside its ``name``.
    :param steps: the unique names of its steps in order; None lets every execution say ``"steps": null``.
    :param ends: the status that its runs reach, None for runs that never end.
    :param error: the text in the cells that failed, and in a run that ends FAILED.
    :param failing_files: how many files fail, the last ones; a run that ends FAILED fails in all if this is 0.
    :param bare: its executions have neither times nor steps, which no page says are always there.
    """

    workflow_id: int
    name: str = "workflow"
    steps: tuple[str, ...] | list[str] | None = ("parse", "extract")
    ends: str | None = "COMPLETED"
    error: str = "The document could not be processed"
    failing_files: int = 0
    bare: bool = False

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            if not isinstance(getattr(self, name), kind):
                raise TypeError(f"`{name}` cannot be {getattr(self, name)!r}.")
        if not all(isinstance(step, str) for step in self.steps or ()):
            raise TypeError("`steps` is a list of names, or null.")
        if type(self.failing_files) is not int or self.failing_files < 0:
            raise ValueError("`failing_files` is a whole number from 0.")
        super().__post_init__()

    def cell(self, status: str, place: int, number: int, files: int) -> str:
        """Return the status of a step (its place, from 0) for a file (its number, from 0) in a run of this status.

        While a run goes on, its first step is over and the second at work, as on the page Get Execution Status.
        """
        fails = number >= files - (self.failing_files or (files if self.ends == "FAILED" else 0))
        if status in ("PENDING", "QUEUED") or (place and fails):
            return "PENDING"
        if status == "IN_PROGRESS" and place:
            return "IN_PROGRESS" if place == 1 else "PENDING"
        return "FAILED" if fails else "COMPLETED"


BUILT_IN = (
    Workflow(101, "parse-files"),
    Workflow(102, "always-fails", ends="FAILED", error="Step parse failed: document is encrypted"),
    Workflow(103, "never-ends", ends=None),
    Workflow(104, "partly-fails", failing_files=1, error="page 3 could not be read"),
    Workflow(105, "null-steps", steps=None),
    Workflow(106, "bare", bare=True),
)


class Datalab(Vendor[Workflow]):
    """One team with one API key."""

    name = "datalab"
    secret_headers = ("x-api-key",)
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
        """Return the routes that running a workflow needs."""
        return (
            Route("execute", "POST", f"{_WORKFLOWS}/{{workflow_id}}/execute", self._execute),
            Route("get", "GET", "/api/v1/workflows/executions/{execution_id}", self._get, looks=True),
            Route("list_workflows", "GET", _WORKFLOWS, self._list_workflows),
            Route("user_health", "GET", "/api/v1/user_health", self._health),
            Route("health", "GET", "/api/v1/health", self._health),
        )

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Take in a workflow by its number; see :class:`Workflow` for the options."""
        if not _INTEGER.fullmatch(workflow_id) or int(workflow_id) < 1:
            raise ValueError("`workflow_id` is a whole number from 1.")
        workflow = Workflow.described(int(workflow_id), options)
        self.workflows[workflow.key] = workflow
        return {"workflow_id": workflow_id}

    def refuse(self, asked: Asked) -> Answer | None:
        """Refuse a caller without the key, but for Health; User Health, whose page shows no refusal, is as the rest."""
        return None if asked.operation == "health" else super().refuse(asked)

    def error(self, operation: str, status: int, message: str | None = None) -> Answer:
        """Return an error as the page Errors has it: ``detail`` and nothing else."""
        detail = message or _DETAILS.get(status, "Something went wrong")
        if status == 429 and message is None:
            path = next((route.path for route in self.routes if route.operation == operation), "")
            detail = _RATE_LIMITED.format(path)
        return Answer(status, {"detail": detail})

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
            return _invalid("int_parsing", ["path", "workflow_id"], named)
        if not isinstance(body, dict):
            return _invalid("model_attributes_type", ["body"], body)
        given = body.get("input_config", {})
        if not isinstance(given, dict | None):
            return _invalid("dict_type", ["body", "input_config"], given)
        workflow = self.workflows.get(int(named))
        if workflow is None:  # the page shows no 404; the page Errors says only that there is one
            return self.error("execute", 404, "Workflow not found")
        number = next(self._ids)
        life = self.life(workflow, "PENDING", *(["QUEUED"] if self.chosen["queued"] else []), "IN_PROGRESS")
        run = self.begin(Run(self.name, str(number), named, given, life, "ASYNC"), workflow)
        told = {self.chosen["started_as"]: number, "status": "processing", "success": True}
        return Answer(200, told, execution_id=run.execution_id)

    def _get(self, asked: Asked) -> Reply:
        """Get Execution Status."""
        named = asked.where["execution_id"]
        if not _INTEGER.fullmatch(named):
            return _invalid("int_parsing", ["path", "execution_id"], named)
        if str(int(named)) not in self.held:
            return self.error("get", 404, "Execution not found")  # unknown, as with Execute
        run, workflow = self.held[str(int(named))]
        status = self.look(run)
        told = {"execution_id": int(named), "workflow_id": workflow.workflow_id, "status": status}
        if status == "FAILED":
            told["error"] = workflow.error
        if not workflow.bare:
            steps = self._steps(run, workflow, status, asked.headers["host"])
            told |= {"created": _naive(run.started_at), "updated": _naive(run.started_at), "steps": steps}
        return Answer(200, told)

    def _steps(self, run: Run, workflow: Workflow, status: str, host: str) -> dict[str, Any] | None:
        """Return the steps: a cell for each file in each, or flat, where the run is one cell wide."""
        if workflow.steps is None:
            return None
        flat = self.chosen["steps"] == "flat"
        files = [] if flat else [f"file-{n}" for n in range(1, _count_files(run.input) + 1)]
        keys = files or ["aggregated"]
        base, moment = f"http://{host}/{self.name}/outputs/{run.execution_id}", _naive(run.started_at)
        signed = f"X-Amz-Signature={self.account['signature']}"
        steps: dict[str, Any] = {}
        for place, step in enumerate(workflow.steps):
            cells: dict[str, Any] = {}
            for number, key in enumerate(keys):
                by_file = {"id": place * len(keys) + number + 1, "file_ids": files[number : number + 1]}
                word = workflow.cell(status, place, number, len(keys))
                cell = cells[key] = {**({} if flat else by_file), "status": word}
                if word != "PENDING":
                    cell["started_at"] = moment
                if word in ("COMPLETED", "FAILED"):
                    cell["completed_at" if flat else "finished_at"] = moment
                    cell["output_url"] = f"{base}/{place}/{key}.json?{signed}"
                if word == "FAILED":
                    cell["error"] = workflow.error
            steps[step] = cells["aggregated"] if flat else cells
        return steps

    def _list_workflows(self, asked: Asked) -> Reply:
        """List Workflows; the shape is what the vendor's client reads, for the page shows none."""
        flows = self.workflows.values() if asked.query.get("team_id", _TEAM_ID) == _TEAM_ID else ()
        return Answer(200, {"workflows": [_definition(flow) for flow in flows]})

    def _health(self, asked: Asked) -> Reply:  # noqa: ARG002 - a handler is handed what was asked
        """Health, with a key or without."""
        return Answer(200, {"status": "ok"})


def _definition(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as the page Create Workflow answers it."""
    names = list(workflow.steps or ())
    fixed = {"version": "1.0.0", "settings": {}}
    steps = [
        {"id": n, "step_key": f"marker_{name}", "unique_name": name, "name": name, **fixed}
        for n, name in enumerate(names, 1)
    ]
    chained = [{**step, "depends_on": names[max(n - 1, 0) : n]} for n, step in enumerate(steps)]
    known = {"id": workflow.workflow_id, "name": workflow.name, "team_id": int(_TEAM_ID), "steps": chained}
    return {**known, "created": _MADE, "updated": _MADE}


def _count_files(given: dict[str, Any] | None) -> int:
    """Return how many files an input names; what lies in a bucket nobody here can know."""
    named, many = given or {}, (given or {}).get("file_urls")
    return int(named.get("file_url") is not None) + (len(many) if isinstance(many, list) else 0)


def _naive(at: float) -> str:
    """Return a moment as the vendor writes it: to the second, without a zone."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def _invalid(kind: str, where: list[str], given: Any) -> Answer:
    """Return the 422 of the page Errors."""
    return Answer(422, {"detail": [{"type": kind, "loc": where, "msg": _INVALID[kind], "input": given}]})
