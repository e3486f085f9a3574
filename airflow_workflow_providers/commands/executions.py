"""``airflow workflow-executions``: list, show, cancel and reconcile."""

from __future__ import annotations

import functools
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from airflow.utils.cli import suppress_logs_and_warning

from airflow_workflow_providers.commands.airflow_api import AirflowApi
from airflow_workflow_providers.commands.orphans import (
    ENDED_STATES,
    RETRY_FOR,
    Finding,
    check_all,
    is_ending,
    names_of,
    unnamed_outputs,
)
from airflow_workflow_providers.commands.printing import Progress, confirmed, print_one, print_rows, say
from airflow_workflow_providers.commands.runs import Hooks, Operators, TaskRun, find, of_type, operators
from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.extra import is_loopback
from airflow_workflow_providers.operators.stop import stop
from airflow_workflow_providers.outputs.folder import OutputFolder

#: The exit code of ``reconcile`` if something was found.
FOUND = 3

#: How many executions a question names.
NAMED = 20


def _command(run: Callable[[Namespace], int]) -> Callable[[Namespace], None]:
    """Make a command of a function that returns an exit code: what a user can cause is one line, and no traceback."""

    @functools.wraps(run)
    def command(args: Namespace) -> None:
        codes: list[int] = []
        # As Airflow's own commands: its log lines would be between the lines of the result.
        quiet: Any = suppress_logs_and_warning(lambda given: codes.append(run(given)))
        try:
            quiet(args)
            sys.stdout.flush()
        except WorkflowError as error:
            say(shown(str(error), limit=2000))
            sys.exit(1)
        except KeyboardInterrupt:
            say("Interrupted.")
            sys.exit(130)
        except BrokenPipeError:
            # The reader, such as ``head``, has enough. Python would complain when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        sys.exit(codes[0])

    return command


@contextmanager
def _airflow(args: Namespace) -> Iterator[AirflowApi]:
    api = AirflowApi(args.api_url)
    if api.url.startswith("http://") and not is_loopback(api.url):
        say(f"Warning: your token is sent to {api.url} without encryption, and can be read on the way.")
    with closing(api):
        yield api


def _row(run: TaskRun) -> dict[str, Any]:
    began, task = run.record.intent_at, run.task
    return {
        "dag_id": task.dag_id,
        "run_id": task.run_id,
        "task_id": task.task_id,
        "map_index": task.map_index,
        "batch_index": run.batch_index,
        "task_state": task.state,
        "execution_id": run.record.execution_id,
        "started_at": datetime.fromtimestamp(began, timezone.utc).isoformat(timespec="seconds")
        if began
        else None,
    }


@_command
def list_executions(args: Namespace) -> int:
    """
    List the executions that tasks have started with a connection.

    :param args: the arguments of the command line.
    :return: the exit code.
    """
    known = operators(args.operator)
    with _airflow(args) as api, Progress("Searching tasks") as progress:
        runs = find(
            api,
            known,
            dag_id=args.dag_id,
            states=[args.state] if args.state else [],
            wanted=args.conn_id,
            progress=progress,
            problem=say,
        )
        with closing(runs):
            # One more than are shown, to know whether there are more.
            found = list(islice(runs, args.limit + 1 if args.limit else None))
    more = bool(args.limit) and len(found) > args.limit
    print_rows([_row(run) for run in (found[: args.limit] if more else found)], args.output)
    if more:
        say(f"There are more than {args.limit:,}; --limit 0 lists all of them.")
    return 0


@_command
def show_execution(args: Namespace) -> int:
    """
    Show an execution, as the vendor has it, and which task has started it.

    :param args: the arguments of the command line.
    :return: the exit code.
    """
    with _airflow(args) as api, Hooks(args.conn_id) as hooks:
        known = of_type(operators(args.operator), hooks.conn_type)
        run = _run_of(api, args, known)
        hook = hooks.of(run) if run else hooks.of_class(_only_hook(known, args))
        execution = hook.client.get_execution(args.execution_id, retry_for=RETRY_FOR)
        record = execution.record()
        output = record.pop("output")
        row = {**record, "message": execution.message}
        if args.with_output:
            row["output"] = output
        row |= {name: value for name, value in _row(run).items() if name != "execution_id"} if run else {}
    print_one(row, args.output)
    if run is None:
        say(f"No task that you may read has stored execution {args.execution_id}.")
    return 0


@_command
def cancel_execution(args: Namespace) -> int:
    """
    Stop an execution that a task of this Airflow has started.

    :param args: the arguments of the command line.
    :return: the exit code.
    :raises WorkflowError: if no task has stored it, or the vendor cannot stop it.
    """
    with _airflow(args) as api, Hooks(args.conn_id) as hooks:
        known = of_type(operators(args.operator), hooks.conn_type)
        run = _run_of(api, args, known)
        if run is None:
            raise InvalidInput(
                f"No task that you may read has stored execution {shown(args.execution_id)} of connection {args.conn_id!r}, so it "
                "is not stopped: it may be somebody else's."
            )
        hook = hooks.of(run)
        hook.client.endpoint.stop(args.execution_id)  # an error if the vendor cannot, before anybody is asked
        execution = hook.get_status(args.execution_id)
        name = f"{hook.hook_name} execution {args.execution_id}"
        if is_ending(execution):
            already = "has ended" if execution.is_terminal else "was asked to stop"
            say(f"{name} {already} already: it is {execution.status}.")
            return 0
        task = run.task
        whose = (
            f"task {task.task_id} of {task.dag_id}, {task.run_id}, which is {task.state or 'not scheduled'}"
        )
        if not args.yes and not confirmed(f"Stop {name} ({execution.status}) of {whose}"):
            say("Nothing was stopped.")
            return 1
        said = hook.stop_execution(args.execution_id)
        say(f"{hook.hook_name} was asked to stop execution {args.execution_id}: {shown(said)}")
    return 0


def _run_of(api: AirflowApi, args: Namespace, known: Operators) -> TaskRun | None:
    """Find the run of an execution. An id that two kinds of executions of the vendor have is an error."""
    kinds = {cls.hook_class for cls in known.values() if cls.hook_class.api.get_status is not None}
    found: list[TaskRun] = []
    with Progress("Searching tasks") as progress:
        runs = find(api, known, dag_id=args.dag_id, wanted=args.conn_id, progress=progress, problem=say)
        with closing(runs):
            for run in runs:
                if run.record.execution_id == args.execution_id:
                    found.append(run)
                    if len(kinds) == 1:
                        break
    if len({run.operator.hook_class for run in found}) > 1:
        names = ", ".join(sorted({f"{run.task.task_id} of {run.task.dag_id}" for run in found}))
        raise InvalidInput(
            f"Several kinds of executions have the id {args.execution_id}, of these tasks: {names}. Choose one with --dag-id."
        )
    return found[0] if found else None


def _only_hook(known: Operators, args: Namespace) -> type[WorkflowHook]:
    """Return the hook of an execution that no task has stored, if only one can be meant."""
    kinds = {cls.hook_class for cls in known.values() if cls.hook_class.api.get_status is not None}
    if len(kinds) == 1:
        return kinds.pop()
    raise InvalidInput(
        f"No task that you may read has stored execution {shown(args.execution_id)}, and connection {args.conn_id!r} has several "
        f"kinds of executions: {', '.join(sorted(kind.__name__ for kind in kinds))}. Read it with its hook in Python."
    )


@_command
def reconcile(args: Namespace) -> int:
    """
    Find executions that go on although their tasks have ended, lost starts, and outputs of no known execution.

    :param args: the arguments of the command line.
    :return: the exit code: 3 if something was found, 1 if that is not known, else 0.
    """
    problems: list[str] = []

    def problem(message: str) -> None:
        problems.append(message)
        say(shown(message, limit=2000))

    states = (*ENDED_STATES, "success") if args.include_success else ENDED_STATES
    # Opened first: a folder that cannot be used is an error before anything is asked.
    folder = OutputFolder(args.output_path) if args.output_path else None
    with _airflow(args) as api, Hooks(args.conn_id) as hooks:
        every = operators(args.operator)
        with Progress("Searching tasks") as progress:
            # A folder may have outputs of all connections.
            search: dict[str, Any] = (
                {"known": every}
                if folder
                else {
                    "known": of_type(every, hooks.conn_type),
                    "states": states,
                    "dag_id": args.dag_id,
                    "wanted": args.conn_id,
                }
            )
            known = list(find(api, **search, progress=progress, problem=problem))
        ended = [
            run
            for run in known
            if run.conn_id == args.conn_id
            and run.task.state in states
            and args.dag_id in (None, run.task.dag_id)
        ]
        with Progress("Checking executions") as progress:
            findings = list(check_all(ended, hooks, progress, problem))
        outputs = unnamed_outputs(folder, names_of(known)) if folder else []
        actions = _stop_all(api, args, hooks, findings, states) if args.cancel else {}
    rows = [
        {
            "found": finding.found,
            **_row(finding.run),
            "execution_id": finding.execution_id,
            "status": finding.execution.status if finding.execution else None,
            "detail": actions.get(number, finding.detail),
        }
        for number, finding in enumerate(findings)
    ]
    nothing = dict.fromkeys(_COLUMNS)
    rows += [{**nothing, "found": "output", "detail": uri} for uri in outputs]
    print_rows(rows, args.output)
    say(
        f"{len(ended):,} executions of tasks that have ended were checked; {len(rows):,} things were found, and {len(problems):,} "
        "could not be checked."
    )
    if rows:
        return FOUND
    return 1 if problems else 0


#: The columns of ``reconcile``.
_COLUMNS = (
    "found",
    "dag_id",
    "run_id",
    "task_id",
    "map_index",
    "batch_index",
    "task_state",
    "execution_id",
    "started_at",
    "status",
    "detail",
)


def _stop_all(
    api: AirflowApi, args: Namespace, hooks: Hooks, findings: Sequence[Finding], states: Sequence[str]
) -> dict[int, str]:
    """Stop what goes on, if the person wants it; return what came of each, by its place."""
    going = {number: finding for number, finding in enumerate(findings) if finding.goes_on}
    able = {
        number: finding
        for number, finding in going.items()
        if hooks.of(finding.run).client.endpoint.api.stop is not None
    }
    actions = {number: "it goes on: the vendor cannot stop it" for number in going if number not in able}
    if not able:
        return actions
    for finding in islice(able.values(), NAMED):
        task = finding.run.task
        say(f"{finding.execution_id} of task {task.task_id} of {task.dag_id}, {task.run_id}")
    if len(able) > NAMED:
        say(f"and {len(able) - NAMED:,} more")
    if not args.yes and not confirmed(f"Stop {len(able):,} executions"):
        say("Nothing was stopped.")
        return actions
    for number, finding in able.items():
        # Somebody may have cleared the task meanwhile: then it may wait for this execution again.
        state = api.state_of(finding.run.task)
        if state not in states:
            actions[number] = f"not stopped: its task is {state or 'cleared'} now"
        else:
            actions[number] = stop(hooks.of(finding.run), str(finding.execution_id), "reconcile").message
    return actions
