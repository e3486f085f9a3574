"""Which runs the tasks of this Airflow have started, as Airflow has stored it."""

from __future__ import annotations

import inspect
import json
import os
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Any, cast

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook
from typing_extensions import Self

from airflow_workflow_providers.commands.airflow_api import AirflowApi, AirflowTask
from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.core.parameters import quoted
from airflow_workflow_providers.core.start import StartRecord
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.get_provider_info import VENDORS
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.operators import batch_store, start_store
from airflow_workflow_providers.operators.batch import BatchOperator
from airflow_workflow_providers.operators.start import StartOperator

#: How many requests are sent to Airflow at the same time: one for each task that is found.
READERS = 8

#: How a class is called that a decorator has made of an operator.
DECORATED = "WithInput"

#: The operators that start runs, by the names that Airflow has of them.
Operators = Mapping[str, type[StartOperator]]


def operators(own: Sequence[str] = ()) -> dict[str, type[StartOperator]]:
    """
    Return the operators that start runs.

    :param own: ``NAME=CLASS`` for each operator of a user that inherits from one of this package.
    :return: by the name that Airflow has of a task of it, the operator of this package.
    :raises InvalidInput: if the user names something else.
    """
    known = {
        name: cls
        for vendor in VENDORS
        for name, cls in vars(import_module(f"airflow_workflow_providers.operators.{vendor}")).items()
        if inspect.isclass(cls) and issubclass(cls, StartOperator) and hasattr(cls, "hook_class")
    }
    found = {**known, **{f"{name}{DECORATED}": cls for name, cls in known.items()}}
    for each in own:
        name, _, base = each.partition("=")
        if not name or base not in known:
            raise InvalidInput(
                f"--operator {quoted(each)}: it must be NAME=CLASS, and CLASS an operator of this package that starts executions."
            )
        found[name] = known[base]
    return found


def of_type(known: Operators, conn_type: str) -> dict[str, type[StartOperator]]:
    """
    Return the operators of one vendor.

    :param known: all of them.
    :param conn_type: the vendor's type of connections.
    :return: as from :func:`operators`.
    """
    return {name: cls for name, cls in known.items() if cls.hook_class.conn_type == conn_type}


@dataclass(frozen=True)
class TaskRun:
    """
    A run that a task has started, or was about to start.

    :param task: the task instance.
    :param operator: the operator of this package that started it.
    :param record: the start, as it is stored. What only an XCom says of it has an id and nothing else.
    :param batch_index: of one run of a batch, the position of its input, from 0, if that is known.
    :param in_batch: whether it is one run of a batch.
    :param result: of one run of a batch, what the batch has noted of its end.
    """

    task: AirflowTask
    operator: type[StartOperator]
    record: StartRecord
    batch_index: int | None = None
    in_batch: bool = False
    result: str = ""

    @property
    def conn_id(self) -> str | None:
        """The connection with which it was started; ``None`` if that is not known."""
        stored = (self.record.account or {}).get("conn_id")
        return stored or _rendered_conn_id(self.task, self.operator)


def _rendered_conn_id(task: AirflowTask, operator: type[StartOperator]) -> str | None:
    known = task.rendered.get(operator.hook_class.conn_name_attr)
    return known if isinstance(known, str) else None


def find(
    api: AirflowApi,
    known: Operators,
    *,
    dag_id: str | None = None,
    states: Sequence[str] = (),
    wanted: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    problem: Callable[[str], None] = lambda _message: None,
) -> Generator[TaskRun, None, None]:
    """
    Find the runs that tasks have started, those of the newest DAG run first.

    :param api: Airflow's API.
    :param known: the operators whose tasks are searched.
    :param dag_id: search only this DAG.
    :param states: search only tasks in these states of Airflow.
    :param wanted: only runs of this connection; default: all.
    :param progress: is told how many tasks were searched, and how many there are.
    :param problem: is told what cannot be read of a task.
    :yield: a run.
    :raises WorkflowError: if Airflow cannot be asked.
    """

    def read(task: AirflowTask) -> list[TaskRun]:
        return _runs_of(api, task, known[task.operator], problem)

    done = 0
    with ThreadPoolExecutor(READERS) as pool:
        for tasks, total in api.task_pages(sorted(known), dag_id=dag_id, states=states):
            progress(done, total)
            candidates = [
                task
                for task in tasks
                if task.operator in known
                # Its rendered parameters may say already that it has another connection.
                and (wanted is None or _rendered_conn_id(task, known[task.operator]) in (None, wanted))
            ]
            # Closed at once if nobody wants the rest.
            with closing(cast("Generator[list[TaskRun]]", pool.map(read, candidates))) as found:
                for runs in found:
                    yield from (run for run in runs if wanted is None or run.conn_id == wanted)
            done += len(tasks)
            progress(done, total)


def _runs_of(
    api: AirflowApi, task: AirflowTask, operator: type[StartOperator], problem: Callable[[str], None]
) -> list[TaskRun]:
    stored = api.stored(task)
    if stored and batch_store.KEY in stored:
        return _runs_of_batch(task, operator, stored, problem)
    record = _record(stored.get(start_store.KEY)) if stored else None
    if record is not None:
        return [TaskRun(task, operator, record)]
    if issubclass(operator, BatchOperator):
        return []
    # Airflow 3.2, or a store whose entry has expired.
    execution_id = api.xcom(task, "execution_id")
    if not isinstance(execution_id, str) or not execution_id:
        return []
    return [TaskRun(task, operator, StartRecord("", "", "", 0.0, None, None, execution_id))]


def _record(stored: Any) -> StartRecord | None:
    """Return a start that is stored; ``None`` if nothing is, or only the reference of a store of another kind."""
    try:
        record = StartRecord.from_stored(stored)
    except (TypeError, ValueError, OverflowError):
        return None
    return record if record.execution_id or record.intent_at else None


def _runs_of_batch(
    task: AirflowTask,
    operator: type[StartOperator],
    stored: dict[str, Any],
    problem: Callable[[str], None],
) -> list[TaskRun]:
    batch = batch_store.BatchStore(_Stored(stored))
    try:
        if not batch.read_header():
            return []
        batch.read_all()
    except WorkflowError as error:
        problem(f"Task {task.task_id} of DAG run {task.run_id} of {task.dag_id}: {error}")
        return []
    return [
        TaskRun(
            task,
            operator,
            entry.record(batch.account),
            batch_index=position if batch.in_order else None,
            in_batch=True,
            result=entry.result,
        )
        for position, entry in sorted(batch.entries.items())
        if entry.execution_id or entry.intent_at
    ]


class _Stored:
    """What a task has stored, as :class:`BatchStore` reads it."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored

    def get(self, key: str) -> Any:
        return self._stored.get(key)

    def set(self, key: str, value: Any) -> None:
        raise NotImplementedError


class Hooks:
    """
    The hooks of one connection; any thread may use them.

    :param conn_id: the connection.
    :raises WorkflowError: if it cannot be read, or is of another type than those of this package.
    """

    def __init__(self, conn_id: str) -> None:
        # As Airflow's own commands about connections: it decides where a connection is read from.
        os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
        self.conn_id = conn_id
        self._connection = _connection(conn_id)
        self.conn_type: str = self._connection.conn_type or ""
        if self.conn_type not in VENDORS:
            raise InvalidInput(
                f"Connection {conn_id!r} is of type {quoted(self.conn_type)}, and none of this package: {', '.join(VENDORS)}."
            )
        self._hooks: dict[str, WorkflowHook] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Return itself; at the end all hooks are closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hook in self._hooks.values():
            hook.close()

    def of(self, run: TaskRun) -> WorkflowHook:
        """
        Return the hook of a run: one that refuses another account than that of the run.

        :param run: the run.
        :return: the same for all runs of an account.
        """
        account, hook_class = run.record.account, run.operator.hook_class
        chosen: dict[str, Any] = {}
        own = None
        for name in hook_class.account_parameters:
            value = run.task.rendered.get(name) if account is None else account.get(name)
            if value is None or value == "":
                continue
            own = own or hook_class(self.conn_id).read_extra(self._connection)
            # What is the connection's own is not a choice of the task.
            if value != getattr(own, name, None):
                chosen[name] = value
        return self._hook(hook_class, account, chosen)

    def of_class(self, hook_class: type[WorkflowHook]) -> WorkflowHook:
        """
        Return a hook for the account of the connection itself.

        :param hook_class: its class.
        :return: always the same one.
        """
        return self._hook(hook_class, None, {})

    def _hook(
        self,
        hook_class: type[WorkflowHook],
        account: Mapping[str, Any] | None,
        chosen: Mapping[str, Any],
    ) -> WorkflowHook:
        key = json.dumps([hook_class.__qualname__, dict(account or {}), dict(chosen)], sort_keys=True)
        with self._lock:
            if key not in self._hooks:
                self._hooks[key] = hook_class(self.conn_id, account=account, **chosen)
            return self._hooks[key]


def _connection(conn_id: str) -> Any:
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        failure = InvalidInput(
            f"There is no connection {conn_id!r} where this command runs: neither in its environment nor in a secrets backend or "
            "the database of Airflow that it is configured for."
        )
    except Exception as error:  # noqa: BLE001  # secrets backends and databases have errors of their own
        failure = InvalidInput(f"Connection {conn_id!r} could not be read: {shown(str(error))}")
    raise failure
