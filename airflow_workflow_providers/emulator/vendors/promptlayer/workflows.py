"""PromptLayer's workflows: how one is described, and those that are there without being added."""

from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.emulator.workflow import ECHO, AnyWorkflow


@dataclass(frozen=True)
class Node:
    """How a node of a workflow ends; ``{input}`` in its value stands for the run's input variables."""

    name: str
    status: str = "SUCCESS"
    value: Any = None
    error: str | None = None
    is_output: bool | None = False  # a fixture of the vendor's own client has null

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not isinstance(self.status, str):
            raise TypeError("A node's `name` and `status` are strings.")
        if not isinstance(self.error, str | None) or not isinstance(self.is_output, bool | None):
            raise TypeError("A node's `error` is a string, its `is_output` true or false; both may be null.")


@dataclass(frozen=True)
class Workflow(AnyWorkflow):
    """A workflow, and how its runs go.

    :param nodes: its nodes; the last one is the last to end.
    :param required: its input variables; None if it takes any, so that none is missing or unused.
    :param labels: the release labels, all on the latest version.
    :param versions: the numbers of its versions, which all do the same.
    :param never_ends: whether its runs stay at the last node.
    """

    slashes = True

    name: str
    nodes: tuple[Node, ...] = (Node("Draft"), Node("Answer", value={"echo": ECHO}, is_output=True))
    required: tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    versions: tuple[int, ...] = (1,)
    never_ends: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.nodes or len({node.name for node in self.nodes}) < len(self.nodes):
            raise ValueError("A workflow has a name, and at least one node, each with a name of its own.")
        if not all(isinstance(word, str) for word in (*self.labels, *(self.required or ()))):
            raise TypeError("`required` and `labels` are lists of strings.")
        if not self.versions or not all(type(version) is int and version > 0 for version in self.versions):
            raise ValueError("`versions` is a list of at least one whole number from 1.")
        if not isinstance(self.never_ends, bool):
            raise TypeError("`never_ends` is true or false.")
        super().__post_init__()

    @property
    def ends(self) -> str | None:
        """The ledger's word for the end of a run: the vendor's clients want one output node that succeeded."""
        if self.never_ends:
            return None
        return "SUCCESS" if any(n.is_output and n.status == "SUCCESS" for n in self.nodes) else "FAILED"

    def warning(self, given: dict[str, Any]) -> str | None:
        """Say which variables are missing or unused; the words are ours, for none are documented."""
        if self.required is None:
            return None
        missing = [name for name in self.required if name not in given]
        unused = [name for name in given if name not in self.required]
        said = {"Missing": ", ".join(missing), "Unused": ", ".join(unused)}
        return " ".join(f"{how} input variables: {names}." for how, names in said.items() if names) or None


_LOOKS_LIKE_NODES = {
    "Other": {"status": "FAILED", "value": None, "error_message": "no", "is_output_node": True}
}
BUILT_IN = (
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
