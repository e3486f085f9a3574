"""What is left over: runs whose task has ended, starts whose response was lost, and outputs that nothing names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_workflow_providers.commands.runs import Hooks, TaskRun
from airflow_workflow_providers.core import batch
from airflow_workflow_providers.core.errors import NotFound, Unavailable, WorkflowError
from airflow_workflow_providers.core.execution import TERMINAL_STATES, Execution, State
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.operators.start import name_of
from airflow_workflow_providers.operators.starter import find_run
from airflow_workflow_providers.outputs.folder import OutputFolder, segment
from airflow_workflow_providers.outputs.manifest import read_line

#: How many runs are checked at the same time; the connection's own limit of requests holds too.
CHECKERS = 4

#: How long a read is retried, in seconds. Refold does not respond at all about an execution that it does not know.
RETRY_FOR = 20.0

#: After so many runs in a row about which a vendor has not responded the others are not tried.
MOST_UNAVAILABLE = 8

#: The states in which Airflow does nothing more about a task, without that of a success.
ENDED_STATES = ("failed", "upstream_failed", "skipped", "removed")

#: The results of an input of a batch whose run has ended, or that has none.
_OVER = frozenset({state.value for state in TERMINAL_STATES} | {batch.NOT_STARTED, batch.NOT_STORED})

#: The ends of the names of folders in which a batch keeps what it knows.
_OF_A_BATCH = (".parts", ".state")

#: The list of what was written for an execution, beside it.
_INDEX = ".files.json"


@dataclass(frozen=True)
class Finding:
    """
    Something that is left over.

    :param found: ``running``: the task has ended, and its run goes on; ``lost``: the response to a start was lost.
    :param run: what Airflow has stored.
    :param execution_id: the vendor's id; ``None`` if no run is known.
    :param execution: the run, as the vendor has it.
    :param detail: what to do.
    """

    found: str
    run: TaskRun
    execution_id: str | None
    execution: Execution | None
    detail: str = ""

    @property
    def goes_on(self) -> bool:
        """Whether there is a run that has not ended, and was not asked to stop."""
        return self.execution is not None and not is_ending(self.execution)


def check_all(
    runs: Sequence[TaskRun],
    hooks: Hooks,
    progress: Callable[[int, int], None],
    problem: Callable[[str], None],
) -> Iterator[Finding]:
    """
    Ask the vendor about runs whose tasks have ended.

    :param runs: the runs.
    :param hooks: of their connection.
    :param progress: is told how many were checked.
    :param problem: is told which one could not be checked, and why.
    :yield: what is left over.
    """

    def checked(run: TaskRun) -> Finding | WorkflowError | None:
        try:
            return check(run, hooks)
        except WorkflowError as error:
            return error

    unavailable = 0
    with ThreadPoolExecutor(CHECKERS) as pool:
        for done, result in enumerate(pool.map(checked, runs), 1):
            progress(done, len(runs))
            unavailable = unavailable + 1 if isinstance(result, Unavailable) else 0
            if isinstance(result, Finding):
                yield result
            elif result is not None:
                problem(f"{_name(runs[done - 1])} could not be checked: {result}")
            if unavailable == MOST_UNAVAILABLE and done < len(runs):
                problem(f"The other {len(runs) - done:,} executions were not checked.")
                pool.shutdown(wait=False, cancel_futures=True)
                return


def is_ending(execution: Execution) -> bool:
    """
    Return whether there is nothing to stop.

    :param execution: a run, as the vendor has it.
    :return: True if it has ended, or was asked to stop already.
    """
    return execution.is_terminal or execution.state is State.STOPPING


def _name(run: TaskRun) -> str:
    task = run.task
    what = f"Execution {run.record.execution_id}" if run.record.execution_id else "A start"
    return f"{what} of task {task.task_id} of {task.dag_id}"


def check(run: TaskRun, hooks: Hooks) -> Finding | None:
    """
    Ask the vendor about the run of a task that has ended.

    :param run: the run.
    :param hooks: of its connection.
    :return: ``None`` if nothing is left over.
    :raises WorkflowError: if the vendor cannot be asked.
    """
    if run.result in _OVER:
        return None
    if run.record.execution_id is None:
        # A run without an id has ended with the response to its start.
        return None if run.task.state == "success" and not run.in_batch else _lost(run, hooks)
    execution = _status(run, hooks, run.record.execution_id)
    if execution is None or is_ending(execution):
        return None
    return Finding("running", run, run.record.execution_id, execution, f"its task is {run.task.state}")


def _status(run: TaskRun, hooks: Hooks, execution_id: str) -> Execution | None:
    """Read the status of a run; ``None`` if the vendor does not know it any more."""
    client = hooks.of(run).client
    try:
        return client.send(client.endpoint.get_status(execution_id), retry_for=RETRY_FOR)
    except NotFound:
        return None


def _lost(run: TaskRun, hooks: Hooks) -> Finding:
    hook = hooks.of(run)
    record, field = run.record, run.operator.workflow_field
    began = datetime.fromtimestamp(record.intent_at, timezone.utc).isoformat(timespec="seconds")
    label = f", labelled {record.label!r}" if record.label else ""
    known = run.task.rendered
    start: Request[Any] = Request(
        "find a run",
        "POST",
        "",
        lambda response: response,
        fingerprint_input={field: known[field]} if field in known else {},
    )
    where = f"search for it at {hook.hook_name}: it would have begun at {began}{label}"
    try:
        found = find_run(hook.client, start, record)
    except KeyError:
        return Finding(
            "lost",
            run,
            None,
            None,
            f"Airflow no longer knows its {field}, so it was not searched for; {where}",
        )
    if found is None:
        return Finding("lost", run, None, None, where)
    return Finding("lost", run, found, _status(run, hooks, found), f"found by its label, begun at {began}")


# -- outputs ------------------------------------------------------------------------------------------------------------------


def names_of(runs: Iterable[TaskRun]) -> set[str]:
    """
    Return the names that the outputs of runs have below ``output_path``.

    :param runs: the runs.
    :return: the name of the folder of each.
    """
    return {segment(run.record.execution_id or name_of(run.task)) for run in runs}


def unnamed_outputs(folder: OutputFolder, names: set[str]) -> list[str]:
    """
    Return the files of a folder that belong to no known run, and that no manifest names.

    :param folder: the folder of outputs.
    :param names: as from :func:`names_of`.
    :return: the address of each, in order.
    :raises WorkflowError: if the folder cannot be read.
    """
    files = folder.files()
    named: set[str] = set()
    manifests: set[str] = set()
    for parts, uri in files:
        if parts[-1].endswith(".jsonl") and (places := _named_by(uri)) is not None:
            named |= places
            manifests.add(uri)
    return [
        uri
        for parts, uri in files
        if parts[-1] != _INDEX
        and uri not in manifests
        and not any(part.endswith(_OF_A_BATCH) for part in parts[:-1])
        and not names.intersection(parts)
        and place_of(uri) not in named
    ]


def _named_by(uri: str) -> set[str] | None:
    """Return the places of all outputs that a manifest names, or a part of one; ``None`` if it is something else."""
    above, _, name = uri.rpartition("/")
    found: set[str] = set()
    for number, text in enumerate(OutputFolder(above).read_lines([name])):
        try:
            line = read_line(text, "A line")
        except WorkflowError:
            if number == 0:
                return None
            continue
        files = line.get("files")
        listed = [line, *(files if isinstance(files, list) else [])]
        found |= {
            place_of(each["uri"])
            for each in listed
            if isinstance(each, dict) and isinstance(each.get("uri"), str)
        }
    return found


def place_of(uri: str) -> str:
    """
    Return where a file is, without the connection with which it was written: another one may have read it.

    :param uri: its address.
    :return: the scheme, and what follows the connection.
    """
    scheme, mark, rest = uri.partition("://")
    if not mark:
        scheme, rest = "file", uri
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
