"""
Executions of pipelines: start one, check its status, read the result of a step, list them.

The pages are those of the group *pipelines* in the API reference
(documentation.datalab.to/api-reference/pipelines/run-pipeline and others).
"""

import secrets
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.lists import in_pages, listed_status
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.files import Files
from airflow_workflow_providers.emulator.vendors.datalab.inputs import (
    problems_in_form,
    whole_number,
)
from airflow_workflow_providers.emulator.vendors.datalab.pipeline_definitions import PipelineDefinitions
from airflow_workflow_providers.emulator.vendors.datalab.pipelines import Pipeline

#: The fields that a reply always has: the optional ones are null where they say nothing, as FastAPI writes them.
_STEP = MappingProxyType(
    dict.fromkeys(
        (
            "lookup_key",
            "result_url",
            "started_at",
            "finished_at",
            "error_message",
            "source_step_type",
            "checkpoint_id",
        )
    )
)


class PipelineExecutions:
    """What runs a pipeline."""

    def __init__(self, vendor: EmulatedVendor[Any], definitions: PipelineDefinitions, files: Files) -> None:
        self._vendor = vendor
        self._definitions = definitions
        self._files = files

    def routes(self) -> tuple[Route, ...]:
        """Return the routes; the path of an execution comes before that of a pipeline."""
        execution = "/api/v1/pipelines/executions/{execution_id}"
        pipeline = "/api/v1/pipelines/{pipeline_id}"
        return (
            Route("run_pipeline", "POST", f"{pipeline}/run", self._run, takes="form"),
            Route("get_pipeline_execution", "GET", execution, self._get, returns_status=True),
            Route("get_step_result", "GET", f"{execution}/steps/{{step_index}}/result", self._step_result),
            Route(
                "list_pipeline_executions", "GET", f"{pipeline}/executions", self._list, returns_status=True
            ),
        )

    def _run(self, incoming: Incoming) -> Reply:
        """
        Run Pipeline. The page has no refusal but the 422; the others are inferred.

        Nothing is posted to ``webhook_url``: no page says what an execution of a pipeline posts.
        """
        form: dict[str, Any] | None = incoming.body
        pipeline = self._pipeline(incoming)
        if pipeline is None:
            return self._vendor.error("run_pipeline", 404, "Pipeline not found")
        if problems := problems_in_form(form, ("file", "file_url")):
            return replies.invalid(*problems)
        given = dict(form or {})
        version = int(given.get("version", pipeline.active_version))
        steps = self._definitions.steps_of(pipeline, version)
        if steps is None:
            return self._vendor.error("run_pipeline", 404, "Pipeline version not found")
        pipeline = pipeline.with_steps(steps)
        if (problem := self._files.problem_with(given.get("file_url", ""))) is not None:
            if self._files.refuses:
                return self._vendor.error("run_pipeline", 400, problem)
            pipeline = replace(pipeline, ends="failed", error=problem, failing_step=0)
        run = Run(
            self._vendor.name,
            f"pex_{secrets.token_hex(6)}",
            pipeline.pipeline_id,
            given,
            self._vendor.lifecycle(pipeline, "pending", "running"),
            "ASYNC",
            notes={"pipeline_version": version, "pipeline_steps": steps},
        )
        self._vendor.start(run, pipeline)
        return Reply(200, self._shown(incoming, run, pipeline, "pending"), execution_id=run.execution_id)

    def _get(self, incoming: Incoming) -> Reply:
        """Get Pipeline Execution."""
        found = self._execution(incoming)
        if found is None:
            return self._vendor.error("get_pipeline_execution", 404, "Pipeline execution not found")
        run, pipeline = found
        return Reply(200, self._shown(incoming, run, pipeline, run.lifecycle.check()))

    def _list(self, incoming: Incoming) -> Reply:
        """
        List Pipeline Executions, which are recent ones: that the newest is the first is inferred.

        It is a status check of the executions on the page.
        """
        pipeline = self._pipeline(incoming)
        if pipeline is None:
            return self._vendor.error("list_pipeline_executions", 404, "Pipeline not found")
        limit = whole_number(incoming, "limit", 20, lowest=1, highest=100)
        offset = whole_number(incoming, "offset", 0)
        if isinstance(limit, tuple) or isinstance(offset, tuple):
            return replies.invalid(*[each for each in (limit, offset) if isinstance(each, tuple)])
        found = [each for each in self._vendor.runs.values() if each[0].workflow_id == pipeline.pipeline_id]
        variant = self._vendor.variant["list"]
        listed = in_pages(found[::-1], limit, variant)
        shown = [
            self._shown(incoming, run, of_run, listed_status(run.lifecycle, run.lifecycle.check(), variant))
            for run, of_run in listed[offset : offset + limit]
        ]
        return Reply(200, {"executions": shown, "total": len(listed)})

    def _step_result(self, incoming: Incoming) -> Reply:
        """Get Step Result, which is not a status check; the page shows neither a result nor that of an unfinished step."""
        found, named = self._execution(incoming), incoming.path_params["step_index"]
        if not (named.isascii() and named.isdecimal()):
            return replies.invalid(("int_parsing", ["path", "step_index"], named))
        if found is None:
            return self._vendor.error("get_step_result", 404, "Pipeline execution not found")
        run, pipeline = found
        index = int(named)
        if index >= len(pipeline.steps):
            return self._vendor.error("get_step_result", 404, "Step not found")
        status = self._step_status(pipeline, run.lifecycle.status, index)
        if status not in ("completed", "failed"):
            return self._vendor.error(
                "get_step_result", self._vendor.variant["unfinished_step"], "Step result not available"
            )
        error = pipeline.error if status == "failed" else None
        output_format = run.input.get("output_format", "markdown")
        result = replies.document(pipeline.steps[index], replies.source_of(run.input), output_format, error)
        return Reply(200, {**result, **({} if error else pipeline.output)})

    def _pipeline(self, incoming: Incoming) -> Pipeline | None:
        found = self._vendor.workflows.get(incoming.path_params["pipeline_id"])
        return found if isinstance(found, Pipeline) else None

    def _execution(self, incoming: Incoming) -> tuple[Run, Pipeline] | None:
        run, pipeline = self._vendor.runs.get(incoming.path_params["execution_id"], (None, None))
        return (run, pipeline) if run is not None and isinstance(pipeline, Pipeline) else None

    def _step_status(self, pipeline: Pipeline, status: str, index: int) -> str:
        skipped = self._vendor.variant["later_steps"] == "skipped"
        return pipeline.step_status(status, index, skipped=skipped)

    def _shown(self, incoming: Incoming, run: Run, pipeline: Pipeline, status: str) -> dict[str, Any]:
        """Return an execution; it has no error of its own, and its times have no zone, as in the page's example."""
        at = replies.naive(run.started_at)
        address = f"{replies.base_url(incoming)}/api/v1/pipelines/executions/{run.execution_id}/steps"
        ended = status not in ("pending", "running")
        return {
            "execution_id": run.execution_id,
            "pipeline_id": pipeline.pipeline_id,
            "pipeline_version": run.notes["pipeline_version"],
            "status": status,
            "steps": [
                self._step(run, pipeline, status, index, address) for index in range(len(pipeline.steps))
            ],
            "started_at": None if status == "pending" else at,
            "completed_at": at if ended else None,
            "created": at,
            "config_snapshot": {"steps": run.notes["pipeline_steps"]},
            "input_config": self._input_config(run),
            "rate_breakdown": None,
        }

    def _step(self, run: Run, pipeline: Pipeline, status: str, index: int, address: str) -> dict[str, Any]:
        """Return a step. What its key and URL look like, and from which status on they are there, is inferred."""
        own = self._step_status(pipeline, status, index)
        at = replies.naive(run.started_at)
        step = {**_STEP, "step_index": index, "step_type": pipeline.steps[index], "status": own}
        if own in ("dispatched", "running", "completed", "failed"):
            step |= {"lookup_key": f"{run.execution_id}-{index}"}
        if own in ("running", "completed", "failed"):
            step |= {"started_at": at}
        if own in ("completed", "failed"):
            step |= {"finished_at": at, "result_url": f"{address}/{index}/result"}
        if own == "failed":
            step |= {"error_message": pipeline.error}
        return step

    def _input_config(self, run: Run) -> dict[str, Any] | None:
        """Return the form as it was given; the page has an object without fields, so all of it is inferred."""
        if self._vendor.variant["input_config"] == "hidden":
            return None
        file = run.input.get("file")
        named = {} if file is None else {"filename": file["filename"], "content_type": file["content_type"]}
        return {**{name: value for name, value in run.input.items() if name != "file"}, **named}
