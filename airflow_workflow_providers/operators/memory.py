"""What a task remembers over its retries: that it was about to start a run, and which run that became."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from airflow_workflow_providers import compat

#: The key in Airflow's task state store. A stored format: renaming it would forget runs that are going.
KEY = "workflow_execution"

#: The version of what is stored there; ``tests/formats`` has what each release wrote.
VERSION = 1


@dataclass(frozen=True)
class Start:
    """
    A start, as it is stored: an intent before it is sent, and with its id after.

    :param fingerprint: of the workflow and its input.
    :param label: what the run is labelled with, at a vendor that takes labels.
    :param asked_at: when it was about to be sent, in seconds since the epoch.
    :param max_tries: the task's number then; a retry leaves it as it is, a clear raises it.
    :param execution_id: the vendor's id, once it is known.
    """

    fingerprint: str
    label: str
    asked_at: float
    max_tries: int | None
    execution_id: str | None = None


class Memory:
    """
    The starts of a task, where a retry finds them: Airflow wipes a task's XCom before each try.

    There is no such place before Airflow 3.3; then nothing is remembered.

    :param context: the task's context.
    """

    def __init__(self, context: Any) -> None:
        self._store = compat.state_store(context)
        self._max_tries = context["ti"].max_tries
        self._start: Start | None = None

    @property
    def lasts(self) -> bool:
        """Whether a retry can read what is remembered here."""
        return self._store is not None

    def recall(self) -> Start | None:
        """
        Return what an earlier try has started, or was about to start.

        Of a record that this release does not know, what it does not find is not known: it may stand for a run.

        :return: ``None`` if nothing was written down, or this Airflow has no place for it.
        """
        record = self._store.get(KEY) if self._store is not None else None
        if record is None:
            return None
        known = record if isinstance(record, dict) else {}
        execution_id = known.get("execution_id")
        self._start = Start(
            fingerprint=str(known.get("fingerprint") or ""),
            label=str(known.get("label") or ""),
            asked_at=float(known.get("asked_at") or 0.0),
            max_tries=known.get("max_tries"),
            execution_id=None if execution_id is None else str(execution_id),
        )
        return self._start

    def cleared_since(self, start: Start) -> bool:
        """
        Whether a person has cleared the task since that start.

        :param start: what :meth:`recall` has found.
        :return: True if the task's ``max_tries`` is another now; False if the record does not say what it was.
        """
        # A record that does not say is not of before a clear.
        return start.max_tries not in (None, self._max_tries)

    def intend(self, fingerprint: str, label: str) -> Start:
        """
        Write down that a start is about to be sent; when this returns, Airflow has it, if it keeps any (3.3).

        :param fingerprint: of the workflow and its input.
        :param label: what the run will be labelled with; empty if with nothing.
        :return: what was written, with the time of now.
        :raises Exception: if Airflow has it not; then nothing may be sent.
        """
        self._start = Start(fingerprint, label, time.time(), self._max_tries)
        self._write()
        return self._start

    def remember(self, execution_id: str) -> None:
        """
        Keep a run for the tries to come.

        :param execution_id: the vendor's id.
        """
        if self._start is None:
            return
        start = replace(self._start, execution_id=execution_id, max_tries=self._max_tries)
        if start != self._start:  # a run that is taken up is there already
            self._start = start
            self._write()

    def forget(self) -> None:
        """Strike a start out of which nothing has come, or whose run is over and has no id to be found by."""
        if self._store is not None:
            self._store.delete(KEY)

    def is_ours(self, execution_id: str) -> bool:
        """
        Whether this task still waits for that run, as far as Airflow says.

        It does not where another try has begun because this one's supervisor was killed: this process can neither ask nor
        write any more.

        :param execution_id: the vendor's id.
        :return: False too where Airflow could not be asked; True on an Airflow that keeps nothing.
        """
        if self._store is None:
            return True
        try:
            start = self.recall()
            if start is None:
                # The record was kept for as long as Airflow keeps any; or this try is none any more, and may not write.
                self._start = Start("", "", time.time(), self._max_tries, execution_id)
                self._write()
        except Exception:  # noqa: BLE001  # whatever it was, Airflow did not say yes
            return False
        return start is None or (start.execution_id == execution_id and not self.cleared_since(start))

    def _write(self) -> None:
        if self._store is not None and self._start is not None:
            self._store.set(KEY, {"version": VERSION, **asdict(self._start)})
