"""Datalab's workflows: their options, and the default ones."""

from dataclasses import dataclass

from airflow_workflow_providers.emulator.workflow import EmulatedWorkflow


@dataclass(frozen=True)
class Workflow(EmulatedWorkflow):
    """
    A workflow, and how its runs go. A file that fails does so at the first step.

    :param workflow_id: its number, beside its ``name``.
    :param steps: the unique names of its steps in order; with None every execution has ``"steps": null``.
    :param ends: the status in which its runs end, None for runs that never end.
    :param error: the message of failed cells, and of a run that ends FAILED.
    :param failing_files: how many files fail, counted from the last; with 0 all files of a run that ends FAILED fail.
    :param bare: whether its executions have neither times nor steps; no page says that these are always there.
    """

    workflow_id: int
    name: str = "workflow"
    steps: tuple[str, ...] | None = ("parse", "extract")
    ends: str | None = "COMPLETED"
    error: str = "The document could not be processed"
    failing_files: int = 0
    bare: bool = False

    def __post_init__(self) -> None:
        if self.failing_files < 0:
            raise ValueError("`failing_files` is a whole number from 0.")
        super().__post_init__()

    def cell(self, status: str, place: int, number: int, files: int) -> str:
        """
        Return the status of a step (its place, from 0) for a file (its number, from 0) in a run of this status.

        While a run is going, its first step has ended and the second is running, as on the page Get Execution Status.
        """
        fails = number >= files - (self.failing_files or (files if self.ends == "FAILED" else 0))
        if status in ("PENDING", "QUEUED") or (place and fails):
            return "PENDING"
        if status == "IN_PROGRESS" and place:
            return "IN_PROGRESS" if place == 1 else "PENDING"
        return "FAILED" if fails else "COMPLETED"


DEFAULT_WORKFLOWS = (
    Workflow(101, "parse-files"),
    Workflow(102, "always-fails", ends="FAILED", error="Step parse failed: document is encrypted"),
    Workflow(103, "never-ends", ends=None),
    Workflow(104, "partly-fails", failing_files=1, error="page 3 could not be read"),
    Workflow(105, "null-steps", steps=None),
    Workflow(106, "bare", bare=True),
)
