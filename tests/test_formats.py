"""
What Airflow keeps of ours while people upgrade: trigger parameters, events, deferred waits, records of starts.

``tests/formats`` has a file for each release, with what it wrote. A file is never changed; a release that writes
something else adds one.
"""

from __future__ import annotations

import json
from importlib import import_module, metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.watch import Verdict, Watch
from airflow_workflow_providers.operators.start_store import KEY, StartStore
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from tests.task import StateStore
from tests.vendors import VENDORS

FORMATS = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "formats").glob("*.json")
}
NEWEST = FORMATS[max(FORMATS, key=lambda name: tuple(map(int, name.split("."))))]

every_release = pytest.mark.parametrize("release", FORMATS.values(), ids=FORMATS)


def start_store(store: StateStore, max_tries: int = 2) -> StartStore:
    return StartStore({"ti": SimpleNamespace(max_tries=max_tries), "task_state_store": store})


def test_this_release_has_a_file() -> None:
    assert metadata.version("airflow-workflow-providers") in FORMATS


@every_release
def test_a_trigger_of_every_release_still_loads(release: dict[str, Any]) -> None:
    """Tasks are deferred while the package is upgraded."""
    for path, kwargs in release["triggers"].items():
        module, _, name = path.rpartition(".")
        trigger = getattr(import_module(module), name)(**kwargs)

        assert isinstance(trigger, ExecutionTrigger)
        assert {name: trigger.serialize()[1][name] for name in kwargs} == kwargs


@every_release
def test_an_event_of_every_release_is_still_read(release: dict[str, Any]) -> None:
    """A triggerer of the old release may have fired it, and a worker of the new one gets it."""
    for event in release["events"]:
        verdict = Verdict.from_event(event)

        assert (verdict.outcome, verdict.execution_id) == (event["outcome"], "70001")
        assert verdict.error == "" or issubclass(errors.by_name(verdict.error), errors.WorkflowError)


@every_release
def test_a_wait_of_every_release_still_goes_on(release: dict[str, Any]) -> None:
    """Its deadline is the one that the task was deferred with."""
    for wait in release["waits"]:
        watch = Watch.from_stored(wait)

        assert (watch.execution_id, watch.deadline) == (wait["execution_id"], wait["deadline"])


@every_release
def test_a_start_of_every_release_is_still_read(release: dict[str, Any]) -> None:
    """A retry under the new release reattaches to a run that the old one started."""
    for stored in release["starts"].values():
        record = start_store(StateStore({KEY: stored})).read()

        assert record is not None
        assert record.execution_id == stored["execution_id"]
        assert record.intent_at == 1794999000.25
        assert record.nonce == stored.get("nonce", stored.get("label"))
        assert record.max_tries == stored["max_tries"]
        assert not record.stopped


@pytest.mark.parametrize("record", [{}, {"version": 99, "run": "70001"}, "70001", {"intent_at": None}])
def test_a_record_that_cannot_be_read_is_a_start_of_which_nothing_is_known(record: Any) -> None:
    """Of a later release, after a downgrade: it may stand for a run, so it is not nothing."""
    read = start_store(StateStore({KEY: record})).read()

    assert read is not None
    assert read.execution_id is None


def test_what_is_written_now_is_what_the_newest_file_has() -> None:
    """Whoever changes a format has to add a file, and with it the test that old ones still load."""
    store = StateStore()
    written = start_store(store)
    written.write_intent("f" * 64, NEWEST["starts"]["an intent"]["account"], nonce="airflow-1", label="mine")
    intent = dict(store[KEY])
    written.write_execution_id("70001")

    assert intent.keys() == NEWEST["starts"]["an intent"].keys()
    assert store[KEY].keys() == NEWEST["starts"]["a run"].keys()
    assert Verdict("ended", "70001").event() == NEWEST["events"][0]
    assert Watch("70001", 1795000000.5, 10.0).stored() == NEWEST["waits"][0]
    for vendor in VENDORS:
        path, kwargs = vendor.trigger(
            conn_id="c", execution_id="1", deadline=1.0, poll_interval=1.0, stop_on_kill=True
        ).serialize()
        assert kwargs.keys() == NEWEST["triggers"][path].keys()
