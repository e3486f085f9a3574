"""A run: its state, and what its end means."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from airflow_workflow_providers.core.errors import ExecutionFailed, ExecutionStopped

#: How far a vendor's clock may differ from ours, in seconds, when a run is searched for by the time of its start.
CLOCK_DRIFT = 60.0


class State(str, Enum):
    """The state of a run; each vendor's page has a table from the vendor's statuses to these."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"  #: waits for a person
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  #: finished with failed parts; the author decides what that means
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"  #: a status that is not in the table; never a success, waited on until the deadline


#: The states in which a run has ended.
TERMINAL_STATES = frozenset({State.SUCCEEDED, State.PARTIAL, State.FAILED, State.STOPPED})


@dataclass(frozen=True)
class ResultFile:
    """
    A file of a result, as the vendor keeps it for a while.

    :param names: what it is the result of: a step, a file. They are the vendor's text, fit to be shown.
    :param source: where it is: an address, which is fetched without the key, or a
        :class:`~airflow_workflow_providers.core.request.Request` to the vendor. Whoever has the address has the file, so it
        is shown nowhere.
    :param place: where in the output its content goes: names of members, and positions in lists. Default: ``names``.
    """

    names: tuple[str, ...]
    source: Any = field(repr=False)
    place: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class RunLog:
    """
    The log of a run, as far as the vendor has it.

    :param entries: one for each step, in order, as the vendor sends them.
    :param line: from an entry to a line that the log of a task may show. It is called only for entries that are shown.
    """

    entries: Sequence[Any] = field(repr=False)
    line: Callable[[Any], str] = field(repr=False)


@dataclass(frozen=True)
class RunStep:
    """
    A step of a run, for a person who follows it.

    :param name: the vendor's name of it, fit to be shown.
    :param state: our state.
    :param status: the vendor's status, fit to be shown.
    :param began_at: when it began, in seconds since the epoch; ``None`` if the vendor does not say.
    :param ended_at: when it ended.
    """

    name: str
    state: State
    status: str
    began_at: float | None = None
    ended_at: float | None = None

    def stored(self) -> dict[str, Any]:
        """
        Return it as plain JSON.

        :return: the parameters of the class.
        """
        return {
            "name": self.name,
            "state": self.state.value,
            "status": self.status,
            "began_at": self.began_at,
            "ended_at": self.ended_at,
        }


@dataclass(frozen=True)
class RunSteps:
    """
    The steps of a run, as far as a response shows them.

    :param entries: one for each step, in order, as the vendor sends them.
    :param step: from an entry to the step. It is called only for those that somebody wants to see.
    """

    entries: Sequence[Any] = field(repr=False)
    step: Callable[[Any], RunStep] = field(repr=False)


@dataclass(frozen=True)
class Execution:
    """
    What is known of a run.

    :param execution_id: the vendor's id; ``None`` if the vendor gives no id.
    :param state: our state.
    :param status: the vendor's status.
    :param output: the result, if the response held one.
    :param message: the vendor's explanation of a failure, fit for an error message.
    :param url: where a person can see the run.
    :param note: what the vendor said about a start, for the task's log.
    :param details: what the vendor returned besides the output, from which ``select_output`` may choose.
    :param files: the files of its result; a vendor without such files has its whole result in ``output``.
    :param output_missing: why no output was found, in a run that may have had one.
    :param progress: how far it has come, for the task's log, if a status check shows that; in words that are ours.
    :param log: its log, after a status check that was to read it.
    :param steps: its steps, if the response shows them.
    """

    execution_id: str | None
    state: State
    status: str
    output: Any = field(default=None, repr=False)
    message: str | None = None
    url: str | None = None
    note: str | None = None
    details: Any = field(default=None, repr=False)
    files: tuple[ResultFile, ...] = field(default=(), repr=False)
    output_missing: str | None = None
    progress: str = ""
    log: RunLog | None = field(default=None, repr=False, compare=False)
    steps: RunSteps | None = field(default=None, repr=False, compare=False)

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended, with or without success."""
        return self.state in TERMINAL_STATES

    def output_bytes(self) -> int:
        """
        Return how large the output is.

        :return: bytes of JSON.
        """
        return len(json.dumps(self.output).encode())

    def record(
        self, *, max_inline_output: int | None = None, size: int | None = None, fetch: str = ""
    ) -> dict[str, Any]:
        """
        Return what a task returns.

        :param max_inline_output: a larger output, in bytes of JSON, is left out: ``output`` is ``None``, and
            ``output_omitted`` says how large it is and how to fetch it. ``None``: no limit.
        :param size: :meth:`output_bytes`, if it is known already.
        :param fetch: how to fetch it.
        :return: ``execution_id``, ``state`` (ours), ``status`` (the vendor's), ``output`` and ``url``;
            ``output_omitted``, ``{"bytes", "fetch"}``, where the output was left out; and ``output_missing``, a text, where
            none was found.
        """
        record: dict[str, Any] = {
            "execution_id": self.execution_id,
            "state": self.state.value,
            "status": self.status,
            "output": self.output,
            "url": self.url,
        }
        if self.output_missing:
            record["output_missing"] = self.output_missing
        if max_inline_output is not None:
            size = self.output_bytes() if size is None else size
            if size > max_inline_output:
                record["output"] = None
                record["output_omitted"] = {"bytes": size, "fetch": fetch}
        return record


def state_of(status: str, table: Mapping[str, State]) -> State:
    """
    Return our state for a vendor's status.

    :param status: the vendor's status, spelled as in the table.
    :param table: from the vendor's statuses to our states.
    :return: our state; ``State.UNKNOWN`` for a status that is not in the table.
    """
    return table.get(status, State.UNKNOWN)


def steps_done(steps: Iterable[bool]) -> str:
    """
    Return how far a run has come, for ``Execution.progress``.

    :param steps: of each step whether it is done.
    :return: a sentence without its end; empty if no step is known.
    """
    known = list(steps)
    return f"{sum(known)} of {len(known)} steps are done" if known else ""


def raise_for_state(execution: Execution, success_states: frozenset[State], *, vendor: str) -> None:
    """
    Raise unless the run has ended in a state that is a success.

    :param execution: the run, after the wait for it.
    :param success_states: the states that are a success.
    :param vendor: the vendor's name, for the message.
    :raises ExecutionFailed: if it failed, finished with failed parts, or has not ended at all.
    :raises ExecutionStopped: if it was stopped.
    """
    if execution.state in success_states:
        return
    name = f"{vendor} execution {execution.execution_id}" if execution.execution_id else f"The {vendor} run"
    stopped = execution.state is State.STOPPED
    what = {
        State.STOPPED: "was stopped before its end",
        State.FAILED: "failed",
        State.PARTIAL: "finished with failed parts",
        State.PAUSED: "waits for a person",
    }.get(execution.state, "has not ended, although it was reported so")
    reason = f": {execution.message}" if execution.message else ""
    where = f" See {execution.url}" if execution.url else ""
    raise (ExecutionStopped if stopped else ExecutionFailed)(
        f"{name} {what} ({execution.status}){reason}.{where}", execution_id=execution.execution_id
    )
