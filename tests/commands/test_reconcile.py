"""``reconcile``: what is left over of tasks that have ended, and what is stopped of it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.commands import orphans
from airflow_workflow_providers.commands.orphans import place_of
from airflow_workflow_providers.emulator import Emulator
from dev.vendors import ALTOSTRAT, DATALAB, DATALAB_PIPELINES, REFOLD, VendorCase
from tests.commands.airflow_server import AirflowServer
from tests.commands.conftest import Command, Result
from tests.contract.crash import EXECUTION_ID, kill_process
from tests.fake_airflow import Task

#: The exit codes.
NOTHING, ERROR, FOUND = 0, 1, 3


def waiting(vendor: VendorCase = REFOLD, workflow: str | None = None, **options: Any) -> Task:
    """Return a task whose execution goes on."""
    task = Task(lambda: vendor.task(workflow or vendor.goes_on, deferrable=True, **options))
    with suppress(TaskDeferred):
        task.execute()
    return task


def ended(
    airflow: AirflowServer, vendor: VendorCase, task: Task, state: str = "failed", **given: Any
) -> dict[str, Any]:
    """Add a task to Airflow that has ended there, and return what the server has of it."""
    return airflow.add(vendor.operator.__name__, state=state, store=dict(task.store or {}), **given)


def reconcile(
    command: Command, *arguments: str, vendor: VendorCase = REFOLD, answer: str = ""
) -> tuple[list[dict[str, Any]], Result]:
    conn_id = f"{vendor.conn_type}_default"
    result = command("reconcile", "--conn-id", conn_id, "--output", "json", *arguments, answer=answer)
    return json.loads(result.out) if result.out else [], result


def stops(emulator: Emulator, vendor: VendorCase = REFOLD) -> list[int]:
    return [run["stops"] for run in emulator.runs(vendor.conn_type)]


# -- executions that go on ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped", "removed"])
def test_an_execution_that_goes_on_after_the_end_of_its_task_is_found(
    airflow: AirflowServer, command: Command, emulator: Emulator, state: str
) -> None:
    task = waiting()
    ended(airflow, REFOLD, task, state)

    ([row], result) = reconcile(command)

    assert result.code == FOUND
    assert (row["found"], row["execution_id"], row["task_state"]) == (
        "running",
        task.xcom["execution_id"],
        state,
    )
    assert stops(emulator) == [0]


@pytest.mark.parametrize("state", ["running", "deferred", "up_for_retry", "queued", None])
def test_a_task_that_has_not_ended_is_left_alone(
    airflow: AirflowServer, command: Command, emulator: Emulator, state: str | None
) -> None:
    ended(airflow, REFOLD, waiting(), state)
    before = len(emulator.requests())

    rows, result = reconcile(command, "--include-success")

    assert (rows, result.code, len(emulator.requests())) == ([], NOTHING, before)


def test_executions_that_have_ended_or_that_the_vendor_has_forgotten_are_not_found(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    emulator.configure("refold", unknown_execution="404")
    task = Task(lambda: REFOLD.task(REFOLD.fails))
    with suppress(Exception):
        task.execute()
    ended(airflow, REFOLD, task)
    forgotten = waiting(task_id="forgotten")
    assert forgotten.store is not None
    forgotten.store["workflow_execution"]["execution_id"] = "6a314c54d4616e99e7fa5a02"
    ended(airflow, REFOLD, forgotten, task_id="forgotten")

    rows, result = reconcile(command)

    assert (rows, result.code) == ([], NOTHING), result.err


def test_the_execution_of_a_task_that_has_succeeded_is_found_only_if_that_is_wanted(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    """With ``wait_for_completion=False`` it goes on by intention."""
    task = Task(lambda: REFOLD.task(REFOLD.goes_on, wait_for_completion=False))
    task.execute()
    ended(airflow, REFOLD, task, "success")

    assert reconcile(command)[1].code == NOTHING
    assert reconcile(command, "--include-success")[1].code == FOUND


def test_what_cannot_be_checked_is_said_and_is_not_nothing(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    """The connection leads to another account now: there the id may be somebody else's execution."""
    task = waiting()
    assert task.store is not None
    task.store["workflow_execution"]["account"]["base_url"] = "https://elsewhere.example"
    ended(airflow, REFOLD, task)
    before = len(emulator.requests())

    rows, result = reconcile(command)

    assert (rows, result.code, len(emulator.requests())) == ([], ERROR, before)
    assert "another account" in result.err


def test_a_vendor_that_does_not_respond_is_not_asked_about_every_execution(
    airflow: AirflowServer, command: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "CHECKERS", 1)
    monkeypatch.setattr(orphans, "RETRY_FOR", 0.0)
    for number in range(30):
        ended(airflow, REFOLD, waiting(), map_index=number)
    before = len(emulator.requests("refold", "get"))
    emulator.fail("refold", "get", "server_error", times=None)

    rows, result = reconcile(command)

    assert (rows, result.code) == ([], ERROR)
    assert "other 22 executions were not checked" in result.err
    assert orphans.MOST_UNAVAILABLE <= len(emulator.requests("refold", "get")) - before < 30


@pytest.mark.parametrize(
    ("arguments", "answer", "stopped"), [((), "y\n", 1), ((), "n\n", 0), (("--yes",), "", 1)]
)
def test_cancel_stops_what_goes_on_after_a_yes(
    airflow: AirflowServer,
    command: Command,
    emulator: Emulator,
    arguments: tuple[str, ...],
    answer: str,
    stopped: int,
) -> None:
    task = waiting()
    ended(airflow, REFOLD, task)

    ([row], result) = reconcile(command, "--cancel", *arguments, answer=answer)

    assert result.code == FOUND
    assert stops(emulator) == [stopped]
    assert ("was asked to stop" in row["detail"]) == bool(stopped)
    assert str(task.xcom["execution_id"]) in result.err or arguments
    # What was asked to stop is not left over, also while it is stopping.
    assert reconcile(command)[1].code == (NOTHING if stopped else FOUND)


def test_a_task_that_was_cleared_while_the_person_was_asked_keeps_its_execution(
    airflow: AirflowServer, command: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = ended(airflow, REFOLD, waiting(), map_index=2)

    def clear(_question: str) -> bool:
        task["state"] = "running"
        return True

    monkeypatch.setattr("airflow_workflow_providers.commands.executions.confirmed", clear)

    ([row], _) = reconcile(command, "--cancel")

    assert stops(emulator) == [0]
    assert "running" in row["detail"]


def test_an_execution_that_the_vendor_cannot_stop_is_named(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    ended(airflow, DATALAB, waiting(DATALAB))

    ([row], result) = reconcile(command, "--cancel", "--yes", vendor=DATALAB)

    assert (row["found"], result.code) == ("running", FOUND)
    assert "cannot stop it" in row["detail"]


def test_each_execution_of_a_batch_is_checked_that_has_not_ended(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    workflows = (REFOLD.succeeds, REFOLD.goes_on, REFOLD.goes_on)
    inputs = [{REFOLD.workflow: workflow, "payload": {"n": n}} for n, workflow in enumerate(workflows)]
    task = Task(lambda: REFOLD.batch(inputs, timeout=1.0, cancel_on_timeout=False))
    with suppress(Exception):
        task.execute()
    airflow.add(REFOLD.batch_operator.__name__, state="failed", store=dict(task.store or {}))
    before = len(emulator.requests("refold", "get"))

    rows, result = reconcile(command)

    assert result.code == FOUND, result.err
    assert [(row["found"], row["batch_index"]) for row in rows] == [("running", 1), ("running", 2)]
    assert len(emulator.requests("refold", "get")) == before + 2


# -- starts whose response was lost -------------------------------------------------------------------------------------------


def lost(vendor: VendorCase) -> Task:
    """Return a task whose process was killed after the start was sent, and before its id was stored."""
    task = Task(lambda: vendor.task(vendor.goes_on, **vendor.with_nonce), retries=1)
    kill_process(task, EXECUTION_ID, stored=False)
    return task


@pytest.mark.parametrize("vendor", [REFOLD, ALTOSTRAT, DATALAB_PIPELINES], ids=str)
def test_the_execution_of_a_lost_start_is_found_by_its_nonce(
    airflow: AirflowServer, command: Command, emulator: Emulator, vendor: VendorCase
) -> None:
    emulator.configure(vendor.conn_type, **vendor.shows_nonce)
    ended(airflow, vendor, lost(vendor), rendered={vendor.workflow: vendor.goes_on})
    (run,) = emulator.runs(vendor.conn_type)

    ([row], result) = reconcile(command, vendor=vendor)

    assert result.code == FOUND
    assert (row["found"], row["execution_id"]) == ("lost", run["execution_id"])
    assert row["status"]


def test_a_lost_start_that_is_found_can_be_stopped(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    emulator.configure("refold", **REFOLD.shows_nonce)
    ended(airflow, REFOLD, lost(REFOLD))

    reconcile(command, "--cancel", "--yes")

    assert stops(emulator) == [1]


def test_a_lost_start_that_nobody_can_find_is_named_with_its_label(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    """Refold's console shows the label, and its list does not."""
    task = lost(REFOLD)
    ended(airflow, REFOLD, task)
    assert task.store is not None

    ([row], result) = reconcile(command)

    assert (row["found"], row["execution_id"], result.code) == ("lost", None, FOUND)
    assert task.store["workflow_execution"]["label"] in row["detail"]


def test_a_lost_start_of_an_unknown_workflow_says_why_it_was_not_searched_for(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    """Airflow deletes the rendered parameters of older DAG runs."""
    emulator.configure("altostrat", **ALTOSTRAT.shows_nonce)
    ended(airflow, ALTOSTRAT, lost(ALTOSTRAT))

    ([row], _) = reconcile(command, vendor=ALTOSTRAT)

    assert row["execution_id"] is None
    assert "workflow_id" in row["detail"]


# -- outputs ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def outputs(tmp_path: Path, emulator: Emulator, airflow: AirflowServer) -> Path:
    """Return a folder with the outputs of a task and of a batch, which Airflow knows."""
    day = tmp_path / "out" / "2026-11-30"
    single = Task(lambda: REFOLD.task(output_path=f"file://{day}"))
    single.execute()
    ended(airflow, REFOLD, single, "success")
    named = [{**each, "output_name": f"named-{n}"} for n, each in enumerate(REFOLD.inputs(2))]
    batch = Task(lambda: REFOLD.batch(named, output_path=f"file://{day}", task_id="batch"))
    batch.execute()
    airflow.add(REFOLD.batch_operator.__name__, task_id="batch", store=dict(batch.store or {}))
    return tmp_path / "out"


def left_over(command: Command, folder: Path) -> tuple[list[str], int]:
    rows, result = reconcile(command, "--output-path", f"file://{folder}")
    return [
        Path(row["detail"].removeprefix("file://")).name for row in rows if row["found"] == "output"
    ], result.code


def test_outputs_that_a_task_or_a_manifest_names_are_not_found(command: Command, outputs: Path) -> None:
    assert len([file for file in outputs.rglob("*") if file.is_file()]) >= 4
    assert left_over(command, outputs) == ([], NOTHING)


def test_an_output_that_nothing_names_is_found_and_stays(command: Command, outputs: Path) -> None:
    (outputs / "2026-11-30" / "6a314c54d4616e99e7fa5a02").mkdir()
    orphan = outputs / "2026-11-30" / "6a314c54d4616e99e7fa5a02" / "orphan.json"
    orphan.write_text("{}")
    # It is not a manifest.
    (outputs / "notes.jsonl").write_text('{"note": 1}\n')

    found, code = left_over(command, outputs)

    assert (found, code) == (["orphan.json", "notes.jsonl"], FOUND)
    assert orphan.exists()


def test_without_its_manifest_the_outputs_of_a_batch_with_names_are_found(
    command: Command, outputs: Path
) -> None:
    (manifest,) = outputs.rglob("*.manifest.jsonl")
    manifest.unlink()

    assert len(left_over(command, outputs)[0]) == 2


def test_a_folder_that_cannot_be_used_is_an_error_before_anything_is_asked(
    command: Command, airflow: AirflowServer
) -> None:
    result = command("reconcile", "--conn-id", "refold_default", "--output-path", "nostore://bucket")

    assert (result.code, result.err.count("\n"), airflow.requests) == (ERROR, 1, [])


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ("s3://aws_default@bucket/out/a.json", "s3://other@bucket/out/a.json"),
        ("s3://bucket/out/a@b.json", "s3://aws_default@bucket/out/a@b.json"),
        ("file:///out/a.json", "/out/a.json"),
    ],
)
def test_the_connection_of_a_store_is_no_part_of_a_place(written: str, listed: str) -> None:
    assert place_of(written) == place_of(listed)
