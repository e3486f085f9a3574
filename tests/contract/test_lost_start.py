"""Guarantee 1: the process dies after the intent is stored. The start is lost, or the vendor's own data prove which run it is."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, requests, runs, signal_once, starts, text_of
from tests.contract.crash import EXECUTION_ID, INTENT, kill_process
from tests.fake_airflow import Task
from tests.vendors import ALTOSTRAT, REFOLD, ROWS, VendorCase
from tests.vendors.facts import FACTS

SAME = {"site": "site_456"}

#: The vendors whose lists can prove that a run is ours.
vendors_with_proof = pytest.mark.parametrize(
    "vendor", [row for row in ROWS if row.values[0].hook.api.find_started]
)


def task_with_nonce(vendor: VendorCase, **options: Any) -> Any:
    """Return a task whose start carries a nonce besides an input."""
    return vendor.task(**{**vendor.input_of("site_456"), **vendor.with_nonce}, **options)


@blocking_and_deferred
@pytest.mark.parametrize("sent", [False, True], ids=["not sent", "sent"])
def test_a_start_of_which_only_the_intent_is_stored_is_lost(
    vendor: VendorCase, emulator: Emulator, deferrable: bool, sent: bool
) -> None:
    """No later try sends anything. The error says when the run began, if it exists, and what to do."""
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=3)
    kill_process(task, EXECUTION_ID if sent else INTENT, stored=not sent)
    assert len(starts(emulator, vendor)) == sent

    with pytest.raises(
        errors.LostStart, match=r"a run may exist.*begun at \d{4}-\d\d-\d\dT.*clear this task, or use it"
    ):
        task.try_once()

    assert len(starts(emulator, vendor)) == sent


def test_the_error_of_a_lost_start_names_the_label_of_the_run(emulator: Emulator) -> None:
    """A person finds a Refold run by this tag in Refold's console."""
    task = Task(lambda: REFOLD.task(REFOLD.goes_on), retries=1)
    kill_process(task, EXECUTION_ID, stored=False)

    with pytest.raises(errors.LostStart) as lost:
        task.try_once()

    (run,) = runs(emulator, REFOLD)
    assert run["tag"].split()[0] == re.search("'(airflow-[0-9a-f]{32})'", str(lost.value))[1]


@blocking_and_deferred
def test_an_author_can_let_a_retry_submit_a_new_run(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """``on_lost_start="resubmit"``, after the process died and after the response was lost."""
    task = Task(lambda: vendor.task(deferrable=deferrable, on_lost_start="resubmit"), retries=2)
    kill_process(task, EXECUTION_ID, stored=False)
    emulator.fail(vendor.conn_type, vendor.start, "lost_response")

    record = task.run()

    assert [type(error) for error in task.errors] == [errors.UncertainStart]
    assert [run["execution_id"] for run in runs(emulator, vendor)][2:] == [record["execution_id"]]


@vendors_with_proof
@blocking_and_deferred
@pytest.mark.parametrize("lost", ["response", "process"])
def test_a_run_that_the_vendors_own_data_prove_to_be_ours_is_used(
    vendor: VendorCase, emulator: Emulator, deferrable: bool, lost: str
) -> None:
    """There is one run, and the task returns its record."""
    emulator.configure(vendor.conn_type, **vendor.shows_nonce)
    task = Task(lambda: task_with_nonce(vendor, deferrable=deferrable), retries=1)
    if lost == "process":
        kill_process(task, EXECUTION_ID, stored=False)
    else:
        emulator.fail(vendor.conn_type, vendor.start, "lost_response")

    record = task.run()

    assert record["state"] == "succeeded"
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


@pytest.mark.every_vendor
@blocking_and_deferred
@pytest.mark.parametrize("nonce_key", [None, "airflow"])
def test_a_run_with_the_same_input_proves_nothing(
    emulator: Emulator, deferrable: bool, nonce_key: str | None
) -> None:
    """Another task starts the same Altostrat workflow with the same context at the same time; our start never arrives."""
    emulator.configure("altostrat", trigger_payload="shown")
    Task(lambda: ALTOSTRAT.task(context=SAME, nonce_key=nonce_key)).run()
    emulator.fail("altostrat", "execute", "lost_response", carry_out=False)
    task = Task(lambda: ALTOSTRAT.task(context=SAME, nonce_key=nonce_key, deferrable=deferrable), retries=1)

    with pytest.raises(errors.LostStart):
        task.run()

    assert len(runs(emulator, ALTOSTRAT)) == 1


@pytest.mark.every_vendor
def test_no_run_is_searched_for_without_a_nonce(emulator: Emulator) -> None:
    """Nothing that Altostrat shows could prove which run it is."""
    emulator.configure("altostrat", trigger_payload="shown")
    emulator.fail("altostrat", "execute", "lost_response")

    with pytest.raises(errors.LostStart):
        Task(lambda: ALTOSTRAT.task(context=SAME), retries=1).run()

    assert requests(emulator, ALTOSTRAT, "list") == []


@pytest.mark.every_vendor
def test_a_nonce_is_new_for_each_start_and_not_part_of_the_input(emulator: Emulator) -> None:
    """A retry reattaches to the run of the first try, whose context has another nonce."""
    task = Task(
        lambda: ALTOSTRAT.task(ALTOSTRAT.goes_on, context=SAME, nonce_key="airflow", timeout=1.0), retries=1
    )
    with pytest.raises(errors.ExecutionTimedOut):
        task.run()
    task.clear()
    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    first, second = (run["input"] for run in runs(emulator, ALTOSTRAT))
    assert task.tries == 4
    assert first.keys() == second.keys() == {"site", "airflow"}
    assert first["airflow"] != second["airflow"]


@vendors_with_proof
def test_a_run_is_found_on_any_page_of_the_list(vendor: VendorCase, emulator: Emulator) -> None:
    """Others start more runs in the same minute than two pages show."""
    emulator.configure(vendor.conn_type, **vendor.shows_nonce)
    emulator.set_pace(seconds=0)
    search = FACTS[vendor.name].search
    more = 2 * search.page_size + 10
    task = Task(lambda: task_with_nonce(vendor), retries=1)
    if search.newest_first:  # the others come after ours
        kill_process(task, EXECUTION_ID, stored=False)
    with closing(vendor.hook()) as hook:
        for _ in range(more):
            hook.send(vendor.task().build_start_request(60.0))
    if not search.newest_first:
        kill_process(task, EXECUTION_ID, stored=False)

    record = task.try_once()

    assert record["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == more + 1
    assert len(requests(emulator, vendor, search.operation)) >= 3


@vendors_with_proof
def test_a_start_stays_lost_if_execution_timeout_comes_during_the_search(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """On an Airflow without a state store, Airflow's own error would let a retry start a second run."""
    emulator.configure(vendor.conn_type, **vendor.shows_nonce)
    emulator.fail(vendor.conn_type, vendor.start, "lost_response")
    listed = FACTS[vendor.name].search.operation
    emulator.fail(vendor.conn_type, listed, "hang")
    task = Task(lambda: task_with_nonce(vendor), retries=1, store=False)

    def execution_timeout() -> None:
        raise AirflowTaskTimeout("Timeout")

    with (
        signal_once(lambda: requests(emulator, vendor, listed), execution_timeout),
        pytest.raises(errors.LostStart),
    ):
        task.run()

    assert len(starts(emulator, vendor)) == 1


@vendors_with_proof
def test_a_start_stays_lost_if_the_list_cannot_be_read(vendor: VendorCase, emulator: Emulator) -> None:
    """The log says why nothing was found."""
    emulator.configure(vendor.conn_type, **vendor.shows_nonce)
    emulator.fail(vendor.conn_type, FACTS[vendor.name].search.operation, "html", times=None)
    task = Task(lambda: task_with_nonce(vendor), retries=1)
    kill_process(task, EXECUTION_ID, stored=False)

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.LostStart):
        task.try_once()

    assert text_of(logs).count("Whether the run exists could not be determined") == 1
