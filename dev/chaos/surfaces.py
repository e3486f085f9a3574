"""What the chaos suite has to know of a vendor: how it is started, looked at and stopped, and by which operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core.http import LANES

if TYPE_CHECKING:
    from airflow_workflow_providers.emulator import Emulator


@dataclass(frozen=True)
class Surface:
    """
    One way in which a vendor runs work.

    :param name: as it stands in the tables; a vendor with two surfaces has two.
    :param vendor: the emulator's name of the vendor.
    :param operator: the module and class of the operator.
    :param parameter: the operator's parameter that names the workflow.
    :param given: the one that is its input.
    :param start: the emulator's name of the call that starts a run.
    :param look: of the call that looks at one; None where a run has no id.
    :param stop: of the call that stops one; None where the vendor has none.
    :param workflow: how the workflow of a case is called.
    :param needs: further parameters of the operator.
    :param shows: what the emulator is set to so that the vendor's own data prove a run to be ours, if they can.
    :param unmarked: parameters with which a start carries no nonce, where the vendor shows what would prove it else.
    """

    name: str
    vendor: str
    operator: tuple[str, str]
    parameter: str
    given: str
    start: str
    look: str | None
    stop: str | None = None
    workflow: str = "case-{}"
    needs: dict[str, Any] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)
    unmarked: dict[str, Any] = field(default_factory=dict)

    @property
    def modes(self) -> tuple[str, ...]:
        """The ways in which a task can wait for a run."""
        return ("blocking", "deferred") if self.look else ("blocking",)

    def add_workflow(self, emulator: Emulator, workflow_id: str, looks: int | None) -> None:
        """
        Let the vendor have a workflow.

        :param looks: its runs are over at that look; None for runs that never end.
        """
        options: dict[str, Any] = {"looks": looks} if looks else {"ends": None}
        if self.vendor == "promptlayer" and not looks:
            options = {"never_ends": True}
        if self.name == "laminar job":
            options["surface"] = "job"
        if self.look is None and looks:
            # Its caller cannot look: the run takes as long as so many looks would.
            options = {"seconds": float(looks)}
        emulator.add_workflow(self.vendor, workflow_id, **options)


_OPERATORS = "airflow_workflow_providers.operators"
SURFACES = {
    surface.name: surface
    for surface in (
        Surface(
            "refold",
            "refold",
            (f"{_OPERATORS}.refold", "RefoldExecuteWorkflowOperator"),
            "workflow_id",
            "payload",
            "execute",
            "get",
            "stop",
            needs={"slug": "hubspot"},
            shows={"tag": "shown"},
            unmarked={"instance_tag": "a label of the author's"},
        ),
        Surface(
            "datalab",
            "datalab",
            (f"{_OPERATORS}.datalab", "DatalabExecuteWorkflowOperator"),
            "workflow_id",
            "input_config",
            "execute",
            "get",
            workflow="9{:05}",
        ),
        Surface(
            "promptlayer",
            "promptlayer",
            (f"{_OPERATORS}.promptlayer", "PromptLayerExecuteWorkflowOperator"),
            "workflow_name",
            "input_variables",
            "run",
            "results",
        ),
        Surface(
            "altostrat",
            "altostrat",
            (f"{_OPERATORS}.altostrat", "AltostratExecuteWorkflowOperator"),
            "workflow_id",
            "context",
            "execute",
            "get",
            workflow="fl_case_{}",
            needs={"context": {"case": '{{ dag_run.conf["case"] }}'}, "nonce_key": "start"},
            shows={"trigger_payload": "shown"},
            unmarked={"nonce_key": None},
        ),
        Surface(
            "laminar job",
            "laminar",
            (f"{_OPERATORS}.laminar", "LaminarRunJobOperator"),
            "job_path",
            "payload",
            "run_job",
            "look_job",
        ),
        Surface(
            "laminar",
            "laminar",
            (f"{_OPERATORS}.laminar", "LaminarExecuteWorkflowOperator"),
            "workflow_id",
            "payload",
            "execute",
            None,
            workflow="9{:05}",
        ),
    )
}

#: What a task is made like: each is a DAG for each surface and mode.
FLAVOURS: dict[str, dict[str, Any]] = {
    "plain": {"timeout": 150, "retries": 2},
    "timeout": {"timeout": 8},
    "execution_timeout": {"timeout": 150, "execution_timeout": 8},
    "leave": {"timeout": 8, "on_timeout": "leave"},
    "restart": {"timeout": 150, "retries": 2, "on_lost_start": "restart"},
    "asked": {"timeout": 150},
    "retried": {"timeout": 150, "retries": 1},
    # Status checks that fail are repeated later each time; here soon enough for a suite.
    "once": {"timeout": 150, "poll_interval": 0.5},
    "alone": {"timeout": 8},
    "crowd": {"timeout": 600, "poll_interval": 5},
    # The input is another one in each try.
    "changing": {"timeout": 150, "retries": 2},
    "unmarked": {"timeout": 150, "retries": 2},
}

#: How many tasks wait at once in the DAG that is a crowd: more than an event loop has connections to a vendor.
CROWD = LANES + 2


def dag_id(surface: str, mode: str, flavour: str) -> str:
    """Return the DAG whose task runs a case."""
    return f"chaos_{surface.replace(' ', '_')}_{mode}_{flavour}"
