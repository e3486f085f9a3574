"""The place where a retry finds a start: Airflow deletes a task's XCom before each try."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.start import VERSION, StartRecord

#: The key in Airflow's task state store. It is part of the stored format: with a new key, runs would be forgotten.
KEY = "workflow_execution"

#: The key of the files that this task has uploaded.
UPLOADS_KEY = "uploaded_files"

#: The key that says that a try of this task has asked a person.
QUESTION_KEY = "asked_a_person"


class Uploads(Protocol):
    """What is known of the files that a task has uploaded."""

    def read_uploads(self, account: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """
        Return the files that earlier tries have uploaded.

        :param account: what tells the account from others; a file is uploaded to one.
        :return: for the address of each file ``size``, ``version`` and ``reference``.
        """

    def write_uploads(self, account: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> None:
        """
        Store which files were uploaded.

        :param account: as for :meth:`read_uploads`.
        :param files: as from :meth:`read_uploads`.
        """


class StartStore:
    """
    The start of a task, kept over its tries.

    Airflow has such a place since 3.3; before that nothing is stored.

    :param context: the task's context.
    """

    def __init__(self, context: Any) -> None:
        self._store = compat.state_store(context)
        self.task_instance = context["ti"]
        self.max_tries: int | None = self.task_instance.max_tries
        self._record: StartRecord | None = None

    @property
    def lasts(self) -> bool:
        """Whether a retry can read what is stored here."""
        return self._store is not None

    @property
    def began_at(self) -> float:
        """When the run of this task began, in seconds since the epoch; now if that is not known."""
        return (self._record.intent_at if self._record is not None else 0.0) or time.time()

    def read(self) -> StartRecord | None:
        """
        Return what an earlier try has started, or was about to start.

        :return: ``None`` if nothing is stored.
        :raises WorkflowError: if Airflow could not be asked; then nothing may be sent.
        """
        try:
            stored = self._store.get(KEY) if self._store is not None else None
        except Exception as error:
            raise WorkflowError(
                f"Airflow could not say what this task has started before: {error}. So nothing was sent."
            ) from error
        self._record = None if stored is None else StartRecord.from_stored(stored)
        return self._record

    def write_intent(
        self,
        fingerprint: str,
        account: Mapping[str, Any],
        *,
        nonce: str = "",
        label: str = "",
        again: Mapping[str, str] | None = None,
    ) -> StartRecord:
        """
        Store that a start is about to be sent.

        :param fingerprint: of the workflow and its input.
        :param account: what tells the account from others.
        :param nonce: by which the run can be found; empty if the vendor does not get it.
        :param label: what the run carries at the vendor, for people.
        :param again: of a start that runs an earlier run again, that run.
        :return: what was stored, with the current time.
        :raises Exception: if Airflow could not store it; then nothing may be sent.
        """
        return self._write(
            StartRecord(fingerprint, nonce, label, time.time(), self.max_tries, account, again=again)
        )

    def read_uploads(self, account: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """
        Return the files that earlier tries have uploaded; a cleared task uploads them again.

        :param account: what tells the account from others; a file is uploaded to one.
        :return: for the address of each file ``size``, ``version`` and ``reference``.
        """
        try:
            stored = self._store.get(UPLOADS_KEY) if self._store is not None else None
        except Exception:  # noqa: BLE001  # then they are uploaded again
            return {}
        known = stored if isinstance(stored, dict) else {}
        if (known.get("max_tries"), known.get("account")) != (self.max_tries, dict(account)):
            return {}
        return dict(known.get("files") or {})

    def write_uploads(self, account: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> None:
        """
        Store which files were uploaded.

        :param account: as for :meth:`read_uploads`.
        :param files: as from :meth:`read_uploads`.
        """
        if self._store is not None:
            stored = {"version": VERSION, "max_tries": self.max_tries, "account": dict(account)}
            with suppress(Exception):  # it only saves time
                self._store.set(UPLOADS_KEY, {**stored, "files": dict(files)})

    def has_asked(self) -> bool:
        """
        Whether a try of this task has asked a person.

        :return: False also if that is not known.
        """
        try:
            return self._store is not None and self._store.get(QUESTION_KEY) is not None
        except Exception:  # noqa: BLE001  # then an old question stays until somebody answers it, or the task ends
            return False

    def write_question(self) -> None:
        """Store that this task has asked a person."""
        if self._store is not None:
            with suppress(Exception):  # as above
                self._store.set(QUESTION_KEY, {"version": VERSION})

    def write_execution_id(self, execution_id: str) -> None:
        """
        Store which run the start became.

        :param execution_id: the vendor's id.
        """
        if self._record is None:
            return
        record = replace(self._record, execution_id=execution_id, max_tries=self.max_tries)
        if record != self._record:  # a run that is reattached to is stored already
            self._write(record)

    def write_stopped(self, execution_id: str) -> None:
        """
        Store that the vendor was asked to stop the run, so that a retry submits a new run and does not reattach.

        :param execution_id: the vendor's id.
        """
        record = self._record or self.read()
        if record is not None and record.execution_id == execution_id:
            self._write(replace(record, stopped=True))

    def delete(self) -> None:
        """Delete a start that no run came from, or whose run has ended and has no id."""
        if self._store is not None:
            self._store.delete(KEY)

    def is_ours(self, execution_id: str) -> bool:
        """
        Whether this try still waits for that run, as far as Airflow knows.

        If this try's supervisor was killed and another try has begun, this process can no longer read or write.

        :param execution_id: the vendor's id.
        :return: False also if Airflow could not be asked; True on an Airflow that stores nothing.
        """
        if self._store is None:
            return True
        try:
            record = self.read()
            if record is None:
                # Airflow keeps a record for a limited time; or this try has ended, and may not write.
                self._write(StartRecord("", "", "", time.time(), self.max_tries, None, execution_id))
        except Exception:  # noqa: BLE001  # whatever the error is, Airflow did not confirm it
            return False
        return record is None or (
            record.execution_id == execution_id and record.max_tries in (None, self.max_tries)
        )

    def _write(self, record: StartRecord) -> StartRecord:
        if self._store is not None:
            self._store.set(KEY, record.stored())
        self._record = record
        return record
