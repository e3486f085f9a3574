"""Altostrat's workflows: their options, and the default ones."""

from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.emulator.workflow import INPUT, EmulatedWorkflow, fill_input

#: The page's own example of a failure (Altostrat reference, Execute a workflow).
FAILURE = "Webhook request failed: 503 Service Unavailable"


@dataclass(frozen=True)
class Workflow(EmulatedWorkflow):
    """
    A workflow, and how its runs go.

    :param workflow_id: as it is in the path; the vendor's start with ``fl_``.
    :param passes: the statuses before the end.
    :param ends: the status in which its runs end, None for runs that stay at the last of ``passes``.
    :param output: the output of the last log, unless that has its own; ``{input}`` in it becomes the context.
    :param error: the message of a failed run.
    :param logs: the steps, each with ``node_id``, ``component_id``, ``status`` and ``output``, or some of these.
    :param forbidden: whether the client is refused with 403.
    """

    workflow_id: str
    passes: tuple[str, ...] = ("pending", "running")
    ends: str | None = "completed"
    output: Any = field(default_factory=lambda: {"received": INPUT, "ok": True})
    error: str = FAILURE
    logs: tuple[dict[str, Any], ...] | None = None
    forbidden: bool = False

    def __post_init__(self) -> None:
        if self.ends is None and not self.passes:
            raise ValueError("A run without an end needs `passes` to stay at.")
        for log in self.logs or ():
            if log.keys() - {"node_id", "component_id", "status", "output"}:
                raise ValueError("A log has `node_id`, `component_id`, `status` and `output` only.")
        super().__post_init__()

    def steps(self, given: Any) -> list[dict[str, Any]]:
        """Return the logs of a run with this context, without their ids and times."""
        logs = self.logs
        if logs is None:
            failed = {"status": "error", "output": {"error": self.error}}
            logs = (
                {"component_id": "manual_trigger", "output": INPUT},
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
        return [{**step, "output": fill_input(step["output"], given)} for step in steps]


DEFAULT_WORKFLOWS = (
    Workflow("fl_sync_sites"),
    Workflow("fl_always_fails", ends="failed"),
    Workflow("fl_never_ends", ends=None),
    Workflow("fl_asks_a_person", passes=("running", "awaiting_ui_interaction"), ends=None),
    Workflow("fl_asked_and_answered", passes=("pending", "awaiting_ui_interaction")),
    Workflow(
        "fl_continues_on_error",
        logs=(
            {"component_id": "manual_trigger", "output": INPUT},
            {"status": "error", "output": {"error": FAILURE}},
            {"component_id": "text_transform"},
        ),
    ),
    Workflow("fl_no_logs", logs=()),
    Workflow("fl_forbidden", forbidden=True),
)
