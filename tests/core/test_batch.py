"""Every decision about many executions in one task."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.core import batch
from airflow_workflow_providers.core.batch import Entry
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.core.start import Action, Start
from airflow_workflow_providers.operators.batch_store import RANGE

ACCOUNT = {"conn_id": "datalab_default"}
SUCCESS = {"succeeded"}


def started(fingerprint: str = "a", **changes: Any) -> Entry:
    known: dict[str, Any] = {"intent_at": 1.0, "max_tries": 1, "execution_id": "pex_1", **changes}
    return Entry(fingerprint, **known)


def action(
    entry: Entry, *, max_tries: int = 1, account: dict[str, Any] | None = None, **start: Any
) -> Action | None:
    options = {"resubmit_on_clear": False, **start}
    now = Start(options.pop("fingerprint", entry.fingerprint), account or ACCOUNT, max_tries, **options)
    decision = batch.decide_entry(entry, ACCOUNT, now, SUCCESS)
    return None if decision is None else decision.action


@pytest.mark.parametrize("moment", [10**400, float("inf"), float("nan"), -1, "yesterday", True])
def test_a_start_at_an_odd_time_may_have_been_sent(moment: Any) -> None:
    """What is damaged is not a start that nobody has made."""
    stored = Entry("a", intent_at=1.0).stored()
    damaged = [moment if value == 1.0 else value for value in stored]

    assert Entry.from_stored(damaged).intent_at == 1.0


def test_each_input_finds_its_entry_again_however_the_list_has_changed() -> None:
    known = [Entry(name) for name in "abc"]

    assert batch.positions(known, ["a", "b", "c"]) == ([0, 1, 2], {})
    assert batch.positions(known, ["c", "a"]) == ([2, 0], {})
    assert batch.positions(known, ["x", "b"]) == ([3, 1], {3: Entry("x")})


def test_of_two_inputs_that_are_the_same_each_has_an_entry() -> None:
    assert batch.positions([], ["a", "a"]) == ([0, 1], {0: Entry("a"), 1: Entry("a")})
    assert batch.positions([Entry("a"), Entry("a")], ["a", "a", "a"]) == ([0, 1, 2], {2: Entry("a")})


def test_an_entry_that_was_never_stored_is_given_to_a_new_input() -> None:
    """The process died before it had stored the range; the order of the inputs stays that of the entries."""
    known = [Entry("a"), Entry(""), Entry("")]

    assert batch.positions(known, ["a", "b", "c"]) == ([0, 1, 2], {1: Entry("b"), 2: Entry("c")})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("a"), Action.SUBMIT),
        (started(), Action.REATTACH),
        (started(result="succeeded"), None),
        (started(result="failed"), Action.SUBMIT),
        (started(result="stopped"), Action.SUBMIT),
        (started(result="partial"), Action.SUBMIT),
        (started(execution_id=None, intent_at=0.0, result="not_started"), Action.SUBMIT),
        (started(execution_id=None), Action.LOOK_UP),
        (started(execution_id=None, result="lost"), Action.LOOK_UP),
        (started(result="timed_out"), Action.REATTACH),
        (started(result="timed_out", stopped=True), Action.SUBMIT),
        (started(result="not_stored"), Action.REATTACH),
        (started(result="status_unknown"), Action.REATTACH),
    ],
)
def test_a_retry_submits_only_what_never_started_or_has_ended_without_success(
    entry: Entry, expected: Action | None
) -> None:
    assert action(entry) is expected


def test_a_clear_does_what_a_retry_does_unless_the_author_wants_all_of_it_anew() -> None:
    assert action(started(result="succeeded"), max_tries=3) is None
    assert action(started(), max_tries=3) is Action.REATTACH
    assert action(started(result="succeeded"), max_tries=3, resubmit_on_clear=True) is Action.SUBMIT
    assert action(started(), max_tries=3, resubmit_on_clear=True) is Action.REPLACE


def test_a_run_of_another_account_or_of_other_files_is_not_used() -> None:
    assert action(started(), account={"conn_id": "other"}) is Action.SUBMIT
    assert action(started(result="succeeded"), account={"conn_id": "other"}) is Action.SUBMIT
    assert action(started(), fingerprint="") is Action.REPLACE
    assert action(started(result="succeeded"), fingerprint="") is Action.SUBMIT


@pytest.mark.parametrize(
    ("ended", "active", "enough", "age", "expected"),
    [
        (0, 5, 2, 0, False),
        (1, 4, 2, 0, False),
        (2, 3, 2, 0, True),
        (2, 3, 0, 0, False),
        (1, 4, 0, 599, False),
        (1, 4, 0, 600, True),
        (5, 0, 0, 0, True),
        (0, 0, 0, 0, True),
    ],
)
def test_a_worker_is_called_when_it_has_enough_to_do(
    ended: int, active: int, enough: int, age: float, expected: bool
) -> None:
    """Others can be started, a result has waited for ten minutes, or all runs have ended."""
    now = 10_000.0
    assert expected is batch.is_worth_resuming(
        ended=ended, active=active, enough=enough, oldest=now - age, now=now
    )


def test_a_kill_leaves_no_more_starts_in_doubt_than_a_process_sends_in_a_second() -> None:
    assert [batch.starts_at_once(rate) for rate in (None, 0.5, 1.5, 30.0, 500.0)] == [50, 1, 1, 30, 50]


@pytest.mark.parametrize(
    ("total", "partial_is_failure", "min_success", "expected"),
    [
        (200, True, None, 200),
        (200, False, None, 1),
        (200, False, 0, 0),
        (200, False, 150, 150),
        (200, False, 500, 200),
        (200, False, 0.95, 190),
        (100, False, 0.07, 7),
        (3, False, 0.5, 2),
        (200, False, 1.0, 200),
        (200, False, 0.0, 0),
    ],
)
def test_how_many_inputs_must_succeed(
    total: int, partial_is_failure: bool, min_success: float | None, expected: int
) -> None:
    assert expected == batch.least_successes(
        total, partial_is_failure=partial_is_failure, min_success=min_success
    )


def test_a_range_of_the_longest_entries_fits_under_a_key_of_airflows_store() -> None:
    longest = Entry(
        "f" * 32,
        "n" * 200,
        1_800_000_000.123456,
        99,
        "e" * 200,
        "status_unknown",
        100,
        stopped=True,
        files="d" * 16,
    )

    assert len(json.dumps({"version": 1, "entries": [longest.stored()] * RANGE})) < 64 * 1024


def test_an_entry_is_read_back_as_it_was_and_damage_makes_no_run_of_it() -> None:
    entry = started(nonce="n", result="timed_out", submissions=2, stopped=True, files="d")

    assert Entry.from_stored(json.loads(json.dumps(entry.stored()))) == entry
    assert Entry.from_stored([*entry.stored(), "of a later release"]) == entry
    assert [Entry.from_stored(damaged) for damaged in (None, {}, [], "x")] == [Entry("")] * 4


def test_a_new_start_forgets_what_was_known_of_an_earlier_one() -> None:
    entry = started(result="failed", stopped=True, submissions=1)
    entry.is_about_to_start("n2", 5.0, 2)

    assert entry == Entry("a", "n2", 5.0, 2, None, "", 2)


def test_the_progress_says_counts_rate_and_time_left() -> None:
    line = batch.progress({"succeeded": 1180, "failed": 20}, total=5000, active=200, new=60, seconds=30)

    assert line == (
        "1,200 of 5,000 inputs are done (1,180 succeeded, 20 failed); 200 executions are going; 2 a second, so about 32 min "
        "left."
    )
    assert batch.counted(["", "succeeded", State.FAILED.value, "succeeded"]) == {
        "succeeded": 2,
        "not_started": 1,
        "failed": 1,
    }
