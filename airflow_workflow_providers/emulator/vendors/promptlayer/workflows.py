"""PromptLayer's workflows: their options, and the default ones."""

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from airflow_workflow_providers.emulator.workflow import INPUT, EmulatedWorkflow


def moment(name: str, text: str) -> datetime:
    """Return a time in ISO 8601; one without an offset is UTC, which is inferred."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f"`{name}` is not a time in ISO 8601.") from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Node:
    """How a node of a workflow ends; ``{input}`` in its value becomes the run's input variables."""

    name: str
    status: str = "SUCCESS"
    value: Any = None
    error: str | None = None
    is_output: bool | None = False  # null in a fixture of the vendor's own client


@dataclass(frozen=True)
class Workflow(EmulatedWorkflow):
    """
    A workflow, and how its runs go.

    :param nodes: its nodes; the last one is the last to end.
    :param required: its input variables; with None it takes any.
    :param labels: the release labels: their names if all are on the latest version, else each with its version number.
    :param versions: its version numbers; all versions do the same.
    :param external_ids: its ids in other systems, by the system.
    :param created_at: when it was created and last changed, in ISO 8601.
    :param never_ends: whether its last node never ends.
    """

    slashes = True

    name: str
    nodes: tuple[Node, ...] = (Node("Draft"), Node("Answer", value={"echo": INPUT}, is_output=True))
    required: tuple[str, ...] | None = None
    labels: tuple[str, ...] | dict[str, int] = ()
    versions: tuple[int, ...] = (1,)
    external_ids: dict[str, str] = field(default_factory=dict)
    created_at: str = "2026-01-01T00:00:00Z"
    never_ends: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.nodes or len({node.name for node in self.nodes}) < len(self.nodes):
            raise ValueError("A workflow has a name, and at least one node; each node has its own name.")
        if not self.versions or min(self.versions) < 1:
            raise ValueError("`versions` is a list of at least one whole number from 1.")
        if not set(self.versions_by_label.values()) <= set(self.versions):
            raise ValueError("`labels` has a version that is not one of `versions`.")
        if not all(isinstance(value, str) for value in self.external_ids.values()):
            raise ValueError("`external_ids` maps the names of systems to texts.")
        moment("created_at", self.created_at)
        super().__post_init__()

    @property
    def ends(self) -> str | None:
        """The status in which the ledger shows an ended run: the vendor's clients want one successful output node."""
        if self.never_ends:
            return None
        return "SUCCESS" if any(n.is_output and n.status == "SUCCESS" for n in self.nodes) else "FAILED"

    @property
    def latest(self) -> int:
        """The number of the latest version."""
        return max(self.versions)

    @property
    def versions_by_label(self) -> dict[str, int]:
        """Each release label with the number of its version."""
        return dict(self.labels) if isinstance(self.labels, dict) else dict.fromkeys(self.labels, self.latest)

    def warning(self, given: dict[str, Any]) -> str | None:
        """Return which variables are missing or unused; the words are ours, since none are documented."""
        if self.required is None:
            return None
        missing = [name for name in self.required if name not in given]
        unused = [name for name in given if name not in self.required]
        found = {"Missing": ", ".join(missing), "Unused": ", ".join(unused)}
        return " ".join(f"{kind} input variables: {names}." for kind, names in found.items() if names) or None


_LOOKS_LIKE_NODES = {
    "Other": {"status": "FAILED", "value": None, "error_message": "no", "is_output_node": True}
}
DEFAULT_WORKFLOWS = (
    Workflow("answer-question", labels=("production",), versions=(1, 2, 3)),
    Workflow(
        "always-fails", (Node("Answer", "FAILED", error="Model refused: content policy", is_output=True),)
    ),
    Workflow("never-ends", never_ends=True),
    Workflow(
        "other-branch",
        (
            Node("Check", "FAILED", error="The check failed"),
            Node("Branch A", "SKIPPED", is_output=True),
            Node("Branch B", value="B", is_output=True),
        ),
    ),
    Workflow("no-output-node", (Node("Draft", value="a draft"), Node("Review", value="a review"))),
    Workflow("bare-text", (Node("Node 1", value="AAA", is_output=True),)),
    Workflow("looks-like-nodes", (Node("Answer", value=_LOOKS_LIKE_NODES, is_output=True),)),
    Workflow("empty-object", (Node("Answer", value={}, is_output=True),)),
    Workflow("support/triage v2"),
)
