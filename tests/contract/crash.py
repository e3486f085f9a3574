"""A task's state store that keeps its writes, and lets something happen at one of them, such as the end of the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_workflow_providers.operators.start_store import KEY
from tests.fake_airflow import StateStore, Task

#: The writes of a start: the intent before the request is sent, the execution id after it.
INTENT, EXECUTION_ID = 1, 2


class ProcessKilled(BaseException):
    """The process of a task is killed: nothing after this line runs in it."""


class Store(StateStore):
    """
    A state store that keeps the writes of a start, and calls a function at one of them.

    :param at: at which write.
    :param action: the function.
    :param stored: whether the write is complete before; else an error of the function prevents it.
    """

    def __init__(self, at: int = 0, action: Callable[[], Any] | None = None, *, stored: bool = True) -> None:
        super().__init__()
        self.writes: list[Any] = []
        self.at, self.action, self.stored = at, action, stored

    def set(self, key: str, value: Any) -> None:
        if key != KEY:  # what was uploaded is no part of a start
            super().set(key, value)
            return
        self.writes.append(value)
        action = self.action if len(self.writes) == self.at else None
        if action and not self.stored:
            action()
        super().set(key, value)
        if action and self.stored:
            action()


def fail() -> None:
    raise ConnectionError("the API server does not respond")


def kill_process(task: Task, at: int, *, stored: bool = True) -> None:
    """
    Run a try of a task until its process is killed.

    :param at: at which write to its store.
    :param stored: whether the write is complete before.
    """

    def kill() -> None:
        raise ProcessKilled

    task.store = Store(at, kill, stored=stored)
    with pytest.raises(ProcessKilled):
        task.try_once()
