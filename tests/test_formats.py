"""
What Airflow stores of this package, and what a later release must read: trigger parameters, events, deferrals, starts.

``tests/formats`` has one file for each release, with what that release writes. A file of a release is never changed; a
release that writes something else adds a file. It has the trigger once, with places for the vendor, so that a new vendor
changes no file; ``own_kwargs`` are the parameters that only one vendor's trigger has, and ``more_names`` those triggers that no row of
``dev.vendors`` has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.snapshot import KEY as SNAPSHOT_KEY
from airflow_workflow_providers.core.snapshot import BatchSnapshot, Snapshot
from airflow_workflow_providers.core.start import StartRecord
from airflow_workflow_providers.core.waiter import Waiter, WaitResult
from airflow_workflow_providers.core.watcher import EndedRun, Watcher
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.batch_store import BatchStore
from airflow_workflow_providers.operators.start_store import KEY, UPLOADS_KEY, StartStore
from airflow_workflow_providers.operators.waiting import WaitingOperator
from airflow_workflow_providers.outputs.manifest import BatchManifest, manifest_line
from airflow_workflow_providers.triggers.batch import ENDED_KEY, RUNS_KEY, batch_event
from dev.vendors import CASES, NAMES, VendorCase
from tests.fake_airflow import StateStore, Task

FORMATS = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "formats").glob("*.json")
}
THIS_RELEASE = metadata.version("airflow-workflow-providers")

every_release = pytest.mark.parametrize("release", FORMATS.values(), ids=FORMATS)


def loaded(path: str, kwargs: dict[str, Any]) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)(**kwargs)


def triggers(release: dict[str, Any]) -> Iterator[tuple[VendorCase, str, dict[str, Any]]]:
    """Yield each vendor that has a trigger, with the class and the parameters as the release stores them."""
    trigger = release["trigger"]
    for case in CASES.values():
        if case.get_status:
            vendor = case.conn_type
            name = trigger["other_names"].get(case.name, NAMES[vendor][0])
            conn_id = trigger["kwargs"]["conn_id"].format(vendor=vendor)
            path = trigger["path"].format(vendor=vendor, name=name)
            own = trigger["own_kwargs"].get(vendor, {})
            yield case, path, {**trigger["kwargs"], **own, "conn_id": conn_id}


def start_store(store: StateStore) -> StartStore:
    return StartStore({"ti": SimpleNamespace(max_tries=2), "task_state_store": store})


@every_release
def test_a_task_that_was_deferred_under_an_earlier_release_continues(release: dict[str, Any]) -> None:
    """Its trigger loads, its event is read, and the worker continues the wait with the same deadline."""
    for _, path, kwargs in triggers(release):
        written = loaded(path, kwargs).serialize()[1]
        assert {name: written[name] for name in kwargs} == kwargs
    for event in release["events"]:
        result = WaitResult.from_event(event)
        assert (result.outcome, result.execution_id) == (event["outcome"], event["execution_id"])
        assert not result.error or errors.by_name(result.error).__name__ == result.error
    deferral = release["deferral"]
    waiter = Waiter.from_stored(deferral["kwargs"]["wait"])
    assert getattr(WaitingOperator, deferral["method_name"])
    assert (waiter.execution_id, waiter.deadline) == ("70001", 1795000000.5)


@every_release
def test_a_document_that_was_deferred_under_an_earlier_release_continues(release: dict[str, Any]) -> None:
    """Its trigger loads; convert, extract and segment have one each."""
    trigger = release["trigger"]
    for vendor, names in trigger["more_names"].items():
        kwargs = {**trigger["kwargs"], "conn_id": trigger["kwargs"]["conn_id"].format(vendor=vendor)}
        for name in names:
            path = trigger["path"].format(vendor=vendor, name=name)
            written = loaded(path, kwargs).serialize()

            assert written[0] == path
            assert {key: written[1][key] for key in kwargs} == kwargs
            assert release is not FORMATS[THIS_RELEASE] or written[1].keys() == kwargs.keys()


@every_release
def test_a_start_of_an_earlier_release_is_read(release: dict[str, Any]) -> None:
    """A retry under this release reattaches to the run."""
    for stored in release["starts"]["records"]:
        record = start_store(StateStore({release["starts"]["key"]: stored})).read()

        assert record is not None
        assert {name: record.stored()[name] for name in stored if name != "version"} == {
            name: value for name, value in stored.items() if name != "version"
        }


def test_this_release_writes_what_its_file_has(emulator: Emulator) -> None:
    """Whoever changes a format adds a file, and then the tests above show that the old one can still be read."""
    written = FORMATS[THIS_RELEASE]

    def deferral(vendor: VendorCase) -> TaskDeferred:
        with pytest.raises(TaskDeferred) as deferred:
            Task(lambda: vendor.task(deferrable=True)).execute()
        return deferred.value

    for event in written["events"]:
        assert WaitResult.from_event(event).event() == event
    for vendor, path, kwargs in triggers(written):
        assert loaded(path, kwargs).serialize() == (path, kwargs)
        deferred = deferral(vendor)
        assert deferred.trigger.serialize()[0] == path
        assert deferred.method_name == written["deferral"]["method_name"]
        assert deferred.kwargs is not None
        assert deferred.kwargs.keys() == written["deferral"]["kwargs"].keys()
    wait = written["deferral"]["kwargs"]["wait"]
    assert Waiter.from_stored(wait).stored() == wait
    for record in written["starts"]["records"]:
        assert StartRecord.from_stored(record).stored() == record
    assert written["starts"]["key"] == KEY


def test_the_records_of_a_start_are_stored_under_their_key() -> None:
    """An intent without an id first, then with the id."""
    intent, run, again = FORMATS[THIS_RELEASE]["starts"]["records"]
    store = StateStore()
    start = start_store(store)

    start.write_intent(run["fingerprint"], run["account"], nonce=run["nonce"], label=run["label"])
    stored = store[KEY]
    start.write_execution_id(run["execution_id"])

    at = {"intent_at": run["intent_at"]}
    assert {**stored, **at} == {**run, "execution_id": intent["execution_id"]}
    assert {**store[KEY], **at} == run

    start.write_intent(again["fingerprint"], again["account"], again=again["again"])
    start.write_execution_id(again["execution_id"])
    assert {**store[KEY], **at} == again


@every_release
def test_a_question_to_a_person_is_known_to_a_later_try(release: dict[str, Any]) -> None:
    """A later try under this release closes it."""
    written = StateStore()
    start_store(written).write_question()

    stored = {release["question"]["key"]: release["question"]["stored"]}
    assert start_store(StateStore(stored)).has_asked()
    assert release is not FORMATS[THIS_RELEASE] or written == stored


@every_release
def test_the_uploads_of_an_earlier_release_are_read_and_written_alike(release: dict[str, Any]) -> None:
    """A retry under this release uploads nothing again."""
    stored = release["uploads"]["stored"]
    store = StateStore({release["uploads"]["key"]: stored})
    start = start_store(store)

    files = start.read_uploads(stored["account"])
    start.write_uploads(stored["account"], files)

    assert files == stored["files"]
    assert release is not FORMATS[THIS_RELEASE] or store[UPLOADS_KEY] == stored


@pytest.mark.parametrize("record", [{}, {"version": 99, "run": "70001"}, "70001", {"intent_at": None}])
def test_a_record_of_which_nothing_is_known_is_still_a_start(record: Any) -> None:
    """A later release has written it before a downgrade: a run may exist."""
    read = start_store(StateStore({KEY: record})).read()

    assert read is not None
    assert read.execution_id is None


def batch_triggers(release: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the class of each batch's trigger, with its parameters as the release stores them."""
    trigger = release["batch"]["trigger"]
    single = release["trigger"]
    names = [(vendor, name) for vendor, more in single["more_names"].items() for name in more]
    for case in CASES.values():
        if case.get_status:
            name = single["other_names"].get(case.name, NAMES[case.conn_type][0])
            names.append((case.conn_type, name))
    for vendor, name in names:
        conn_id = trigger["kwargs"]["conn_id"].format(vendor=vendor)
        own = single["own_kwargs"].get(vendor, {})
        yield (
            trigger["path"].format(vendor=vendor, name=name),
            {**trigger["kwargs"], **own, "conn_id": conn_id},
        )


@every_release
def test_a_batch_that_was_deferred_under_an_earlier_release_continues(release: dict[str, Any]) -> None:
    """Its trigger loads, its event is read, and the worker finds what was started."""
    for path, kwargs in batch_triggers(release):
        written = loaded(path, kwargs).serialize()
        assert written[0] == path
        assert {name: written[1][name] for name in kwargs} == kwargs
        assert release is not FORMATS[THIS_RELEASE] or written[1].keys() == kwargs.keys()
    stored = release["batch"]
    keys = stored["keys"]
    values = StateStore({keys["header"]: stored["header"], keys["range"]: stored["range"]})
    batch = BatchStore(values)

    assert batch.read_header()
    batch.read_open()

    assert batch.closed == {0: {"succeeded": 99, "failed": 1}}
    assert {position: entry.execution_id for position, entry in batch.entries.items()} == {
        100: "pex_70001",
        101: None,
    }
    assert [*BatchManifest({**stored["result"], "lines": [stored["line"]]})] == [stored["line"]]


@every_release
def test_what_a_person_sees_of_a_run_goes_on_under_this_release(release: dict[str, Any]) -> None:
    """A task that was deferred before adds to it; the page reads the same fields."""
    stored = release["snapshot"]
    run = Snapshot.from_stored(stored["of_run"], "pex_70001")
    batch = BatchSnapshot.from_stored(stored["of_batch"])

    assert stored["key"] == SNAPSHOT_KEY
    assert run is not None
    assert batch is not None
    assert (run.stored(), batch.stored()) == (stored["of_run"], stored["of_batch"])


@pytest.mark.parametrize("damaged", [{"count": 1e10}, {"written": 10**10}, {"count": "many"}])
def test_a_damaged_header_of_a_batch_is_an_error_at_once(damaged: dict[str, Any]) -> None:
    """It is known before anything is sent; without a limit the worker would read for hours."""
    batch = FORMATS[THIS_RELEASE]["batch"]
    stored = StateStore({batch["keys"]["header"]: batch["header"] | damaged})

    with pytest.raises(errors.WorkflowError, match=r"cannot be read: .*So nothing was sent"):
        BatchStore(stored).read_header()


def test_this_release_writes_of_a_batch_what_its_file_has() -> None:
    written = FORMATS[THIS_RELEASE]["batch"]
    keys = written["keys"]
    values = StateStore({keys["header"]: written["header"], keys["range"]: written["range"]})
    batch = BatchStore(values)
    batch.read_header()
    batch.read_open()
    values.clear()
    batch.count = 102

    batch.write([100])
    batch.count = 150
    batch.write_header()

    assert values == {keys["header"]: written["header"], keys["range"]: written["range"]}
    assert batch_event(25) == written["event"]
    assert {name: keys[name] for name in ("runs", "ended")} == {"runs": RUNS_KEY, "ended": ENDED_KEY}
    line = written["line"]
    assert line.keys() == manifest_line(0, "f", state="succeeded").keys()


def test_a_manifest_of_another_release_is_named(tmp_path: Path) -> None:
    """It is not half read; and a line that a dead worker has left half written is named, too."""
    written = FORMATS[THIS_RELEASE]["batch"]
    with pytest.raises(errors.WorkflowError, match="version 2, and this release reads version 1"):
        BatchManifest({**written["result"], "version": 2})
    path = tmp_path / "manifest.jsonl"
    path.write_text(json.dumps(written["line"]) + "\n" + json.dumps(written["line"])[:30])

    with pytest.raises(errors.WorkflowError, match=r"Line 2 of .* is not a line of a manifest"):
        list(BatchManifest(f"file://{path}"))
    with pytest.raises(errors.WorkflowError, match="does not exist"):
        list(BatchManifest(f"file://{tmp_path}/other.jsonl"))
    with pytest.raises(errors.WorkflowError, match="not the result of a batch"):
        BatchManifest({"execution_id": "70001"})


@every_release
def test_a_watcher_of_an_earlier_release_continues(release: dict[str, Any]) -> None:
    """Airflow starts the same watcher, which finds what it has seen."""
    watcher = release["watcher"]
    for path in watcher["triggers"]:
        kwargs = {**watcher["kwargs"], **watcher["own_kwargs"].get(path, {})}
        trigger = loaded(path, kwargs)
        written = trigger.serialize()

        assert written[0] == path
        assert {name: written[1][name] for name in kwargs} == kwargs
        if release is FORMATS[THIS_RELEASE]:
            assert written[1].keys() == kwargs.keys()
            run = EndedRun(Execution("70002", State.SUCCEEDED, "COMPLETED"), 1794994800.5, None, False)
            assert trigger.event(run).keys() == watcher["event"].keys()
    read = Watcher.from_stored(watcher["stored"])
    assert read is not None
    assert release is not FORMATS[THIS_RELEASE] or read.stored() == watcher["stored"]
