"""Law 1: a start is sent once, unless nothing can have started."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
)

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.laws import blocking_and_deferred, calls, runs
from tests.task import Task, outcome
from tests.vendors import Vendor


@blocking_and_deferred
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("lost_answer", {}),
        ("reset", {}),
        ("hang", {"carry_out": True}),
        ("html", {}),
        ("truncated", {}),
        ("list_body", {}),
        ("not_json", {}),
        ("server_error", {"carry_out": True}),
        ("server_error", {"status": 503}),
        ("server_error", {"status": 529}),
        ("status", {"status": 408}),
    ],
)
def test_a_start_whose_answer_was_lost_is_reported_and_not_repeated(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
    fault: str,
    options: dict[str, Any],
) -> None:
    """Whatever was lost, and however many retries the task has, the vendor is asked once."""
    if fault == "hang":
        connect(monkeypatch, vendor, emulator, read_timeout=0.4)
    emulator.fail(vendor.conn_type, vendor.start, fault, **options)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=3)

    with pytest.raises(errors.LostStart, match="a run may exist") as lost:
        task.run()

    assert isinstance(lost.value, AirflowFailException)
    assert vendor.hook.hook_name in str(lost.value)
    assert len(calls(emulator, vendor, vendor.start)) == 1
    assert task.tries == 1


@blocking_and_deferred
def test_a_start_that_was_refused_with_429_is_tried_again(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """429 says that nothing was done; the next attempt starts the one run."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=2, retry_after=0)

    assert outcome(Task(lambda: vendor.task(deferrable=deferrable)))[0] == "record"

    assert [call["status"] for call in calls(emulator, vendor, vendor.start)[:2]] == [429, 429]
    assert len(runs(emulator, vendor)) == 1


def test_a_start_that_never_left_is_tried_again_and_says_so(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at the address: every attempt is safe, and the error says that nothing was started."""
    connect(monkeypatch, vendor, emulator, vendor.at("http://127.0.0.1:9"))
    task = vendor.task()
    slept: list[float] = []
    task.hook.sleep = slept.append

    with pytest.raises(errors.Unavailable, match="Nothing was started") as down:
        task.execute(Task(lambda: task).context(task))

    assert not down.value.sent
    assert len(slept) == 4
    assert runs(emulator, vendor) == []


def test_quota_that_stays_exhausted_ends_in_an_error_with_its_retry_time(
    vendor: Vendor, emulator: Emulator
) -> None:
    """The vendor's own number reaches whoever decides on a retry."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=None, retry_after=7)
    task = vendor.task()
    slept: list[float] = []
    task.hook.sleep = slept.append

    with pytest.raises(errors.QuotaExceeded) as quota:
        task.execute(Task(lambda: task).context(task))

    assert quota.value.retry_after == 7
    assert slept == [7, 7, 7, 7]
    assert runs(emulator, vendor) == []


def test_a_start_is_not_tried_again_past_the_deadline(vendor: Vendor, emulator: Emulator) -> None:
    """A vendor that asks for more time than is left gets no second call, and the task no longer wait."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=None, retry_after=7)
    task = vendor.task(timeout=2)

    with pytest.raises(errors.QuotaExceeded, match="Nothing was started"):
        task.execute(Task(lambda: task).context(task))

    assert len(calls(emulator, vendor, vendor.start)) == 1
