"""Which executions of Refold are events for an asset: those that others have started."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.emulator import Emulator
from tests.contract import start
from tests.contract.test_events import read_again, watcher
from tests.fake_airflow import Task, Triggerer
from tests.vendors import REFOLD

SINCE = {"since": "2001-09-09T01:46:40"}


@pytest.mark.parametrize(
    ("shown", "options", "seen"),
    [
        ("shown", {}, {"of others"}),
        ("shown", {"include_airflow_runs": True}, {"of others", "of a task"}),
        # Refold does not document that a list shows the label.
        ("hidden", {}, {"of others", "of a task"}),
    ],
)
def test_an_execution_that_a_task_has_started_is_no_event_if_the_list_shows_its_label(
    emulator: Emulator, shown: str, options: dict[str, Any], seen: set[str]
) -> None:
    """With ``include_airflow_runs`` it is. One that carries another label is."""
    emulator.configure("refold", tag=shown)
    emulator.set_pace(seconds=0)
    with closing(REFOLD.hook()) as hook:
        other = hook.execute_workflow(
            "sync-contacts", slug="hubspot", payload={"email": "a@b.c"}, instance_tag="airflow-nightly"
        )
    task = Task(lambda: REFOLD.task("sync-contacts")).run()
    # The emulator knows a workflow by its alias and by its id.
    names = {other.execution_id: "of others", task["execution_id"]: "of a task"}
    triggerer = Triggerer(store=False)

    async def scenario() -> None:
        async with triggerer.runs(watcher(REFOLD, **SINCE, **options)):
            await read_again(REFOLD, emulator)

    asyncio.run(scenario())

    assert {names[each] for each in triggerer.ids} == seen


def test_the_watcher_acts_for_the_linked_account_that_is_chosen(emulator: Emulator) -> None:
    """The executions of another account are none of its own."""
    emulator.set_pace(seconds=0)
    start(REFOLD, "sync-contacts")
    trigger = watcher(REFOLD, linked_account_id="customer_1", **SINCE)
    triggerer = Triggerer(store=False)

    async def scenario() -> None:
        async with triggerer.runs(trigger):
            await read_again(REFOLD, emulator)

    asyncio.run(scenario())

    assert trigger.serialize()[1]["linked_account_id"] == "customer_1"
    assert triggerer.events == []


@pytest.mark.parametrize("value", ["False", None, 1])
def test_include_airflow_runs_is_true_or_false(emulator: Emulator, value: Any) -> None:
    with pytest.raises(InvalidInput, match="include_airflow_runs"):
        watcher(REFOLD, include_airflow_runs=value)
