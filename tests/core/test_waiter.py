"""Every decision about waiting, with a given time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import (
    TERMINAL_STATES,
    Execution,
    RunLog,
    State,
    raise_for_state,
)
from airflow_workflow_providers.core.waiter import (
    GIVE_UP,
    KEEP_WAITING,
    MAX_BACKOFF,
    MAX_UNEXPECTED_RESPONSES,
    NextPoll,
    Question,
    Waiter,
    WaitResult,
)

NOW = 1_000_000.0


def waiter(**options: Any) -> Waiter:
    return Waiter("ex-1", **{"deadline": NOW + 100, "poll_interval": 10.0, **options})


def execution(state: State, status: str = "WORD") -> Execution:
    return Execution("ex-1", state, status)


def delay(step: NextPoll | WaitResult) -> float:
    assert isinstance(step, NextPoll)
    return step.delay


def outcome(step: NextPoll | WaitResult) -> tuple[str, str]:
    assert isinstance(step, WaitResult)
    return step.outcome, step.error


@pytest.mark.parametrize("state", State)
def test_a_wait_ends_with_the_run_and_not_before(state: State) -> None:
    """An unknown status is not an end."""
    step = waiter().on_status(execution(state), NOW)

    if state in TERMINAL_STATES:
        assert outcome(step) == ("ended", "")
    else:
        assert delay(step) == 10.0


def test_a_pause_ends_the_wait_only_if_the_author_wants_it() -> None:
    paused = execution(State.PAUSED)

    assert delay(waiter().on_status(paused, NOW)) == 10.0
    assert outcome(waiter(stop_at_pause=True).on_status(paused, NOW)) == ("ended", "")


@pytest.mark.parametrize(
    ("question", "asks", "after", "gone_on"),
    [
        ("", False, "", ""),
        ("none", True, "none", "none"),
        ("obsolete", True, "obsolete", "obsolete"),
        ("open", False, "open", "obsolete"),
        ("answered", False, "answered", "none"),
    ],
)
def test_a_person_is_asked_once_about_each_pause(
    question: Question, asks: bool, after: str, gone_on: str
) -> None:
    """A question that is open when the run goes on is to be closed; an unknown status may be one more word for a pause."""
    for stored in (waiter(question=question), Waiter.from_stored(waiter(question=question).stored())):
        step = stored.on_status(execution(State.PAUSED, "ASKING"), NOW)

        assert isinstance(step, WaitResult) == asks
        if isinstance(step, WaitResult):
            assert (step.outcome, step.status, step.warning) == ("paused", "ASKING", True)
            assert WaitResult.from_event(step.event()).status == "ASKING"
        assert stored.question == after
        stored.on_status(execution(State.UNKNOWN), NOW)
        assert stored.question == after
        stored.on_status(execution(State.RUNNING), NOW)
        assert stored.question == gone_on


def test_nobody_is_asked_at_the_deadline() -> None:
    step = waiter(question="none").on_status(execution(State.PAUSED), NOW + 100)

    assert outcome(step) == ("timed_out", "ExecutionTimedOut")


@pytest.mark.parametrize(
    ("question", "event", "answer"),
    [
        ("open", {"chosen_options": [GIVE_UP]}, GIVE_UP),
        ("obsolete", {"chosen_options": [GIVE_UP]}, GIVE_UP),
        ("open", {"chosen_options": [KEEP_WAITING]}, KEEP_WAITING),
        # Of an author's own question, which Airflow keeps instead of ours.
        ("open", {"chosen_options": ["Yes"]}, KEEP_WAITING),
        ("none", {"chosen_options": [GIVE_UP]}, ""),
        ("", {"chosen_options": [GIVE_UP]}, ""),
        ("open", {"chosen_options": []}, ""),
        ("open", {"chosen_options": GIVE_UP}, ""),
        ("open", GIVE_UP, ""),
        ("open", None, ""),
    ],
)
def test_an_answer_counts_only_for_a_question_of_the_wait(
    question: Question, event: Any, answer: str
) -> None:
    asking = waiter(question=question)

    assert asking.answered(event) == answer
    assert asking.question == ("answered" if answer else question)


def test_the_last_status_check_is_at_the_deadline() -> None:
    """The pause before it is shortened; a run that has ended by then has ended."""
    running = execution(State.RUNNING)

    assert delay(waiter().on_status(running, NOW + 95)) == 5.0
    late = waiter(status="WORD").on_status(running, NOW + 100)
    assert late == WaitResult("timed_out", "ex-1", "its last status was 'WORD'", "ExecutionTimedOut")
    assert outcome(waiter().on_status(execution(State.SUCCEEDED), NOW + 100)) == ("ended", "")


def test_a_passing_failure_is_retried_until_the_deadline() -> None:
    """The pauses grow up to a cap, and no number of failures ends the wait."""
    patient = waiter(deadline=NOW + 1e9)

    delays = [delay(patient.on_error(errors.Unavailable("down"), NOW)) for _ in range(50)]

    assert delays[:3] == [20.0, 40.0, MAX_BACKOFF]
    assert delays[-1] == MAX_BACKOFF


def test_retry_after_is_obeyed_up_to_a_cap() -> None:
    assert delay(waiter().on_error(errors.RateLimited("slow down", retry_after=33), NOW)) == 33
    assert delay(waiter().on_error(errors.RateLimited("slow down", retry_after=1), NOW)) == 10
    far = waiter(deadline=NOW + 1e9).on_error(errors.Unavailable("later", retry_after=86_400), NOW)
    assert delay(far) == 5 * MAX_BACKOFF


@pytest.mark.parametrize("error", [errors.UnexpectedResponse("html"), errors.NotFound("who?")])
def test_a_response_that_makes_no_sense_is_retried_a_few_times(error: errors.WorkflowError) -> None:
    """The count begins again after a status check that succeeds."""
    doubting = waiter()

    for _ in range(MAX_UNEXPECTED_RESPONSES - 1):
        assert isinstance(doubting.on_error(error, NOW), NextPoll)
    assert isinstance(doubting.on_status(execution(State.RUNNING), NOW), NextPoll)
    steps = [doubting.on_error(error, NOW) for _ in range(MAX_UNEXPECTED_RESPONSES)]

    assert isinstance(steps[-2], NextPoll)
    assert outcome(steps[-1]) == ("check_failed", type(error).__name__)


@pytest.mark.parametrize(
    "cls", [errors.AuthFailed, errors.RequestRejected, errors.InvalidInput, errors.NotSupported]
)
def test_a_rejection_ends_the_wait_at_once(cls: type[errors.WorkflowError]) -> None:
    assert outcome(waiter().on_error(cls("no"), NOW)) == ("check_failed", cls.__name__)


def test_each_change_is_logged_once() -> None:
    """In a triggerer a log line costs more than a status check."""
    logging = waiter()
    running, unknown = execution(State.RUNNING, "RUNNING"), execution(State.UNKNOWN, "HIBERNATING")

    statuses = [running, running, unknown, unknown, running]
    changes = [logging.on_status(status, NOW).log for status in statuses]
    failures = [logging.on_error(errors.Unavailable("down"), NOW).log for _ in range(3)]
    recovery = logging.on_status(running, NOW).log

    assert [bool(line) for line in changes] == [True, False, True, False, True]
    assert [bool(line) for line in failures] == [True, False, False]
    assert "again" in recovery


def test_a_line_about_a_change_says_how_long_nothing_had_changed() -> None:
    """A step that is done is a change, too."""
    logging = waiter(deadline=NOW + 1000)
    queued, running = execution(State.QUEUED, "QUEUED"), execution(State.RUNNING, "RUNNING")
    seen = [
        queued,
        queued,
        running,
        replace(running, progress="1 of 2 steps are done"),
        execution(State.SUCCEEDED, "DONE"),
    ]

    lines = [logging.on_status(each, NOW + 12 * place).log for place, each in enumerate(seen)]

    assert lines == [
        "Execution ex-1 is QUEUED.",
        "",
        "Execution ex-1 is RUNNING, 24 s after the last change.",
        "Execution ex-1 is RUNNING: 1 of 2 steps are done, 12 s after the last change.",
        "Execution ex-1 is DONE, 12 s after the last change.",
    ]


def test_a_wait_in_which_nothing_changes_ends_when_the_author_says() -> None:
    """The status check that shows it is not late, and a list of the vendor, an error or a deferral does not end the wait."""
    stalling = waiter(deadline=NOW + 1000, poll_interval=40.0, stall_timeout=100)
    running = execution(State.RUNNING)

    assert delay(stalling.on_status(running, NOW)) == 40.0
    assert delay(stalling.on_status(running, NOW + 80)) == 20.0
    assert isinstance(stalling.on_unchanged(NOW + 101), NextPoll)
    assert isinstance(stalling.on_error(errors.Unavailable("down"), NOW + 101), NextPoll)
    assert stalling.is_stalled(NOW + 101)
    assert outcome(stalling.on_status(running, NOW + 101)) == ("stalled", "ExecutionTimedOut")
    moved = Waiter.from_stored(stalling.stored())
    assert outcome(moved.on_status(running, NOW + 101)) == ("stalled", "ExecutionTimedOut")


@pytest.mark.parametrize(
    "change",
    [
        execution(State.QUEUED, "OTHER"),
        Execution("ex-1", State.RUNNING, "WORD", progress="1 of 2 steps are done"),
    ],
)
def test_any_change_begins_the_time_anew(change: Execution) -> None:
    stalling = waiter(deadline=NOW + 1000, stall_timeout=100)
    stalling.on_status(execution(State.RUNNING), NOW)
    stalling.on_status(change, NOW + 90)

    assert isinstance(stalling.on_status(change, NOW + 189), NextPoll)
    assert outcome(stalling.on_status(change, NOW + 190)) == ("stalled", "ExecutionTimedOut")


def test_a_run_that_waits_for_a_person_has_not_stalled() -> None:
    stalling = waiter(deadline=NOW + 1000, stall_timeout=100)

    steps = [stalling.on_status(execution(State.PAUSED), NOW + second) for second in (0, 150, 300)]

    assert {type(step) for step in steps} == {NextPoll}


def test_an_event_holds_no_text_of_a_response() -> None:
    """Events are stored and logged in clear text, and a response may hold an output."""
    doubting = waiter()
    for _ in range(MAX_UNEXPECTED_RESPONSES):
        step = doubting.on_error(errors.UnexpectedResponse("HTTP 200: 'my output'", status=200), NOW)

    assert isinstance(step, WaitResult)
    assert "my output" not in str(step.event())
    assert WaitResult.from_event(step.event()) == step


def with_log(state: State, entries: int) -> Execution:
    log = RunLog([f"entry {number}" for number in range(1, entries + 1)], str.upper)
    return Execution("ex-1", state, "WORD", log=log)


def test_each_entry_of_a_runs_log_is_said_once_and_in_order() -> None:
    """A response with fewer entries than before takes none of them back."""
    wait = waiter(logged_entries=0)
    said = []
    for state, entries in ((State.RUNNING, n) for n in (0, 2, 2, 1, 3)):
        said.append([*wait.on_status(with_log(state, entries), NOW).entries])
    said.append([*wait.on_status(with_log(State.SUCCEEDED, 4), NOW).entries])

    assert said == [[], ["ENTRY 1", "ENTRY 2"], [], [], ["ENTRY 3"], ["ENTRY 4"]]
    assert wait.logged_entries == 4


def test_the_last_status_check_before_a_deadline_says_its_entries_too() -> None:
    step = waiter(logged_entries=0).on_status(with_log(State.RUNNING, 1), NOW + 100)

    assert outcome(step)[0] == "timed_out"
    assert [*step.entries] == ["ENTRY 1"]


def test_a_step_without_new_entries_wakes_nobody() -> None:
    """An empty iterator would: it counts as true."""
    wait = waiter(logged_entries=1)

    assert not wait.on_status(with_log(State.RUNNING, 1), NOW).entries
    assert not waiter().on_status(with_log(State.RUNNING, 1), NOW).entries
    assert not wait.on_status(execution(State.RUNNING), NOW).entries


def test_a_wait_in_another_process_continues_after_the_entries_that_are_logged() -> None:
    wait = waiter(logged_entries=0)
    wait.on_status(with_log(State.RUNNING, 2), NOW)

    other = Waiter.from_stored(wait.stored())

    assert [*other.on_status(with_log(State.RUNNING, 3), NOW).entries] == ["ENTRY 3"]


@pytest.mark.parametrize("count", [None, "2", 1.0, True, -1, [2]])
def test_an_odd_number_of_entries_in_an_event_is_not_known(count: Any) -> None:
    event = {"outcome": "ended", "execution_id": "ex-1", "logged_entries": count}

    assert WaitResult.from_event(event).logged_entries is None


@pytest.mark.parametrize(
    "event",
    [None, {}, "ended", [], {"outcome": "ended"}, {"outcome": "succeeded", "execution_id": "ex-1"}],
)
def test_an_event_that_cannot_be_read_is_never_a_success(event: Any) -> None:
    with pytest.raises(errors.WorkflowError, match="cannot read"):
        WaitResult.from_event(event)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SUCCEEDED])
def test_only_a_success_state_is_a_success(state: State) -> None:
    with pytest.raises((errors.ExecutionFailed, errors.ExecutionStopped), match="ex-1"):
        raise_for_state(execution(state), frozenset({State.SUCCEEDED}), vendor="Vendor")
    raise_for_state(execution(state), frozenset({state}), vendor="Vendor")


def test_a_record_has_five_keys_and_a_sixth_for_an_output_that_is_not_there() -> None:
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
    missing = Execution("ex-1", State.SUCCEEDED, "DONE", output_missing="why").record(max_inline_output=100)
    assert (missing["output"], missing["output_missing"]) == (None, "why")
