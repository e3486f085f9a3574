"""What a worker knows of a batch: its inputs, what became of them so far, and what is still to be done."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core import batch, errors
from airflow_workflow_providers.core.batch import Entry
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.snapshot import KEY as SNAPSHOT_KEY
from airflow_workflow_providers.core.snapshot import MOST_NAMED, BatchSnapshot
from airflow_workflow_providers.core.waiter import WaitResult
from airflow_workflow_providers.metrics import BATCH_INPUTS, Tally
from airflow_workflow_providers.outputs.manifest import key_of, manifest_line, read_line
from airflow_workflow_providers.settings import execution_page
from airflow_workflow_providers.triggers.batch import PROGRESS_INTERVAL

if TYPE_CHECKING:
    from airflow_workflow_providers.core.request import Request
    from airflow_workflow_providers.operators.batch import BatchOperator
    from airflow_workflow_providers.operators.batch_store import BatchStore
    from airflow_workflow_providers.outputs.manifest import ManifestWriter


class BatchState:
    """
    What a worker knows of a batch.

    An input is named by the position of its entry, which stays the same if the list of the inputs changes.

    :param operator: the task.
    :param inputs: the parameters of each input.
    :param store: the entries of the inputs.
    :param manifest: collects what became of them.
    """

    def __init__(
        self,
        operator: BatchOperator,
        inputs: Sequence[Mapping[str, Any]],
        store: BatchStore,
        manifest: ManifestWriter,
    ) -> None:
        self.operator = operator
        self.inputs = inputs
        self.store = store
        self.manifest = manifest
        #: From the position of an entry to the index of its input; the entries of inputs that have gone are not in it.
        self.index_of: dict[int, int] = {}
        #: What became of the inputs that are over.
        self.results: dict[int, str] = {}
        #: The inputs that are to be started, in order.
        self.pending: list[int] = []
        #: The runs that are going: from the id to the position.
        self.active: dict[str, int] = {}
        #: How many runs without an id are going.
        self.under_way = 0
        #: The runs that have ended, and whose results are not kept yet.
        self.ended: list[tuple[int, WaitResult]] = []
        #: The runs that had not ended at the deadline, and why.
        self.late: list[tuple[int, str]] = []
        #: Whether the deadline came first.
        self.is_late = False
        #: What a person sees of the batch; made when it is first shown.
        self.snapshot: BatchSnapshot | None = None
        #: The first lines of inputs without success, for it.
        self.unsuccessful: list[Mapping[str, Any]] = []
        #: The results whose lines are not written yet: a result in an entry says that there is a line.
        self._unnoted: list[tuple[int, str]] = []
        #: The metrics of the inputs, which are emitted when something is written.
        self.tally = Tally(operator.hook.metrics)
        self._said: set[str] = set()
        self._said_at, self._said_done = time.time(), -1

    # -- the inputs -----------------------------------------------------------------------------------------------------

    def request(self, position: int) -> Request[Execution]:
        """
        Build the start of an input, without its files.

        :param position: of its entry.
        :return: the request.
        :raises InvalidInput: if a parameter is wrong; the error names the input.
        """
        return self._request(self.one(position), self.index_of[position])

    def _request(self, one: BatchOperator, index: int) -> Request[Execution]:
        with self._naming(index):
            return one.build_start_request(1.0)

    @staticmethod
    @contextmanager
    def _naming(index: int) -> Iterator[None]:
        """Let an error name the input."""
        try:
            yield
        except errors.InvalidInput as error:
            failure = errors.InvalidInput(f"inputs[{index}]: {error}")
        else:
            return
        raise failure

    def check_inputs(self) -> None:
        """
        Check the inputs that are to be started against what the vendor expects, if the author wants that.

        :raises InvalidInput: if an input does not fit; the error names it.
        :raises WorkflowError: if what the vendor expects cannot be read.
        """
        for position in self.pending:
            with self._naming(self.index_of[position]):
                self.one(position).check_input()

    def _fingerprint(self, index: int) -> str:
        """Return a digest of the workflow and the input; of a file in object storage only the address counts here."""
        one = self.operator.of_input(self.inputs[index])
        files, plain = one.input_files, self._request(one, index).fingerprint_input
        return fingerprint({**plain, "input_files": files} if files else plain)[:32]

    def one(self, position: int) -> BatchOperator:
        """
        Return the task as if it had only this input.

        :param position: of its entry.
        :return: a copy of the task.
        """
        index = self.index_of[position]
        one = self.operator.of_input(self.inputs[index])
        one.batch_index = index
        return one

    def digest(self) -> str:
        """
        Tell these inputs from others.

        :return: a digest of all of them.
        """
        digest = hashlib.sha256()
        for given in self.inputs:
            digest.update(json.dumps(given, sort_keys=True, default=str).encode())
        return digest.hexdigest()[:32]

    def assign(self) -> list[Entry]:
        """
        Find or add the entry of each input, by its fingerprint.

        :return: the entries that were known before.
        :raises InvalidInput: if an input is wrong; the error names it.
        """
        prints = [self._fingerprint(index) for index in range(len(self.inputs))]
        if not self.operator.has_ids:
            self._check_all_differ(prints)
        store = self.store
        known = [store.entries.setdefault(position, Entry("")) for position in range(store.count)]
        places, new = batch.positions(known, prints)
        store.add(new)
        store.in_order = places == list(range(store.count))
        self.index_of = {position: index for index, position in enumerate(places)}
        return known

    def _check_all_differ(self, prints: Sequence[str]) -> None:
        """Reject inputs that are the same, if nothing but the input tells their results apart."""
        first: dict[str, int] = {}
        for index, text in enumerate(prints):
            if text in first:
                raise errors.InvalidInput(
                    f"inputs[{index}] is the same as inputs[{first[text]}]. An execution has no id here, so all inputs must differ."
                )
            first[text] = index

    def know(self, position: int) -> None:
        """
        Know the entries that are stored together with one: a worker that resumes has not read those that were not started.

        :param position: of the entry.
        """
        for place in self.store.positions_of_range_of(position):
            if place not in self.store.entries:
                index = self.index_of.get(place)
                self.store.entries[place] = Entry("" if index is None else self._fingerprint(index))

    # -- what became of them --------------------------------------------------------------------------------------------

    def end(self, position: int, result: str, *, error: str = "", line: dict[str, Any] | None = None) -> None:
        """
        Note what became of an input.

        :param position: of its entry.
        :param result: what became of it.
        :param error: why, if it is no success.
        :param line: of the manifest; default: one with the error.
        """
        entry = self.store.entries[position]
        self.results[position] = result
        self.tally.add(BATCH_INPUTS, result=result)
        self._unnoted.append((position, result))
        if line is None:
            line = manifest_line(
                self.index_of[position],
                entry.fingerprint,
                state=result,
                execution_id=entry.execution_id,
                error=error or None,
            )
        self.manifest.add(line)
        if result not in self.operator.success_results and len(self.unsuccessful) < MOST_NAMED:
            self.unsuccessful.append(line)
        if line["error"]:
            self.say_once(f"result {result}", f"inputs[{line['index']}]: {line['error']}")

    def lose(self, position: int, why: str = "") -> None:
        """
        Note that the result of a start is not known.

        :param position: of the entry of its input.
        :param why: what happened to the start.
        """
        entry = self.store.entries[position]
        label = f", labelled {entry.nonce!r}" if entry.nonce else ""
        began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.intent_at))
        message = (
            f"{why} An execution may exist: its start was sent at {began}{label}, and the result is not known. Search for it "
            f"at {self.operator.hook.hook_name}."
        )
        self.end(position, batch.LOST, error=message.strip())

    def forget_intent(self, position: int) -> None:
        """
        Note that a start was not sent after all.

        :param position: of the entry of its input.
        """
        entry = self.store.entries[position]
        entry.forget_start()
        entry.submissions = max(0, entry.submissions - 1)
        self.store.changed(position)

    def time_out(self, why: str, stop_all: Callable[[list[str]], Mapping[str, Exception]] | None) -> None:
        """
        End what has not ended at the deadline.

        :param why: which deadline it was.
        :param stop_all: stops runs, and returns why some of them could not be stopped; ``None``: they go on.
        """
        late = [
            *self.late,
            *((position, why) for position in self.active.values()),
            *((position, why) for position, _ in self.ended),
        ]
        ids = {position: str(self.store.entries[position].execution_id) for position, _ in late}
        failed = stop_all(list(ids.values())) if stop_all and ids else {}
        for position, reason in late:
            execution_id = ids[position]
            if stop_all is None:
                outcome = "It goes on (cancel_on_timeout=False)."
            elif execution_id in failed:
                outcome = f"It may go on: {failed[execution_id]}"
            else:
                outcome = "It was asked to stop."
                self.store.entries[position].stopped = True
            self.end(
                position, batch.TIMED_OUT, error=f"It had not ended at the deadline: {reason}. {outcome}"
            )
        for position in self.pending:
            self.know(position)
            self.end(position, batch.NOT_STARTED, error=f"It was not started: {why}.")
        self.is_late = bool(late or self.pending)
        self.late, self.ended, self.pending = [], [], []
        self.active.clear()

    def mark_stopped(self, execution_ids: Sequence[str]) -> None:
        """
        Note that runs were asked to stop.

        :param execution_ids: the runs.
        """
        for execution_id in execution_ids:
            if (position := self.active.get(execution_id)) is not None:
                self.store.entries[position].stopped = True
                self.store.changed(position)

    # -- what is stored -------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """
        Write the lines of the inputs that are over, and after that note their results in the entries.

        :raises Exception: if they could not be written; then they are written the next time.
        """
        self.tally.emit()
        written = len(self._unnoted)
        self.manifest.flush()
        for position, result in self._unnoted[:written]:
            self.store.entries[position].result = result
            self.store.changed(position)
        del self._unnoted[:written]

    def write(self) -> None:
        """
        Write all that has changed, at the end of the work of this worker.

        :raises Exception: if it could not be stored.
        """
        self.flush()
        while self.store.write_one_changed():
            pass
        self.store.close_ranges(self.results)
        self.store.write_header()

    def lines(self) -> list[dict[str, Any]]:
        """
        Return the lines of all inputs, in their order.

        :return: also of those that are not over.
        :raises WorkflowError: if what earlier workers have written cannot be read.
        """
        self.store.read_closed()
        kept = self.manifest.lines()
        lines = []
        for position, index in sorted(self.index_of.items(), key=lambda item: item[1]):
            entry = self.store.entries.get(position) or Entry("")
            text = kept.get(key_of(entry.execution_id, entry.fingerprint))
            if text is not None:
                line = {**read_line(text, "A line"), "index": index}
            else:
                going = batch.NOT_STARTED if entry.execution_id is None else State.RUNNING.value
                line = manifest_line(
                    index,
                    entry.fingerprint,
                    state=entry.result or going,
                    execution_id=entry.execution_id,
                )
            lines.append(line)
        return lines

    # -- what is shown ---------------------------------------------------------------------------------------------------

    @property
    def counts(self) -> dict[str, int]:
        """How many inputs have come to each result."""
        found = Counter(self.results.values())
        for counts in self.store.closed_before.values():
            found.update(counts)
        return dict(found.most_common())

    @property
    def has_ended(self) -> bool:
        """Whether every input is over."""
        return not (self.pending or self.active or self.ended or self.late)

    @property
    def waits_for(self) -> list[list[Any]]:
        """The runs that are going: for each its id, and when it was started."""
        return [
            [execution_id, self.store.entries[position].intent_at]
            for execution_id, position in self.active.items()
        ]

    @property
    def enough(self) -> int:
        """How many runs must end so that it is worth to start others; 0: there are none to start."""
        return min(len(self.pending), batch.worthwhile(self.operator.max_active))

    def show(self) -> None:
        """Store what a person sees of the batch on the page *Remote execution*; the batch matters more than that."""
        if not execution_page():
            return
        ti = self.operator.task_instance
        try:
            if self.snapshot is None:
                # An earlier process of this try may have stored one.
                stored = ti.xcom_pull(task_ids=ti.task_id, key=SNAPSHOT_KEY, map_indexes=ti.map_index)
                self.snapshot = BatchSnapshot.from_stored(stored) or self._new_snapshot()
            self.snapshot.show(
                self.counts,
                len(self.active) + self.under_way,
                time.time(),
                success=self.operator.success_results,
                unsuccessful=self.unsuccessful,
            )
            ti.xcom_push(key=SNAPSHOT_KEY, value=self.snapshot.stored())
        except Exception as error:  # noqa: BLE001  # what Airflow raises
            self.say_once("page", f"The page of this batch is not up to date: {error}")

    def _new_snapshot(self) -> BatchSnapshot:
        endpoint = self.operator.hook.client.endpoint
        return BatchSnapshot(
            endpoint.vendor,
            endpoint.conn_id,
            endpoint.settings.base_url,
            len(self.inputs),
            self.operator.workflow or "",
            time.time(),
        )

    def say_once(self, kind: str, line: str) -> None:
        """
        Log the first error of a kind.

        :param kind: its kind.
        :param line: what is logged.
        """
        if kind not in self._said:
            self._said.add(kind)
            self.operator.log.warning("%s", line)

    def say_progress(self, *, now: float, every: float = PROGRESS_INTERVAL) -> None:
        """
        Log how far the batch is, once in a while.

        :param now: the time, in seconds since the epoch.
        :param every: seconds between two such lines, at the least.
        """
        if self._said_done < 0:
            # What earlier workers have done says nothing about the rate of this one.
            self._said_done = sum(self.counts.values())
        if now < self._said_at + every:
            return
        counts = self.counts
        done = sum(counts.values())
        line = batch.progress(
            counts,
            total=len(self.inputs),
            active=len(self.active) + self.under_way,
            new=done - self._said_done if every else 0,
            seconds=now - self._said_at,
        )
        self.operator.log.info("%s", line)
        self._said_at, self._said_done = now, done
