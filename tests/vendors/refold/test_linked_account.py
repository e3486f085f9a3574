"""``linked_account_id`` of a task: one organisation key, and a linked account for each customer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import DAG, TaskDeferred, XComArg
from airflow.sdk.execution_time import task_runner

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger
from tests.conftest import connect
from tests.contract import Airflow, blocking_and_deferred, text_of
from tests.fake_airflow import Task, first_event
from tests.vendors import REFOLD
from tests.vendors.facts.bad_values import HEADER_IDS
from tests.vendors.refold import run

#: Every class with the parameter, and what else it needs.
TASKS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (RefoldExecuteWorkflowOperator, {"workflow_id": "sync-contacts", "slug": "hubspot"}),
    (RefoldExecutionSensor, {"execution_id": "6a31"}),
    (RefoldStopExecutionOperator, {"execution_id": "6a31"}),
]
each_task = pytest.mark.parametrize(("task", "required"), TASKS)


@pytest.fixture(autouse=True)
def _customers(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connection lead to an account of its own, and every account have the workflows ``each`` and ``endless``."""
    connect(monkeypatch, REFOLD, emulator, linked_account_id="acct_connection")
    emulator.add_workflow("refold", "each", shared=True)
    emulator.add_workflow("refold", "endless", shared=True, ends=None)
    emulator.configure("refold", unknown_execution="404")


def accounts(emulator: Emulator, operation: str | None = None) -> list[str]:
    """Return the linked account of each request."""
    return [request["headers"]["linked_account_id"] for request in emulator.requests("refold", operation)]


def deferred(task: Task) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    return deferral.value


def endless(customer: Any, **options: Any) -> Task:
    return Task(lambda: REFOLD.task("endless", linked_account_id=customer, **options))


@blocking_and_deferred
def test_every_request_of_a_task_acts_for_its_linked_account(emulator: Emulator, deferrable: bool) -> None:
    """The start, the status checks and the search for the result. Without the parameter it is that of the connection."""
    emulator.configure("refold", response_node="elsewhere")
    emulator.set_pace(status_checks=3)

    record = run("each", linked_account_id="customer_1", deferrable=deferrable)
    own = set(accounts(emulator))
    run("each", deferrable=deferrable)

    assert own == {"customer_1"}
    assert record["output"] == {"received": {}, "ok": True}
    assert {request["operation"] for request in emulator.requests("refold")} == {"execute", "get", "response"}
    assert set(accounts(emulator)) == {"customer_1", "acct_connection"}


@blocking_and_deferred
def test_a_sensor_and_a_stop_act_for_their_linked_account(emulator: Emulator, deferrable: bool) -> None:
    """An id of digits may be a number. The button of a sensor has its address."""
    started = str(run("endless", linked_account_id="7", wait_for_completion=False)["execution_id"])
    options: dict[str, Any] = {"execution_id": started, "linked_account_id": 7}

    Task(lambda: RefoldStopExecutionOperator(task_id="stop", poll_interval=0.01, **options)).run()
    sensor = Task(lambda: RefoldExecutionSensor(task_id="wait", deferrable=deferrable, **options))
    with pytest.raises(errors.ExecutionStopped):
        sensor.run()

    assert set(accounts(emulator)) == {"7"}
    assert any(str(value).endswith(f"/logs#{started}") for value in sensor.xcom.values())


def test_a_hook_acts_for_its_linked_account(emulator: Emulator) -> None:
    with closing(RefoldHook(linked_account_id="customer_1")) as hook:
        execution_id = hook.execute_workflow("endless", slug="hubspot").execution_id
        hook.list_executions()
        hook.stop_execution(execution_id)

    assert set(accounts(emulator)) == {"customer_1"}


def test_a_connection_needs_no_linked_account_if_the_task_has_one(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, REFOLD, emulator, linked_account_id=None)

    assert run("each", linked_account_id="customer_1")["state"] == "succeeded"
    with pytest.raises(errors.InvalidInput, match="the parameter of each task"):
        run("each")


def test_what_a_record_says_about_its_output_works_in_the_linked_account(emulator: Emulator) -> None:
    fetch = run("each", linked_account_id="customer_1", max_inline_output=1)["output_omitted"]["fetch"]

    made, _, rest = fetch.partition(".")
    assert made == "RefoldHook('refold_default', linked_account_id='customer_1')"
    with closing(eval(made, {"RefoldHook": RefoldHook})) as hook:  # noqa: S307  # a person would paste it
        assert eval(f"hook.{rest}", {"hook": hook}) == {"received": {}, "ok": True}  # noqa: S307  # the same


@pytest.mark.parametrize(
    "task", [*(partial(task, task_id="run", **required) for task, required in TASKS), RefoldHook]
)
def test_a_bad_linked_account_is_rejected_before_anything_is_sent(task: Callable[..., Any]) -> None:
    """A task is rejected when its DAG is parsed. The error names the parameter."""
    for bad in HEADER_IDS:
        with pytest.raises(errors.InvalidInput, match="linked_account_id"):
            task(linked_account_id=bad)


@each_task
def test_a_task_can_be_mapped_over_linked_accounts(task: Any, required: dict[str, Any]) -> None:
    with DAG("d", schedule=None):
        mapped = task.partial(task_id="run", **required).expand(
            linked_account_id=["customer_1", "customer_2"]
        )

    assert "linked_account_id" in mapped.template_fields


@each_task
@pytest.mark.parametrize("rendered", [None, "", " ", "ä"])
def test_a_template_that_renders_to_no_account_is_not_that_of_the_connection(
    emulator: Emulator, task: Callable[..., Any], required: dict[str, Any], rendered: Any
) -> None:
    """Nothing is sent: the run would be another customer's."""

    def make() -> Any:
        with DAG("d", schedule=None):
            made = task(task_id="run", linked_account_id=XComArg(REFOLD.task(task_id="other")), **required)
        made.linked_account_id = rendered  # as Airflow renders it
        return made

    with pytest.raises(errors.InvalidInput, match="linked_account_id"):
        Task(make).run()

    assert emulator.requests("refold") == []


@each_task
def test_a_token_has_no_other_linked_account(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, task: Callable[..., Any], required: dict[str, Any]
) -> None:
    """It belongs to one account. The error names the connection, and nothing is sent or stored."""
    token = {"password": emulator.account("refold")["token"]}
    connect(monkeypatch, REFOLD, emulator, token, auth_type="bearer")
    known = Task(lambda: task(task_id="run", linked_account_id="customer_1", **required))

    with pytest.raises(errors.InvalidInput, match=r"linked_account_id='customer_1'.*'refold_default'"):
        known.run()

    assert emulator.requests("refold") == []
    assert known.store == {}
    with closing(RefoldHook(linked_account_id="customer_1")) as hook:
        assert hook.test_connection()[0] is False


def test_a_retry_for_another_linked_account_does_not_reattach(emulator: Emulator) -> None:
    """The account is part of the stored start, and the log names both."""
    customers = iter(["customer_1", "customer_2"])
    options: dict[str, Any] = {"timeout": 1.0, "cancel_on_timeout": False}
    task = Task(lambda: REFOLD.task("endless", linked_account_id=next(customers), **options), retries=1)

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert accounts(emulator, "execute") == ["customer_1", "customer_2"]
    assert "linked_account_id 'customer_1' is now 'customer_2'" in text_of(logs)
    second = emulator.runs("refold")[1]["execution_id"]
    assert {
        request["execution_id"]
        for request in emulator.requests("refold", "get")
        if request["headers"]["linked_account_id"] == "customer_2"
    } == {second}


def test_a_retry_for_the_same_linked_account_reattaches_whatever_the_connection_has(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Task(
        lambda: REFOLD.task("endless", linked_account_id="customer_1", timeout=1.0, cancel_on_timeout=False),
        retries=1,
    )
    with pytest.raises(errors.ExecutionTimedOut):
        task.try_once()
    connect(monkeypatch, REFOLD, emulator, linked_account_id="acct_changed")
    with pytest.raises(errors.ExecutionTimedOut):
        task.try_once()

    assert len(emulator.runs("refold")) == 1
    assert set(accounts(emulator)) == {"customer_1"}


def test_a_trigger_stores_the_linked_account_that_its_task_has_chosen() -> None:
    """And nothing if it has chosen none."""
    for customer, stored in (
        ("customer_1", {"linked_account_id": "customer_1"}),
        (7, {"linked_account_id": "7"}),
        (None, {}),
    ):
        kwargs = deferred(endless(customer, deferrable=True)).trigger.serialize()[1]
        assert {name: value for name, value in kwargs.items() if name == "linked_account_id"} == stored


def test_a_kill_stops_the_run_in_its_linked_account(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the triggerer, and on the worker from the signal handler."""
    task = endless("customer_1", deferrable=True)
    deferral = deferred(task)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Airflow("failed"), raising=False)
    asyncio.run(task.trigger(deferral).on_kill())
    assert accounts(emulator, "stop") == ["customer_1"]

    deferred(task)
    task.operator.on_kill()
    assert accounts(emulator, "stop") == ["customer_1"] * 2
    assert [known["stops"] for known in emulator.runs("refold")] == [1, 1]


@pytest.mark.parametrize("stored", [True, False])
def test_waits_for_two_linked_accounts_do_not_share_a_client(emulator: Emulator, stored: bool) -> None:
    """At the same time in one event loop, also if no account was stored with the trigger."""
    emulator.set_pace(status_checks=4)
    started = {
        name: run("each", linked_account_id=name, wait_for_completion=False)
        for name in ("customer_1", "customer_2")
    }
    before = len(emulator.requests("refold"))

    def trigger(name: str) -> RefoldExecutionTrigger:
        with closing(RefoldHook(linked_account_id=name)) as hook:
            account = hook.client.endpoint.account if stored else None
        return RefoldExecutionTrigger(
            conn_id="refold_default",
            execution_id=started[name]["execution_id"],
            deadline=10_000_000_000.0,
            poll_interval=0.01,
            cancel_on_kill=False,
            account=account,
            linked_account_id=name,
        )

    async def both() -> list[Any]:
        return await asyncio.gather(*(first_event(trigger(name)) for name in started))

    assert [event["outcome"] for event in asyncio.run(both())] == ["ended", "ended"]
    checks = emulator.requests("refold")[before:]
    ids = {(request["headers"]["linked_account_id"], request["execution_id"]) for request in checks}
    assert ids == {(name, record["execution_id"]) for name, record in started.items()}
