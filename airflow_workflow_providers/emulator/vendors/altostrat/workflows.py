"""Altostrat's workflows: their options, and the default ones."""

from dataclasses import dataclass, field
from typing import Any, Literal

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
    :param failing_node: the node at which its runs fail, so that no later step is reached; it needs ``ends="failed"``.
    :param recovers: whether a run that runs a failed one again, or resumes it, completes.
    :param trigger: the component of its first step, unless ``logs`` name another: only with a ``sync_request_trigger`` can it
        be executed synchronously, and only with a ``webhook_trigger`` has it a webhook.
    :param forbidden: whether the client is refused with 403.
    """

    workflow_id: str
    passes: tuple[str, ...] = ("pending", "running")
    ends: str | None = "completed"
    output: Any = field(default_factory=lambda: {"received": INPUT, "ok": True})
    error: str = FAILURE
    logs: tuple[dict[str, Any], ...] | None = None
    failing_node: str | None = None
    recovers: bool = False
    trigger: Literal["manual_trigger", "sync_request_trigger", "webhook_trigger"] = "manual_trigger"
    forbidden: bool = False

    def __post_init__(self) -> None:
        if self.ends is None and not self.passes:
            raise ValueError("A run without an end needs `passes` to stay at.")
        for log in self.logs or ():
            if log.keys() - {"node_id", "component_id", "status", "output"}:
                raise ValueError("A log has `node_id`, `component_id`, `status` and `output` only.")
        nodes = [node["id"] for node in self.nodes]
        if self.failing_node is not None and (self.ends != "failed" or self.failing_node not in nodes):
            raise ValueError("A failing node is one of the steps of a workflow that ends as failed.")
        super().__post_init__()

    @property
    def nodes(self) -> list[dict[str, Any]]:
        """Its nodes, in order, with the id and the component of each."""
        return [
            {"id": step["node_id"], "component_id": step["component_id"]} for step in self._every_step({})
        ]

    def steps(self, given: Any) -> list[dict[str, Any]]:
        """Return the logs of a run with this context, without their ids and times."""
        steps = self._every_step(given)
        if self.failing_node is None:
            return steps
        failed = next(n for n, step in enumerate(steps) if step["node_id"] == self.failing_node)
        return [*steps[:failed], {**steps[failed], "status": "error", "output": {"error": self.error}}]

    def output_for(self, given: Any) -> Any:
        """Return the output of the last step of a run that completes."""
        steps = self.steps(given)
        return steps[-1]["output"] if steps else {}

    def _every_step(self, given: Any) -> list[dict[str, Any]]:
        logs = self.logs
        if logs is None:
            failed = {"status": "error", "output": {"error": self.error}}
            last = {"component_id": "text_transform"} if self.trigger == "sync_request_trigger" else {}
            fails = self.ends == "failed" and self.failing_node is None
            logs = ({"component_id": self.trigger, "output": INPUT}, {**last, **(failed if fails else {})})
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
    # The last step of an upgrade fails the first time.
    Workflow(
        "fl_upgrade_site",
        ends="failed",
        failing_node="n3",
        recovers=True,
        logs=({"component_id": "manual_trigger", "output": INPUT}, {}, {}),
    ),
    Workflow("fl_no_logs", logs=()),
    Workflow("fl_responds", trigger="sync_request_trigger"),
    Workflow("fl_on_webhook", trigger="webhook_trigger"),
    Workflow("fl_forbidden", forbidden=True),
)
