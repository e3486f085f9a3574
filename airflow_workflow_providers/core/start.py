"""
Every decision about starting a run once over all tries of a task. Nothing here has a clock, reads, stores or sends.

A try finds what an earlier one has stored: an intent before it was sent, and the execution's id after.
:func:`decide` says what that means for this try, :func:`on_old_run` what it means once the old run was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from airflow_workflow_providers.core.errors import NotFound, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State

#: The version of what is stored; ``tests/formats`` has what each release wrote.
VERSION = 2


@dataclass(frozen=True)
class StartRecord:
    """
    A start, as it is stored: an intent before it is sent, and with its id after.

    :param fingerprint: of the workflow and its input.
    :param nonce: new for each start; a run that shows it is this start's. Empty where the vendor is not told it.
    :param label: what the run carries at the vendor, for people: the nonce, or a label of the author's.
    :param intent_at: when it was about to be sent, in seconds since the epoch.
    :param max_tries: the task's number then; a retry leaves it as it is, a clear raises it.
    :param account: what tells the account from others, without a secret; ``None`` if that is not known.
    :param execution_id: the vendor's id, once it is known.
    :param stopped: whether this task has asked the vendor to stop the run.
    """

    fingerprint: str
    nonce: str
    label: str
    intent_at: float
    max_tries: int | None
    account: Mapping[str, Any] | None
    execution_id: str | None = None
    stopped: bool = False

    def stored(self) -> dict[str, Any]:
        """
        Return what makes this record again.

        :return: plain JSON: ``version`` (of this format, 2) and the parameters of the class.
        """
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_stored(cls, stored: Any) -> StartRecord:
        """
        Read a record back.

        Of a record that this release does not know, what it does not find is not known: it may stand for a run.

        :param stored: what :meth:`stored` of this or another release has returned.
        :return: the record; it has no id and no fingerprint if nothing in it is known.
        """
        known = stored if isinstance(stored, dict) else {}
        execution_id, account = known.get("execution_id"), known.get("account")
        return cls(
            fingerprint=str(known.get("fingerprint") or ""),
            nonce=str(known.get("nonce", known.get("label")) or ""),
            label=str(known.get("label") or ""),
            intent_at=float(known.get("intent_at") or known.get("asked_at") or 0.0),
            max_tries=known.get("max_tries"),
            account=account if isinstance(account, dict) else None,
            execution_id=None if execution_id is None else str(execution_id),
            stopped=known.get("stopped") is True,
        )


@dataclass(frozen=True)
class Start:
    """
    The start that this try would send.

    :param fingerprint: of the workflow and its input.
    :param account: what tells the account from others.
    :param max_tries: the task's number now.
    :param resubmit_on_clear: whether a cleared task submits a new run.
    :param resubmit_lost: whether a new run may be submitted where one may exist already.
    """

    fingerprint: str
    account: Mapping[str, Any]
    max_tries: int | None
    resubmit_on_clear: bool = True
    resubmit_lost: bool = False


class Action(Enum):
    """What a try does next."""

    SUBMIT = "submit"  #: send a new start
    REATTACH = "reattach"  #: use the run of an earlier try
    REPLACE = "replace"  #: stop the run of an earlier try if it is going, then send a new start
    LOOK_UP = "look up"  #: only the intent is known: ask the vendor whether a run of it exists
    LOST = "lost"  #: a run may exist, and nothing may be sent


@dataclass(frozen=True)
class Decision:
    """
    What a try does next, and why.

    :param action: what to do.
    :param why: for the log: what is different from the earlier try.
    :param cleared: whether a person has cleared the task since the earlier start.
    """

    action: Action
    why: str = ""
    cleared: bool = False


def decide(record: StartRecord | None, start: Start) -> Decision:
    """
    Decide what becomes of what an earlier try has stored.

    :param record: what is stored; ``None`` if nothing is.
    :param start: the start that this try would send.
    :return: to submit, to look the run of an intent up, or to read the run in order to reattach to it or to replace it.
    """
    if record is None:
        return Decision(Action.SUBMIT)
    # A record that does not say is not of before a clear.
    cleared = record.max_tries not in (None, start.max_tries)
    if record.account is not None and dict(record.account) != dict(start.account):
        # Ids are small numbers at some vendors: under another account the same one is somebody else's run.
        return Decision(Action.SUBMIT, _other_account(record.account, start.account), cleared)
    if record.stopped:
        return Decision(Action.SUBMIT, "this task has stopped it", cleared)
    why = ""
    if cleared and start.resubmit_on_clear:
        why = "the task was cleared"
    elif record.fingerprint and record.fingerprint != start.fingerprint:
        why = "the workflow or its input has changed since"
    if record.execution_id is None:
        return Decision(Action.LOOK_UP, why, cleared)
    return Decision(Action.REPLACE if why else Action.REATTACH, why, cleared)


def on_look_up(decision: Decision, found: str | None, start: Start) -> Decision:
    """
    Decide after the vendor was asked for the run of an intent.

    :param decision: the one to look it up.
    :param found: the id of the one run whose own data prove that it is of this intent.
    :param start: the start that this try would send.
    :return: to reattach to the run or to replace it; without one, to submit, or that the start is lost.
    """
    if found is not None:
        return Decision(Action.REPLACE if decision.why else Action.REATTACH, decision.why, decision.cleared)
    if decision.cleared:  # there is nothing to reattach to, and a person who clears has read the error
        return Decision(Action.SUBMIT, "the task was cleared since", cleared=True)
    if start.resubmit_lost:
        return Decision(Action.SUBMIT, "on_lost_start='restart'")
    return Decision(Action.LOST)


def on_old_run(
    decision: Decision, old: Execution | WorkflowError, success_states: frozenset[State]
) -> tuple[Decision, bool]:
    """
    Decide after the run of an earlier try was read.

    :param decision: the one to reattach to it, or to replace it.
    :param old: the run, or why it could not be read.
    :param success_states: the states that are a success.
    :return: what to do, and whether the old run is to be stopped.
    :raises WorkflowError: if the run is to be reattached to, and cannot be read.
    """
    if isinstance(old, WorkflowError):
        if decision.action is Action.REATTACH:
            raise old
        # What cannot be read may be going: it is asked to stop all the same, unless the vendor knows no such run.
        return Decision(Action.SUBMIT, decision.why, decision.cleared), not isinstance(old, NotFound)
    ending = old.over or old.state is State.STOPPING
    if decision.action is Action.REPLACE:
        return Decision(Action.SUBMIT, decision.why, decision.cleared), not ending
    if not ending or old.state in success_states:
        return decision, False
    return Decision(Action.SUBMIT, f"it is {old.status}", decision.cleared), False


def _other_account(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    said = ", ".join(f"{name} {old.get(name)!r} is now {new.get(name)!r}" for name in changed)
    return f"it belongs to another account ({said})"
