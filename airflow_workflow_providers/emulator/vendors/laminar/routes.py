"""Laminar's routes: what each one does."""

import itertools
import json
import re
import secrets
import uuid
from types import MappingProxyType
from typing import Any, Literal

from typing_extensions import override

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.messages import Incoming, Pending, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.laminar.workflows import (
    DEFAULT_WORKFLOWS,
    JSON,
    STATUSES,
    TRIGGER,
    Workflow,
)

_JOBS_ENGINE = frozenset({"run_job", "get_job", "list_jobs"})
_TEXT_PARAMETERS = ("configuration_id", "response_type", "callback_url")
_STEP_PARAMETERS = ("start_from_step", "end_at_step")
#: The HTTP status of a synchronous response for each end, unless the workflow's author has chosen another one.
_HTTP_STATUS = MappingProxyType(
    {"SUCCESS": 200, "FAILED": 400, "succeeded": 200, "partial": 207, "failed": 502}
)
#: The variant with the status that a job shows at each of its ends.
_STATUS_VARIANT = MappingProxyType(
    {"succeeded": "done_status", "partial": "partial_status", "failed": "failed_status"}
)
_CODES = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 404: "NOT_FOUND", 429: "TOO_MANY_REQUESTS"}
_MESSAGES = {401: "Unauthorized", 404: "Not found", 429: "Too many requests", 504: "Gateway timeout"}


class Laminar(EmulatedVendor[Workflow]):
    """One workspace with one configuration store, and the jobs of one customer called acme."""

    name = "laminar"
    secret_headers = ("x-api-key",)
    secret_parameters = ("api_key",)
    secrets = ("api_key", "trigger_api_key")
    default_workflows = DEFAULT_WORKFLOWS
    # Neither the terminal statuses of a job nor the fields of its output and error are documented, only `done`.
    variants = MappingProxyType(
        {
            "done_status": ("succeeded",),
            "partial_status": ("partial",),
            "failed_status": ("failed",),
            "output_field": ("output",),
            "error_field": ("error",),
        }
    )

    def new_credentials(self) -> dict[str, str]:
        """Return new keys of the workspace and of the trigger URL, and a workspace with its store."""
        return {
            "api_key": secrets.token_hex(24),
            "trigger_api_key": secrets.token_hex(24),
            "workspace_id": str(10**9 + secrets.randbelow(10**9)),
            "configuration_id": f"store-{secrets.token_hex(8)}",
        }

    def urls(self, base_url: str) -> dict[str, str]:
        """Return both: a customer's trigger URL has a host of its own, here a path below the API's."""
        return {"base_url": base_url, "trigger_url": base_url + TRIGGER}

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return a connection for both, with the workspace's key as its password."""
        account = {**self.urls(base_url), **self.account}
        names = ("trigger_url", "trigger_api_key", "workspace_id", "configuration_id")
        extra = {name: account[name] for name in names}
        return {"conn_type": "laminar", "host": base_url, "password": account["api_key"], "extra": extra}

    def build_routes(self) -> tuple[Route, ...]:
        """Return the routes; the engine's own paths come before those of jobs."""
        job = f"{TRIGGER}/_executions/{{execution_id}}"
        return (
            Route("execute", "POST", "/workflow/execute/external/{workflow_id}", self._execute),
            Route("list_keys", "GET", "/configurations/{external_id}/keys/external", self._list_keys),
            Route("get_job", "GET", job, self._get_job, returns_status=True),
            Route("list_jobs", "GET", f"{TRIGGER}/_jobs", self._list_jobs),
            Route("run_job", "", f"{TRIGGER}/{{job_path:anything}}", self._run_job),
        )

    def reset(self) -> None:
        """Start again with the first execution id, too."""
        super().reset()
        self._ids = itertools.count(48291)

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Add a workflow, or with ``surface="job"`` a job; see :class:`Workflow` for the options."""
        if options.get("surface") == "job":
            options.setdefault("ends", "succeeded")
        flow = Workflow.from_options(workflow_id, options)
        self.workflows[flow.key] = flow
        return {"workflow_id": flow.name, "surface": flow.surface, "path": flow.path}

    @override
    def has_variant(self, name: str, value: Any) -> bool:
        # Nothing of this is documented, so it can be any text.
        return isinstance(value, str) and value != ""

    @override
    def values_of(self, name: str) -> str:
        return "any text"

    def authenticate(self, incoming: Incoming) -> Reply | None:
        """Refuse a request without the right key; only the external API also takes it in the query."""
        given, valid = incoming.headers.get("x-api-key"), self.account["trigger_api_key"]
        if incoming.operation not in _JOBS_ENGINE:
            # Where both are sent the header counts; the page does not say.
            given = incoming.query.get("api_key") if given is None else given
            valid = self.account["api_key"]
        return None if given == valid else self.error(incoming.operation, 401)

    def workflow_id_of(self, incoming: Incoming) -> str | None:
        """Return the workflow, or the job's path."""
        return incoming.path_params.get("workflow_id") or incoming.path_params.get("job_path")

    def error(self, operation: str, status: int, message: str | None = None) -> Reply:
        """Return an error: in the external API an object, whose fields are not documented; for a job one text."""
        text = message or _MESSAGES.get(status, "Something went wrong")
        if operation in _JOBS_ENGINE:
            return Reply(status, {"error": text})
        return Reply(status, {"error": {"code": _CODES.get(status, "SERVER_ERROR"), "message": text}})

    def with_status(self, body: Any, status: Any) -> Any:
        """Return a job that is going with this status; what ends a job is `done`."""
        return {"jobExecutionId": body.get("jobExecutionId"), "status": status, "done": False}

    def with_output_size(self, body: Any, size: int) -> Any:
        """Pad the output of a job, or the whole body, which is the output of a synchronous request."""
        if isinstance(body, bytes):
            return body.ljust(size, b"x")
        output = self.variant["output_field"]
        if isinstance(body, dict) and "jobExecutionId" in body and output in body:
            return {**body, output: padded(body[output], size)}
        return padded(body, size)

    def _execute(self, incoming: Incoming) -> Reply | Pending:
        """
        Run a workflow, and reply when it has ended (Remote Workflow Execution).

        The 404 for an unknown workflow is inferred, and so is that an unknown store or `response_type` changes nothing. Nothing
        is posted to `callback_url`.
        """
        flow = self.workflows.get(("external", incoming.path_params["workflow_id"]))
        if flow is None:
            return self.error("execute", 404, "Workflow not found")
        notes: dict[str, Any] = {name: incoming.query.get(name) for name in _TEXT_PARAMETERS}
        for name in _STEP_PARAMETERS:
            given = incoming.query.get(name)
            if given is not None and not _is_integer(given, bits=32):
                return self.error("execute", 400, f"{name} must be an int32")
            notes[name] = None if given is None else int(given)
        # A number, as the platform's ids are; no reply contains it.
        return self._blocking(flow, self._run(flow, str(next(self._ids)), incoming.body, "SYNC", notes))

    def _list_keys(self, incoming: Incoming) -> Reply:
        """Return the names in a store, without their values (Managing Configurations)."""
        workspace, store = incoming.query.get("workspaceId", ""), incoming.path_params["external_id"]
        if not _is_integer(workspace, bits=64):
            return self.error("list_keys", 400, "workspaceId must be an int64")
        if (str(int(workspace)), store) != (self.account["workspace_id"], self.account["configuration_id"]):
            return self.error("list_keys", 404, "Configuration not found")
        return Reply(200, {"keys": ["PORTAL_URL", "PORTAL_USER"], "externalId": store, "name": "Acme"})

    def _run_job(self, incoming: Incoming) -> Reply | Pending:
        """
        Run a job: synchronously, unless one of the two documented ways asks otherwise (Calling jobs).

        The `_http` with which a job sees its request is not part of its input here.
        """
        flow = self.workflows.get(("job", incoming.path_params["job_path"]))
        if flow is None:
            return self.error("run_job", 404, "No job matches")
        body = incoming.body if incoming.raw else {}
        if not isinstance(body, dict):
            # Inferred: query and body are merged, which only an object can be.
            return self.error("run_job", 400, "The body must be a JSON object")
        if _is_teaching(body):
            return self.error("run_job", 501, "A teaching call is not a run, and not emulated")
        query = {name: value for name, value in incoming.query.items() if name != "async"}
        is_async = incoming.query.get("async") == "1" or incoming.headers.get("x-job-async") == "true"
        run = self._run(flow, str(uuid.uuid4()), {**query, **body}, "ASYNC" if is_async else "SYNC", {})
        if not is_async:
            return self._blocking(flow, run)
        body = {
            "jobExecutionId": run.execution_id,
            "status": "queued",
            # Relative to the host, not to the trigger URL.
            "resultPath": f"/{self.name}{TRIGGER}/_executions/{run.execution_id}",
        }
        return Reply(202, body, execution_id=run.execution_id)

    def _get_job(self, incoming: Incoming) -> Reply:
        """Return the status of a run; `done` is documented, the status beside it is not (Calling jobs)."""
        run, flow = self.runs.get(incoming.path_params["execution_id"], (None, None))
        if run is None or flow is None or flow.surface != "job":
            return self.error("get_job", 404, "No such execution")
        status = run.lifecycle.check()
        done = status in _STATUS_VARIANT
        body: dict[str, Any] = {"jobExecutionId": run.execution_id, "status": status, "done": done}
        if not done:
            return Reply(200, body)
        body["status"] = self.variant[_STATUS_VARIANT[status]]
        if status == "failed":
            return Reply(200, {**body, self.variant["error_field"]: flow.error})
        return Reply(200, {**body, self.variant["output_field"]: flow.output_for(run.input)})

    def _list_jobs(self, incoming: Incoming) -> Reply:  # noqa: ARG002  # a handler takes the request
        """List the jobs and their endpoints; their fields are inferred, since the page shows none (Calling jobs)."""
        jobs = [flow for flow in self.workflows.values() if flow.surface == "job"]
        listed = [{"name": flow.name, "endpoint": f"/{self.name}{flow.path}"} for flow in jobs]
        return Reply(200, {"jobs": listed})

    def _run(
        self,
        flow: Workflow,
        execution_id: str,
        given: Any,
        mode: Literal["SYNC", "ASYNC"],
        notes: dict[str, Any],
    ) -> Run:
        lifecycle = self.lifecycle(flow, *STATUSES[flow.surface])
        return self.start(Run(self.name, execution_id, flow.name, given, lifecycle, mode, notes=notes), flow)

    def _blocking(self, flow: Workflow, run: Run) -> Pending:
        """Reply when the run has ended, without its id: the client receives the output only."""

        def reply() -> Reply:
            status = _HTTP_STATUS[str(flow.ends)]
            if flow.ends == "failed":
                return self.error("run_job", status, flow.error)
            if flow.ends == "FAILED":
                return Reply(status, {"error": {"code": "STEP_FAILED", "message": flow.error}})
            output = flow.output_for(run.input)
            if flow.media_type != JSON:
                output = (output if isinstance(output, str) else json.dumps(output)).encode()
            return Reply(flow.http_status or status, output, media_type=flow.media_type)

        return self.when_ended(run, reply)


def _is_integer(text: str, *, bits: int) -> bool:
    """Whether it is an integer of at most this many bits."""
    limit = 2 ** (bits - 1)
    return re.fullmatch(r"[+-]?[0-9]{1,19}", text) is not None and -limit <= int(text) < limit


def _is_teaching(body: dict[str, Any]) -> bool:
    """Whether it is a teaching call; the page names the field `minicor.teach`, which can be read in two ways."""
    inner = body.get("minicor")
    return "minicor.teach" in body or (isinstance(inner, dict) and "teach" in inner)
