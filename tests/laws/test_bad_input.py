"""Law 8: bad input is refused before anything is sent."""

from __future__ import annotations

import os
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.laws import blocking_and_deferred, runs, starts
from tests.task import Task
from tests.vendors import Vendor


def test_bad_input_is_refused_when_the_dag_is_parsed(vendor: Vendor, emulator: Emulator) -> None:
    """One error, which names the parameter, and no call."""
    for parameters, name in vendor.bad_input:
        with pytest.raises(errors.InvalidInput, match=name):
            vendor.task(**parameters)
    assert emulator.calls(vendor.conn_type) == []


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"poll_interval": -1}, "poll_interval"),
        ({"poll_interval": "soon"}, "poll_interval"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": None}, "timeout"),
        ({"max_inline_output": -1}, "max_inline_output"),
        ({"max_inline_output": "5 MB"}, "max_inline_output"),
        ({"wait_for_completion": "False"}, "wait_for_completion"),
        ({"deferrable": 1}, "deferrable"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": 1e300}, "timeout"),
        ({"on_timeout": "explode"}, "on_timeout"),
        ({"on_sigterm": "ignore"}, "on_sigterm"),
    ],
)
def test_bad_waiting_is_refused_when_the_dag_is_parsed(
    vendor: Vendor, parameters: dict[str, Any], name: str
) -> None:
    """The parameters that all vendors share are held to the same."""
    with pytest.raises(errors.InvalidInput, match=name):
        vendor.task(**parameters)


def test_a_missing_parameter_is_named(vendor: Vendor) -> None:
    """What the vendor requires has no default."""
    for name in (vendor.workflow, *vendor.required):
        given = {vendor.workflow: vendor.succeeds, **vendor.required}
        del given[name]
        with pytest.raises(TypeError, match=name):
            vendor.operator(task_id="run", **given)


def test_what_a_template_brings_is_refused_before_anything_is_sent(
    vendor: Vendor, emulator: Emulator
) -> None:
    """A template over an XCom that is not there renders to the text None."""
    operator = vendor.task("{{ ti.xcom_pull('missing') }}")
    setattr(operator, vendor.workflow, "None")

    with pytest.raises(errors.InvalidInput, match=vendor.workflow):
        operator.execute(Task(lambda: operator).context(operator))

    assert emulator.calls(vendor.conn_type) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"extra": {"api_kee": "x"}}, "api_kee: not a field"),
        ({"extra": {"read_timeout": "soon"}}, "read_timeout"),
        ({"extra": {"connect_timeout": 0}}, "connect_timeout"),
        ({"extra": {"ca_bundle": "/nowhere/ca.pem"}}, "ca_bundle"),
        ({"extra": {"client_certificate": "/nowhere/me.pem"}}, "client_certificate"),
        ("without_secret", ""),
        ("ftp", "http or https"),
    ],
)
def test_a_wrong_connection_is_refused_before_anything_is_sent(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, change: Any, said: str
) -> None:
    """One error that names the field; the connection test says the same."""
    if change == "without_secret":
        change, said = vendor.without_secret
    elif change == "ftp":
        change = vendor.at("ftp://127.0.0.1")
    connect(monkeypatch, vendor, emulator, change)

    with pytest.raises(errors.InvalidInput, match=said):
        Task(vendor.task, retries=2).run()
    ok, sentence = vendor.hook().test_connection()

    assert (ok, said in sentence) == (False, True)
    assert emulator.calls(vendor.conn_type) == []


def test_a_connection_that_is_not_there_is_named(vendor: Vendor) -> None:
    """The error says what to add, and of which type."""
    options = {f"{vendor.conn_type}_conn_id": "nowhere"}

    with pytest.raises(errors.Unavailable, match=f"'nowhere'.*'{vendor.conn_type}'"):
        Task(lambda: vendor.task(**options)).run()


def test_a_connection_that_airflow_could_not_read_just_then_is_read_by_a_retry(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow says "not found" too where a secrets backend or its API server did not answer."""
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
@pytest.mark.parametrize(
    ("change", "environment"),
    [
        ({"host": "http://127.0.0.1:99999"}, {}),
        ({"host": "http://" + "a" * 64 + ".example"}, {}),
        ({"extra": {"read_timeout": 1e10}}, {}),
        ({"host": "https://vendor.example"}, {"HTTPS_PROXY": "socks5://127.0.0.1:1080"}),
        ({"host": "https://vendor.example"}, {"HTTPS_PROXY": "ftp://127.0.0.1"}),
        ({"extra": {"ca_bundle": "/no/such/file"}}, {}),
        ({"password": "a\nb"}, {}),
    ],
    ids=["port", "host", "timeout", "socks", "proxy", "certificates", "key"],
)
def test_what_fails_before_a_byte_has_left_leaves_no_intent(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
    change: dict[str, Any],
    environment: dict[str, str],
) -> None:
    """Else a retry would say that a start was lost which never left."""
    if "host" in change:
        change = vendor.at(change["host"])
    if "password" in change and vendor.address == "trigger_url":
        change = {"extra": {"trigger_api_key": change["password"]}}
    connect(monkeypatch, vendor, emulator, change)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)

    with pytest.raises(errors.InvalidInput):
        task.run()

    assert task.store == {}
    assert starts(emulator, vendor) == 0


def test_a_payload_that_cannot_be_sent_leaves_no_intent(vendor: Vendor, emulator: Emulator) -> None:
    """It comes from a template, so that it is not known at parse."""
    operator = vendor.task()
    task = Task(lambda: operator, retries=1)
    setattr(operator, vendor.workflow, "half of a pair \ud800")

    with pytest.raises(errors.InvalidInput):
        task.run()

    assert task.store == {}
    assert starts(emulator, vendor) == 0


@pytest.mark.parametrize("name", ["on_timeout", "on_sigterm"])
def test_a_parameter_that_does_nothing_for_a_vendor_is_refused_by_name(
    vendor: Vendor, emulator: Emulator, name: str
) -> None:
    """Where a task is given it; in ``default_args``, which are for tasks of all kinds, it is ignored."""
    if vendor.stop:
        assert getattr(vendor.task(**{name: "leave"}), name) == "leave"
        return
    with pytest.raises(errors.InvalidInput, match=f"{name} does nothing for {vendor.hook.hook_name}"):
        vendor.task(**{name: "leave"})

    with DAG("law", schedule=None, default_args={name: "leave"}):
        assert vendor.task().task_id == "run"
