"""What a connection can hold, what is rejected (guarantee 8), and that no message shows a secret of it (guarantee 7)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers import compat
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks import base
from tests.conftest import connect
from tests.contract import error_of, requests, start
from tests.fake_airflow import Task
from tests.vendors import DATALAB_DOCUMENTS, VendorCase

#: What can be pasted around a key without being seen.
AROUND = ["\n", "\r\n", "\t", " ", "\u00a0", "\ufeff", "\u200b", "\u2060"]

#: What no header can hold, inside a key.
INSIDE = ["\n", "\r\n", "\t", "\0", "\x1b", "\x7f", "\ufeff", "\u200b", "ä"]

WRONG_ADDRESSES = [
    ("http://user:pa55@127.0.0.1:1", "user or a password"),
    ("http://127.0.0.1:1?key=pa55", "query or a fragment"),
    ("http://127.0.0.1:1/#pa55", "query or a fragment"),
    ("http://127.0.0.1:99999", "not a valid base URL"),
    ("http://" + "a" * 64 + ".example", "not a valid base URL"),
    ("http://", "not a valid base URL"),
    ("http://a b", "white space"),
    ("http://a\nb", "white space"),
    ("ftp://a.example", "http or https"),
    ("http://[::1", "not a valid base URL"),
]

#: The fields of a connection, and the base URL that they make; or the field that the error names.
ADDRESSES = [
    ({"host": "app.example"}, "https://app.example"),
    ({"host": "app.example/", "port": 8443}, "https://app.example:8443"),
    ({"host": "app.example/api/v9", "port": 8443, "schema": "http"}, "http://app.example:8443/api/v9"),
    ({"host": "http://app.example:80/api/"}, "http://app.example:80/api"),
    ({"host": " https://app.example\n"}, "https://app.example"),
    ({"host": "::1", "port": 80, "schema": "http"}, "http://[::1]:80"),
    ({"host": None}, None),
    ({"host": "https://app.example", "port": 8443}, ", port: "),
    ({"host": None, "port": 8443}, ", port: "),
    ({"host": "app.example:80", "port": 8443}, ", host: "),
    ({"host": "app.example", "port": 99999}, ", port: "),
    ({"host": "app.example", "schema": "ftp"}, ", schema: "),
]

#: Extra fields that are rejected, and what the error says.
WRONG_FIELDS = [
    ({"read_timeout": 1e10}, "read_timeout"),
    ({"read_timeout": "nan"}, "read_timeout"),
    ({"read_timeout": "soon"}, "read_timeout"),
    ({"connect_timeout": -1}, "connect_timeout"),
    ({"connect_timeout": 0}, "connect_timeout"),
    ({"max_response_mb": 0}, "max_response_mb"),
    ({"requests_per_second": 0}, "requests_per_second"),
    ({"requests_per_second": "many"}, "requests_per_second"),
    ({"concurrent_requests": 49}, "concurrent_requests"),
    ({"concurrent_requests": 2.5}, "concurrent_requests"),
    ({"verify": "maybe"}, "verify"),
    ({"ca_bundle": "/nowhere/ca.pem"}, "ca_bundle"),
    ({"client_certificate": "/nowhere/me.pem"}, "client_certificate"),
    ({"nonsense": 1}, "nonsense: not a field of this connection type, which has "),
]

UNSAFE = [
    ("http://vendor.example", {}, "plain http://"),
    ("https://vendor.example", {"verify": False}, "verify is false"),
]
SAFE = [
    ("https://vendor.example", {}),
    ("http://127.0.0.1:1", {}),
    ("http://localhost:1", {"verify": False}),
    ("http://[::1]:1", {}),
]


def with_secret(
    vendor: VendorCase, emulator: Emulator, change: Callable[[str], str]
) -> tuple[str, dict[str, Any]]:
    """Return the vendor's secret, and the change of a connection's fields that changes it."""
    if vendor.address == "trigger_url":
        key = emulator.account(vendor.conn_type)["trigger_api_key"]
        return key, {"extra": {"trigger_api_key": change(key)}}
    key = emulator.connection(vendor.conn_type)["password"]
    return key, {"password": change(key)}


def rejection(vendor: VendorCase) -> str:
    """Return the error that a task with the default connection ends with; the connection test says the same."""
    error = error_of(Task(vendor.task, retries=2).run)
    assert isinstance(error, errors.InvalidInput)
    assert vendor.hook().test_connection() == (False, str(error))
    return str(error)


def test_a_key_that_was_pasted_with_white_space_works(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for around in AROUND:
        _, change = with_secret(vendor, emulator, lambda key: around + key + around)  # noqa: B023  # called at once
        connect(monkeypatch, vendor, emulator, change)

        assert vendor.hook().test_connection()[0], around.encode()
        assert start(vendor, vendor.succeeds)


def test_a_key_that_cannot_be_sent_is_rejected_and_not_shown(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The error names the field, the kind of character and its position."""
    caplog.set_level(logging.DEBUG)
    field = "trigger_api_key" if vendor.address == "trigger_url" else "password"

    for inside in INSIDE:
        key, change = with_secret(vendor, emulator, lambda key: key[:8] + inside + key[8:])  # noqa: B023  # called at once
        connect(monkeypatch, vendor, emulator, change)
        task = Task(vendor.task)
        with structlog.testing.capture_logs() as logs:
            error = error_of(task.run)
            tested = vendor.hook().test_connection()

        assert isinstance(error, errors.InvalidInput), inside.encode()
        assert field in str(error)
        assert "at position 9 of" in str(error), inside.encode()
        shown = f"{error!r} {tested} {logs} {caplog.text} {task.everything_kept()}"
        assert key[:8] not in shown, inside.encode()
        assert key[8:16] not in shown, inside.encode()

    assert requests(emulator, vendor) == []


def test_a_connection_without_a_secret_is_rejected(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, why = vendor.without_secret
    connect(monkeypatch, vendor, emulator, change)

    assert why in rejection(vendor)
    assert requests(emulator, vendor) == []


def test_a_connection_of_another_type_is_rejected(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key must not be sent to another vendor. The error names both types."""
    for conn_type in {"http", "", None, "datalab", "refold", "postgres"} - {vendor.conn_type}:
        connect(monkeypatch, vendor, emulator, {"conn_type": conn_type})
        error = rejection(vendor)
        assert f"needs one of type '{vendor.conn_type}'" in error
        assert (repr(conn_type) if conn_type else "without a type") in error

    assert requests(emulator, vendor) == []


def test_an_address_that_is_not_a_base_url_is_rejected(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the field, and shows no password that is in it."""
    for address, why in WRONG_ADDRESSES:
        connect(monkeypatch, vendor, emulator, vendor.at(address))
        error = rejection(vendor)
        assert why in error, address
        assert vendor.address in error, address
        assert "pa55" not in error

    assert requests(emulator, vendor) == []


def test_a_host_is_a_name_a_name_with_a_path_or_a_whole_address(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laminar's jobs have an address of their own, in an extra field, so the host does not change it."""
    own_address = vendor.address != "host"
    default = vendor.hook().client.endpoint.settings.base_url if own_address else vendor.hook.api.base_url

    def base_url(change: dict[str, Any]) -> str:
        connect(monkeypatch, vendor, emulator, change)
        try:
            return vendor.hook().client.endpoint.settings.base_url
        except errors.InvalidInput as error:
            return str(error)

    for change, expected in ADDRESSES:
        if own_address:
            assert base_url(change) == default, change
        elif expected and expected.startswith(","):
            assert expected in base_url(change), change
        else:
            assert base_url(change) == (expected or default), change


def test_a_wrong_extra_field_is_named(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a field of another vendor's connections."""
    other = ("trigger_url", "laminar") if vendor.conn_type != "laminar" else ("linked_account_id", "refold")
    cases = [*WRONG_FIELDS, ({other[0]: "x"}, f"{other[0]}: a field of connections of type '{other[1]}'")]

    for extra, why in cases:
        connect(monkeypatch, vendor, emulator, **extra)
        assert why in rejection(vendor), extra

    assert requests(emulator, vendor) == []


def test_an_extra_that_is_not_a_json_object_is_rejected(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for extra in ("[]", "7", '"key"', "{", "nul", '{"a": ' * 5000, '{"verify": true} x'):
        connection = {**emulator.connection(vendor.conn_type), "extra": extra}
        monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT", json.dumps(connection))
        assert f"{vendor.conn_type}_default" in str(error_of(Task(vendor.task).run)), extra[:50]

    assert requests(emulator, vendor) == []


def test_a_warning_says_once_that_a_key_can_be_read_on_the_way(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for a connection to this machine."""

    def warnings(address: str, extra: dict[str, Any]) -> list[str]:
        monkeypatch.setattr(base, "_warned", set())
        change = vendor.at(address)
        connect(monkeypatch, vendor, emulator, {**change, "extra": {**change.get("extra", {}), **extra}})
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                vendor.hook().client.endpoint  # noqa: B018  # reads the connection
        return [entry["event"] for entry in logs if entry["log_level"] == "warning"]

    for address, extra, why in UNSAFE:
        (warning,) = warnings(address, extra)
        assert why in warning
    for address, extra in SAFE:
        assert warnings(address, extra) == [], address


@pytest.mark.parametrize("where", ["worker", "triggerer"])
def test_each_secret_is_registered_with_airflows_masker_once_a_process(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """As it is sent, which can differ from what was pasted: that is what Airflow itself registers."""
    registered: list[str] = []

    async def register(secrets: list[str]) -> None:
        registered.extend(secrets)

    async def check() -> None:
        hook = vendor.hook()
        async with hook.async_client() as client:
            await client.get_status(run_id)

    key, change = with_secret(vendor, emulator, lambda key: f" {key}\n")
    connect(monkeypatch, vendor, emulator, change)
    run_id = start(vendor, vendor.goes_on)
    monkeypatch.setattr(compat, "_masked", set())
    monkeypatch.setattr(compat, "mask_secret", registered.extend)
    monkeypatch.setattr(compat, "amask_secret", register)

    for _ in range(3):
        if where == "worker":
            with closing(vendor.hook()) as hook:
                hook.get_status(run_id)
        else:
            asyncio.run(check())

    assert registered.count(key) == 1
    assert len(registered) == len(set(registered))


def test_a_network_error_names_vendor_address_and_connection(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, vendor, emulator, vendor.at("http://127.0.0.1:9"))

    with pytest.raises(errors.Unavailable) as failed:
        Task(lambda: vendor.task(timeout=0.5)).run()

    parts = [vendor.hook.hook_name, "http://127.0.0.1:9", f"'{vendor.conn_type}_default'"]
    assert [part for part in parts if part not in str(failed.value)] == []
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None


def test_a_404_names_what_was_not_found_and_where(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.fail(vendor.conn_type, vendor.start, "status", status=404)

    with pytest.raises(errors.NotFound) as missing:
        Task(vendor.task).run()

    # The address of a document may be a signed one, so no error has it.
    assert vendor.succeeds in str(missing.value) or vendor is DATALAB_DOCUMENTS
    assert vendor.hook().client.endpoint.settings.base_url in str(missing.value)
