"""The connection test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from tests.conftest import connect
from tests.vendors import LAMINAR_JOBS
from tests.vendors.laminar import change, run


def test_a_connection_test_reads_the_keys_of_a_store(emulator: Emulator) -> None:
    """The only thing that an API key can read."""
    account = emulator.account("laminar")

    assert LaminarHook().test_connection() == (True, "Laminar accepts this connection.")

    (call,) = emulator.calls("laminar")
    assert call["path"] == f"/configurations/{account['configuration_id']}/keys/external"
    assert call["query"] == {"workspaceId": account["workspace_id"]}
    assert emulator.runs("laminar") == []


@pytest.mark.parametrize("missing", ["workspace_id", "configuration_id"])
def test_a_connection_test_without_a_store_is_not_checkable(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """It does not guess, and runs nothing."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, **{missing: None})

    ok, sentence = LaminarHook().test_connection()

    assert not ok
    assert sentence.startswith("Not checkable")
    assert emulator.calls("laminar") == []


def test_a_connection_test_with_an_unknown_store_shows_a_right_key(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """404 comes after the key was accepted. Ids may be written as numbers, and are one segment of the path."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, configuration_id=7, workspace_id=12)
    assert LaminarHook().test_connection() == (
        True,
        "Laminar accepts this key; it knows no such configuration store.",
    )
    assert emulator.calls("laminar")[0]["path"] == "/configurations/7/keys/external"
    assert api.keys("a/b c", "1").path == "/configurations/a%2Fb%20c/keys/external"


@pytest.mark.parametrize("hook", [LaminarHook, LaminarJobHook])
def test_a_connection_test_with_a_wrong_key_names_the_connection(
    emulator: Emulator, hook: Callable[[], Any]
) -> None:
    """The two keys are not interchangeable; each test tries its own."""
    emulator.revoke("laminar")

    ok, sentence = hook().test_connection()

    assert not ok
    assert "HTTP 401: " in sentence
    assert "Unauthorized" in sentence
    assert "'laminar_default'" in sentence


@pytest.mark.parametrize(("hook", "operation"), [(LaminarHook, "keys"), (LaminarJobHook, "jobs")])
@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("status", {"status": 503, "body": {"error": "maintenance"}}, "HTTP 503: "),
        ("html", {}, "HTTP 200"),
        ("html", {"status": 502}, "HTTP 502"),
        ("hang", {}, "no complete answer within 0.2 s"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    hook: Callable[[], Any],
    operation: str,
    fault: str,
    options: dict[str, Any],
    said: str,
) -> None:
    """A person waits for it: it has a limit of its own."""
    for module in ("base", "laminar"):
        monkeypatch.setattr(f"airflow_workflow_providers.hooks.{module}.TEST_LIMIT", 0.2)
    emulator.fail("laminar", operation, fault, **options)

    begun = time.monotonic()
    ok, sentence = hook().test_connection()

    assert time.monotonic() - begun < 3
    assert not ok
    assert said in sentence
    assert sentence.startswith("Laminar could not ")


def test_a_connection_test_that_is_answered_with_something_else_fails(emulator: Emulator) -> None:
    emulator.fail("laminar", "keys", "list_body")

    assert LaminarHook().test_connection()[0] is False


def test_a_connection_that_is_not_there_is_named() -> None:
    assert "'nowhere'" in LaminarHook("nowhere").test_connection()[1]
    with pytest.raises(errors.Unavailable, match="'nowhere'"):
        run(laminar_conn_id="nowhere")


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"password": None}, "no password"), ({"extra": {"api_kee": "x"}}, "api_kee: not a field")],
)
def test_a_wrong_connection_is_refused_before_anything_is_sent(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], said: str
) -> None:
    """Law 8: one error that names the field."""
    change(monkeypatch, emulator, **fields)

    with pytest.raises(errors.InvalidInput, match=said):
        run(retries=2)

    assert emulator.calls("laminar") == []


def test_without_a_host_the_vendors_own_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps({"conn_type": "laminar", "password": "k"}))

    assert LaminarHook().session.settings.base_url == "https://api.laminar.run"


@pytest.mark.parametrize(
    ("host", "region", "address"),
    [
        (None, "ca", "https://ca.api.laminar.run"),
        (None, "us", "https://api.laminar.run"),
        ("https://laminar.example", "ca", "https://laminar.example"),
    ],
)
def test_the_region_says_where_the_workspace_is_unless_the_host_does(
    monkeypatch: pytest.MonkeyPatch, host: str | None, region: str, address: str
) -> None:
    connection = {"conn_type": "laminar", "password": "key", "host": host, "extra": {"region": region}}
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps(connection))

    assert LaminarHook().session.settings.base_url == address


def test_a_region_that_is_none_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "laminar", "password": "key", "extra": {"region": "eu"}}
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps(connection))

    with pytest.raises(errors.InvalidInput, match="region: Input should be 'us' or 'ca'"):
        LaminarHook().session  # noqa: B018  # a property that reads
