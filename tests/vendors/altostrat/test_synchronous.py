"""The operator of a synchronous run: one request, whose response is the result."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.apis import altostrat_starts as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowSyncOperator
from tests.conftest import connect
from tests.contract.crash import INTENT, kill_process
from tests.fake_airflow import Task
from tests.vendors import ALTOSTRAT
from tests.vendors.facts.bad_values import IDS, OBJECTS


def task(workflow: str = "fl_responds", *, retries: int = 0, store: bool = True, **options: Any) -> Task:
    """Return a task that runs a workflow synchronously."""
    options = {"task_id": "run", "workflow_id": workflow, **options}
    return Task(lambda: AltostratExecuteWorkflowSyncOperator(**options), retries=retries, store=store)


def test_the_record_is_that_of_every_task_and_one_request_is_sent(emulator: Emulator) -> None:
    record = task(payload={"site": "a"}).run()

    assert record == {
        "execution_id": None,
        "state": State.SUCCEEDED,
        "status": "HTTP 200",
        "output": {"received": {"site": "a"}, "ok": True},
        "url": None,
    }
    (request,) = emulator.requests("altostrat")
    assert (request["path"], request["body"]) == ("/workflows/sync/fl_responds", {"site": "a"})


@pytest.mark.parametrize("fault", ["lost_response", "html", "truncated", "server_error", "hang"])
def test_a_start_whose_response_is_lost_is_reported_and_not_sent_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """However many retries the task has."""
    monkeypatch.setattr(api, "SYNC_LIMIT", 0.5)
    connect(monkeypatch, ALTOSTRAT, emulator)
    emulator.fail("altostrat", "execute_sync", fault)
    lost = task(retries=3)

    with pytest.raises(
        errors.LostStart, match=r"could not run workflow fl_responds.*a run may exist"
    ) as error:
        lost.run()

    assert isinstance(error.value, AirflowFailException)
    assert (len(emulator.requests("altostrat")), lost.tries) == (1, 1)


def test_a_retry_after_a_worker_that_died_during_the_run_sends_nothing(emulator: Emulator) -> None:
    """Nobody knows whether the run exists; the author can let a retry submit again."""
    dead = task(retries=2)
    kill_process(dead, INTENT, stored=True)
    with pytest.raises(errors.LostStart, match="a run may exist"):
        dead.try_once()
    assert emulator.requests("altostrat") == []

    dead = task(retries=2, on_lost_start="resubmit")
    kill_process(dead, INTENT, stored=True)
    assert dead.try_once()["state"] == "succeeded"
    assert len(emulator.runs("altostrat")) == 1


def test_what_altostrat_rejects_was_not_started_and_a_429_is_sent_again(emulator: Emulator) -> None:
    with pytest.raises(errors.RequestRejected, match=r"no synchronous trigger.*Nothing was started"):
        task("fl_sync_sites").run()
    assert emulator.runs("altostrat") == []

    emulator.fail("altostrat", "execute_sync", "rate_limit", times=2, retry_after=0)
    assert task().run()["state"] == "succeeded"
    assert len(emulator.runs("altostrat")) == 1


def test_the_output_is_stored_in_object_storage(emulator: Emulator, tmp_path: Any) -> None:
    record = task(output_path=f"file://{tmp_path}", payload={"a": 1}).run()

    (file,) = record["output"]
    assert ObjectStoragePath(file["uri"]).read_text() == '{"received": {"a": 1}, "ok": true}'


@pytest.mark.parametrize("store", [True, False])
def test_a_result_that_cannot_be_stored_is_lost_and_the_workflow_is_not_run_again(
    emulator: Emulator, tmp_path: Any, store: bool
) -> None:
    """Also on an Airflow that stores nothing for a retry."""
    (tmp_path / "out").write_text("")
    unkept = task(output_path=f"file://{tmp_path}/out", retries=2, store=store)

    with pytest.raises(errors.LostStart, match="has run the workflow, and its result is lost"):
        unkept.run()

    assert len(emulator.runs("altostrat")) == 1


def test_bad_values_and_the_parameters_of_a_wait_are_rejected_when_the_dag_is_parsed() -> None:
    for name, values in {"workflow_id": IDS, "payload": OBJECTS}.items():
        for value in values:
            with pytest.raises(errors.InvalidInput, match=name):
                task(
                    **{"workflow": "w", name: value} if name != "workflow_id" else {"workflow": value}
                ).make()
    for name in ("deferrable", "poll_interval", "wait_for_completion"):
        with pytest.raises(TypeError, match=name):
            task(**{name: True}).make()
    with pytest.raises(errors.InvalidInput, match="cancel_on_kill does nothing for Altostrat"):
        task(cancel_on_kill=True).make()
