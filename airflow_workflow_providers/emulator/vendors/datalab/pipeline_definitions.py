"""Definitions of pipelines: create, save, publish, archive and list them (group *pipelines* of the API reference)."""

import itertools
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.inputs import truth, whole_number
from airflow_workflow_providers.emulator.vendors.datalab.pipelines import PREFIX, Pipeline

#: The price of 1000 pages of any pipeline, in cents; no page has it.
_RATE = 600


@dataclass
class Definition:
    """What is known of a pipeline besides how its executions go."""

    number: int
    steps: list[dict[str, Any]]
    archived: bool = False
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    versions: list[dict[str, Any]] = field(default_factory=list)


class PipelineDefinitions:
    """The pipelines of the team."""

    def __init__(self, vendor: EmulatedVendor[Any]) -> None:
        self._vendor = vendor
        self._numbers = itertools.count(301)
        self.reset()

    def reset(self) -> None:
        """Forget what is known of pipelines."""
        self._definitions: dict[str, Definition] = {}

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        all_, one = "/api/v1/pipelines", "/api/v1/pipelines/{pipeline_id}"
        return (
            Route("list_pipelines", "GET", all_, self._list),
            Route("create_pipeline", "POST", all_, self._create),
            Route("get_pipeline", "GET", one, self._get),
            Route("update_pipeline", "PUT", one, self._update),
            Route("save_pipeline", "PUT", f"{one}/save", self._save),
            Route("archive_pipeline", "POST", f"{one}/archive", self._archive),
            Route("unarchive_pipeline", "POST", f"{one}/unarchive", self._archive),
            Route("create_pipeline_version", "POST", f"{one}/versions", self._publish),
            Route("list_pipeline_versions", "GET", f"{one}/versions", self._versions),
            Route("discard_pipeline_draft", "POST", f"{one}/discard", self._discard),
            Route("get_pipeline_rate", "GET", f"{one}/rate", self._rate),
        )

    def steps_of(self, pipeline: Pipeline, version: int) -> list[dict[str, Any]] | None:
        """Return the steps of a published version, or of the draft, which is version 0; None if there is none."""
        definition = self._definition(pipeline)
        versions = {each["version"]: each["steps"] for each in definition.versions}
        return {0: definition.steps, **versions}.get(version)

    def _list(self, incoming: Incoming) -> Reply:
        """List Pipelines."""
        limit = whole_number(incoming, "limit", 50, lowest=1, highest=200)
        offset = whole_number(incoming, "offset", 0)
        saved_only = truth(incoming, "saved_only", default=True)
        archived_too = truth(incoming, "include_archived", default=False)
        problems = [each for each in (limit, offset, saved_only, archived_too) if isinstance(each, tuple)]
        if isinstance(limit, tuple) or isinstance(offset, tuple) or problems:
            return replies.invalid(*problems)
        found = [
            pipeline
            for pipeline in self._vendor.workflows.values()
            if isinstance(pipeline, Pipeline)
            and (pipeline.is_saved or not saved_only)
            and (archived_too or not self._definition(pipeline).archived)
        ]
        shown = [self._shown(pipeline) for pipeline in found[offset : offset + limit]]
        return Reply(200, {"pipelines": shown, "total": len(found)})

    def _create(self, incoming: Incoming) -> Reply:
        """Create Pipeline: a draft that is not saved."""
        steps = _steps_in(incoming.body)
        if isinstance(steps, Reply):
            return steps
        pipeline = Pipeline(f"{PREFIX}{secrets.token_hex(6)}", None, active_version=0, is_saved=False)
        return self._keep(pipeline.with_steps(steps), steps)

    def _get(self, incoming: Incoming) -> Reply:
        """Get Pipeline."""
        pipeline = self._pipeline(incoming)
        return pipeline if isinstance(pipeline, Reply) else Reply(200, self._shown(pipeline))

    def _update(self, incoming: Incoming) -> Reply:
        """Update Pipeline: its draft."""
        pipeline, steps = self._pipeline(incoming), _steps_in(incoming.body)
        if isinstance(pipeline, Reply):
            return pipeline
        return steps if isinstance(steps, Reply) else self._keep(pipeline.with_steps(steps), steps)

    def _save(self, incoming: Incoming) -> Reply:
        """Save Pipeline. A pipeline without a name gets one."""
        pipeline = self._pipeline(incoming)
        if isinstance(pipeline, Reply):
            return pipeline
        name = incoming.body.get("name") if isinstance(incoming.body, dict) else None
        return self._keep(replace(pipeline, is_saved=True, name=str(name or pipeline.name or "Pipeline")))

    def _archive(self, incoming: Incoming) -> Reply:
        """Archive Pipeline, and Unarchive Pipeline; their pages show no reply, and the vendor's client reads none."""
        pipeline = self._pipeline(incoming)
        if isinstance(pipeline, Reply):
            return pipeline
        self._definition(pipeline).archived = incoming.operation == "archive_pipeline"
        return self._keep(pipeline)

    def _publish(self, incoming: Incoming) -> Reply:
        """Create Pipeline Version: publish the draft."""
        pipeline = self._pipeline(incoming)
        if isinstance(pipeline, Reply):
            return pipeline
        definition = self._definition(pipeline)
        description = incoming.body.get("description") if isinstance(incoming.body, dict) else None
        version = {
            "id": next(self._numbers),
            "version": pipeline.active_version + 1,
            "steps": definition.steps,
            "description": description,
            "created": replies.naive(time.time()),
        }
        definition.versions.append(version)
        self._keep(replace(pipeline, active_version=pipeline.active_version + 1))
        return Reply(200, version)

    def _versions(self, incoming: Incoming) -> Reply:
        """List Pipeline Versions, the newest first."""
        pipeline = self._pipeline(incoming)
        if isinstance(pipeline, Reply):
            return pipeline
        versions = self._definition(pipeline).versions[::-1]
        return Reply(200, {"versions": versions, "total": len(versions)})

    def _discard(self, incoming: Incoming) -> Reply:
        """Discard Pipeline Draft: go back to a published version, by default the active one."""
        pipeline = self._pipeline(incoming)
        if isinstance(pipeline, Reply):
            return pipeline
        wanted = incoming.body.get("version") if isinstance(incoming.body, dict) else None
        versions = {version["version"]: version for version in self._definition(pipeline).versions}
        version = versions.get(pipeline.active_version if wanted is None else wanted)
        if version is None:
            return self._vendor.error(incoming.operation, 404, "Pipeline version not found")
        return self._keep(pipeline.with_steps(version["steps"]), version["steps"])

    def _rate(self, incoming: Incoming) -> Reply:
        """
        Get Pipeline Rate; the fields are those that the page on running a pipeline and the vendor's client name.

        Any ``processing_location`` is taken, and changes nothing: the page names two as examples, and no price of either.
        """
        pipeline = self._pipeline(incoming)
        if isinstance(pipeline, Reply):
            return pipeline
        breakdown = dict.fromkeys(pipeline.steps, _RATE // len(pipeline.steps))
        return Reply(200, {"rate_per_1000_pages_cents": _RATE, "rate_breakdown": breakdown})

    def _pipeline(self, incoming: Incoming) -> Pipeline | Reply:
        found = self._vendor.workflows.get(incoming.path_params["pipeline_id"])
        if isinstance(found, Pipeline):
            return found
        return self._vendor.error(incoming.operation, 404, "Pipeline not found")

    def _definition(self, pipeline: Pipeline) -> Definition:
        """Return what is known of a pipeline; one that a test has added has been published as often as it says."""
        if pipeline.pipeline_id not in self._definitions:
            steps = [{"type": kind, "settings": {}} for kind in pipeline.steps]
            definition = self._definitions[pipeline.pipeline_id] = Definition(next(self._numbers), steps)
            at = replies.naive(definition.created)
            for number in range(1, pipeline.active_version + 1):
                version = {"id": next(self._numbers), "version": number, "steps": steps}
                definition.versions.append({**version, "description": None, "created": at})
        return self._definitions[pipeline.pipeline_id]

    def _keep(self, pipeline: Pipeline, steps: list[dict[str, Any]] | None = None) -> Reply:
        """Keep a changed pipeline and return it."""
        self._vendor.workflows[pipeline.key] = pipeline
        definition = self._definition(pipeline)
        definition.steps = definition.steps if steps is None else steps
        definition.updated = time.time()
        return Reply(200, self._shown(pipeline))

    def _shown(self, pipeline: Pipeline) -> dict[str, Any]:
        definition = self._definition(pipeline)
        return {
            "id": definition.number,
            "pipeline_id": pipeline.pipeline_id,
            "name": pipeline.name,
            "steps": definition.steps,
            "is_saved": pipeline.is_saved,
            "archived": definition.archived,
            "active_version": pipeline.active_version,
            "created": replies.naive(definition.created),
            "updated": replies.naive(definition.updated),
        }


def _steps_in(body: Any) -> list[dict[str, Any]] | Reply:
    """Return the steps of a body, or the refusal of it."""
    if not isinstance(body, dict):
        return replies.invalid(("model_attributes_type", ["body"], body))
    steps = body.get("steps")
    if not isinstance(steps, list) or not steps:
        return replies.invalid(("list_type", ["body", "steps"], steps))
    for index, step in enumerate(steps):
        if not isinstance(step, dict) or not isinstance(step.get("type"), str):
            return replies.invalid(("string_type", ["body", "steps", index, "type"], step))
    return steps
