"""What a task remembers over its retries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers import compat

#: The key in Airflow's task state store. A stored format: renaming it would forget runs that are going.
KEY = "workflow_execution"


@dataclass(frozen=True)
class Remembered:
    """
    A run that an earlier try of this task started.

    :param execution_id: the vendor's id.
    :param cleared: True if a person has cleared the task since: then nobody waits for that run any more.
    """

    execution_id: str
    cleared: bool


class Memory:
    """
    The ids of runs, where a retry finds them: Airflow wipes a task's XCom before each try.

    There is no such place before Airflow 3.3; then nothing is remembered.

    :param context: the task's context.
    """

    def __init__(self, context: Any) -> None:
        self._store = compat.state_store(context)
        # A retry leaves max_tries as it is; a clear always raises it. So the number tells them apart.
        self._max_tries = context["ti"].max_tries

    @property
    def lasts(self) -> bool:
        """Whether a retry can read what is remembered here."""
        return self._store is not None

    def recall(self) -> Remembered | None:
        """Return the run that an earlier try started, if one did and it can be read."""
        record = self._store.get(KEY) if self._store is not None else None
        if not isinstance(record, dict) or record.get("version") != 1 or not record.get("execution_id"):
            return None
        return Remembered(str(record["execution_id"]), cleared=record.get("max_tries") != self._max_tries)

    def remember(self, execution_id: str) -> None:
        """
        Keep a run for the tries to come.

        :param execution_id: the vendor's id.
        """
        if self._store is not None:
            self._store.set(KEY, {"version": 1, "execution_id": execution_id, "max_tries": self._max_tries})
