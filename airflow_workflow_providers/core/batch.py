"""
Many executions in one task: every decision about them. Nothing here has a clock, reads, stores or sends.

Each input has an entry, which is kept over all tries of the task. :mod:`~airflow_workflow_providers.core.start` decides about the
start of each of them, as it does for a task with one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.core.start import Action, Decision, Start, StartRecord, decide

#: The version of what is stored; ``tests/formats`` has what each release writes.
VERSION = 1

#: The most inputs of a batch.
MOST_INPUTS = 20_000

#: How many starts share one intent in the store, at the most, and how many seconds they may take. A kill leaves that many in
#: doubt.
MOST_AT_ONCE, SECONDS_AT_ONCE = 50, 1.0

#: No start is later, in seconds since the epoch.
LATEST = 1e15

#: How long a result waits until a worker fetches it, in seconds. Vendors keep results for an hour or longer.
FETCH_WITHIN = 600.0

#: A worker comes back when this part of ``max_active`` has ended, and others can be started.
WORTHWHILE = 0.25

#: What became of an input besides the states of a run that has ended.
LOST = "lost"  #: the response to its start was lost: a run may exist
NOT_STARTED = "not_started"  #: its start was rejected, or nothing was sent
NOT_STORED = "not_stored"  #: the run has ended, and its result could not be read or stored
TIMED_OUT = "timed_out"  #: it had not ended at the deadline
STATUS_UNKNOWN = "status_unknown"  #: the status of its run can no longer be read

#: Of these the run has ended, and only a new one can succeed.
_ENDED_WITHOUT_SUCCESS = frozenset(
    {State.PARTIAL.value, State.FAILED.value, State.STOPPED.value, NOT_STARTED}
)


@dataclass(slots=True)
class Entry:
    """
    One input of a batch, as it is stored.

    :param fingerprint: of the workflow and the input, 32 hexadecimal digits.
    :param nonce: of its start: new for each, and the run that carries it is this input's. Empty if the vendor does not get it.
    :param intent_at: when the start was about to be sent, in seconds since the epoch; 0: nothing was sent.
    :param max_tries: the task's ``max_tries`` then; a retry leaves it as it is, a clear raises it.
    :param execution_id: the vendor's id, once it is known.
    :param result: what became of it: the state of a run that has ended, or one of the words above; empty: not known yet.
    :param submissions: how often it was submitted in this try of the task.
    :param stopped: whether this task has asked the vendor to stop the run.
    :param files: tells the files of the input from later versions of them.
    """

    fingerprint: str
    nonce: str = ""
    intent_at: float = 0.0
    max_tries: int | None = None
    execution_id: str | None = None
    result: str = ""
    submissions: int = 0
    stopped: bool = False
    files: str = ""

    def stored(self) -> list[Any]:
        """
        Return what makes this entry again.

        :return: plain JSON: the parameters of the class, in their order.
        """
        return list(astuple(self))

    @classmethod
    def from_stored(cls, stored: Any) -> Entry:
        """
        Read an entry back.

        An entry of another release may stand for a run, so it is read as far as this release knows it.

        :param stored: what :meth:`stored` of this or another release has returned.
        :return: the entry; without a fingerprint if nothing in it is known.
        """
        known = dict(zip((field.name for field in fields(cls)), _list(stored), strict=False))
        execution_id, submissions = known.get("execution_id"), known.get("submissions")
        return cls(
            fingerprint=str(known.get("fingerprint") or ""),
            nonce=str(known.get("nonce") or ""),
            intent_at=_moment(known.get("intent_at")),
            max_tries=known.get("max_tries"),
            execution_id=None if execution_id is None else str(execution_id),
            result=str(known.get("result") or ""),
            submissions=submissions if isinstance(submissions, int) else 0,
            stopped=known.get("stopped") is True,
            files=str(known.get("files") or ""),
        )

    def is_about_to_start(self, nonce: str, now: float, max_tries: int | None) -> None:
        """
        Note the intent of a new start; what was known of an earlier one no longer counts.

        :param nonce: of the start.
        :param now: the time, in seconds since the epoch.
        :param max_tries: the task's.
        """
        self.nonce, self.intent_at, self.max_tries = nonce, now, max_tries
        self.execution_id, self.result, self.stopped = None, "", False
        self.submissions += 1

    def forget_start(self) -> None:
        """Note that there is no start any more: the input is as new."""
        self.nonce, self.intent_at, self.execution_id = "", 0.0, None
        self.result, self.stopped = "", False

    def record(self, account: Mapping[str, Any] | None) -> StartRecord:
        """
        Return the start of this input, as a task with one run stores it.

        :param account: of the batch.
        :return: the record.
        """
        return StartRecord(
            self.fingerprint,
            self.nonce,
            self.nonce,
            self.intent_at,
            self.max_tries,
            account,
            self.execution_id,
            self.stopped,
        )


def _moment(stored: Any) -> float:
    """Return when a start was about to be sent. What is not a time may stand for one: then a run may exist."""
    if isinstance(stored, (int, float)) and 0 <= stored <= LATEST:
        return float(stored)
    return 1.0 if stored else 0.0


def _list(stored: Any) -> list[Any]:
    return stored if isinstance(stored, list) else []


def positions(entries: Sequence[Entry], fingerprints: Iterable[str]) -> tuple[list[int], dict[int, Entry]]:
    """
    Find the entry of each input, however the list of the inputs has changed since.

    :param entries: the entries of earlier tries; one that was never stored is as new.
    :param fingerprints: of the inputs. Of two that are the same, the second one has an entry of its own.
    :return: for each input the position of its entry; and by position the entries of the inputs that had none.
    """
    free: dict[str, list[int]] = {}
    for position in range(len(entries) - 1, -1, -1):
        entry = entries[position]
        if entry.fingerprint or entry.intent_at:
            free.setdefault(entry.fingerprint, []).append(position)
    blank = iter(
        [place for place, entry in enumerate(entries) if not entry.fingerprint and not entry.intent_at]
    )
    found: list[int] = []
    new: dict[int, Entry] = {}
    added = len(entries)
    for fingerprint in fingerprints:
        if known := free.get(fingerprint):
            found.append(known.pop())
            continue
        place = next(blank, added)
        added += place == added
        new[place] = Entry(fingerprint)
        found.append(place)
    return found, new


def decide_entry(
    entry: Entry, account: Mapping[str, Any] | None, start: Start, success: Collection[str]
) -> Decision | None:
    """
    Decide at the begin of a try what it does about an input.

    :param entry: what earlier tries have stored of it.
    :param account: the account in which its run is.
    :param start: the start that this try would send.
    :param success: the results that are a success.
    :return: to submit it; to look up the run of an intent; to reattach to its run, or to replace it. ``None``: it has succeeded.
    """
    if not entry.intent_at and entry.execution_id is None:
        return Decision(Action.SUBMIT)
    decision = decide(entry.record(account), start)
    # The run of an entry without an id has ended with the response to its start: there is nothing to look up.
    if entry.result in success and not decision.why and decision.action in (Action.REATTACH, Action.LOOK_UP):
        return None
    # There is nothing to stop in a run that has ended.
    if entry.result in success or entry.result in _ENDED_WITHOUT_SUCCESS:
        return Decision(Action.SUBMIT, decision.why or f"it is {entry.result}", decision.cleared)
    return decision


def starts_at_once(rate: float | None) -> int:
    """
    Return how many starts share one intent in the store.

    :param rate: how many requests a second this process may send; ``None``: there is no limit.
    :return: at least one.
    """
    if rate is None:
        return MOST_AT_ONCE
    return max(1, min(MOST_AT_ONCE, int(rate * SECONDS_AT_ONCE)))


def worthwhile(max_active: int) -> int:
    """
    Return how many runs must end before it is worth to start as many others.

    :param max_active: how many runs the author allows at once.
    :return: at least one.
    """
    return max(1, int(max_active * WORTHWHILE))


def is_worth_resuming(*, ended: int, active: int, enough: int, oldest: float, now: float) -> bool:
    """
    Return whether a worker has enough to do.

    :param ended: how many runs have ended since the worker has left.
    :param active: how many runs have not.
    :param enough: how many must have ended so that others can be started; 0: there are none to start.
    :param oldest: when the first of them has ended, in seconds since the epoch.
    :param now: the time.
    :return: also True if nothing is left to wait for.
    """
    if not ended:
        return not active
    return not active or (0 < enough <= ended) or now - oldest >= FETCH_WITHIN


def counted(results: Iterable[str]) -> dict[str, int]:
    """
    Return how many inputs have come to each result.

    :param results: of all inputs; an empty one is ``not_started``.
    :return: the number for each result, the largest first.
    """
    return dict(Counter(result or NOT_STARTED for result in results).most_common())


def said(counts: Mapping[str, int]) -> str:
    """
    Return counts as a message says them.

    :param counts: how many of each.
    :return: such as ``"4,998 succeeded, 2 failed"``.
    """
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def progress(counts: Mapping[str, int], *, total: int, active: int, new: int, seconds: float) -> str:
    """
    Return a line about a batch for the log.

    :param counts: how many inputs have come to each result.
    :param total: how many inputs there are.
    :param active: how many runs are going.
    :param new: how many have come to a result in the last seconds.
    :param seconds: how many these are.
    :return: one or two sentences.
    """
    over = sum(counts.values())
    line = (
        f"{over:,} of {total:,} inputs are done ({said(counts) or 'none'}); {active:,} executions are going"
    )
    if not new or seconds <= 0:
        return f"{line}."
    rate = new / seconds
    left = max(0, total - over) / rate
    return f"{line}; {rate:.3g} a second, so about {_duration(left)} left."


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def least_successes(total: int, *, partial_is_failure: bool, min_success: float | None) -> int:
    """
    Return how many inputs must succeed so that the task does.

    :param total: how many inputs there are.
    :param partial_is_failure: ``on_partial_failure="fail"``.
    :param min_success: a whole number: so many; a share between 0 and 1: that part of the inputs, rounded up. ``None``: one.
    :return: at most all of them.
    """
    if partial_is_failure:
        return total
    if min_success is None:
        return min(1, total)
    if not isinstance(min_success, int):
        # Rounded first: 0.07 * 100 is a little more than 7.
        return -int(-round(min_success * total, 6) // 1)
    return min(int(min_success), total)
