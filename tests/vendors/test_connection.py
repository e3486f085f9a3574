"""The test of a connection, and the base URL of a connection without a host, for each hook."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.vendors import CASES, VendorCase
from tests.vendors.facts import FACTS

#: Faults of the emulator, and what the connection test says about each.
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"status": 503, "body": {"message": "maintenance"}}, "HTTP 503: "),
    ("status", {"status": 302, "body": {}, "headers": {"Location": "https://sso.example.com/"}}, "a redirect to 'https://sso.example.com/'"),
    ("html", {}, "HTTP 200, but the body does not match the documented schema"),
    ("html", {"status": 502}, "HTTP 502: "),
    ("not_json", {}, "HTTP 200, but the body does not match the documented schema"),
    ("truncated", {}, "HTTP 200, but the body does not match the documented schema"),
    ("hang", {}, "no complete response within"),
]  # fmt: skip

each_vendor = pytest.mark.parametrize("vendor", CASES.values(), ids=str)


@each_vendor
def test_a_right_connection_is_accepted_after_one_cheap_request(
    vendor: VendorCase, emulator: Emulator
) -> None:
    hook = vendor.hook
    _, method, path, query = FACTS[vendor.name].ping
    account = emulator.account(vendor.conn_type)

    assert hook().test_connection() == (True, f"{hook.hook_name} accepts this connection.")

    (request,) = emulator.requests(vendor.conn_type)
    assert (request["method"], request["path"]) == (method, path.format(**account))
    assert request["query"] == {name: value.format(**account) for name, value in query.items()}
    assert request["body"] is None
    assert emulator.runs(vendor.conn_type) == []


@pytest.mark.parametrize(
    ("vendor", "settings", "said"),
    [
        pytest.param(vendor, settings, said, id="-".join([vendor.name, *settings.values()]))
        for vendor in CASES.values()
        for settings, said in FACTS[vendor.name].wrong_keys
    ],
)
def test_a_wrong_key_is_said_with_the_connection(
    vendor: VendorCase, settings: dict[str, str], said: str, emulator: Emulator
) -> None:
    """Laminar has two keys, and each hook tests its own."""
    key = next(iter(vendor.hook().client.endpoint.settings.secrets))
    emulator.configure(vendor.conn_type, **settings)
    emulator.revoke(vendor.conn_type)

    ok, sentence = vendor.hook().test_connection()

    assert not ok
    assert "HTTP 401" in sentence
    assert said in sentence
    assert f"The connection is '{vendor.conn_type}_default'." in sentence
    assert key not in sentence


@each_vendor
def test_a_connection_test_that_fails_says_why_in_one_sentence(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person waits for it, so it has a time limit of its own. A page of a proxy does not pass for the vendor."""
    monkeypatch.setattr("airflow_workflow_providers.hooks.base.TEST_LIMIT", 1.0)
    hook, facts = vendor.hook, FACTS[vendor.name]

    def sentence(fault: str, options: dict[str, Any]) -> str:
        emulator.fail(vendor.conn_type, facts.ping[0], fault, **options)
        began = time.monotonic()
        ok, said = hook().test_connection()
        assert not ok
        assert time.monotonic() - began < 5
        assert said.startswith(f"{hook.hook_name} could not ")
        assert said.isprintable()
        return said

    said = {(fault, part): sentence(fault, options) for fault, options, part in [*FAULTS, *facts.ping_faults]}

    assert {case: text for case, text in said.items() if case[1] not in text} == {}


@each_vendor
def test_a_missing_connection_is_named(vendor: VendorCase) -> None:
    ok, sentence = vendor.hook("nowhere").test_connection()

    assert not ok
    assert "'nowhere'" in sentence
    assert f"with the type '{vendor.conn_type}'" in sentence


@pytest.mark.parametrize(
    ("vendor", "fields", "url"),
    [
        pytest.param(vendor, fields, url, id=f"{vendor}-{place}")
        for vendor in CASES.values()
        for place, (fields, url) in enumerate(FACTS[vendor.name].base_urls)
    ],
)
def test_a_connection_without_a_host_leads_to_the_vendors_own_address(
    vendor: VendorCase, fields: dict[str, Any], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"conn_type": vendor.conn_type, "password": "key", **fields}
    monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT", json.dumps(connection))

    assert vendor.hook().client.endpoint.settings.base_url == url
