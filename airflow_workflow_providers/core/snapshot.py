"""
What a person sees of a run inside Airflow, while it is going and after its end.

A task stores it in its XCom, once for each change, and the page *Remote execution* reads it there. Nothing here has a clock, or
stores anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core.text import shown

if TYPE_CHECKING:
    from airflow_workflow_providers.core.execution import Execution

#: The XCom in which it is.
KEY = "remote_execution"

#: The version of what is stored; ``tests/formats`` has what each release writes.
VERSION = 1

#: The most changes and steps of a run that are kept. Of more changes every second one is left out.
MOST_CHANGES, MOST_STEPS = 60, 200

#: The most points of the curve of a batch, and the most of its inputs without success that are named.
MOST_POINTS, MOST_NAMED = 60, 20

#: The most characters of an error of an input.
ERROR_LIMIT = 300


@dataclass
class Snapshot:
    """
    What is known of the run of a task.

    :param vendor: the vendor's name.
    :param conn_id: the connection.
    :param base_url: the vendor's address.
    :param execution_id: the run.
    :param workflow_id: the workflow, as the author names it; empty if the task does not.
    :param url: the vendor's page of the run, if one is known.
    :param began_at: when it was started, in seconds since the epoch; ``None`` if the task does not know.
    :param ended_at: when it was seen to have ended.
    :param state: our state.
    :param status: the vendor's status.
    :param changes: what each change has shown: ``at``, ``state``, ``status`` and ``progress``.
    :param steps: the steps of the run, as the vendor shows them: ``name``, ``state``, ``status``, ``began_at``, ``ended_at``.
    :param steps_omitted: how many steps are left out.
    :param output: where the result is, if it is in object storage: ``uri``, of a file or the folder of several, and ``bytes``.
    """

    vendor: str
    conn_id: str
    base_url: str
    execution_id: str
    workflow_id: str = ""
    url: str | None = None
    began_at: float | None = None
    ended_at: float | None = None
    state: str = ""
    status: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    steps_omitted: int = 0
    output: dict[str, Any] | None = None

    def stored(self) -> dict[str, Any]:
        """
        Return it as plain JSON.

        :return: ``version`` (of this format, 1) and the parameters of the class.
        """
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_stored(cls, stored: Any, execution_id: str) -> Snapshot | None:
        """
        Read it back.

        :param stored: what the XCom has, which may be anything.
        :param execution_id: the run that it must be of.
        :return: ``None`` if it is not of this run, or of another release: then a new one begins.
        """
        if not isinstance(stored, dict) or stored.get("version") != VERSION:
            return None
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        if known.get("execution_id") != execution_id or not isinstance(known.get("changes"), list):
            return None
        return cls(**known)

    def show(self, execution: Execution, now: float, files: Sequence[Mapping[str, Any]] = ()) -> bool:
        """
        Add what a status check, or the read of the result, has shown.

        :param execution: what it has returned.
        :param now: the time, in seconds since the epoch.
        :param files: the files in object storage that have its result, each with ``uri`` and ``bytes``.
        :return: whether that is something new.
        """
        before = self.stored()
        state, status = execution.state.value, execution.status
        change = {"state": state, "status": status, "progress": execution.progress}
        if not self.changes or self.changes[-1] != {**change, "at": self.changes[-1]["at"]}:
            self.changes = _thinned([*self.changes, {"at": now, **change}], MOST_CHANGES)
        self.state, self.status = state, status
        self.url = execution.url or self.url
        if execution.steps is not None:
            entries, step = execution.steps.entries, execution.steps.step
            self.steps = [step(entry).stored() for entry in entries[:MOST_STEPS]]
            self.steps_omitted = len(entries) - len(self.steps)
        if execution.is_terminal and self.ended_at is None:
            self.ended_at = now
        if files:
            size = sum(file["bytes"] for file in files)
            self.output = {"uri": _place([file["uri"] for file in files]), "bytes": size}
        return self.stored() != before


@dataclass
class BatchSnapshot:
    """
    What is known of the runs of a batch.

    :param vendor: the vendor's name.
    :param conn_id: the connection.
    :param base_url: the vendor's address.
    :param total: how many inputs there are.
    :param workflow_id: the workflow, as the author names it; empty if the task does not.
    :param began_at: when the try began, in seconds since the epoch.
    :param ended_at: when all inputs were done.
    :param active: how many runs are going.
    :param counts: how many inputs have come to each result.
    :param rate: how many inputs were done in a second lately; ``None`` if that is not known.
    :param unsuccessful: the first inputs without success: ``index``, ``execution_id``, ``state``, ``error``.
    :param unsuccessful_omitted: how many more there are.
    :param progress: how many inputs were done at some times: ``at``, ``done``.
    """

    vendor: str
    conn_id: str
    base_url: str
    total: int
    workflow_id: str = ""
    began_at: float | None = None
    ended_at: float | None = None
    active: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    rate: float | None = None
    unsuccessful: list[dict[str, Any]] = field(default_factory=list)
    unsuccessful_omitted: int = 0
    progress: list[dict[str, Any]] = field(default_factory=list)

    def stored(self) -> dict[str, Any]:
        """
        Return it as plain JSON.

        :return: ``version`` (of this format, 1), ``batch`` with what only a batch has, and the other parameters of the class.
        """
        fields = asdict(self)
        common = {name: fields.pop(name) for name in _COMMON}
        return {"version": VERSION, **common, "batch": fields}

    @classmethod
    def from_stored(cls, stored: Any) -> BatchSnapshot | None:
        """
        Read it back.

        :param stored: what the XCom has, which may be anything.
        :return: ``None`` if it is of another release: then a new one begins.
        """
        if not isinstance(stored, dict) or stored.get("version") != VERSION:
            return None
        if not isinstance(stored.get("batch"), dict):
            return None
        found = {**stored, **stored["batch"]}
        known = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
        return cls(**known) if {"vendor", "conn_id", "base_url", "total"} <= known.keys() else None

    def show(
        self,
        counts: Mapping[str, int],
        active: int,
        now: float,
        *,
        success: Collection[str] | None = None,
        unsuccessful: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """
        Add how far the batch is.

        :param counts: how many inputs have come to each result.
        :param active: how many runs are going.
        :param now: the time, in seconds since the epoch.
        :param success: the results that are a success; ``None`` if that is not known here.
        :param unsuccessful: lines of the manifest: inputs without success that may not be named yet.
        """
        done = sum(counts.values())
        if self.progress and now > self.progress[-1]["at"]:
            self.rate = max(0, done - self.progress[-1]["done"]) / (now - self.progress[-1]["at"])
        self.counts, self.active = dict(counts), active
        self.progress = _thinned([*self.progress, {"at": now, "done": done}], MOST_POINTS)
        self.ended_at = now if done >= self.total and not active else None
        named = {line["index"] for line in self.unsuccessful}
        new = (line for line in unsuccessful if line["index"] not in named)
        self.unsuccessful += [
            {
                "index": line["index"],
                "execution_id": line.get("execution_id"),
                "state": line.get("state"),
                "error": shown(line.get("error") or "", limit=ERROR_LIMIT),
            }
            for line in islice(new, MOST_NAMED - len(self.unsuccessful))
        ]
        if success is not None:
            others = sum(count for name, count in counts.items() if name not in success)
            self.unsuccessful_omitted = max(0, others - len(self.unsuccessful))


_COMMON = ("vendor", "conn_id", "base_url", "workflow_id", "began_at", "ended_at")


def _place(uris: list[str]) -> str:
    """Return the address of a file, or of the folder that has all of several."""
    if len(uris) == 1:
        return uris[0]
    folders = zip(*(uri.split("/")[:-1] for uri in uris), strict=False)
    return "".join(f"{names[0]}/" for names in takewhile(lambda names: len(set(names)) == 1, folders))


def _thinned(entries: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Return entries without every second one, if there are too many; the first and the last are kept."""
    return entries if len(entries) <= most else [*entries[:-1:2], entries[-1]]
