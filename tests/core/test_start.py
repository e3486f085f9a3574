"""What a try does about the start of an earlier one: every decision, without a vendor and without Airflow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_workflow_providers.core.errors import NotFound, Unavailable, UnexpectedResponse, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.start import (
    Action,
    Decision,
    Start,
    StartRecord,
    decide,
    on_look_up,
    on_old_run,
)

HERE = {"conn_id": "refold_default", "base_url": "https://app.refold.ai", "linked_account_id": "acct_1"}
START = Start("input", HERE, max_tries=2)
INTENT = StartRecord("input", "airflow-1", "airflow-1", 1_794_999_000.0, 2, HERE)
RUN = replace(INTENT, execution_id="70001")
SUCCESS = frozenset({State.SUCCEEDED})


def test_nothing_stored_is_a_first_start() -> None:
    assert decide(None, START) == Decision(Action.SUBMIT)


@pytest.mark.parametrize(
    ("record", "start", "action", "why"),
    [
        (RUN, START, Action.REATTACH, ""),
        (INTENT, START, Action.LOOK_UP, ""),
        (RUN, replace(START, max_tries=5), Action.REPLACE, "cleared"),
        (RUN, replace(START, max_tries=5, resubmit_on_clear=False), Action.REATTACH, ""),
        (RUN, replace(START, fingerprint="other"), Action.REPLACE, "input has changed"),
        (RUN, replace(START, fingerprint="other", reattach_changed=True), Action.REATTACH, ""),
        (RUN, replace(START, max_tries=5, reattach_changed=True), Action.REPLACE, "cleared"),
        (replace(RUN, stopped=True), START, Action.SUBMIT, "has stopped it"),
        (
            RUN,
            replace(START, account={**HERE, "linked_account_id": "acct_2"}),
            Action.SUBMIT,
            "'acct_1' is now 'acct_2'",
        ),
        (
            RUN,
            replace(START, account={**HERE, "base_url": "https://other"}),
            Action.SUBMIT,
            "another account",
        ),
        (RUN, replace(START, account={**HERE, "conn_id": "other"}), Action.SUBMIT, "another account"),
        (INTENT, replace(START, account={**HERE, "conn_id": "other"}), Action.SUBMIT, "another account"),
        (RUN, replace(START, account={"conn_id": "refold_default"}), Action.SUBMIT, "another account"),
        (replace(RUN, account={**HERE, "\ud800": 1}), START, Action.SUBMIT, "( 1 is now None)"),
        (replace(RUN, account=None), START, Action.REATTACH, ""),
        (replace(RUN, max_tries=None), START, Action.REATTACH, ""),
        (replace(RUN, fingerprint=""), START, Action.REATTACH, ""),
    ],
)
def test_what_is_stored_decides(record: StartRecord, start: Start, action: Action, why: str) -> None:
    decision = decide(record, start)

    assert decision.action is action
    assert why in decision.why


@pytest.mark.parametrize(
    ("found", "start", "cleared", "action"),
    [
        ("70001", START, False, Action.REATTACH),
        ("70001", START, True, Action.REPLACE),
        (None, START, False, Action.ORPHANED),
        (None, START, True, Action.SUBMIT),
        (None, replace(START, resubmit_lost=True), False, Action.SUBMIT),
    ],
)
def test_an_intent_without_a_run_is_lost_unless_its_author_or_a_clear_lets_it_go(
    found: str | None, start: Start, cleared: bool, action: Action
) -> None:
    decision = Decision(Action.LOOK_UP, "the task was cleared" if cleared else "", cleared)

    assert on_look_up(decision, found, start).action is action


def run(state: State) -> Execution:
    return Execution("70001", state, state.value.upper())


@pytest.mark.parametrize(
    ("state", "reattaches", "stops_if_replaced"),
    [
        (State.QUEUED, True, True),
        (State.RUNNING, True, True),
        (State.PAUSED, True, True),
        (State.UNKNOWN, True, True),
        (State.STOPPING, False, False),
        (State.SUCCEEDED, True, False),
        (State.PARTIAL, False, False),
        (State.FAILED, False, False),
        (State.STOPPED, False, False),
    ],
)
def test_the_state_of_the_old_run_decides(state: State, reattaches: bool, stops_if_replaced: bool) -> None:
    reattach, replaced = Decision(Action.REATTACH), Decision(Action.REPLACE, "the task was cleared")

    used = on_old_run(reattach, run(state), START, SUCCESS)
    assert used.action is (Action.REATTACH if reattaches else Action.SUBMIT)
    old = on_old_run(replaced, run(state), START, SUCCESS)
    assert old.action is (Action.REPLACE if stops_if_replaced else Action.SUBMIT)


@pytest.mark.parametrize(
    ("error", "stops"),
    [(UnexpectedResponse("garbled"), True), (Unavailable("503"), True), (NotFound("404"), False)],
)
def test_an_old_run_that_cannot_be_read_is_asked_to_stop_all_the_same(
    error: WorkflowError, stops: bool
) -> None:
    """Else two runs would go on. If it is to be reattached to, the try fails, and nothing is started."""
    old = on_old_run(Decision(Action.REPLACE, "cleared"), error, START, SUCCESS)
    assert old.action is (Action.REPLACE if stops else Action.SUBMIT)
    with pytest.raises(type(error)):
        on_old_run(Decision(Action.REATTACH), error, START, SUCCESS)


@pytest.mark.parametrize("state", list(State))
def test_only_a_run_that_failed_is_continued_and_only_if_the_author_wants_that(state: State) -> None:
    """Not one that goes on, has succeeded or is being stopped, and none after a clear or a changed input."""
    start = replace(START, continued_states=frozenset({State.FAILED}))

    reattached = on_old_run(Decision(Action.REATTACH), run(state), start, SUCCESS)
    assert (reattached.action is Action.CONTINUE) == (state is State.FAILED)
    for why in ("the task was cleared", "the workflow or its input has changed since"):
        replaced = on_old_run(Decision(Action.REPLACE, why), run(state), start, SUCCESS)
        assert replaced.action in (Action.REPLACE, Action.SUBMIT)
