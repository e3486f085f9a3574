"""The process of a task dies where its state store says so: at the writes before the POST and after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.task import StateStore, Task


class Died(BaseException):
    """The process of a task was killed: nothing after this line runs in it."""


class Store(StateStore):
    """A state store that counts its writes, and lets something happen at one of them."""

    def __init__(
        self, at: int = 0, happens: Callable[[], None] | None = None, *, acknowledged: bool = True
    ) -> None:
        super().__init__()
        self.writes: list[Any] = []
        self._at, self._happens, self._acknowledged = at, happens, acknowledged

    def set(self, key: str, value: Any) -> None:
        self.writes.append(value)
        happens = self._happens if len(self.writes) == self._at else None
        if happens and not self._acknowledged:
            happens()
        super().set(key, value)
        if happens:
            happens()


def die() -> None:
    raise Died


def refuse() -> None:
    raise ConnectionError("the API server does not answer")


def died(task: Task, at: int, *, acknowledged: bool = True) -> None:
    """Let a task's process die at a write to the store: 1 comes before the POST, 2 after it."""
    task.store = Store(at, die, acknowledged=acknowledged)
    with pytest.raises(Died):
        task.try_once()
