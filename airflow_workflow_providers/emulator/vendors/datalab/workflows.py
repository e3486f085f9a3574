"""Datalab's workflows: how one is described, and those that are there without being added."""

from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.emulator.workflow import AnyWorkflow

_KINDS: dict[str, Any] = {"error": str, "bare": bool, "ends": str | None, "steps": tuple | list | None}


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
