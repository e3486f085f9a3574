"""PromptLayer's workflows: their options, and the default ones."""

from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.emulator.workflow import INPUT, EmulatedWorkflow


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
    :param labels: the release labels, all on the latest version.
    :param versions: its version numbers; all versions do the same.
    :param never_ends: whether its last node never ends.
    """

    slashes = True

    name: str
    nodes: tuple[Node, ...] = (Node("Draft"), Node("Answer", value={"echo": INPUT}, is_output=True))
    required: tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    versions: tuple[int, ...] = (1,)
    never_ends: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.nodes or len({node.name for node in self.nodes}) < len(self.nodes):
            raise ValueError("A workflow has a name, and at least one node; each node has its own name.")
        if not self.versions or min(self.versions) < 1:
            raise ValueError("`versions` is a list of at least one whole number from 1.")
        super().__post_init__()

    @property
    def ends(self) -> str | None:
        """The status in which the ledger shows an ended run: the vendor's clients want one successful output node."""
        if self.never_ends:
            return None
        return "SUCCESS" if any(n.is_output and n.status == "SUCCESS" for n in self.nodes) else "FAILED"

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
