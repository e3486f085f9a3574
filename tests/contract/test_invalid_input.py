"""Guarantee 8: invalid input is rejected before anything is sent, with an error that names it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator
from tests.conftest import connect
from tests.contract import blocking_and_deferred, error_of, requests, runs, starts
from tests.fake_airflow import Task
from tests.vendors import VendorCase

#: Parameters that all vendors share.
SHARED = [
    ("poll_interval", -1),
    ("poll_interval", "soon"),
    ("timeout", 0),
    ("timeout", None),
    ("timeout", float("nan")),
    ("timeout", 1e300),
    ("max_inline_output", -1),
    ("max_inline_output", "5 MB"),
    ("wait_for_completion", "False"),
    ("deferrable", 1),
    ("cancel_on_timeout", "cancel"),
    ("cancel_on_kill", "cancel"),
    ("on_clear", "restart"),
    ("on_lost_start", "ignore"),
    ("on_partial_failure", "ignore"),
]

#: These do nothing for Laminar's external call, which has no wait: its response comes when the run has ended.
WAITING = {
    "wait_for_completion": False,
    "deferrable": True,
    "poll_interval": 5,
    "cancel_on_timeout": False,
    "cancel_on_kill": False,
    "on_clear": "reattach",
    "on_partial_failure": "succeed",
}


def test_invalid_input_is_rejected_when_the_dag_is_parsed(vendor: VendorCase, emulator: Emulator) -> None:
    """The error names the parameter, and nothing is sent."""
    cases = [*vendor.bad_input, *(({name: value}, name) for name, value in SHARED)]

    for parameters, name in cases:
        error = error_of(lambda: vendor.task(**parameters))  # noqa: B023  # called at once
        assert isinstance(error, errors.InvalidInput), parameters
        assert name in str(error), parameters

    assert requests(emulator, vendor) == []


def test_a_missing_parameter_is_named(vendor: VendorCase) -> None:
    for name in (vendor.workflow, *vendor.required):
        given = {vendor.workflow: vendor.succeeds, **vendor.required}
        del given[name]
        with pytest.raises(TypeError, match=name):
            vendor.operator(task_id="run", **given)


def test_the_value_of_a_template_is_checked_before_anything_is_sent(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """A template over a missing XCom renders to the text "None"."""
    operator = vendor.task("{{ ti.xcom_pull('missing') }}")
    setattr(operator, vendor.workflow, "None")

    with pytest.raises(errors.InvalidInput, match=vendor.workflow):
        operator.execute(Task(lambda: operator).context(operator))

    assert requests(emulator, vendor) == []


@pytest.mark.parametrize("name", ["cancel_on_timeout", "cancel_on_kill"])
def test_a_parameter_that_does_nothing_for_a_vendor_is_rejected(vendor: VendorCase, name: str) -> None:
    """If it is given to the task. ``default_args`` are for tasks of all kinds, and there it is ignored."""
    if vendor.stop:
        assert getattr(vendor.task(**{name: False}), name) is False
        return
    with pytest.raises(errors.InvalidInput, match=f"{name} does nothing for {vendor.hook.hook_name}"):
        vendor.task(**{name: False})

    with DAG("contract", schedule=None, default_args={name: False}):
        assert vendor.task().task_id == "run"


@pytest.mark.parametrize("name", WAITING)
def test_an_operator_that_does_not_wait_rejects_the_parameters_of_a_wait(name: str) -> None:
    given = {name: WAITING[name]}

    with pytest.raises(errors.InvalidInput, match=f"{name} does nothing for Laminar"):
        LaminarExecuteWorkflowOperator(task_id="run", workflow_id=39, **given)

    with DAG("contract", schedule=None, default_args=given):
        assert LaminarExecuteWorkflowOperator(task_id="run", workflow_id=39).task_id == "run"


def test_a_missing_connection_is_named(vendor: VendorCase) -> None:
    """The error says which type to create."""
    options = {f"{vendor.conn_type}_conn_id": "nowhere"}

    with pytest.raises(errors.Unavailable, match=f"'nowhere'.*'{vendor.conn_type}'"):
        Task(lambda: vendor.task(**options)).run()


def test_a_connection_that_airflow_could_not_read_is_read_again_by_a_retry(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow also says "not found" if a secrets backend or its own API server did not respond."""
    name = f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT"
    connection = os.environ[name]
    monkeypatch.delenv(name)
    task = Task(vendor.task, retries=1)
    with pytest.raises(errors.Unavailable):
        task.try_once()
    monkeypatch.setenv(name, connection)

    assert task.try_once()["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_an_error_before_the_first_byte_leaves_no_intent(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """Otherwise a retry would report a lost start, although nothing was sent."""
    secret = "trigger_api_key" if vendor.address == "trigger_url" else "password"
    wrong_key = {"password": "a\nb"} if secret == "password" else {"extra": {secret: "a\nb"}}
    cases: list[tuple[dict[str, Any], str]] = [
        (vendor.at("http://127.0.0.1:99999"), ""),
        (vendor.at("http://" + "a" * 64 + ".example"), ""),
        ({"extra": {"read_timeout": 1e10}}, ""),
        ({"extra": {"ca_bundle": "/no/such/file"}}, ""),
        (wrong_key, ""),
        (vendor.at("https://vendor.example"), "socks5://127.0.0.1:1080"),
        (vendor.at("https://vendor.example"), "ftp://127.0.0.1"),
    ]

    for change, proxy in cases:
        connect(monkeypatch, vendor, emulator, change)
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
        assert isinstance(error_of(task.run), errors.InvalidInput), (change, proxy)
        assert task.store == {}, (change, proxy)

    assert starts(emulator, vendor) == []


def test_input_that_json_cannot_express_leaves_no_intent(vendor: VendorCase, emulator: Emulator) -> None:
    """It comes from a template, so it is not known when the DAG is parsed."""
    operator = vendor.task()
    setattr(operator, vendor.workflow, "a lone surrogate: \ud800")
    task = Task(lambda: operator, retries=1)

    with pytest.raises(errors.InvalidInput):
        task.run()

    assert task.store == {}
    assert starts(emulator, vendor) == []
