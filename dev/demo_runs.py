"""The vendor tasks of the demo, as Airflow reports them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.get_provider_info import VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dev.airflow_api import AirflowApi

EXPECT_FAILED = "expect:failed"
FINAL_STATES = frozenset({"success", "failed"})
CONCURRENT_RUNS = 6
# The names of our operators and sensors begin with the name of the vendor.
OPERATOR_PREFIXES = {name.replace(" ", ""): vendor for vendor, (name, _) in VENDORS.items()}
# Changes to these states are not printed: they come before a task runs.
_NOT_PRINTED = frozenset({None, "none", "scheduled", "queued"})
_FAILED_STATES = frozenset({"failed", "upstream_failed"})

Key = tuple[str, str, int]


def vendor_of(operator: str | None) -> str | None:
    """Return the vendor of an operator class; ``None`` if it is not one of ours."""
    return next((v for prefix, v in OPERATOR_PREFIXES.items() if (operator or "").startswith(prefix)), None)


@dataclass
class Task:
    """One task instance: its present state, and what was seen of it before."""

    dag_id: str
    task_id: str
    map_index: int
    vendor: str | None
    expected: str
    state: str | None = None
    execution_id: str | None = None
    deferred: bool = False
    seconds: float | None = None
    try_number: int = 1
    message: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    run_as_expected: bool = False

    @property
    def name(self) -> str:
        """The id of the task, with its index if it is mapped."""
        return self.task_id if self.map_index < 0 else f"{self.task_id}[{self.map_index}]"

    @property
    def as_expected(self) -> bool:
        """Whether the task and its DAG run have ended as the example expects, and its files are as its record says."""
        return self.state == self.expected and self.run_as_expected and all(map(_is_stored, self.outputs))


@dataclass
class Runs:
    """One run of each DAG."""

    airflow: AirflowApi
    tags: Mapping[str, frozenset[str]]
    run_ids: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    _seen: dict[Key, Task] = field(default_factory=dict)
    _pushed: dict[Key, str] = field(default_factory=dict)
    _fails: dict[str, frozenset[str]] = field(default_factory=dict)

    def start_more(self) -> None:
        """Start further DAG runs; only a few run at the same time, because more would need more than two cores."""
        running = sum(self.states.get(dag_id) not in FINAL_STATES for dag_id in self.run_ids)
        waiting = [dag_id for dag_id in self.tags if dag_id not in self.run_ids]
        for dag_id in waiting[: max(0, CONCURRENT_RUNS - running)]:
            failing = EXPECT_FAILED in self.tags[dag_id]
            self._fails[dag_id] = self._expected_failures(dag_id) if failing else frozenset()
            self.run_ids[dag_id] = self.airflow.trigger(dag_id)

    @property
    def ended(self) -> bool:
        """Whether the run of every DAG has ended."""
        return all(self.states.get(dag_id) in FINAL_STATES for dag_id in self.tags)

    def update(self) -> Iterator[Task]:
        """Read the present state from Airflow, and yield the tasks that have changed."""
        # DAG runs first: if they have ended, the tasks that are read after them are in their final states.
        self.states = {run["dag_id"]: run["state"] for run in self.airflow.runs()}
        instances = self.airflow.task_instances()
        pushed = {_key(entry): entry["timestamp"] for entry in self.airflow.xcom_entries("execution_id")}
        for instance in instances:
            task = self._task(instance)
            before = (task.state, task.execution_id)
            _update(task, instance)
            when = pushed.get(_key(instance))
            if when is not None and when != self._pushed.get(_key(instance)):
                self._pushed[_key(instance)] = when
                task.execution_id = self._execution_id(task)
            wanted = task.vendor or task.state in _FAILED_STATES
            if wanted and task.state not in _NOT_PRINTED and before != (task.state, task.execution_id):
                yield task

    def vendor_tasks(self) -> list[Task]:
        """Return the vendor tasks with everything that is known after the end."""
        # From Airflow 3.2 on, the audit log has every deferral, also one between two updates.
        deferred = {_key(event) for event in self.airflow.events("deferred") if event["task_id"]}
        tasks = [task for task in self._seen.values() if task.vendor]
        for task in tasks:
            key = (task.dag_id, task.task_id, task.map_index)
            task.deferred = task.deferred or key in deferred
            task.run_as_expected = self.ended_as_expected(task.dag_id)
            record = self._record(task)
            if task.execution_id is None and record.get("execution_id") is not None:
                task.execution_id = str(record["execution_id"])  # a sensor starts nothing, so it pushes no id
            task.outputs = _files_of(record)
            if task.state == "failed":
                task.message = self._last_error(task)
        return sorted(tasks, key=lambda task: (task.vendor or "", task.dag_id, task.task_id, task.map_index))

    def ended_as_expected(self, dag_id: str) -> bool:
        """Whether the run of a DAG has ended as its tags say."""
        wanted = "failed" if EXPECT_FAILED in self.tags[dag_id] else "success"
        return self.states.get(dag_id) == wanted

    def _expected_failures(self, dag_id: str) -> frozenset[str]:
        """Return the tasks that fail in a DAG that is expected to fail: the vendor tasks without a later vendor task."""
        after = {task["task_id"]: set(task["downstream_task_ids"]) for task in self.airflow.tasks(dag_id)}
        vendor = {t["task_id"] for t in self.airflow.tasks(dag_id) if vendor_of(t["operator_name"])}
        return frozenset(task_id for task_id in vendor if not _all_after(task_id, after) & vendor)

    def _task(self, instance: Mapping[str, Any]) -> Task:
        dag_id, task_id, map_index = key = _key(instance)
        if key not in self._seen:
            vendor = vendor_of(instance["operator_name"]) or vendor_of(instance["operator"])
            expected = "failed" if task_id in self._fails.get(dag_id, ()) else "success"
            self._seen[key] = Task(dag_id, task_id, map_index, vendor, expected)
            # A mapped task has the index -1 until Airflow knows how often it is mapped.
            if map_index >= 0:
                self._seen.pop((dag_id, task_id, -1), None)
        return self._seen[key]

    def _execution_id(self, task: Task) -> str | None:
        run_id = self.run_ids[task.dag_id]
        value = self.airflow.xcom(task.dag_id, run_id, task.task_id, "execution_id", task.map_index)
        return None if value is None else str(value)

    def _record(self, task: Task) -> dict[str, Any]:
        """Return the record that a task has returned; an empty one if it has returned none."""
        run_id = self.run_ids[task.dag_id]
        result = self.airflow.xcom(task.dag_id, run_id, task.task_id, "return_value", task.map_index)
        return result if isinstance(result, dict) else {}

    def _last_error(self, task: Task) -> str:
        """Return the last error in the log of a task."""
        lines = self.airflow.task_log(
            task.dag_id,
            self.run_ids[task.dag_id],
            task.task_id,
            map_index=task.map_index,
            try_number=task.try_number,
        )
        errors = [line for line in lines if str(line.get("level")).lower() in {"error", "critical"}]
        if not errors:
            return ""
        details = errors[-1].get("error_detail") or []
        return str(details[0]["exc_value"] if details else errors[-1]["event"])


def _files_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the files in object storage that a record names, as the report shows them."""
    output = record.get("output")
    entries = output if isinstance(output, list) else []
    return [
        {name: entry[name] for name in ("uri", "bytes", "sha256")}
        for entry in entries
        if isinstance(entry, dict) and "uri" in entry
    ]


def _is_stored(entry: Mapping[str, Any]) -> bool:
    """Whether a local file has the size and the digest that a record names."""
    try:
        content = Path(entry["uri"].removeprefix("file://")).read_bytes()
    except OSError:
        return False
    return (len(content), sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])


def _update(task: Task, instance: Mapping[str, Any]) -> None:
    task.state = instance["state"]
    task.try_number = max(instance["try_number"], 1)
    task.deferred = task.deferred or task.state == "deferred" or instance["trigger"] is not None
    if instance["start_date"] and instance["end_date"]:
        task.seconds = round((_time(instance["end_date"]) - _time(instance["start_date"])).total_seconds(), 1)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _key(record: Mapping[str, Any]) -> Key:
    return record["dag_id"], record["task_id"], record["map_index"]


def _all_after(task_id: str, after: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = set(after[task_id])
    while waiting:
        found |= waiting
        waiting = set().union(*(after[each] for each in waiting)) - found
    return found
