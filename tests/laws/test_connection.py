"""What a connection may hold, what is refused, and that no message shows a secret of it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
import structlog

from airflow_workflow_providers import compat
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks import connection as connections
from tests.conftest import connect
from tests.laws import starts
from tests.task import Task
from tests.vendors import Vendor

#: What is pasted around a key without being seen.
AROUND = ["\n", "\r\n", "\t", " ", "\u00a0", "\ufeff", "\u200b", "\u2060"]

#: What no header can carry, in the middle of a key.
INSIDE = ["\n", "\r\n", "\t", "\0", "\x1b", "\x7f", "\ufeff", "\u200b", "ä"]


def secret_field(vendor: Vendor, emulator: Emulator, change: Any) -> tuple[str, dict[str, Any]]:
    """Return the vendor's secret, and its connection's fields with that secret changed."""
    if vendor.address == "trigger_url":
        key = emulator.account(vendor.conn_type)["trigger_api_key"]
        return key, {"extra": {"trigger_api_key": change(key)}}
    key = emulator.connection(vendor.conn_type)["password"]
    return key, {"password": change(key)}


@pytest.mark.parametrize("around", AROUND)
def test_a_key_that_was_badly_pasted_works(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, around: str
) -> None:
    _, change = secret_field(vendor, emulator, lambda key: around + key + around)
    connect(monkeypatch, vendor, emulator, change)

    assert vendor.hook().test_connection()[0] is (vendor.hook().api.check() is not None)
    assert Task(vendor.task).run()["state"] == "succeeded"


@pytest.mark.parametrize("inside", INSIDE)
def test_a_key_that_cannot_be_sent_is_not_shown(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    inside: str,
) -> None:
    """The error says which field, which kind of character and at which position."""
    caplog.set_level(logging.DEBUG)
    key, change = secret_field(vendor, emulator, lambda key: key[:8] + inside + key[8:])
    connect(monkeypatch, vendor, emulator, change)
    task = Task(vendor.task)

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.InvalidInput, match="at position 9 of") as bad,
    ):
        task.run()

    said = f"{bad.value!r} {vendor.hook().test_connection()} {logs} {caplog.text} {task.everything_kept()}"
    field = "trigger_api_key" if vendor.address == "trigger_url" else "password"
    assert field in str(bad.value)
    assert key[:8] not in said
    assert key[8:16] not in said
    assert starts(emulator, vendor) == 0


@pytest.mark.parametrize("conn_type", ["http", "", None, "datalab", "refold", "postgres"])
def test_a_connection_of_another_type_is_refused(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, conn_type: str | None
) -> None:
    """A key must not be sent to another vendor; the message has both types."""
    if conn_type == vendor.conn_type:
        conn_type = "altostrat"
    connect(monkeypatch, vendor, emulator, {"conn_type": conn_type})

    with pytest.raises(errors.InvalidInput, match=f"needs one of type '{vendor.conn_type}'") as refused:
        Task(vendor.task).run()

    assert (repr(conn_type) if conn_type else "without a type") in str(refused.value)
    assert starts(emulator, vendor) == 0


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


@pytest.mark.parametrize(("address", "why"), WRONG_ADDRESSES)
def test_an_address_that_is_more_or_less_than_one_is_refused(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    """By one error that names the field, and shows no password that is in it."""
    connect(monkeypatch, vendor, emulator, vendor.at(address))

    with pytest.raises(errors.InvalidInput, match=why) as refused:
        Task(vendor.task).run()

    assert vendor.address in str(refused.value)
    assert "pa55" not in str(refused.value)
    assert starts(emulator, vendor) == 0


@pytest.mark.parametrize(
    ("change", "url"),
    [
        ({"host": "app.example"}, "https://app.example"),
        ({"host": "app.example/", "port": 8443}, "https://app.example:8443"),
        ({"host": "app.example/api/v9", "port": 8443, "schema": "http"}, "http://app.example:8443/api/v9"),
        ({"host": "http://app.example:80/api/"}, "http://app.example:80/api"),
        ({"host": " https://app.example\n"}, "https://app.example"),
        ({"host": "::1", "port": 80, "schema": "http"}, "http://[::1]:80"),
        ({"host": None}, None),
        ({"host": "https://app.example", "port": 8443}, "port"),
        ({"host": None, "port": 8443}, "port"),
        ({"host": "app.example:80", "port": 8443}, "host"),
        ({"host": "app.example", "port": 99999}, "port"),
        ({"host": "app.example", "schema": "ftp"}, "schema"),
    ],
)
def test_a_host_is_a_name_a_name_with_a_path_or_a_whole_address(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    url: str | None,
) -> None:
    if vendor.address != "host":
        # Laminar's jobs have an address of their own; its workflows use the host, as all others do.
        assert vendor.hook().session.settings.base_url.startswith("http://127.0.0.1")
        return
    connect(monkeypatch, vendor, emulator, change)

    if url in ("host", "port", "schema"):
        with pytest.raises(errors.InvalidInput, match=f", {url}: "):
            vendor.hook().session  # noqa: B018  # reads the connection
    else:
        assert vendor.hook().session.settings.base_url == (url or vendor.hook.api.BASE_URL)


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"read_timeout": 1e10}, "read_timeout"),
        ({"read_timeout": "nan"}, "read_timeout"),
        ({"connect_timeout": -1}, "connect_timeout"),
        ({"max_response_mb": 0}, "max_response_mb"),
        ({"verify": "maybe"}, "verify"),
        ({"nonsense": 1}, "nonsense: not a field of this connection type; there are "),
    ],
)
def test_a_wrong_extra_field_is_named(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any], why: str
) -> None:
    connect(monkeypatch, vendor, emulator, **extra)

    with pytest.raises(errors.InvalidInput, match=why):
        Task(vendor.task).run()

    assert starts(emulator, vendor) == 0


def test_an_extra_field_of_another_type_says_so(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection was made with the form of another vendor."""
    field, owner = (
        ("trigger_url", "laminar") if vendor.conn_type != "laminar" else ("linked_account_id", "refold")
    )
    connect(monkeypatch, vendor, emulator, **{field: "x"})

    with pytest.raises(errors.InvalidInput, match=f"{field}: a field of connections of type '{owner}'"):
        Task(vendor.task).run()


@pytest.mark.parametrize("extra", ["[]", "7", '"key"', "{", "nul", '{"a": ' * 5000, '{"verify": true} x'])
def test_an_extra_that_is_no_json_object_is_refused(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    connection = {**emulator.connection(vendor.conn_type), "extra": extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT", json.dumps(connection))

    with pytest.raises(errors.WorkflowError, match=f"{vendor.conn_type}_default"):
        Task(vendor.task).run()


@pytest.mark.parametrize(
    ("address", "extra", "warns"),
    [
        ("http://vendor.example", {}, "plain http://"),
        ("https://vendor.example", {"verify": False}, "verify is false"),
        ("https://vendor.example", {}, ""),
        ("http://127.0.0.1:1", {}, ""),
        ("http://localhost:1", {"verify": False}, ""),
        ("http://[::1]:1", {}, ""),
    ],
)
def test_what_lets_a_key_be_read_on_the_way_is_warned_about_once(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    extra: dict[str, Any],
    warns: str,
) -> None:
    monkeypatch.setattr(connections, "_warned", set())
    change = vendor.at(address)
    connect(monkeypatch, vendor, emulator, {**change, "extra": {**change.get("extra", {}), **extra}})

    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            vendor.hook().session  # noqa: B018  # reads the connection

    assert len([entry for entry in logs if entry["log_level"] == "warning"]) == bool(warns)
    assert warns in str(logs)


@pytest.mark.parametrize("where", ["worker", "triggerer"])
def test_each_secret_is_told_to_airflows_masker_once_a_process(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """As it is sent, which is not as it was pasted."""
    told: list[str] = []

    async def tell(secret: str) -> None:
        told.append(secret)

    async def read() -> None:
        async with vendor.hook().shared_session() as shared:
            await shared.current()

    monkeypatch.setattr(compat, "_masked", set())
    monkeypatch.setattr(compat, "mask_secret", told.append)
    monkeypatch.setattr(compat, "amask_secret", tell)
    key, change = secret_field(vendor, emulator, lambda key: f" {key}\n")
    connect(monkeypatch, vendor, emulator, change)

    for _ in range(3):
        if where == "worker":
            vendor.hook().session  # noqa: B018  # reads the connection
        else:
            asyncio.run(read())

    assert told.count(key) == 1
    assert len(told) == len(set(told))


def test_a_network_error_names_vendor_address_and_connection(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, vendor, emulator, vendor.at("http://127.0.0.1:9"))

    with pytest.raises(errors.Unavailable) as failed:
        Task(lambda: vendor.task(timeout=0.5)).run()

    for part in (
        vendor.hook.hook_name,
        "http://127.0.0.1:9",
        f"'{vendor.conn_type}_default'",
        "Nothing was started",
    ):
        assert part in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None


def test_a_404_names_what_was_not_found_and_where(vendor: Vendor, emulator: Emulator) -> None:
    emulator.fail(vendor.conn_type, vendor.start, "status", status=404)

    with pytest.raises(errors.NotFound) as missing:
        Task(vendor.task).run()

    assert vendor.succeeds in str(missing.value)
    assert vendor.hook().session.settings.base_url in str(missing.value)
