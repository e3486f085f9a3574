"""
Which runs of a workflow have ended: every decision of a watcher. Nothing here sends, and nothing has a clock.

Runs begin in one order and end in another. So a watcher knows a time since when it reads the list, and each run that had begun
and not ended. A list can only say that a run may have ended: the run itself is checked before its end is an event.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.core.errors import RequestRejected, UnexpectedResponse, WorkflowError
from airflow_workflow_providers.core.execution import TERMINAL_STATES, Execution
from airflow_workflow_providers.core.request import Flow, ListedRun, Request, RunPage
from airflow_workflow_providers.core.status_list import MOST_BELIEVED

#: How long after its begin a list may show a run for the first time, with the difference of the clocks, in seconds.
OVERLAP = 300.0

#: How many runs that have begun and not ended are known at once. While there are more, the newest of them are taken later.
MAX_OPEN = 500

#: How many ids of runs whose end is known are kept, so that a list that shows them again gives no second event.
MAX_ENDED = 500

#: A run that has not ended so many seconds after its begin is no longer watched.
MAX_AGE = 30 * 24 * 60 * 60.0

#: How many pages are read to find the runs that have begun earlier and not ended; each of the others is checked itself.
OPEN_PAGES = 3

#: How many pages are read at the most.
MAX_PAGES = 1000

#: How many runs are checked at the most before the list is read again.
MAX_CHECKS = 50

#: How many runs that the list does not show are checked at the most before the list is read again.
MAX_UNSEEN_CHECKS = 10

#: The version of what is stored.
VERSION = 1


@dataclass(frozen=True)
class EndedRun:
    """
    A run that has ended.

    :param execution: the run, as its last status check has shown it.
    :param began_at: when it began, in seconds since the epoch.
    :param ended_at: when it ended; ``None`` if the vendor's list does not say.
    :param from_airflow: whether it carries the label of a start of this package.
    """

    execution: Execution
    began_at: float
    ended_at: float | None
    from_airflow: bool


@dataclass
class Reading:
    """
    What one reading of the list has found.

    :param ended: the runs whose end was seen, in the order of their begin.
    :param failure: why not every run could be checked; ``None`` if that is not so.
    :param more: whether more runs may have ended, so that the list should be read again soon.
    :param log: lines for the log.
    """

    ended: list[EndedRun] = field(default_factory=list)
    failure: WorkflowError | None = None
    more: bool = False
    log: list[str] = field(default_factory=list)


@dataclass
class _OpenRun:
    began_at: float
    from_airflow: bool


@dataclass
class Watcher:
    """
    What a watcher of one workflow knows. It is stored with :meth:`stored`.

    :param began_at: when it began, in seconds since the epoch.
    :param since: every run that has begun before is known or has ended, in seconds since the epoch.
    :param account: what tells the account of the runs from others, without a secret.
    :param is_new: whether the list was not read yet. What has ended before the watcher began is then no event.
    """

    began_at: float
    since: float
    account: Mapping[str, Any]
    is_new: bool = False
    _open: dict[str, _OpenRun] = field(default_factory=dict)
    _ended: dict[str, float] = field(default_factory=dict)
    # Not stored: how often in a row the list was believed about a run, when a run was checked, which could not be read, and whether
    # there was no room for a run.
    _believed: dict[str, int] = field(default_factory=dict)
    _checked: dict[str, float] = field(default_factory=dict)
    _unreadable: set[str] = field(default_factory=set)
    _is_full: bool = False

    @classmethod
    def new(cls, now: float, account: Mapping[str, Any], since: float | None = None) -> "Watcher":
        """
        Return a watcher that knows nothing yet.

        :param now: the time, in seconds since the epoch.
        :param account: what tells the account of the runs from others.
        :param since: watch the runs that have begun since then; default: those that end after ``now``.
        """
        if since is None:
            return cls(now, now - OVERLAP, account, is_new=True)
        return cls(now, since, account)

    def stored(self) -> dict[str, Any]:
        """
        Return what makes this watcher again in another process, as plain JSON.

        :return: ``version`` (of this format, 1), ``began_at``, ``since``, ``account``; ``open``: a list of ``[id, time of the
            begin, whether it is from Airflow]``; ``ended``: a list of ``[id, time of the begin]``.
        """
        return {
            "version": VERSION,
            "began_at": self.began_at,
            "since": self.since,
            "account": dict(self.account),
            "open": [[known, run.began_at, run.from_airflow] for known, run in self._open.items()],
            "ended": [[known, began_at] for known, began_at in self._ended.items()],
        }

    @classmethod
    def from_stored(cls, stored: Any) -> "Watcher | None":
        """
        Return a watcher that was stored.

        :param stored: what :meth:`stored` has returned, or whatever else was found in its place.
        :return: ``None`` if this release cannot read it.
        """
        if not isinstance(stored, dict) or stored.get("version") != VERSION:
            return None
        try:
            return cls(
                float(stored["began_at"]),
                float(stored["since"]),
                dict(stored["account"]),
                _open={
                    str(known): _OpenRun(float(began_at), from_airflow is True)
                    for known, began_at, from_airflow in stored["open"]
                },
                _ended={str(known): float(began_at) for known, began_at in stored["ended"]},
            )
        except (KeyError, TypeError, ValueError):
            return None

    def read(
        self,
        page: Callable[[float, int], Request[RunPage]],
        check: Callable[[str], Request[Execution]],
        now: float,
    ) -> Flow[Reading]:
        """
        Read the list, and check the runs that may have ended.

        Nothing is known more than before if the list cannot be read. If a check fails in passing, what was found before counts.

        :param page: from the time since when runs have begun, and the number of a page, to its request.
        :param check: from an id to the request for the status of the run.
        :param now: the time, in seconds since the epoch.
        :return: what was found.
        """
        listed = yield from self._list(page, now)
        reading = Reading()
        left_out = self._take(listed, now)
        if left_out is not None and not self._is_full:
            reading.log.append(
                f"{MAX_OPEN} executions have not ended. Those that have begun later are watched when some of these have ended."
            )
        self._is_full, self.is_new = left_out is not None, False
        may_have_ended, others = self._due(listed)
        checks = [*may_have_ended, *others][:MAX_CHECKS]
        reading.more = len(may_have_ended) > MAX_CHECKS or (left_out is not None and bool(may_have_ended))
        for execution_id in checks:
            try:
                execution = yield check(execution_id)
            except (RequestRejected, UnexpectedResponse) as error:
                # It is of this run alone, and may pass. The others count.
                if execution_id not in self._unreadable:
                    self._unreadable.add(execution_id)
                    reading.log.append(
                        f"Execution {execution_id} cannot be read; it is checked again. {error}"
                    )
            except WorkflowError as error:
                reading.failure = error
                break
            else:
                self._unreadable.discard(execution_id)
                if execution.is_terminal:
                    reading.ended.append(self._end(execution_id, execution, listed.get(execution_id)))
            self._believed.pop(execution_id, None)
            self._checked[execution_id] = now
        reading.ended.sort(key=lambda run: run.began_at)
        self._drop_old(now, listed, reading)
        self._forget(now, left_out)
        return reading

    def _list(self, page: Callable[[float, int], Request[RunPage]], now: float) -> Flow[dict[str, ListedRun]]:
        """Read the list from its newest run to the time since when runs may be new, or a few pages further to those that are open."""
        oldest = min((run.began_at for run in self._open.values()), default=self.since)
        # One time for all pages: it may be a filter, which moves runs to other pages.
        since = now - MAX_AGE if self.is_new else min(self.since, oldest)
        listed: dict[str, ListedRun] = {}
        for number in range(1, MAX_PAGES + 1):
            found = yield page(since, number)
            for run in found.runs:
                # Of a run that is shown again, the first entry counts: a list that moves repeats its last entries.
                listed.setdefault(run.execution_id, run)
            is_old = bool(found.runs) and max(run.began_at for run in found.runs) < self.since
            finds_no_more = not self.is_new and self._open.keys() <= listed.keys()
            if not found.more or (is_old and (number >= OPEN_PAGES or finds_no_more)):
                break
        return listed

    def _take(self, listed: Mapping[str, ListedRun], now: float) -> float | None:
        """Take the runs that were not known, oldest first; return when the first one began for which there is no room."""
        unknown = [
            run
            for known, run in listed.items()
            if known not in self._open and known not in self._ended and self._counts(run, now)
        ]
        # A vendor may write its times to the second: of those that began together, the last one in the list is the oldest.
        unknown.reverse()
        for run in sorted(unknown, key=lambda each: each.began_at):
            if self.is_new and run.state in TERMINAL_STATES and not self._ended_since(run):
                self._ended[run.execution_id] = run.began_at
            elif len(self._open) >= MAX_OPEN:
                return run.began_at
            else:
                self._open[run.execution_id] = _OpenRun(run.began_at, run.from_airflow)
        return None

    def _counts(self, run: ListedRun, now: float) -> bool:
        if run.state in TERMINAL_STATES:
            return run.began_at >= self.since
        # What goes on when the watcher begins is watched, whenever it has begun.
        return run.began_at >= (now - MAX_AGE if self.is_new else max(self.since, now - MAX_AGE))

    def _ended_since(self, run: ListedRun) -> bool:
        """Return whether a run has ended after the watcher began, as far as the list says that."""
        return max(run.began_at, run.ended_at or 0.0) >= self.began_at

    def _drop_old(self, now: float, listed: Mapping[str, ListedRun], reading: Reading) -> None:
        """Drop the runs that are too old, but not those that wait for the check of their end."""
        for known, run in list(self._open.items()):
            has_ended = known in listed and listed[known].state in TERMINAL_STATES
            if run.began_at < now - MAX_AGE and not has_ended:
                del self._open[known]
                reading.log.append(
                    f"Execution {known} has not ended {MAX_AGE / 86400:g} days after its begin: it is no longer watched."
                )

    def _due(self, listed: Mapping[str, ListedRun]) -> tuple[list[str], list[str]]:
        """Return the open runs that may have ended by the list, and others of which the list says too little."""
        may_have_ended: list[str] = []
        believed: list[str] = []
        unseen: list[str] = []
        for known in self._open:
            run = listed.get(known)
            if run is None:
                unseen.append(known)
            elif run.state in TERMINAL_STATES:
                may_have_ended.append(known)
            elif self._believed.get(known, 0) >= MOST_BELIEVED:
                believed.append(known)
            else:
                self._believed[known] = self._believed.get(known, 0) + 1
        for ids in (may_have_ended, unseen):  # one that cannot be read must not keep others from their turn
            ids.sort(key=lambda known: self._checked.get(known, 0.0))
        return may_have_ended, [*believed, *unseen[:MAX_UNSEEN_CHECKS]]

    def _end(self, execution_id: str, execution: Execution, listed: ListedRun | None) -> EndedRun:
        run = self._open.pop(execution_id)
        self._ended[execution_id] = run.began_at
        from_airflow = run.from_airflow or (listed is not None and listed.from_airflow)
        return EndedRun(execution, run.began_at, listed.ended_at if listed else None, from_airflow)

    def _forget(self, now: float, left_out: float | None) -> None:
        """Raise the time since when the list is read, and forget the ended runs that it no longer shows from there."""
        until = now if left_out is None else min(now, left_out)
        self.since = max(self.since, until - OVERLAP)
        kept = sorted(self._ended.items(), key=lambda each: each[1])
        if len(kept) > MAX_ENDED:
            # They are not read again, so that they need not be known.
            self.since = max(self.since, kept[-MAX_ENDED - 1][1] + 1e-6)
            if left_out is not None:
                self.since = min(self.since, left_out)
        self._ended = dict(each for each in kept[-MAX_ENDED:] if each[1] >= self.since)
        self._believed = {known: count for known, count in self._believed.items() if known in self._open}
        self._checked = {known: at for known, at in self._checked.items() if known in self._open}
        self._unreadable &= self._open.keys()
