"""The watcher of an asset: an event for each run of a workflow that has ended, whoever has started it."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from typing import Any

import pytest
from airflow.sdk import Asset
from airflow.triggers.base import BaseEventTrigger
from structlog.testing import capture_logs

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.triggers import ended
from tests.conftest import connect
from tests.contract import requests, start, text_of, until
from tests.fake_airflow import Triggerer
from tests.vendors import REFOLD, ROWS, VendorCase

pytestmark = pytest.mark.parametrize("vendor", [row for row in ROWS if row.values[0].hook.api.list_begun])

#: A watcher knows which of its events are stored.
on_3_3 = pytest.mark.skipif(not compat.CONFIRMS_EVENTS, reason="Airflow 3.3 confirms events")
with_and_without_store = pytest.mark.parametrize("store", [pytest.param(True, marks=on_3_3), False])


def watcher(vendor: VendorCase, workflow: str = "", **options: Any) -> Any:
    """Return the trigger of an asset; Refold's list knows the id of a workflow and not its alias."""
    known = workflow or vendor.succeeds
    if vendor is REFOLD:
        with closing(vendor.hook()) as hook:
            known = next(doc["_id"] for doc in hook.list_workflows(limit=100)["docs"] if doc["name"] == known)
    given = {"conn_id": f"{vendor.conn_type}_default", "workflow_id": known, "poll_interval": 0.01}
    return vendor.ended_trigger(**{**given, **options})


def readings(vendor: VendorCase, emulator: Emulator) -> int:
    """Return how often the list was read."""
    return len(requests(emulator, vendor, vendor.list_statuses))


async def read_again(vendor: VendorCase, emulator: Emulator) -> None:
    """Return when the list was read twice more, so that all that it shows now has been seen."""
    before = readings(vendor, emulator)
    await until(lambda: readings(vendor, emulator) >= before + 3)


async def begun(vendor: VendorCase, emulator: Emulator, runs: int, workflow: str = "") -> list[str]:
    """Start runs that go on, and return their ids once the watcher has read the list."""
    started = [await asyncio.to_thread(start, vendor, workflow or vendor.succeeds) for _ in range(runs)]
    await read_again(vendor, emulator)
    return started


@with_and_without_store
def test_each_end_is_one_event(vendor: VendorCase, emulator: Emulator, store: bool) -> None:
    """However often the list shows it afterwards. The event has no output."""
    emulator.set_pace(seconds=3600)
    triggerer = Triggerer(store=store)

    async def scenario() -> list[str]:
        async with triggerer.runs(watcher(vendor)):
            started = await begun(vendor, emulator, 3)
            assert triggerer.events == []
            emulator.set_pace(seconds=0)
            await until(lambda: len(triggerer.events) >= 3)
            await read_again(vendor, emulator)
        return started

    started = asyncio.run(scenario())

    assert sorted(triggerer.ids) == sorted(started)
    for event in triggerer.events:
        assert set(event) == {
            *("version", "workflow_id", "execution_id", "state", "status"),
            *("started_at", "ended_at"),
        }
        assert (event["version"], event["state"]) == (1, "succeeded")
        assert event["started_at"].endswith("+00:00")


@with_and_without_store
def test_the_history_is_no_event_and_what_goes_on_is(
    vendor: VendorCase, emulator: Emulator, store: bool
) -> None:
    emulator.set_pace(seconds=0)
    over = start(vendor, vendor.succeeds)
    with closing(vendor.hook()) as hook:
        assert hook.get_status(over).is_terminal
    emulator.set_pace(seconds=3600)
    goes_on = start(vendor, vendor.succeeds)
    triggerer = Triggerer(store=store)

    async def scenario() -> None:
        async with triggerer.runs(watcher(vendor)):
            await read_again(vendor, emulator)
            assert triggerer.events == []
            emulator.set_pace(seconds=0)
            await until(lambda: triggerer.events)
            await read_again(vendor, emulator)

    asyncio.run(scenario())

    assert triggerer.ids == [goes_on]


@with_and_without_store
def test_with_since_the_history_from_then_on_is_an_event(
    vendor: VendorCase, emulator: Emulator, store: bool
) -> None:
    emulator.set_pace(seconds=0)
    started = [start(vendor, vendor.succeeds) for _ in range(2)]
    triggerer = Triggerer(store=store)

    async def scenario() -> None:
        async with triggerer.runs(watcher(vendor, since="2001-09-09T01:46:40")):
            await until(lambda: len(triggerer.events) >= 2)
            await read_again(vendor, emulator)

    asyncio.run(scenario())

    assert triggerer.ids == started


@on_3_3
def test_a_watcher_that_is_killed_after_an_event_that_is_not_stored_sends_it_again(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Airflow was told of the events, and died before they were in its database. Those before them are not sent again."""
    emulator.set_pace(seconds=3600)
    triggerer = Triggerer()

    async def scenario() -> tuple[list[str], list[str]]:
        async with triggerer.runs(watcher(vendor)):
            stored = await begun(vendor, emulator, 2)
            emulator.set_pace(seconds=0)
            await until(lambda: len(triggerer.events) >= 2)
            emulator.set_pace(seconds=3600)
            lost = await begun(vendor, emulator, 2)
            triggerer.stores_events = False
            emulator.set_pace(seconds=0)
            await until(lambda: len(triggerer.not_stored) >= 2)
            await read_again(vendor, emulator)
        triggerer.stores_events = True
        async with triggerer.runs(watcher(vendor)):
            await until(lambda: len(triggerer.events) >= 4)
            await read_again(vendor, emulator)
        return stored, lost

    stored, lost = asyncio.run(scenario())

    assert sorted(event["execution_id"] for event in triggerer.not_stored) == sorted(lost)
    assert sorted(triggerer.ids) == sorted([*stored, *lost])


@on_3_3
def test_what_ends_while_no_triggerer_runs_is_an_event_afterwards(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Also a run that has begun meanwhile. What was an event before is not sent again."""
    emulator.set_pace(seconds=3600)
    triggerer = Triggerer()

    async def scenario() -> list[str]:
        async with triggerer.runs(watcher(vendor)):
            started = await begun(vendor, emulator, 2)
        emulator.set_pace(seconds=0)
        started.append(await asyncio.to_thread(start, vendor, vendor.succeeds))
        for _ in range(2):
            # Another interval is still the same watcher.
            async with triggerer.runs(watcher(vendor, poll_interval=0.02)):
                await until(lambda: len(triggerer.events) >= 3)
                await read_again(vendor, emulator)
        return started

    started = asyncio.run(scenario())

    assert sorted(triggerer.ids) == sorted(started)


def test_only_the_wanted_states_are_events(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)
    failed = start(vendor, vendor.fails)
    since = {"since": "2001-09-09T01:46:40"}

    async def events(*states: str) -> list[Any]:
        triggerer = Triggerer(store=False)
        async with triggerer.runs(watcher(vendor, vendor.fails, states=states, **since)):
            await read_again(vendor, emulator)
        return triggerer.events

    assert asyncio.run(events("succeeded", "partial", "stopped")) == []
    (event,) = asyncio.run(events("failed", "succeeded"))
    assert (event["execution_id"], event["state"]) == (failed, "failed")


@pytest.mark.parametrize(
    ("fault", "options"),
    [("status", {"status": 503}), ("rate_limit", {"retry_after": 0}), ("html", {}), ("reset", {})],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("of_list", [True, False], ids=["list", "check"])
def test_a_failure_in_passing_is_survived_and_logged_once(
    vendor: VendorCase, emulator: Emulator, of_list: bool, fault: str, options: dict[str, Any]
) -> None:
    emulator.set_pace(seconds=3600)
    triggerer = Triggerer(store=False)
    operation = vendor.list_statuses if of_list else vendor.get_status

    async def scenario() -> list[str]:
        async with triggerer.runs(watcher(vendor)):
            started = await begun(vendor, emulator, 1)
            emulator.fail(vendor.conn_type, str(operation), fault, times=3, **options)
            emulator.set_pace(seconds=0)
            await until(lambda: triggerer.events)
            await read_again(vendor, emulator)
        return started

    with capture_logs() as logs:
        started = asyncio.run(scenario())

    assert triggerer.ids == started
    warnings = [str(entry["event"]) for entry in logs if entry["log_level"] in ("warning", "error")]
    assert len(warnings) == 1, warnings


def test_rejected_credentials_are_logged_once_and_tried_again_with_the_connection_as_it_is_then(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended, "REJECTED_PAUSE", 0.05)
    emulator.set_pace(seconds=3600)
    triggerer = Triggerer(store=False)

    async def scenario() -> list[str]:
        async with triggerer.runs(watcher(vendor)):
            started = await begun(vendor, emulator, 1)
            emulator.revoke(vendor.conn_type)
            emulator.set_pace(seconds=0)
            before = readings(vendor, emulator)
            await until(lambda: readings(vendor, emulator) >= before + 4)
            assert triggerer.events == []
            connect(monkeypatch, vendor, emulator)
            await until(lambda: triggerer.events)
        return started

    with capture_logs() as logs:
        started = asyncio.run(scenario())

    assert triggerer.ids == started
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert len(errors) == 1
    assert not any(secret in text_of(logs) for secret in emulator.secrets())


def test_a_watcher_reads_the_list_at_its_interval(vendor: VendorCase, emulator: Emulator) -> None:
    """Another watcher of the same connection, which reads often, changes nothing."""
    slow, fast = watcher(vendor, poll_interval=3600), watcher(vendor, vendor.fails)

    async def scenario() -> None:
        async with Triggerer(store=False).runs(slow), Triggerer(store=False).runs(fast):
            await until(lambda: readings(vendor, emulator) >= 6)

    asyncio.run(scenario())

    of_slow = [
        each
        for each in requests(emulator, vendor, vendor.list_statuses)
        if slow.workflow_id in f"{each['path']} {each['query']}"
    ]
    assert len(of_slow) == 1


@on_3_3
def test_what_was_seen_in_another_account_is_not_used(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ids of one account mean nothing in another: the watch begins anew, and says so."""
    emulator.set_pace(seconds=3600)
    triggerer = Triggerer()

    async def scenario() -> None:
        async with triggerer.runs(watcher(vendor)):
            (run,) = await begun(vendor, emulator, 1)
        host = str(emulator.connection(vendor.conn_type)["host"])
        connect(monkeypatch, vendor, emulator, {"host": host.replace("127.0.0.1", "localhost")})
        emulator.set_pace(seconds=0)
        with closing(vendor.hook()) as hook:
            assert hook.get_status(run).is_terminal
        async with triggerer.runs(watcher(vendor)):
            await read_again(vendor, emulator)

    with capture_logs() as logs:
        asyncio.run(scenario())

    assert triggerer.events == []
    assert "another account" in text_of(logs)


@on_3_3
def test_a_watcher_of_several_assets_is_stored_with_each(vendor: VendorCase, emulator: Emulator) -> None:
    from airflow.sdk.execution_time.context import AssetStateStoreAccessors  # noqa: PLC0415  # Airflow 3.3

    trigger = watcher(vendor)
    trigger.asset_state_store = AssetStateStoreAccessors(inlets=[Asset("one"), Asset("other")])

    assert [repr(each) for each in compat.asset_stores(trigger)] == [
        "<AssetStateStoreAccessor name='one'>",
        "<AssetStateStoreAccessor name='other'>",
    ]


@on_3_3
def test_a_store_that_fails_stops_no_event(vendor: VendorCase, emulator: Emulator) -> None:
    """What could not be stored is stored later. Without what was stored nothing begins, because ends would be lost."""
    emulator.set_pace(seconds=3600)
    triggerer = Triggerer()
    assert triggerer.store is not None

    async def scenario() -> list[str]:
        triggerer.store.fails = True
        async with triggerer.runs(watcher(vendor)):
            await until(lambda: triggerer.store.attempts >= 3)
            assert readings(vendor, emulator) == 0
            triggerer.store.fails = False
            started = await begun(vendor, emulator, 1)
            triggerer.store.fails = True
            emulator.set_pace(seconds=0)
            await until(lambda: triggerer.events)
            triggerer.store.fails = False
            await read_again(vendor, emulator)
        async with triggerer.runs(watcher(vendor)):
            await read_again(vendor, emulator)
        return started

    assert asyncio.run(scenario()) == triggerer.ids


def test_nothing_that_is_kept_or_logged_has_a_secret(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)
    start(vendor, vendor.succeeds)
    triggerer = Triggerer(store=compat.CONFIRMS_EVENTS)
    trigger = watcher(vendor, since="2001-09-09T01:46:40")

    async def scenario() -> None:
        async with triggerer.runs(trigger):
            await until(lambda: triggerer.events)
            await read_again(vendor, emulator)

    with capture_logs() as logs:
        asyncio.run(scenario())

    kept = json.dumps([triggerer.events, triggerer.store, trigger.serialize(), repr(trigger), str(logs)])
    assert [secret for secret in emulator.secrets() if secret in kept] == []


def test_airflow_knows_a_watcher_again_by_its_parameters(vendor: VendorCase, emulator: Emulator) -> None:
    """They are plain JSON, and the same in each parse of the file."""
    made = [watcher(vendor, states={"failed", "succeeded"}, since="2026-01-31T06:00:00Z") for _ in range(2)]

    assert isinstance(made[0], BaseEventTrigger)
    (path, kwargs), second = (each.serialize() for each in made)
    assert (path, kwargs) == second
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert kwargs["since"] == "2026-01-31T06:00:00.000+00:00"
    assert BaseEventTrigger.hash(path, kwargs) == BaseEventTrigger.hash(*type(made[0])(**kwargs).serialize())


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"workflow_id": ""}, "workflow_id"),
        ({"workflow_id": None}, "workflow_id"),
        ({"conn_id": ""}, "conn_id"),
        ({"states": []}, "states"),
        ({"states": "succeeded"}, "states"),
        ({"states": ["running"]}, "states"),
        ({"states": [7]}, "states"),
        ({"states": None}, "states"),
        ({"poll_interval": -1}, "poll_interval"),
        ({"poll_interval": "60"}, "poll_interval"),
        ({"since": "soon"}, "since"),
        ({"since": 7}, "since"),
    ],
    ids=repr,
)
def test_invalid_input_is_rejected_when_the_dag_is_parsed(
    vendor: VendorCase, emulator: Emulator, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named):
        vendor.ended_trigger(**{"conn_id": "c", "workflow_id": "w", **wrong})
