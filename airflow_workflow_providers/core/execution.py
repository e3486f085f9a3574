"""A run: its state in our words, and what its end means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from airflow_workflow_providers.core.errors import ExecutionFailed, ExecutionStopped

#: How far a vendor's clock may be behind ours, in seconds, where a run is looked for by the time of its start.
CLOCK_DRIFT = 60.0


class State(str, Enum):
    """Our word for what a run is doing; each vendor's page has a table from its words to these."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"  #: waits for a person
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  #: over, with a part undone; the author decides what that means
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"  #: a word that is not in our table; never success, waited on until the deadline


#: The states in which a run is over.
OVER = frozenset({State.SUCCEEDED, State.PARTIAL, State.FAILED, State.STOPPED})


@dataclass(frozen=True)
class Execution:
    """
    What is known of a run.

    :param execution_id: the vendor's id; ``None`` where the vendor gives none.
    :param state: our word.
    :param status: the vendor's word.
    :param output: the result, where the answer held one.
    :param message: the vendor's words about a failure, fit for an error message.
    :param url: where a person can see the run.
    :param note: what the vendor said about a start, worth a line in the task's log.
    """

    execution_id: str | None
    state: State
    status: str
    output: Any = field(default=None, repr=False)
    message: str | None = None
    url: str | None = None
    note: str | None = None

    @property
    def over(self) -> bool:
        """Whether the run has ended, well or not."""
        return self.state in OVER

    def record(self, *, max_inline_output: int | None = None, fetch: str = "") -> dict[str, Any]:
        """
        Return what a task returns.

        :param max_inline_output: a larger output, in bytes of JSON, is left out: ``output`` is ``None`` and
            ``output_omitted`` says how large it is and how to fetch it. ``None``: no limit.
        :param fetch: how to fetch it.
        :return: ``execution_id``, ``state`` (our word), ``status`` (the vendor's), ``output`` and ``url``; and
            ``output_omitted``, ``{"bytes", "fetch"}``, where the output was left out.
        """
        record: dict[str, Any] = {
            "execution_id": self.execution_id,
            "state": self.state.value,
            "status": self.status,
            "output": self.output,
            "url": self.url,
        }
        if max_inline_output is not None:
            size = len(json.dumps(self.output).encode())
            if size > max_inline_output:
                record["output"] = None
                record["output_omitted"] = {"bytes": size, "fetch": fetch}
        return record


def state_of(status: str, table: Mapping[str, State]) -> State:
    """
    Return our word for a vendor's.

    :param status: the vendor's word, spelled as in the table.
    :param table: from the vendor's words to ours.
    :return: our word; ``State.UNKNOWN`` for one that is not in the table.
    """
    return table.get(status, State.UNKNOWN)


def judge(execution: Execution, accepts: frozenset[State], *, vendor: str) -> None:
    """
    Raise unless the run has ended as its author accepts.

    :param execution: the run, after the wait for it.
    :param accepts: the states that are a success.
    :param vendor: the vendor's name, for the message.
    :raises ExecutionFailed: if it failed, is in part undone, or is not over at all.
    :raises ExecutionStopped: if it was stopped.
    """
    if execution.state in accepts:
        return
    said = f": {execution.message}" if execution.message else ""
    name = f"{vendor} execution {execution.execution_id}" if execution.execution_id else f"The {vendor} run"
    where = f" See {execution.url}" if execution.url else ""
    if execution.state is State.STOPPED:
        raise ExecutionStopped(
            f"{name} was stopped before its end ({execution.status}){said}.{where}",
            execution_id=execution.execution_id,
        )
    what = {
        State.FAILED: "failed",
        State.PARTIAL: "ended with a part undone",
        State.PAUSED: "waits for a person",
    }.get(execution.state, "is not over, although it was reported so")
    raise ExecutionFailed(
        f"{name} {what} ({execution.status}){said}.{where}", execution_id=execution.execution_id
    )
