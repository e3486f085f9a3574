"""
Every decision about starting one run over all tries of a task. Nothing here has a clock, reads, stores or sends.

An earlier try has stored an intent before it sent the start, and the execution id after. :func:`decide` says what that
means for this try, :func:`on_look_up` and :func:`on_old_run` what it means once the vendor was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

from airflow_workflow_providers.core.errors import NotFound, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.text import shown

#: The version of what is stored; ``tests/formats`` has what each release writes.
VERSION = 1


@dataclass(frozen=True)
class StartRecord:
    """
    A start, as it is stored: an intent before it is sent, with the execution id after.

    :param fingerprint: of the workflow and its input.
    :param nonce: new for each start; the run that carries it is this start's. Empty if the vendor does not get it.
    :param label: what the run carries at the vendor, for people: the nonce, or the author's own label.
    :param intent_at: when it was about to be sent, in seconds since the epoch.
    :param max_tries: the task's ``max_tries`` then; a retry leaves it as it is, a clear raises it.
    :param account: what tells the account from others, without a secret; ``None`` if that is not known.
    :param execution_id: the vendor's id, once it is known.
    :param stopped: whether this task has asked the vendor to stop the run.
    :param again: of a start that runs an earlier run again, that run, and what else says from where; ``None``: it is another
        start.
    """

    fingerprint: str
    nonce: str
    label: str
    intent_at: float
    max_tries: int | None
    account: Mapping[str, Any] | None
    execution_id: str | None = None
    stopped: bool = False
    again: Mapping[str, str] | None = None

    def stored(self) -> dict[str, Any]:
        """
        Return what makes this record again.

        :return: plain JSON: ``version`` (of this format, 1) and the parameters of the class.
        """
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_stored(cls, stored: Any) -> StartRecord:
        """
        Read a record back.

        A record of another release may stand for a run, so it is read as far as this release knows it.

        :param stored: what :meth:`stored` of this or another release has returned.
        :return: the record; without an id and a fingerprint if nothing in it is known.
        """
        known = stored if isinstance(stored, dict) else {}
        execution_id, account, again = (known.get(name) for name in ("execution_id", "account", "again"))
        return cls(
            fingerprint=str(known.get("fingerprint") or ""),
            nonce=str(known.get("nonce") or ""),
            label=str(known.get("label") or ""),
            intent_at=float(known.get("intent_at") or 0.0),
            max_tries=known.get("max_tries"),
            account=account if isinstance(account, dict) else None,
            execution_id=None if execution_id is None else str(execution_id),
            stopped=known.get("stopped") is True,
            again=again if isinstance(again, dict) else None,
        )


@dataclass(frozen=True)
class Start:
    """
    The start that this try would send.

    :param fingerprint: of the workflow and its input.
    :param account: what tells the account from others.
    :param max_tries: the task's ``max_tries`` now.
    :param resubmit_on_clear: whether a cleared task submits a new run.
    :param resubmit_lost: whether a new run may be submitted although one may exist already.
    :param reattach_changed: whether the run of an earlier try is used although the workflow or its input has changed since.
    :param continued_states: the states of a run which the vendor is asked to run again, instead of a new start.
    """

    fingerprint: str
    account: Mapping[str, Any]
    max_tries: int | None
    resubmit_on_clear: bool = True
    resubmit_lost: bool = False
    reattach_changed: bool = False
    continued_states: frozenset[State] = frozenset()


class Action(Enum):
    """What a try does next."""

    SUBMIT = "submit"  #: send a new start
    REATTACH = "reattach"  #: use the run of an earlier try
    CONTINUE = "continue"  #: ask the vendor to run the run of an earlier try again
    REPLACE = "replace"  #: stop the run of an earlier try, then send a new start
    LOOK_UP = "look up"  #: only the intent is known: ask the vendor which run it became
    ORPHANED = "orphaned"  #: a run may exist that nobody can find, and nothing may be sent


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

    def is_for_clear(self, start: Start) -> bool:
        """
        Return whether a run is replaced because the task was cleared, and not because its input has changed.

        :param start: the start that this try would send.
        :return: only of a decision to replace a run.
        """
        return self.cleared and start.resubmit_on_clear


def decide(record: StartRecord | None, start: Start) -> Decision:
    """
    Decide what to do about the start that an earlier try has stored.

    :param record: what is stored; ``None`` if nothing is.
    :param start: the start that this try would send.
    :return: to submit; to look up the run of an intent; or to reattach to the run or replace it, which
        :func:`on_old_run` confirms once the run was read.
    """
    if record is None:
        return Decision(Action.SUBMIT)
    # A record without the number is not older than a clear.
    cleared = record.max_tries not in (None, start.max_tries)
    if record.account is not None and dict(record.account) != dict(start.account):
        # Ids are small numbers at some vendors: under another account the same id is somebody else's run.
        why = f"it belongs to another account ({account_changes(record.account, start.account)})"
        return Decision(Action.SUBMIT, why, cleared)
    if record.stopped:
        return Decision(Action.SUBMIT, "this task has stopped it", cleared)
    why = ""
    if cleared and start.resubmit_on_clear:
        why = "the task was cleared"
    elif record.fingerprint not in ("", start.fingerprint) and not start.reattach_changed:
        why = "the workflow or its input has changed since"
    if record.execution_id is None:
        return Decision(Action.LOOK_UP, why, cleared)
    return Decision(Action.REPLACE if why else Action.REATTACH, why, cleared)


def on_look_up(decision: Decision, found: str | None, start: Start) -> Decision:
    """
    Decide after the vendor was asked which run an intent became.

    :param decision: the one to look it up.
    :param found: the id of the only run whose own data prove that it is this intent's; ``None`` if there is none.
    :param start: the start that this try would send.
    :return: to reattach to the run or replace it; without a run, to submit, or that the start is orphaned.
    """
    if found is not None:
        return replace(decision, action=Action.REPLACE if decision.why else Action.REATTACH)
    if decision.cleared:  # there is no run to reattach to, and a person who clears has read the error
        return Decision(Action.SUBMIT, "the task was cleared since", cleared=True)
    if start.resubmit_lost:
        return Decision(Action.SUBMIT, "on_lost_start='resubmit'")
    return Decision(Action.ORPHANED)


def on_old_run(
    decision: Decision, old: Execution | WorkflowError, start: Start, success_states: frozenset[State]
) -> Decision:
    """
    Decide after the run of an earlier try was read.

    :param decision: the one to reattach to it, or to replace it.
    :param old: the run, or why it could not be read.
    :param start: the start that this try would send.
    :param success_states: the states that are a success.
    :return: to reattach to it; to replace it, if it may be going; to continue it, if it failed and the author wants that; or
        to submit, if there is nothing to stop.
    :raises WorkflowError: if the run is to be reattached to, and cannot be read.
    """
    if isinstance(old, WorkflowError):
        if decision.action is Action.REATTACH:
            raise old
        # A run that cannot be read may be going, so it is stopped all the same, unless the vendor does not know it.
        return replace(decision, action=Action.SUBMIT if isinstance(old, NotFound) else Action.REPLACE)
    ending = old.is_terminal or old.state is State.STOPPING
    if decision.action is Action.REPLACE:
        return replace(decision, action=Action.SUBMIT if ending else Action.REPLACE)
    if not ending or old.state in success_states:
        return decision
    again = old.is_terminal and old.state in start.continued_states
    return Decision(Action.CONTINUE if again else Action.SUBMIT, f"it is {old.status}", decision.cleared)


def account_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """
    Return how two accounts differ.

    :param old: what tells the account from others, before.
    :param new: the same now.
    :return: each field that has changed, with both values.
    """
    return ", ".join(
        f"{shown(name)} {old.get(name)!r} is now {new.get(name)!r}"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    )
