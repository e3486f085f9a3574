"""Laminar's calls: what each one does."""

import itertools
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.shape import Answer, Asked, Reply, Route, Wait, padded
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.vendors.laminar.workflows import BUILT_IN, PASSES, TRIGGER, Workflow

_JOBS_ENGINE = frozenset({"run_job", "look_job", "jobs"})
_TEXT_PARAMETERS = ("configuration_id", "response_type", "callback_url")
_STEP_PARAMETERS = ("start_from_step", "end_at_step")
#: What a synchronous call answers at each end, unless the workflow's author has chosen something else.
_STATUS = MappingProxyType({"SUCCESS": 200, "FAILED": 400, "succeeded": 200, "partial": 207, "failed": 502})
#: Neither the terminal words of a job nor the members with its output and error are documented, only `done`.
_HABITS = MappingProxyType(
    {
        "done_word": "succeeded",
        "partial_word": "partial",
        "failed_word": "failed",
        "output_field": "output",
        "error_field": "error",
    }
)
_WORD_OF = MappingProxyType({"succeeded": "done_word", "partial": "partial_word", "failed": "failed_word"})
_CODES = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 404: "NOT_FOUND", 429: "TOO_MANY_REQUESTS"}
_MESSAGES = {401: "Unauthorized", 404: "Not found", 429: "Too many requests", 504: "Gateway timeout"}


class Laminar(Vendor[Workflow]):
    """One workspace with one configuration store, and the jobs of one customer called acme."""

    name = "laminar"
    secret_headers = ("x-api-key",)
    secret_parameters = ("api_key",)
    secrets = ("api_key", "trigger_api_key")
    built_in = BUILT_IN

    def credentials(self) -> dict[str, str]:
        """Return new keys of the workspace and of the trigger URL, and a workspace with its store."""
        return {
            "api_key": secrets.token_hex(24),
            "trigger_api_key": secrets.token_hex(24),
            "workspace_id": str(10**9 + secrets.randbelow(10**9)),
            "configuration_id": f"store-{secrets.token_hex(8)}",
        }

    def addresses(self, base_url: str) -> dict[str, str]:
        """Return both: a customer's trigger URL has a host of its own, here a path below the API's."""
        return {"base_url": base_url, "trigger_url": base_url + TRIGGER}

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return a connection that reaches both, with the workspace's key as its password."""
        account = {**self.addresses(base_url), **self.account}
        names = ("trigger_url", "trigger_api_key", "workspace_id", "configuration_id")
        extra = {name: account[name] for name in names}
        return {"conn_type": "laminar", "host": base_url, "password": account["api_key"], "extra": extra}

    def describe(self) -> tuple[Route, ...]:
        """Return the routes; what the jobs engine keeps to itself goes before the jobs' paths."""
        return (
            Route("execute", "POST", "/workflow/execute/external/{workflow_id}", self._execute),
            Route("keys", "GET", "/configurations/{external_id}/keys/external", self._keys),
            Route("look_job", "GET", f"{TRIGGER}/_executions/{{execution_id}}", self._look_job, looks=True),
            Route("jobs", "GET", f"{TRIGGER}/_jobs", self._jobs),
            Route("run_job", "", f"{TRIGGER}/{{job_path:path}}", self._run_job),
        )

    def reset(self) -> None:
        """Go back to the words that jobs usually have, too."""
        super().reset()
        self._numbers = itertools.count(48291)
        self._habits: Mapping[str, str] = _HABITS

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Take in a workflow, or with ``surface="job"`` a job; see :class:`Workflow` for the options."""
        if options.get("surface") == "job":
            options.setdefault("ends", "succeeded")
        flow = Workflow.described(workflow_id, options)
        self.workflows[flow.key] = flow
        return {"workflow_id": flow.name, "surface": flow.surface, "path": flow.path}

    def configure(self, **options: Any) -> None:
        """Choose a job's words: ``done_word``, ``partial_word``, ``failed_word``, ``output_field``, ``error_field``."""
        for name, value in options.items():
            if name not in _HABITS or not isinstance(value, str) or not value:
                known = ", ".join(_HABITS)
                raise ValueError(
                    f"Laminar cannot be set to {name}={value!r}; there are {known}, each a word."
                )
        self._habits = {**self._habits, **options}

    def refuse(self, asked: Asked) -> Answer | None:
        """Refuse a caller without the right key; the query is a place for it only in the external API."""
        given, right = asked.headers.get("x-api-key"), self.account["trigger_api_key"]
        if asked.operation not in _JOBS_ENGINE:
            # Where both are sent the header counts; the page does not say.
            given = asked.query.get("api_key") if given is None else given
            right = self.account["api_key"]
        return None if given == right else self.error(asked.operation, 401)

    def workflow_of(self, asked: Asked) -> str | None:
        """Return the workflow, or the job's path."""
        return asked.where.get("workflow_id") or asked.where.get("job_path")

    def error(self, operation: str, status: int, message: str | None = None) -> Answer:
        """Return an error: an object in the external API, whose members are not documented; one text for a job."""
        said = message or _MESSAGES.get(status, "Something went wrong")
        if operation in _JOBS_ENGINE:
            return Answer(status, {"error": said})
        return Answer(status, {"error": {"code": _CODES.get(status, "SERVER_ERROR"), "message": said}})

    def with_status(self, body: Any, word: Any) -> Any:
        """Put the word into a look at a job that goes on: what ends one is `done`."""
        return {"jobExecutionId": body.get("jobExecutionId"), "status": word, "done": False}

    def with_output_of(self, body: Any, size: int) -> Any:
        """Let a look's output be so large, or the whole body, which is the output of a synchronous call."""
        if isinstance(body, bytes):
            return body.ljust(size, b"x")
        output = self._habits["output_field"]
        if isinstance(body, dict) and "jobExecutionId" in body and output in body:
            return {**body, output: padded(body[output], size)}
        return padded(body, size)

    def _execute(self, asked: Asked) -> Reply:
        """Run a workflow, and answer when that is over (Remote Workflow Execution).

        What an unknown workflow is answered is not documented, nor what an unknown store or `response_type` does: the
        one is 404 here, the others are written down and change nothing. Nothing is posted to `callback_url`.
        """
        flow = self.workflows.get(("external", asked.where["workflow_id"]))
        if flow is None:
            return self.error("execute", 404, "Workflow not found")
        notes: dict[str, Any] = {name: asked.query.get(name) for name in _TEXT_PARAMETERS}
        for name in _STEP_PARAMETERS:
            given = asked.query.get(name)
            if given is not None and not _is_whole(given, bits=32):
                return self.error("execute", 400, f"{name} must be an int32")
            notes[name] = None if given is None else int(given)
        # A number, as platform ids are; nothing that the caller is answered has it.
        return self._wait_for(flow, self._begin(flow, str(next(self._numbers)), asked.body, "SYNC", notes))

    def _keys(self, asked: Asked) -> Reply:
        """Tell the names in a store, without their values (Managing Configurations)."""
        workspace, store = asked.query.get("workspaceId", ""), asked.where["external_id"]
        if not _is_whole(workspace, bits=64):
            return self.error("keys", 400, "workspaceId must be an int64")
        ours = (self.account["workspace_id"], self.account["configuration_id"])
        if (str(int(workspace)), store) != ours:
            return self.error("keys", 404, "Configuration not found")
        return Answer(200, {"keys": ["PORTAL_URL", "PORTAL_USER"], "externalId": store, "name": "Acme"})

    def _run_job(self, asked: Asked) -> Reply:
        """Run a job, synchronously unless asked otherwise in one of the two ways shown (Calling jobs).

        The `_http` with which a job sees its request is left out of its input.
        """
        flow = self.workflows.get(("job", asked.where["job_path"]))
        if flow is None:
            return self.error("run_job", 404, "No job matches")
        body = asked.body if asked.raw else {}
        if not isinstance(body, dict):
            # Not documented; but query and body are merged, which only an object can be.
            return self.error("run_job", 400, "The body must be a JSON object")
        if _teaches(body):
            return self.error("run_job", 501, "A teaching call is not a run, and not emulated")
        query = {name: value for name, value in asked.query.items() if name != "async"}
        later = asked.query.get("async") == "1" or asked.headers.get("x-job-async") == "true"
        run = self._begin(flow, str(uuid.uuid4()), {**query, **body}, "ASYNC" if later else "SYNC", {})
        if not later:
            return self._wait_for(flow, run)
        told = {
            "jobExecutionId": run.execution_id,
            "status": "queued",
            # Relative to the host and not to the trigger URL.
            "resultPath": f"/{self.name}{TRIGGER}/_executions/{run.execution_id}",
        }
        return Answer(202, told, execution_id=run.execution_id)

    def _look_job(self, asked: Asked) -> Reply:
        """Say how a run is; `done` is documented, which word stands beside it then is not (Calling jobs)."""
        run, flow = self.held.get(asked.where["execution_id"], (None, None))
        if run is None or flow is None or flow.surface != "job":
            return self.error("look_job", 404, "No such execution")
        word = self.look(run)
        told: dict[str, Any] = {"jobExecutionId": run.execution_id, "status": word, "done": word in _WORD_OF}
        if not told["done"]:
            return Answer(200, told)
        told["status"] = self._habits[_WORD_OF[word]]
        if word == "failed":
            return Answer(200, {**told, self._habits["error_field"]: flow.error})
        return Answer(200, {**told, self._habits["output_field"]: flow.output_for(run.input)})

    def _jobs(self, asked: Asked) -> Reply:  # noqa: ARG002 - a handler is handed what was asked
        """List the jobs and their endpoints; the members are our guess, the page shows none (Calling jobs)."""
        jobs = [flow for flow in self.workflows.values() if flow.surface == "job"]
        listed = [{"name": flow.name, "endpoint": f"/{self.name}{flow.path}"} for flow in jobs]
        return Answer(200, {"jobs": listed})

    def _begin(
        self, flow: Workflow, number: str, given: Any, mode: Literal["SYNC", "ASYNC"], notes: dict[str, Any]
    ) -> Run:
        life = self.life(flow, *PASSES[flow.surface])
        return self.begin(Run(self.name, number, flow.name, given, life, mode, notes=notes), flow)

    def _wait_for(self, flow: Workflow, run: Run) -> Wait:
        """Answer when the run is over, without its id: the output is all that a caller gets."""

        def answer() -> Answer:
            usual = _STATUS[str(flow.ends)]
            if flow.ends == "failed":
                return self.error("run_job", usual, flow.error)
            if flow.ends == "FAILED":
                return Answer(usual, {"error": {"code": "STEP_FAILED", "message": flow.error}})
            output = flow.output_for(run.input)
            if flow.media_type == "text/plain":
                output = (output if isinstance(output, str) else json.dumps(output)).encode()
            return Answer(flow.http_status or usual, output, media_type=flow.media_type)

        return Wait(lambda: self.over_unlooked(run), answer, run.execution_id)


def _is_whole(written: str, *, bits: int) -> bool:
    """Whether it is a whole number of at most so many bits."""
    limit = 2 ** (bits - 1)
    return re.fullmatch(r"[+-]?[0-9]{1,19}", written) is not None and -limit <= int(written) < limit


def _teaches(body: dict[str, Any]) -> bool:
    """Whether it is a teaching call; the page names the member `minicor.teach`, which can be read in two ways."""
    inner = body.get("minicor")
    return "minicor.teach" in body or (isinstance(inner, dict) and "teach" in inner)
