"""Altostrat's workflows: how one is described, and those that are there without being added."""

from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.emulator.workflow import ECHO, AnyWorkflow, filled

#: The page's own example of a failure (Altostrat reference, Execute a workflow).
FAILURE = "Webhook request failed: 503 Service Unavailable"


@dataclass(frozen=True)
class Workflow(AnyWorkflow):
    """A workflow, and how its runs go.

    :param workflow_id: as it stands in the path; the vendor's begin with ``fl_``.
    :param passes: the statuses before the end.
    :param ends: the status that its runs reach, None for runs that stay at the last of ``passes``.
    :param output: the output of the last log, where that log brings none; ``{input}`` in it stands for the context.
    :param error: the message of a run that failed.
    :param logs: the steps, each with ``node_id``, ``component_id``, ``status`` and ``output``, or some of these.
    :param forbidden: the caller may not execute it.
    """

    workflow_id: str
    passes: tuple[str, ...] | list[str] = ("pending", "running")
    ends: str | None = "completed"
    output: Any = field(default_factory=lambda: {"received": ECHO, "ok": True})
    error: str = FAILURE
    logs: tuple[dict[str, Any], ...] | list[dict[str, Any]] | None = None
    forbidden: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.passes, list | tuple) or not isinstance(self.logs, list | tuple | None):
            raise TypeError("`passes` and `logs` are lists.")
        if not all(isinstance(word, str) for word in (*self.passes, self.ends or "", self.error)):
            raise TypeError("`passes`, `ends` and `error` are made of strings.")
        if self.ends is None and not self.passes:
            raise ValueError("A run without an end needs `passes` to stay at.")
        for log in self.logs or ():
            if not isinstance(log, dict) or log.keys() - {"node_id", "component_id", "status", "output"}:
                raise ValueError(
                    "A log has `node_id`, `component_id`, `status` and `output`, and nothing else."
                )
        super().__post_init__()

    def steps(self, given: Any) -> list[dict[str, Any]]:
        """Return the logs that a run with this context writes, without their ids and times."""
        logs = self.logs
        if logs is None:
            failed = {"status": "error", "output": {"error": self.error}}
            logs = (
                {"component_id": "manual_trigger", "output": ECHO},
                failed if self.ends == "failed" else {},
            )
        steps = [
            {
                "node_id": f"n{n}",
                "component_id": "webhook",
                "status": "success",
                "output": self.output if n == len(logs) else {},
                **log,
            }
            for n, log in enumerate(logs, 1)
        ]
        return [{**step, "output": filled(step["output"], given)} for step in steps]


BUILT_IN = (
    Workflow("fl_sync_sites"),
    Workflow("fl_always_fails", ends="failed"),
    Workflow("fl_never_ends", ends=None),
    Workflow("fl_asks_a_person", passes=("running", "awaiting_ui_interaction"), ends=None),
    Workflow("fl_asked_and_answered", passes=("pending", "awaiting_ui_interaction")),
    Workflow(
        "fl_continues_on_error",
        logs=(
            {"component_id": "manual_trigger", "output": ECHO},
            {"status": "error", "output": {"error": FAILURE}},
            {"component_id": "text_transform"},
        ),
    ),
    Workflow("fl_no_logs", logs=()),
    Workflow("fl_forbidden", forbidden=True),
)
