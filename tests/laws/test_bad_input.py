"""Law 8: bad input is refused before anything is sent."""

from __future__ import annotations

import os
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.laws import runs
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
