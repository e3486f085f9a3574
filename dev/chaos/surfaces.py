"""What the chaos suite has to know of a vendor: how it is started, looked at and stopped, and by which operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    :param start: the emulator's name of the call that starts a run.
    :param look: of the call that looks at one; None where a run has no id.
    :param stop: of the call that stops one; None where the vendor has none.
    :param workflow: how the workflow of a case is called.
    :param needs: further parameters of the operator.
    :param shows: what the emulator is set to so that the vendor's own data prove a run to be ours, if they can.
    """

    name: str
    vendor: str
    operator: tuple[str, str]
    parameter: str
    start: str
    look: str | None
    stop: str | None = None
    workflow: str = "case-{}"
    needs: dict[str, Any] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)

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
            "execute",
            "get",
            "stop",
            needs={"slug": "hubspot"},
            shows={"tag": "shown"},
        ),
        Surface(
            "datalab",
            "datalab",
            (f"{_OPERATORS}.datalab", "DatalabExecuteWorkflowOperator"),
            "workflow_id",
            "execute",
            "get",
            workflow="9{:05}",
        ),
        Surface(
            "promptlayer",
            "promptlayer",
            (f"{_OPERATORS}.promptlayer", "PromptLayerExecuteWorkflowOperator"),
            "workflow_name",
            "run",
            "results",
        ),
        Surface(
            "altostrat",
            "altostrat",
            (f"{_OPERATORS}.altostrat", "AltostratExecuteWorkflowOperator"),
            "workflow_id",
            "execute",
            "get",
            workflow="fl_case_{}",
            needs={"context": {"case": '{{ dag_run.conf["case"] }}'}},
            shows={"trigger_payload": "shown"},
        ),
        Surface(
            "laminar job",
            "laminar",
            (f"{_OPERATORS}.laminar", "LaminarRunJobOperator"),
            "job_path",
            "run_job",
            "look_job",
        ),
        Surface(
            "laminar",
            "laminar",
            (f"{_OPERATORS}.laminar", "LaminarExecuteWorkflowOperator"),
            "workflow_id",
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
    "once": {"timeout": 150},
    "alone": {"timeout": 8},
}


def dag_id(surface: str, mode: str, flavour: str) -> str:
    """Return the DAG whose task runs a case."""
    return f"chaos_{surface.replace(' ', '_')}_{mode}_{flavour}"
