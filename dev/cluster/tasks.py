"""What the DAGs of the cluster and its verdict both know."""

from __future__ import annotations

from dev.vendors import CASES

#: The kinds of execution that a deferred task can wait for.
DEFERRED = tuple(case for case in CASES.values() if case.get_status)

#: The name of the DAG with a mapped task for each file.
FILES = "files"

#: The DAG with one task that does nothing.
PROBE = "probe"

#: The example of a batch.
BATCH = "datalab_batch"


def dag_id(name: str) -> str:
    """Return the id of a DAG with mapped tasks."""
    return f"mapped_{name}"


def text_of(name: str, number: int) -> str:
    """Return the text in the input of a mapped task, which no other one has."""
    return f"{name}-{number}-of-the-cluster"
