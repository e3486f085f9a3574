"""Laminar's workflows and jobs: their options, and the default ones."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import quote

from airflow_workflow_providers.emulator.workflow import INPUT, EmulatedWorkflow, fill_input

TRIGGER = "/m/acme"
JSON = "application/json"
#: The statuses before a run's end, and those in which it can end. The external API shows none: these are the platform's.
STATUSES = MappingProxyType({"external": ("PENDING", "RUNNING"), "job": ("queued", "running")})
ENDS = MappingProxyType({"external": ("SUCCESS", "FAILED"), "job": ("succeeded", "partial", "failed")})


@dataclass(frozen=True)
class Workflow(EmulatedWorkflow):
    """
    A workflow of the external API, or a job, and how its runs go.

    :param name: the id, or the job's path, which may contain slashes.
    :param surface: "external" or "job".
    :param ends: SUCCESS or FAILED; for a job succeeded, partial or failed; None for runs that never end.
    :param output: any JSON; the string ``{input}`` in it becomes the run's input.
    :param error: the message of a run that failed.
    :param http_status: the status that its author chose for a success (``lam.response``); not for jobs.
    :param media_type: another one than JSON's for an output that is a text and is sent as it is; not for jobs.
    """

    slashes = True

    name: str
    surface: Literal["external", "job"] = "external"
    ends: str | None = "SUCCESS"
    output: Any = field(default_factory=lambda: {"received": INPUT, "ok": True})
    error: str = "The step failed"
    http_status: int | None = None
    media_type: str = JSON

    def __post_init__(self) -> None:
        if self.ends not in (None, *ENDS[self.surface]):
            raise ValueError(f"`ends` is null or one of {', '.join(ENDS[self.surface])}.")
        if self.http_status not in (None, *range(200, 600)):
            raise ValueError("`http_status` is a status from 200 to 599.")
        if self.surface == "job" and (self.http_status is not None or self.media_type != JSON):
            raise ValueError("A job has no `http_status` and no `media_type` of its own.")
        invalid = self.name.startswith(("/", "_")) if self.surface == "job" else "/" in self.name
        if invalid or not self.name:
            raise ValueError(
                "A workflow's id is one segment of a path; a job's path starts with neither / nor _."
            )
        super().__post_init__()

    @property
    def key(self) -> tuple[str, str]:
        """Its name and surface: both surfaces may have the same name."""
        return self.surface, self.name

    def output_for(self, given: Any) -> Any:
        """Return the output of a run with this input."""
        return fill_input(self.output, given)

    @property
    def path(self) -> str:
        """Its path below the base URL."""
        prefix = f"{TRIGGER}/" if self.surface == "job" else "/workflow/execute/external/"
        return prefix + quote(self.name)


_OUTCOMES = {
    "steps": [
        {"step": "Read invoices", "status": "succeeded", "output": {"read": 2}},
        {"step": "Post invoices", "status": "failed", "error": "Invoice 77 has no customer"},
    ]
}
DEFAULT_WORKFLOWS = (
    Workflow("39"),
    Workflow("40", ends="FAILED", error="Step 2: invoice 77 has no customer"),
    Workflow("41", ends=None),
    Workflow("42", output="plain words", media_type="text/plain"),
    Workflow("43", output=[1, 2, 3]),
    Workflow("44", output={"created": True}, http_status=201),
    Workflow("45", output={"message": "author says no"}, http_status=422),
    Workflow("46", output=None),
    # To Laminar an early end with `lam.exit` is a success, whatever the author returns with it.
    Workflow("47", output={"error": "Out of stock"}),
    Workflow("sync-invoices", "job", "succeeded"),
    Workflow("always-fails", "job", "failed", error="Portal login was refused"),
    Workflow("never-ends", "job", None),
    Workflow("partly", "job", "partial", _OUTCOMES),
    Workflow("nested/path job", "job", "succeeded"),
)
