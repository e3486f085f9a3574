"""Laminar's routes: what each one does."""

import itertools
import json
import secrets
import uuid
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Literal

from typing_extensions import override

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.messages import Incoming, Pending, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.laminar.stores import Refused, Stores, is_integer
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
_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "TOO_MANY_REQUESTS",
}
_MESSAGES = {401: "Unauthorized", 404: "Not found", 429: "Too many requests", 504: "Gateway timeout"}


class Laminar(EmulatedVendor[Workflow]):
    """One workspace with its configuration stores, one at first, and the jobs of one customer called acme."""

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
        store = "/configurations/{external_id}"
        return (
            Route("execute", "POST", "/workflow/execute/external/{workflow_id}", self._execute),
            Route("create_configuration", "POST", "/configurations/external", self._create_configuration),
            Route("delete_configuration", "DELETE", f"{store}/external", self._delete_configuration),
            Route("restore_configuration", "PUT", f"{store}/restore/external", self._restore_configuration),
            Route("list_keys", "GET", f"{store}/keys/external", self._list_keys),
            Route("set_properties", "PUT", f"{store}/properties/external", self._set_properties),
            Route("delete_property", "DELETE", f"{store}/properties/{{key}}/external", self._delete_property),
            Route("get_job", "GET", job, self._get_job, returns_status=True),
            Route("list_jobs", "GET", f"{TRIGGER}/_jobs", self._list_jobs),
            Route("run_job", "", f"{TRIGGER}/{{job_path:anything}}", self._run_job),
        )

    def reset(self) -> None:
        """Start again with the first execution id and the first store, too."""
        super().reset()
        self.stores = Stores(self.account["workspace_id"], self.account["configuration_id"])
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
            if given is not None and not is_integer(given, bits=32):
                return self.error("execute", 400, f"{name} must be an int32")
            notes[name] = None if given is None else int(given)
        # A number, as the platform's ids are; no reply contains it.
        return self._blocking(flow, self._run(flow, str(next(self._ids)), incoming.body, "SYNC", notes))

    def _list_keys(self, incoming: Incoming) -> Reply:
        """Return the names in a store, without their values (Managing Configurations)."""
        store = incoming.path_params["external_id"]
        return self._of_store(incoming, 200, lambda: self.stores.keys(store, incoming.query))

    def _create_configuration(self, incoming: Incoming) -> Reply:
        """Create a store, and return it with its values (Managing Configurations)."""
        return self._of_store(incoming, 201, lambda: self.stores.create(incoming.body))

    def _delete_configuration(self, incoming: Incoming) -> Reply:
        """Archive a store (Managing Configurations)."""
        store = incoming.path_params["external_id"]
        return self._of_store(incoming, 204, lambda: self.stores.archive(store))

    def _restore_configuration(self, incoming: Incoming) -> Reply:
        """Restore an archived store, and return it with its values (Managing Configurations)."""
        store = incoming.path_params["external_id"]
        return self._of_store(incoming, 200, lambda: self.stores.restore(store))

    def _set_properties(self, incoming: Incoming) -> Reply:
        """Set several properties, and return the store with all values (Managing Configurations)."""
        store = incoming.path_params["external_id"]
        return self._of_store(incoming, 200, lambda: self.stores.set(store, incoming.query, incoming.body))

    def _delete_property(self, incoming: Incoming) -> Reply:
        """Remove a property; the 200 has no body (Managing Configurations)."""
        store, key = incoming.path_params["external_id"], incoming.path_params["key"]
        return self._of_store(incoming, 200, lambda: self.stores.remove(store, key, incoming.query))

    def _of_store(self, incoming: Incoming, status: int, act: Callable[[], Any]) -> Reply:
        """Reply with what an act on a store returns, or with its refusal, whose fields no page has."""
        try:
            body = act()
        except Refused as refused:
            return self.error(incoming.operation, refused.status, refused.message)
        return Reply(status, b"" if body is None else body)

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


def _is_teaching(body: dict[str, Any]) -> bool:
    """Whether it is a teaching call; the page names the field `minicor.teach`, which can be read in two ways."""
    inner = body.get("minicor")
    return "minicor.teach" in body or (isinstance(inner, dict) and "teach" in inner)
