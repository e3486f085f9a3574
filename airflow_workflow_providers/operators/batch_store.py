"""Where a batch keeps its entries over all tries of the task: a hundred inputs under one key."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.batch import VERSION, Entry
from airflow_workflow_providers.core.errors import WorkflowError

if TYPE_CHECKING:
    from airflow_workflow_providers.outputs.folder import OutputFolder

#: The key of what is common to all entries, and the beginning of the others. They are part of the stored format.
KEY = "workflow_batch"

#: The least seconds between two writes: however many executions there are, Airflow's database is written to a few times a second.
PACE = 0.2

#: How many entries are under one key. Airflow stores 64 KB under a key at the most, and an entry has 500 bytes at the most.
RANGE = 100

#: How many ranges there can be over all tries: their keys have four digits. That is 50 times the most inputs of a batch.
MOST_RANGES = 10_000


class KeyValues(Protocol):
    """What Airflow's task state store and :class:`StateFiles` have in common."""

    def get(self, key: str) -> Any:
        """
        Return what is stored under a key.

        :param key: the key.
        :return: ``None`` if nothing is.
        """

    def set(self, key: str, value: Any) -> None:
        """
        Store a value.

        :param key: the key.
        :param value: plain JSON.
        """


class StateFiles:
    """
    Stores values in files beside the outputs, for an Airflow whose task state store does not outlive a clear, or that has none.

    :param folder: the folder of the outputs.
    :param name: of the folder in it.
    """

    def __init__(self, folder: OutputFolder, name: str) -> None:
        self._folder, self._name = folder, name

    def get(self, key: str) -> Any:
        """
        Return what is stored under a key.

        :param key: the key.
        :return: ``None`` if nothing is.
        :raises WorkflowError: if it cannot be read.
        """
        text = b"".join(self._folder.read_lines([self._name, f"{key}.json"], missing_ok=True))
        return json.loads(text) if text else None

    def set(self, key: str, value: Any) -> None:
        """
        Store a value; a reader never sees half of it.

        :param key: the key.
        :param value: plain JSON.
        :raises WorkflowError: if it cannot be written.
        """
        self._folder.write_value([self._name, key], value)


class StoredTwice:
    """
    Stores values in Airflow's task state store, and in files, which a clear does not delete.

    A file that cannot be written is written later: the store has the value. So a file can only be too old after a clear, and what is
    missing in it is started again, as it would be without files.

    :param store: the task state store.
    :param files: the files.
    """

    def __init__(self, store: KeyValues, files: StateFiles) -> None:
        self._store, self._files = store, files
        self._late: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """
        Return what is stored under a key.

        :param key: the key.
        :return: ``None`` if nothing is.
        :raises WorkflowError: if it cannot be read.
        """
        found = self._store.get(key)
        return self._files.get(key) if found is None else found

    def set(self, key: str, value: Any) -> None:
        """
        Store a value.

        :param key: the key.
        :param value: plain JSON.
        """
        self._store.set(key, value)
        self._late[key] = value
        with suppress(WorkflowError):
            for name in list(self._late):
                self._files.set(name, self._late[name])
                del self._late[name]


class XComValues:
    """
    Stores values in the task's own XCom, which Airflow deletes before a retry: enough for a task without retries.

    :param ti: the task instance.
    """

    def __init__(self, ti: Any) -> None:
        self._ti = ti

    def get(self, key: str) -> Any:
        """
        Return what is stored under a key.

        :param key: the key.
        :return: ``None`` if nothing is.
        """
        return self._ti.xcom_pull(task_ids=self._ti.task_id, key=key, map_indexes=self._ti.map_index)

    def set(self, key: str, value: Any) -> None:
        """
        Store a value.

        :param key: the key.
        :param value: plain JSON.
        """
        self._ti.xcom_push(key=key, value=value)


class BatchStore:
    """
    The entries of a batch.

    A range of which every input has its result is closed: a worker that resumes does not read it again.

    :param values: where they are stored.
    """

    def __init__(self, values: KeyValues) -> None:
        self._values = values
        self._written_at = 0.0
        self._dirty: dict[int, None] = {}
        self.entries: dict[int, Entry] = {}
        #: How many entries there are.
        self.count = 0
        #: How many ranges were ever written; the entries after them are as new.
        self.written = 0
        #: What tells the account of all runs from others.
        self.account: Mapping[str, Any] | None = None
        #: When this try ends, in seconds since the epoch.
        self.deadline = 0.0
        #: A digest of the inputs, as they were when the entries were assigned to them.
        self.inputs = ""
        #: Whether the entry of each input has the place of the input.
        self.in_order = True
        #: Of each range that is closed, how many of its inputs have come to each result.
        self.closed: dict[int, dict[str, int]] = {}
        #: The same for those that an earlier worker has closed.
        self.closed_before: dict[int, dict[str, int]] = {}

    def read_header(self) -> bool:
        """
        Read what is common to all entries.

        :return: whether there is any.
        :raises WorkflowError: if Airflow could not be asked; then nothing may be sent.
        """
        header = self._get(KEY)
        if not isinstance(header, dict):
            return False
        try:
            self._use(header)
        except (TypeError, ValueError, OverflowError) as error:
            raise WorkflowError(
                f"What this batch has started before cannot be read: {error}. It was stored by another release, or it is damaged. "
                "So nothing was sent."
            ) from None
        return True

    def _use(self, header: Mapping[str, Any]) -> None:
        self.count = int(header.get("count") or 0)
        self.written = int(header.get("written") or 0)
        if max(self.written, -(-self.count // RANGE)) > MOST_RANGES:
            raise ValueError(f"it has {self.count:,} entries in {self.written:,} ranges")
        account = header.get("account")
        self.account = account if isinstance(account, dict) else None
        self.deadline = float(header.get("deadline") or 0.0)
        self.inputs = str(header.get("inputs") or "")
        self.in_order = header.get("in_order") is True
        closed = header.get("closed")
        self.closed = (
            {int(number): counts for number, counts in closed.items()} if isinstance(closed, dict) else {}
        )
        self.closed_before = dict(self.closed)

    def write_header(self) -> None:
        """
        Store what is common to all entries.

        :raises Exception: if it could not be stored.
        """
        self._set(
            KEY,
            {
                "version": VERSION,
                "count": self.count,
                "written": self.written,
                "account": dict(self.account or {}),
                "deadline": self.deadline,
                "inputs": self.inputs,
                "in_order": self.in_order,
                "closed": {str(number): counts for number, counts in self.closed.items()},
            },
        )

    def read_all(self) -> None:
        """
        Read all entries, at the begin of a try: the worker before it may have been killed before it stored the header.

        :raises WorkflowError: if Airflow could not be asked; then nothing may be sent.
        """
        self.closed, self.closed_before = {}, {}
        self.written = -(-self.count // RANGE)
        self.read_open()

    def read_open(self) -> None:
        """
        Read the entries of the ranges that are not closed.

        :raises WorkflowError: if Airflow could not be asked; then nothing may be sent.
        """
        for number in range(self.written):
            if number not in self.closed:
                self._read(number)

    def read_closed(self) -> None:
        """
        Read the entries of the ranges that are closed.

        :raises WorkflowError: if Airflow could not be asked.
        """
        for number in self.closed:
            self._read(number)

    def _read(self, number: int) -> None:
        stored = self._get(_key(number))
        known = stored.get("entries") if isinstance(stored, dict) else None
        for offset, entry in enumerate(known if isinstance(known, list) else []):
            # What this worker has changed since is newer.
            self.entries.setdefault(number * RANGE + offset, Entry.from_stored(entry))

    def add(self, entries: Mapping[int, Entry]) -> None:
        """
        Add the entries of new inputs; each is stored with the next write of its range.

        :param entries: by position.
        """
        self.entries.update(entries)
        self.count = max(self.count, *(position + 1 for position in entries), 0) if entries else self.count

    def positions_of(self, number: int) -> range:
        """
        Return the positions of a range.

        :param number: of the range.
        :return: the positions of its entries.
        """
        return range(number * RANGE, min(self.count, (number + 1) * RANGE))

    def positions_of_range_of(self, position: int) -> range:
        """
        Return the positions that are stored together with one.

        :param position: of an entry.
        :return: also this one.
        """
        return self.positions_of(position // RANGE)

    def changed(self, position: int) -> None:
        """
        Note that an entry has changed; it is stored some time later.

        :param position: of the entry.
        """
        self._dirty[position // RANGE] = None

    def write(self, positions: Iterable[int]) -> None:
        """
        Store some entries now.

        :param positions: of the entries, and with them those of their ranges.
        :raises Exception: if they could not be stored.
        """
        for number in dict.fromkeys(position // RANGE for position in positions):
            self._write(number)

    def write_one_changed(self) -> bool:
        """
        Store one range that has changed.

        :return: whether there was one.
        :raises Exception: if it could not be stored.
        """
        for number in self._dirty:
            self._write(number)
            return True
        return False

    def close_ranges(self, is_over: Mapping[int, str]) -> None:
        """
        Close the ranges of which every input has come to its result.

        :param is_over: the result of each entry that has one, by position.
        """
        for number in range(-(-self.count // RANGE)):
            if number in self.closed or number in self._dirty:
                continue
            places = self.positions_of(number)
            if all(place in is_over for place in places):
                self.closed[number] = dict(Counter(is_over[place] for place in places))

    def _write(self, number: int) -> None:
        places = self.positions_of(number)
        self._dirty.pop(number, None)
        self.written = max(self.written, number + 1)
        try:
            self._set(
                _key(number),
                {"version": VERSION, "entries": [self.entries[place].stored() for place in places]},
            )
        except BaseException:
            self._dirty[number] = None
            raise

    def _set(self, key: str, value: Any) -> None:
        time.sleep(max(0.0, self._written_at + PACE - time.monotonic()))
        try:
            self._values.set(key, value)
        finally:
            self._written_at = time.monotonic()

    def _get(self, key: str) -> Any:
        try:
            return self._values.get(key)
        except Exception as error:
            raise WorkflowError(
                f"Airflow could not say what this batch has started before: {error}. So nothing was sent."
            ) from error


def _key(number: int) -> str:
    return f"{KEY}_{number:04d}"


def values_of(context: Any, folder: OutputFolder | None, name: str) -> KeyValues:
    """
    Return where a batch stores its entries.

    :param context: Airflow's context of the running task.
    :param folder: the folder of the outputs.
    :param name: of the folder in it where they are stored, unless Airflow's task state store outlives a clear.
    :return: the task state store (Airflow 3.3), with files from 3.4 on; without a store files, or without a folder XCom, which does
        not outlive the try.
    """
    store: KeyValues | None = compat.state_store(context)
    if folder is None:
        return XComValues(context["ti"]) if store is None else store
    files = StateFiles(folder, name)
    if store is None:
        return files
    return StoredTwice(store, files) if compat.CLEAR_DELETES_STORE else store
