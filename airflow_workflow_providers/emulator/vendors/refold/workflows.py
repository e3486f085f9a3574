"""Refold's workflows: their options, and the default ones."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.emulator.workflow import INPUT, EmulatedWorkflow, fill_input

_HEX_ID = re.compile(r"[0-9a-f]{24}")
_STATUSES = range(200, 600)
#: Not a status of an execution, which is RUNNING then, but of its Human Intervention node, which waits for a person.
WAITING = "Waiting"


@dataclass(frozen=True)
class Workflow(EmulatedWorkflow):
    """
    A workflow that a linked account owns, and how its runs go.

    :param alias: the readable name, accepted in every path in place of the id.
    :param slug: the application it belongs to; a start must name it.
    :param passes: the statuses before the end. ``Waiting``: it is ``RUNNING``, and its Human Intervention node waits for a person.
    :param ends: the status in which its runs end, None for runs that stay at the last of ``passes``.
    :param output: what the Response node returns; the string ``{input}`` in it becomes the run's input.
    :param error: the message of the node that failed, if one did.
    :param http_status: the HTTP status that the Response node chooses for a synchronous start.
    :param published: whether it can be executed; a draft cannot.
    :param response_node: whether it has one; without it there is no output.
    :param group_node: whether it has one; with it there is no synchronous start.
    :param retried_node: whether its action is retried, and listed twice.
    :param schema: the JSON Schema of its payload, None if it takes any input; a start with another payload is refused.
    :param shared: whether every linked account has it; otherwise only the one of the emulator's connection does.
    """

    alias: str
    slug: str = "hubspot"
    passes: tuple[str, ...] = ("QUEUED", "RUNNING")
    ends: str | None = "COMPLETED"
    output: Any = field(default_factory=lambda: {"received": INPUT, "ok": True})
    error: str = "The action failed"
    http_status: int = 200
    published: bool = True
    response_node: bool = True
    group_node: bool = False
    retried_node: bool = False
    schema: dict[str, Any] | None = None
    shared: bool = False

    def __post_init__(self) -> None:
        if self.http_status not in _STATUSES:
            raise ValueError("`http_status` is a status from 200 to 599.")
        if self.ends is None and not self.passes:
            raise ValueError("A run without an end needs `passes` to stay at.")
        super().__post_init__()

    @property
    def asks_a_person(self) -> bool:
        """Whether it has a Human Intervention node."""
        return WAITING in self.passes

    @property
    def hex_id(self) -> str:
        """The id of 24 hexadecimal digits; derived from the alias, so that it is the same in every process."""
        if _HEX_ID.fullmatch(self.alias):
            return self.alias
        return hashlib.sha256(self.alias.encode()).hexdigest()[:24]

    @property
    def key(self) -> str:
        """Its id."""
        return self.hex_id

    def problem_of(self, payload: Any) -> str | None:
        """
        Return what its schema rejects in a payload.

        The changelog says that the error of a start names the fields, and does not show one: the words are ours.
        """
        if self.schema is None:
            return None
        from jsonschema import Draft202012Validator  # noqa: PLC0415  # half a second, for those who use it
        from jsonschema.exceptions import best_match  # noqa: PLC0415  # the same

        wrong = best_match(Draft202012Validator(self.schema).iter_errors(payload))
        return None if wrong is None else f"{wrong.json_path}: {wrong.message}"

    def output_for(self, given: Any) -> Any:
        """Return the output of a run with this input."""
        return fill_input(self.output, given)


DEFAULT_WORKFLOWS = (
    Workflow("sync-contacts", retried_node=True),
    Workflow("nightly-sync", shared=True),
    Workflow("always-fails", ends="ERRORED", error="Upstream CRM answered 403: contact quota exceeded"),
    Workflow("never-ends", ends=None),
    Workflow("asks-a-person", passes=("RUNNING", WAITING), ends=None),
    Workflow("asked-and-answered", passes=("QUEUED", WAITING)),
    Workflow("times-out", ends="TIMED_OUT", error="The workflow ran out of time"),
    Workflow("terminates", ends="TERMINATED"),
    Workflow("no-response-node", response_node=False),
    Workflow("partially", ends="Partially Successful", error="1 of 2 groups failed"),
    Workflow("answers-201", http_status=201),
    Workflow("answers-500", http_status=500),
    Workflow("group-node", group_node=True),
    Workflow(
        "wants-an-email",
        schema={"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}},
    ),
    Workflow("draft", published=False),
)
