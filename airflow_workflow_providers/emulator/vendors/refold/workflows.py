"""Refold's workflows: how one is described, and those that are there without being added."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.emulator.workflow import ECHO, AnyWorkflow, filled

_HEX_ID = re.compile(r"[0-9a-f]{24}")
_STATUSES = range(200, 600)


@dataclass(frozen=True)
class Workflow(AnyWorkflow):
    """A workflow that a linked account owns, and how its runs go.

    :param alias: the readable name, good in every path where the id is.
    :param slug: the application it belongs to; a call must name it.
    :param ends: the status that its runs reach, None for runs that never end.
    :param output: what the Response node returns; the string ``{input}`` in it stands for the run's input.
    :param error: the message of the node that failed, where one did.
    :param http_status: the status that the Response node chooses for a synchronous call.
    :param published: a draft cannot be executed.
    :param response_node: without one there is no output.
    :param group_node: with one it cannot be executed synchronously.
    :param retried_node: its action is tried twice, and listed twice.
    """

    alias: str
    slug: str = "hubspot"
    ends: str | None = "COMPLETED"
    output: Any = field(default_factory=lambda: {"received": ECHO, "ok": True})
    error: str = "The action failed"
    http_status: int = 200
    published: bool = True
    response_node: bool = True
    group_node: bool = False
    retried_node: bool = False

    def __post_init__(self) -> None:
        for name in ("slug", "error"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"`{name}` is a string.")
        for name in ("published", "response_node", "group_node", "retried_node"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"`{name}` is true or false.")
        if self.ends is not None and not isinstance(self.ends, str):
            raise TypeError("`ends` is a status, or null for a run that never ends.")
        if self.http_status not in _STATUSES:
            raise ValueError("`http_status` is a status from 200 to 599.")
        super().__post_init__()

    @property
    def hex_id(self) -> str:
        """The id of 24 hexadecimal digits; made from the alias, so that it is the same in every process."""
        if _HEX_ID.fullmatch(self.alias):
            return self.alias
        return hashlib.sha256(self.alias.encode()).hexdigest()[:24]

    @property
    def key(self) -> str:
        """Its id; the alias leads there."""
        return self.hex_id

    def output_for(self, given: Any) -> Any:
        """Return the output of a run that was given this input."""
        return filled(self.output, given)


BUILT_IN = (
    Workflow("sync-contacts", retried_node=True),
    Workflow("always-fails", ends="ERRORED", error="Upstream CRM answered 403: contact quota exceeded"),
    Workflow("never-ends", ends=None),
    Workflow("times-out", ends="TIMED_OUT", error="The workflow ran out of time"),
    Workflow("terminates", ends="TERMINATED"),
    Workflow("no-response-node", response_node=False),
    Workflow("partially", ends="Partially Successful", error="1 of 2 groups failed"),
    Workflow("answers-201", http_status=201),
    Workflow("answers-500", http_status=500),
    Workflow("group-node", group_node=True),
    Workflow("draft", published=False),
)
