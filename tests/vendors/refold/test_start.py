"""What a start sends, and which connection it needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.conftest import connect
from tests.vendors import REFOLD
from tests.vendors.refold import run


def test_each_parameter_is_sent_where_the_page_says(emulator: Emulator) -> None:
    """The workflow in the path, five headers, and the input as the body."""
    run(
        payload={"email": "jane@example.com"},
        slug="hubspot",
        config_id="config-1",
        instance_tag="nightly",
        include_headers=True,
    )

    (request,) = emulator.requests("refold", "execute")
    headers = request["headers"]
    assert request["path"].endswith("/api/v2/public/workflow/sync-contacts/execute")
    assert {name: headers.get(name) for name in ("slug", "config_id", "instance_tag", "include-headers")} == {
        "slug": "hubspot",
        "config_id": "config-1",
        "instance_tag": "nightly",
        "include-headers": "true",
    }
    assert headers["linked_account_id"] == emulator.account("refold")["linked_account_id"]
    assert "sync_execution" not in headers
    assert request["body"] == {"email": "jane@example.com"}
    assert emulator.runs("refold")[0]["tag"] == "nightly"


def test_a_header_that_is_not_given_is_not_sent() -> None:
    headers = api.execute_workflow("w", slug="s").headers

    assert {name: value for name, value in headers.items() if value is not None} == {"slug": "s"}


@pytest.mark.parametrize(
    ("literal", "options", "body"),
    [("flat", {}, {"a": 1}), ("wrapped", {"wrap_payload": True}, {"payload": {"a": 1}})],
)
def test_a_vendor_that_is_literal_about_the_body_receives_the_payload(
    emulator: Emulator, literal: str, options: dict[str, Any], body: dict[str, Any]
) -> None:
    """
    The specification calls the body the payload, one page has it in a field of the body.

    The default is the first, and the switch is for the other. One that takes both for the same receives it in both ways.
    """
    for variant in (literal, "either"):
        emulator.configure("refold", body=variant)
        run(payload={"a": 1}, **options)

    assert [request["body"] for request in emulator.requests("refold", "execute")] == [body, body]
    assert [known["input"] for known in emulator.runs("refold")] == [{"a": 1}, {"a": 1}]


def test_without_a_payload_an_empty_one_is_sent() -> None:
    assert api.execute_workflow("w", slug="s").body == {}
    assert api.execute_workflow("w", slug="s", wrap_payload=True).body == {"payload": {}}


def test_a_workflow_name_with_any_character_arrives_as_it_was_written(emulator: Emulator) -> None:
    emulator.add_workflow("refold", "nightly sync ä?")

    assert run("nightly sync ä?")["state"] == "succeeded"


def test_the_headers_that_the_vendor_repeats_are_logged_without_the_key(emulator: Emulator) -> None:
    with structlog.testing.capture_logs() as logs:
        run(include_headers=True)

    assert [entry for entry in logs if "Request headers as Refold saw them" in str(entry)]
    assert emulator.account("refold")["api_key"] not in str(logs)


def test_a_bearer_token_needs_no_linked_account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    account = emulator.account("refold")
    connection = {
        "conn_type": "refold",
        "host": account["base_url"],
        "password": account["token"],
        "extra": {"auth_type": "bearer"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_REFOLD_DEFAULT", json.dumps(connection))

    assert run()["state"] == "succeeded"
    assert RefoldHook().test_connection() == (True, "Refold accepts this connection.")
    headers = emulator.requests("refold", "execute")[0]["headers"]
    assert "authorization" in headers
    assert not {"x-api-key", "linked_account_id"} & set(headers)


def test_an_api_key_needs_a_linked_account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, nothing is sent. An id of digits may be written as a number."""
    connect(monkeypatch, REFOLD, emulator, linked_account_id=None)
    with pytest.raises(errors.InvalidInput, match="linked_account_id"):
        run()
    assert emulator.requests("refold") == []

    connect(monkeypatch, REFOLD, emulator, linked_account_id=42)
    assert RefoldHook().client.endpoint.settings.headers["linked_account_id"] == "42"
