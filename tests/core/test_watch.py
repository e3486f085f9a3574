"""Every decision about a wait, told the time."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import OVER, Execution, State, judge
from airflow_workflow_providers.core.watch import BACKOFF_CAP, PATIENCE, Verdict, Watch

NOW = 1_000_000.0


def watch(**options: Any) -> Watch:
    return Watch("ex-1", **{"deadline": NOW + 100, "poll_interval": 10.0, **options})


def execution(state: State, status: str = "WORD") -> Execution:
    return Execution("ex-1", state, status)


@pytest.mark.parametrize("state", State)
def test_a_wait_ends_with_the_run_and_not_before(state: State) -> None:
    """Whatever is not over is waited on; a word that nobody knows is not over."""
    step = watch().on_look(execution(state), NOW)

    assert (step.verdict is not None) == (state in OVER)
    if step.verdict is None:
        assert step.wait == 10.0


def test_a_pause_ends_the_wait_only_if_the_author_says_so() -> None:
    paused = execution(State.PAUSED)

    assert watch().on_look(paused, NOW).verdict is None
    assert watch(stop_at_pause=True).on_look(paused, NOW).verdict == Verdict("ended", "ex-1")


def test_the_last_look_is_at_the_deadline_and_then_it_is_over() -> None:
    """The pause before it is cut short; a run that has ended by then has ended."""
    running = execution(State.RUNNING)

    assert watch().on_look(running, NOW + 95).wait == 5.0
    assert watch().on_look(running, NOW + 100).verdict == Verdict(
        "timed_out", "ex-1", "its last status was 'WORD'", "ExecutionTimedOut"
    )
    assert watch().on_look(execution(State.SUCCEEDED), NOW + 100).verdict == Verdict("ended", "ex-1")


def test_trouble_in_passing_is_waited_out_for_as_long_as_it_takes() -> None:
    """The pauses grow, up to a cap, and no number of failures is too many before the deadline."""
    patient = watch(deadline=NOW + 1e9)

    waits = [patient.on_error(errors.Unavailable("down"), NOW).wait for _ in range(50)]

    assert waits[:3] == [20.0, 40.0, BACKOFF_CAP]
    assert waits[-1] == BACKOFF_CAP


def test_a_vendors_wish_is_obeyed_up_to_a_cap() -> None:
    assert watch().on_error(errors.QuotaExceeded("slow down", retry_after=33), NOW).wait == 33
    assert watch().on_error(errors.QuotaExceeded("slow down", retry_after=1), NOW).wait == 10
    far = watch(deadline=NOW + 1e9).on_error(errors.Unavailable("later", retry_after=86_400), NOW)
    assert far.wait == 5 * BACKOFF_CAP


@pytest.mark.parametrize("error", [errors.UnreadableAnswer("html"), errors.NotFound("who?")])
def test_an_answer_that_makes_no_sense_is_doubted_a_few_times(error: errors.WorkflowError) -> None:
    """And from anew after one that does."""
    doubting = watch()

    steps = [doubting.on_error(error, NOW) for _ in range(PATIENCE - 1)]
    assert [step.verdict for step in steps] == [None] * (PATIENCE - 1)
    assert doubting.on_look(execution(State.RUNNING), NOW).verdict is None
    steps = [doubting.on_error(error, NOW) for _ in range(PATIENCE)]

    assert steps[-2].verdict is None
    assert steps[-1].verdict is not None
    assert (steps[-1].verdict.outcome, steps[-1].verdict.error) == ("look_failed", type(error).__name__)


@pytest.mark.parametrize(
    "error", [errors.AuthFailed("no"), errors.RequestRefused("no"), errors.InvalidInput("no")]
)
def test_a_refusal_ends_the_wait_at_once(error: errors.WorkflowError) -> None:
    verdict = watch().on_error(error, NOW).verdict

    assert verdict is not None
    assert verdict.outcome == "look_failed"


def test_a_change_is_said_once_and_nothing_is_said_for_each_look() -> None:
    """In a triggerer a line costs more than a look."""
    talking = watch()
    running, unknown = execution(State.RUNNING, "RUNNING"), execution(State.UNKNOWN, "HIBERNATING")

    looks = [running, running, unknown, unknown, running]
    said = [talking.on_look(look, NOW).say for look in looks]
    failed = [talking.on_error(errors.Unavailable("down"), NOW).say for _ in range(3)]
    back = talking.on_look(running, NOW).say

    assert [bool(line) for line in said] == [True, False, True, False, True]
    assert [bool(line) for line in failed] == [True, False, False]
    assert "again" in back


def test_an_event_holds_no_words_of_an_answer() -> None:
    """Events are stored and logged in the clear, and an answer may hold an output."""
    doubting = watch()
    for _ in range(PATIENCE):
        step = doubting.on_error(errors.UnreadableAnswer("HTTP 200: 'my output'", status=200), NOW)

    assert step.verdict is not None
    assert "my output" not in str(step.verdict.event())
    assert Verdict.from_event(step.verdict.event()) == step.verdict


@pytest.mark.parametrize(
    "event",
    [None, {}, "ended", [], {"outcome": "ended"}, {"outcome": "succeeded", "execution_id": "ex-1"}],
)
def test_an_event_that_cannot_be_read_is_never_a_success(event: Any) -> None:
    with pytest.raises(errors.WorkflowError, match="cannot read"):
        Verdict.from_event(event)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SUCCEEDED])
def test_only_what_the_author_accepts_is_a_success(state: State) -> None:
    with pytest.raises((errors.ExecutionFailed, errors.ExecutionStopped), match="ex-1"):
        judge(execution(state), frozenset({State.SUCCEEDED}), vendor="Vendor")
    judge(execution(state), frozenset({state}), vendor="Vendor")


def test_a_record_has_five_keys_and_a_sixth_only_for_what_was_left_out() -> None:
    ended = Execution("ex-1", State.SUCCEEDED, "DONE", output={"a": 1}, url="https://vendor")

    assert ended.record(max_inline_output=100) == {
        "execution_id": "ex-1",
        "state": "succeeded",
        "status": "DONE",
        "output": {"a": 1},
        "url": "https://vendor",
    }
    omitted = ended.record(max_inline_output=7, fetch="so")
    assert (omitted["output"], omitted["output_omitted"]) == (None, {"bytes": 8, "fetch": "so"})
