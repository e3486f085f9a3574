"""Datalab's pipelines: their options, the steps of their executions, and the default ones."""

from dataclasses import dataclass, field, replace
from typing import Any

from typing_extensions import Self

from airflow_workflow_providers.emulator.workflow import EmulatedWorkflow

#: What the id of a pipeline begins with.
PREFIX = "pl_"


@dataclass(frozen=True)
class Pipeline(EmulatedWorkflow):
    """
    A pipeline, and how its executions go.

    The step that fails is the first one of an execution that ends failed, and the last one of an execution that ends
    completed_with_errors, unless ``failing_step`` says which.

    :param pipeline_id: its id, ``pl_...``, beside its ``name``.
    :param steps: the types of its steps in order.
    :param ends: the status in which its executions end, None for executions that never end.
    :param error: the ``error_message`` of a step that fails; an execution has no error of its own.
    :param failing_step: the index of a step that fails, with any end.
    :param output: fields of the result of every step that does not fail, besides the usual ones.
    :param active_version: its published version; 0 if only a draft exists.
    :param is_saved: whether it has been saved; a list leaves the others out, unless asked for them.
    """

    pipeline_id: str
    name: str | None = "pipeline"
    steps: tuple[str, ...] = ("convert", "extract")
    ends: str | None = "completed"
    error: str = "The document could not be processed"
    failing_step: int | None = None
    output: dict[str, Any] = field(default_factory=dict)
    active_version: int = 1
    is_saved: bool = True

    def __post_init__(self) -> None:
        if not self.pipeline_id.startswith(PREFIX):
            raise ValueError(f"The id of a pipeline begins with {PREFIX}.")
        if not self.steps:
            raise ValueError("`steps` has at least one step.")
        if self.failing_step not in (None, *range(len(self.steps))):
            raise ValueError("`failing_step` is the index of a step.")
        if self.active_version < 0:
            raise ValueError("`active_version` is a whole number from 0.")
        super().__post_init__()

    @property
    def fails_at(self) -> int | None:
        """The index of the step that fails, if one does."""
        if self.failing_step is not None:
            return self.failing_step
        return {"failed": 0, "completed_with_errors": len(self.steps) - 1}.get(self.ends or "")

    def with_steps(self, steps: list[dict[str, Any]]) -> Self:
        """Return the pipeline with these steps, as a definition has them."""
        failing = self.failing_step if (self.failing_step or 0) < len(steps) else None
        return replace(self, steps=tuple(step["type"] for step in steps), failing_step=failing)

    def step_status(self, status: str, index: int, *, skipped: bool) -> str:
        """
        Return the status of a step in an execution of this status.

        While an execution is running, its first step has completed, the second is running, and the next one is dispatched,
        so that a client meets every documented status. The order of ``dispatched`` is inferred.

        :param status: the status of the execution.
        :param index: the index of the step.
        :param skipped: whether a step after one that stopped the execution is ``skipped``, else ``pending``.
        """
        stops_at = self.fails_at if self.ends == "failed" else None
        if status == "pending":
            return "pending"
        if status == "running":
            current = min(1, len(self.steps) - 1 if stops_at is None else stops_at)
            if index <= current:
                return "completed" if index < current else "running"
            return "dispatched" if index == current + 1 else "pending"
        if index == self.fails_at:
            return "failed"
        if stops_at is not None and index > stops_at:
            return "skipped" if skipped else "pending"
        return "completed"


DEFAULT_PIPELINES = (
    Pipeline("pl_parse", "parse"),
    Pipeline("pl_fails", "always-fails", ends="failed", error="document is encrypted"),
    Pipeline("pl_never_ends", "never-ends", ends=None),
    Pipeline("pl_partly", "partly-fails", ends="completed_with_errors", error="page 3 could not be read"),
)
