"""What is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.conftest import connect
from tests.vendors import REFOLD, answer
from tests.vendors.refold import run


def test_every_parameter_reaches_the_vendor(emulator: Emulator) -> None:
    """As the page of Execute Workflow says: the path, five headers, and a body."""
    run(
        payload={"email": "jane@example.com"},
        slug="hubspot",
        config_id="config-1",
        instance_tag="nightly",
        include_headers=True,
    )

    (call,) = emulator.calls("refold", "execute")
    headers = call["headers"]
    sent = {name: headers.get(name) for name in ("slug", "config_id", "instance_tag", "include-headers")}
    assert call["path"].endswith("/api/v2/public/workflow/sync-contacts/execute")
    assert sent == {
        "slug": "hubspot",
        "config_id": "config-1",
        "instance_tag": "nightly",
        "include-headers": "true",
    }
    assert headers["linked_account_id"] == emulator.account("refold")["linked_account_id"]
    assert "sync_execution" not in headers
    assert call["body"] == {"payload": {"email": "jane@example.com"}}
    assert emulator.runs("refold")[0]["tag"] == "nightly"


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {"payload": {}}),
        ({"payload": {"a": 1}}, {"payload": {"a": 1}}),
        ({"payload": {"a": 1}, "wrap_payload": False}, {"a": 1}),
    ],
)
def test_the_body_is_wrapped_unless_the_author_says_otherwise(
    emulator: Emulator, options: dict[str, Any], body: Any
) -> None:
    """The example wraps the input; the specification does not. Both arrive as the same input."""
    run(**options)

    assert emulator.calls("refold", "execute")[0]["body"] == body
    assert emulator.runs("refold")[0]["input"] == options.get("payload", {})


def test_an_alias_may_hold_whatever_a_person_types(emulator: Emulator) -> None:
    """It is one segment of the path, percent-encoded."""
    emulator.add_workflow("refold", "nightly sync ä?")

    assert run("nightly sync ä?")["state"] == "succeeded"


def test_the_headers_that_the_vendor_repeats_are_in_the_log(emulator: Emulator) -> None:
    with structlog.testing.capture_logs() as logs:
        run(include_headers=True)

    assert [entry for entry in logs if "Request headers as Refold saw them" in str(entry)]
    assert emulator.account("refold")["api_key"] not in str(logs)


def test_a_bearer_token_needs_no_linked_account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session token or personal access token names its own."""
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
    sent = emulator.calls("refold", "execute")[0]["headers"]
    assert "authorization" in sent
    assert not {"x-api-key", "linked_account_id"} & set(sent)


def test_an_api_key_without_a_linked_account_is_refused_here(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, REFOLD, emulator, linked_account_id=None)

    with pytest.raises(errors.InvalidInput, match="linked_account_id"):
        run()

    assert emulator.calls("refold") == []


@pytest.mark.parametrize(
    ("workflow", "options", "said"),
    [
        ("draft", {}, "HTTP 400: "),
        ("no-such-workflow", {}, "HTTP 400: "),
        ("sync-contacts", {"slug": "salesforce"}, "HTTP 400: "),
        ("group-node", {"sync_execution": True}, "Group"),
    ],
)
def test_what_the_vendor_refuses_fails_with_its_words(
    emulator: Emulator, workflow: str, options: dict[str, Any], said: str
) -> None:
    """Unpublished, not owned, the wrong application: nothing was started, and the error says so."""
    with pytest.raises(errors.RequestRefused, match="Nothing was started") as refused:
        run(workflow, **options)

    assert said in str(refused.value)
    assert f"could not start workflow {workflow}" in str(refused.value)
    assert emulator.runs("refold") == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"message": "Server Error", "error": "Workflow ID and slug are required"},
            "Workflow ID and slug are required (Server Error)",
        ),
        (
            {
                "status_code": 401,
                "http_error_type": "UNAUTHORIZED",
                "error_code": "SERVER_ERROR",
                "message": "Invalid Credentials",
            },
            "Invalid Credentials (SERVER_ERROR)",
        ),
        (
            {
                "status_code": 404,
                "http_error_type": "NOT_FOUND",
                "error": "GONE",
                "message": "Execution not found",
            },
            "Execution not found (GONE)",
        ),
        ({"message": "alone"}, "alone"),
        ({"error": {"code": 7}}, '{"code": 7}'),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_both_envelopes_are_read(body: Any, said: str | None) -> None:
    """In one the words for people are in ``message``, in the other in ``error``."""
    assert api.explain(answer(body, 400)) == said
    assert api.explain(Answer(502, {}, b"<html>")) is None
