"""Guarantee 1: a start is sent once, unless nothing can have been started."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.contract import blocking_and_deferred, error_of, runs, starts
from tests.fake_airflow import Task, outcome
from tests.vendors import VendorCase
from tests.vendors.facts import FACTS

#: What can happen to a start that may have reached the vendor.
LOST = [
    ("lost_response", {}),
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
]


@blocking_and_deferred
def test_a_start_whose_response_is_lost_is_reported_and_not_sent_again(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """However the response is lost, and however many retries the task has."""

    def try_it(fault: str, options: dict[str, Any]) -> tuple[object, ...]:
        connect(monkeypatch, vendor, emulator, **({"read_timeout": 1} if fault == "hang" else {}))
        before = len(starts(emulator, vendor))
        emulator.fail(vendor.conn_type, vendor.start, fault, **options)
        task = Task(lambda: vendor.task(deferrable=deferrable), retries=3)
        error = error_of(task.run)
        explained = f"{vendor.hook.hook_name} could not " in str(error) and "a run may exist" in str(error)
        return type(error), explained, task.tries, len(starts(emulator, vendor)) - before

    results = {f"{fault} {options}": try_it(fault, options) for fault, options in LOST}

    assert results == dict.fromkeys(results, (errors.LostStart, True, 1, 1))
    assert issubclass(errors.LostStart, AirflowFailException)


@blocking_and_deferred
def test_a_start_that_was_rejected_with_429_is_sent_again(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The vendor has started nothing; the third request starts the only run."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=2, retry_after=0)

    assert outcome(Task(lambda: vendor.task(deferrable=deferrable)))[0] == "record"

    assert [request["status"] for request in starts(emulator, vendor)][:2] == [429, 429]
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_a_start_that_the_server_does_not_support_has_started_nothing(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """HTTP 501 is a rejection, as 4xx is."""
    emulator.fail(vendor.conn_type, vendor.start, "status", times=None, status=501)

    with pytest.raises(errors.RequestRejected, match=r"HTTP 501.*Nothing was started"):
        Task(lambda: vendor.task(deferrable=deferrable)).run()

    assert len(starts(emulator, vendor)) == 1
    assert runs(emulator, vendor) == []


def test_a_start_that_was_never_sent_is_repeated_and_the_error_says_that_nothing_was_started(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at the address, so each attempt is safe."""
    connect(monkeypatch, vendor, emulator, vendor.at("http://127.0.0.1:9"))
    pauses: list[float] = []

    with (
        closing(vendor.hook(sleep=pauses.append)) as hook,
        pytest.raises(errors.Unavailable, match="Nothing was started") as down,
    ):
        hook.send(vendor.task().build_start_request(60.0))

    assert not down.value.sent
    assert len(pauses) == 4
    assert starts(emulator, vendor) == []


def test_a_rate_limit_that_stays_ends_in_an_error_with_the_vendors_retry_after(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """A retry policy can read it there."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=None, retry_after=7)
    pauses: list[float] = []

    with closing(vendor.hook(sleep=pauses.append)) as hook, pytest.raises(errors.RateLimited) as limited:
        hook.send(vendor.task().build_start_request(60.0))

    assert limited.value.retry_after == 7
    # No time passes here, so each attempt waits for its turn too.
    assert pauses[::2] == [7, 7, 7, 7]
    assert len(pauses) == 8
    assert runs(emulator, vendor) == []


def test_a_start_is_not_sent_again_after_the_deadline(vendor: VendorCase, emulator: Emulator) -> None:
    """The vendor asks for a longer pause than the time that is left."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=None, retry_after=7)

    with pytest.raises(errors.RateLimited, match="Nothing was started"):
        Task(lambda: vendor.task(timeout=2)).run()

    assert len(starts(emulator, vendor)) == 1


def test_a_response_with_an_unusable_id_is_a_lost_start(vendor: VendorCase, emulator: Emulator) -> None:
    """The run may exist, and nobody can read its status."""
    body = FACTS[vendor.name].started

    def try_it(bad: Any) -> type:
        emulator.fail(vendor.conn_type, vendor.start, "status", status=200, body=body(bad))
        return type(error_of(Task(vendor.task).run))

    results = {
        repr(bad): try_it(bad)
        for bad in ("", " ", ".", "..", "None", "a/b", "a\nb", "x" * 201, None, [], True)
    }

    assert results == dict.fromkeys(results, errors.LostStart)
