"""The test of a connection, and the base URL of a connection without a host, for each hook."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.hooks.refold import RefoldHook

#: The emulator's name of the operation that a connection test calls, and its method, path and query.
PINGS: dict[Any, tuple[str, str, str, dict[str, str]]] = {
    AltostratHook: ("list_workflows", "GET", "/workflows", {}),
    DatalabHook: ("user_health", "GET", "/api/v1/user_health", {}),
    LaminarHook: ("list_keys", "GET", "/configurations/{configuration_id}/keys/external", {"workspaceId": "{workspace_id}"}),
    LaminarJobHook: ("list_jobs", "GET", "/m/acme/_jobs", {}),
    PromptLayerHook: ("list_workflows", "GET", "/workflows", {"per_page": "1"}),
    RefoldHook: ("list", "GET", "/api/v2/public/execution", {"limit": "1"}),
}  # fmt: skip

#: Settings of the emulator, and what the vendor says about a wrong key with them.
WRONG_KEYS: list[tuple[Any, dict[str, str], str]] = [
    (AltostratHook, {"unauthorized": "middleware"}, "HTTP 401: Unauthorized or invalid token provided."),
    (AltostratHook, {"unauthorized": "documented"}, "HTTP 401: The request requires authentication, but a valid token was not provided. (unauthorized)."),
    (DatalabHook, {}, "HTTP 401: Invalid API key provided"),
    (LaminarHook, {}, "Unauthorized"),
    (LaminarJobHook, {}, "HTTP 401: "),
    (PromptLayerHook, {}, "HTTP 401: Invalid API key."),
    (RefoldHook, {}, "HTTP 401: Invalid Credentials"),
]  # fmt: skip

#: Faults of the emulator, and what the connection test says about each.
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"status": 503, "body": {"message": "maintenance"}}, "HTTP 503: "),
    ("status", {"status": 302, "body": {}, "headers": {"Location": "https://sso.example.com/"}}, "a redirect to 'https://sso.example.com/'"),
    ("html", {}, "HTTP 200, but the body does not match the documented schema"),
    ("html", {"status": 502}, "HTTP 502: "),
    ("not_json", {}, "HTTP 200, but the body does not match the documented schema"),
    ("truncated", {}, "HTTP 200, but the body does not match the documented schema"),
    ("hang", {}, "no complete response within 0.3 s"),
]  # fmt: skip

#: The same for one vendor: what only this vendor says, and what responds with JSON but is not this vendor.
OWN_FAULTS: dict[Any, list[tuple[str, dict[str, Any], str]]] = {
    AltostratHook: [
        ("status", {"status": 200, "body": {"message": "Unauthenticated."}}, "Unauthenticated."),
        ("status", {"status": 403}, "HTTP 403: The authenticated user does not have permission"),
    ],
    DatalabHook: [
        ("status", {"status": 403}, "active, paid subscription"),
        ("status", {"status": 529}, "HTTP 529"),
        ("status", {"status": 429}, "400 requests every 60 seconds"),
        ("status", {"status": 200, "body": {"hello": "from a portal"}}, "from a portal"),
        ("list_body", {}, "not a JSON object"),
    ],
    LaminarHook: [("list_body", {}, "not a JSON object")],
    LaminarJobHook: [],
    PromptLayerHook: [
        ("status", {"status": 422, "body": {"detail": [{"loc": ["query"], "msg": "no"}]}}, "query: no"),
        ("status", {"status": 200, "body": {"status": "ok"}}, "items"),
        ("list_body", {}, "not a JSON object"),
    ],
    RefoldHook: [("list_body", {}, "not a JSON object")],
}

each_hook = pytest.mark.parametrize("hook", PINGS)


@each_hook
def test_a_right_connection_is_accepted_after_one_cheap_request(hook: Any, emulator: Emulator) -> None:
    vendor = hook.conn_type
    _, method, path, query = PINGS[hook]
    account = emulator.account(vendor)

    assert hook().test_connection() == (True, f"{hook.hook_name} accepts this connection.")

    (request,) = emulator.requests(vendor)
    assert (request["method"], request["path"]) == (method, path.format(**account))
    assert request["query"] == {name: value.format(**account) for name, value in query.items()}
    assert request["body"] is None
    assert emulator.runs(vendor) == []


@pytest.mark.parametrize(("hook", "settings", "said"), WRONG_KEYS)
def test_a_wrong_key_is_said_with_the_connection(
    hook: Any, settings: dict[str, str], said: str, emulator: Emulator
) -> None:
    """Laminar has two keys, and each hook tests its own."""
    vendor = hook.conn_type
    key = next(iter(hook().client.endpoint.settings.secrets))
    emulator.configure(vendor, **settings)
    emulator.revoke(vendor)

    ok, sentence = hook().test_connection()

    assert not ok
    assert "HTTP 401" in sentence
    assert said in sentence
    assert f"The connection is '{vendor}_default'." in sentence
    assert key not in sentence


@each_hook
def test_a_connection_test_that_fails_says_why_in_one_sentence(
    hook: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person waits for it, so it has a time limit of its own. A page of a proxy does not pass for the vendor."""
    monkeypatch.setattr("airflow_workflow_providers.hooks.base.TEST_LIMIT", 0.3)

    def sentence(fault: str, options: dict[str, Any]) -> str:
        emulator.fail(hook.conn_type, PINGS[hook][0], fault, **options)
        began = time.monotonic()
        ok, said = hook().test_connection()
        assert not ok
        assert time.monotonic() - began < 3
        assert said.startswith(f"{hook.hook_name} could not ")
        assert said.isprintable()
        return said

    said = {(fault, part): sentence(fault, options) for fault, options, part in [*FAULTS, *OWN_FAULTS[hook]]}

    assert {case: text for case, text in said.items() if case[1] not in text} == {}


@each_hook
def test_a_missing_connection_is_named(hook: Any) -> None:
    ok, sentence = hook("nowhere").test_connection()

    assert not ok
    assert "'nowhere'" in sentence
    assert f"with the type '{hook.conn_type}'" in sentence


@pytest.mark.parametrize(
    ("hook", "fields", "url"),
    [
        # The pages of 2025 have another address than the specification.
        (AltostratHook, {}, "https://v1.api.altostrat.io"),
        (DatalabHook, {}, "https://www.datalab.to"),
        (LaminarHook, {}, "https://api.laminar.run"),
        (LaminarHook, {"extra": {"region": "us"}}, "https://api.laminar.run"),
        (LaminarHook, {"extra": {"region": "ca"}}, "https://ca.api.laminar.run"),
        (LaminarHook, {"host": "https://laminar.example", "extra": {"region": "ca"}}, "https://laminar.example"),
        (PromptLayerHook, {}, "https://api.promptlayer.com"),
        (RefoldHook, {"extra": {"linked_account_id": "acct"}}, "https://app.refold.ai"),
        # Airflow's form saves an empty port as 0.
        (RefoldHook, {"host": "https://refold.example", "port": 0, "extra": {"linked_account_id": "acct"}}, "https://refold.example"),
    ],
)  # fmt: skip
def test_a_connection_without_a_host_leads_to_the_vendors_own_address(
    hook: Any, fields: dict[str, Any], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"conn_type": hook.conn_type, "password": "key", **fields}
    monkeypatch.setenv(f"AIRFLOW_CONN_{hook.conn_type.upper()}_DEFAULT", json.dumps(connection))

    assert hook().client.endpoint.settings.base_url == url
