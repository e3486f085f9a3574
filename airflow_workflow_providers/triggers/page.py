"""What a person sees of a wait on the page *Remote execution*, kept up to date from the triggerer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from airflow.triggers.base import BaseTrigger

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.snapshot import KEY, BatchSnapshot, Snapshot
from airflow_workflow_providers.settings import execution_page

S = TypeVar("S", Snapshot, BatchSnapshot)


class Page(Generic[S]):
    """
    The data of the page of a task, which a worker has begun. The wait matters more than its page, so nothing here raises.

    :param trigger: whose log is used.
    :param what: what it waits for, in a sentence.
    :param read: reads what the XCom has; ``None`` if it is of something else.
    """

    def __init__(self, trigger: BaseTrigger, what: str, read: Callable[[Any], S | None]) -> None:
        self._trigger = trigger
        self._what = what
        self._read: Callable[[Any], S | None] = read
        self._snapshot: S | None = None
        self._has_failed = False

    async def show(self, task_key: dict[str, Any], change: Callable[[S], bool]) -> None:
        """
        Store what has changed.

        :param task_key: what names the task to XCom.
        :param change: changes the data, and returns whether there is something new.
        """
        if not execution_page():
            return
        try:
            if self._snapshot is None:
                self._snapshot = self._read(await compat.read_xcom(task_key, KEY))
            if self._snapshot is not None and change(self._snapshot):
                await compat.write_xcom(task_key, KEY, self._snapshot.stored())
        except Exception as error:  # noqa: BLE001  # whatever Airflow raises
            if not self._has_failed:
                self._trigger.log.warning("The page of %s is not up to date: %s", self._what, error)
            self._has_failed = True
