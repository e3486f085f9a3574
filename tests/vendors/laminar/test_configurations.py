"""Configuration stores: what is sent, what is returned, and that no value is ever shown."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers import compat
from airflow_workflow_providers.apis import laminar_configurations as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook
from tests.conftest import connect
from tests.vendors import LAMINAR, misread
from tests.vendors.facts.bad_values import IDS, NAMES

PASSWORD, PIN = "c0rrect-h0rse-b4ttery", "s3cr"  # of nobody; the shortest that a message hides
VALUES = {"PORTAL_PASSWORD": PASSWORD, "PIN": PIN}

#: What each method that sends or receives values is called with.
SENDING: list[Callable[[LaminarHook], Any]] = [
    lambda hook: hook.create_configuration("Customer 7", "customer-7", VALUES),
    lambda hook: hook.set_configuration_properties("customer-7", VALUES),
]


@pytest.fixture
def stores(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a hook whose workspace has the store of customer 7, and which does not wait before it sends a request again."""
    with closing(LaminarHook()) as hook:
        hook.create_configuration("Customer 7", "customer-7", VALUES)
        monkeypatch.setattr(hook.client, "sleep", lambda _: None)
        yield hook


def sent(emulator: Emulator, operation: str) -> list[tuple[str, str, dict[str, str], Any]]:
    return [
        (request["method"], request["path"], request["query"], request["body"])
        for request in emulator.requests("laminar", operation)
    ]


def test_each_request_is_sent_as_the_page_has_it(emulator: Emulator, stores: LaminarHook) -> None:
    """The workspace is that of the connection, and the values that a method returns are none."""
    workspace = emulator.account("laminar")["workspace_id"]
    path, query = "/configurations/customer-7", {"workspaceId": workspace}
    first, shown = {"key": "PORTAL_PASSWORD", "value": PASSWORD}, {"key": "PIN", "value": PIN}

    assert stores.list_configuration_keys("customer-7")["keys"] == ["PORTAL_PASSWORD", "PIN"]
    changed = stores.set_configuration_properties("customer-7", {"PIN": "", "URL": "ä"})
    assert stores.delete_configuration_property("customer-7", "PIN") is None
    assert stores.delete_configuration("customer-7") is None
    restored = stores.restore_configuration("customer-7")

    known = {"workspaceId": int(workspace), "name": "Customer 7", "externalId": "customer-7"}
    number = changed.pop("id")
    assert changed == {**known, "keys": ["PORTAL_PASSWORD", "PIN", "URL"]}
    assert restored == {**known, "id": number, "keys": ["PORTAL_PASSWORD", "URL"]}
    assert sent(emulator, "create_configuration") == [
        ("POST", "/configurations/external", {}, {**known, "properties": [first, shown]})
    ]
    assert sent(emulator, "list_keys") == [("GET", f"{path}/keys/external", query, None)]
    properties = [{"key": "PIN", "value": ""}, {"key": "URL", "value": "ä"}]
    assert sent(emulator, "set_properties") == [
        ("PUT", f"{path}/properties/external", query, {"properties": properties})
    ]
    assert sent(emulator, "delete_property") == [("DELETE", f"{path}/properties/PIN/external", query, None)]
    assert sent(emulator, "delete_configuration") == [("DELETE", f"{path}/external", {}, None)]
    assert sent(emulator, "restore_configuration") == [("PUT", f"{path}/restore/external", {}, None)]


def test_a_workspace_that_is_given_comes_before_that_of_the_connection(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a thread and on an event loop. Without one in either place nothing is sent."""
    workspace = emulator.account("laminar")["workspace_id"]
    known = str(emulator.account("laminar")["configuration_id"])

    with closing(LaminarHook()) as hook:
        with pytest.raises(errors.NotFound):
            hook.list_configuration_keys(known, workspace_id=7)
        with pytest.raises(errors.NotFound):
            asyncio.run(hook.alist_configuration_keys(known, workspace_id="7"))
        found = asyncio.run(hook.alist_configuration_keys(known, workspace_id=None))
    assert found["externalId"] == known
    queries = [query["workspaceId"] for _, _, query, _ in sent(emulator, "list_keys")]
    assert queries == ["7", "7", workspace]

    connect(monkeypatch, LAMINAR, emulator, workspace_id=None)
    with closing(LaminarHook()) as hook:
        for ask in (
            lambda: hook.list_configuration_keys(known),
            lambda: asyncio.run(hook.alist_configuration_keys(known)),
        ):
            with pytest.raises(errors.InvalidInput, match="workspace_id is missing"):
                ask()
        assert hook.list_configuration_keys(known, workspace_id=workspace)["externalId"] == known
    assert len(sent(emulator, "list_keys")) == 4


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("fault", ["lost_response", "server_error", "html", "truncated"])
def test_a_store_is_never_created_twice_and_the_error_says_that_it_may_exist(
    emulator: Emulator, fault: str, asynchronous: bool
) -> None:
    """Airflow makes no retry of such a task either."""
    emulator.fail("laminar", "create_configuration", fault, times=5)

    def create(hook: LaminarHook) -> Any:
        given = ("Customer 7", "customer-7", VALUES)
        if asynchronous:
            return asyncio.run(hook.acreate_configuration(*given))
        return hook.create_configuration(*given)

    with closing(LaminarHook()) as hook, pytest.raises(errors.LostStart) as lost:
        create(hook)

    assert "could not create configuration store customer-7" in str(lost.value)
    assert "so a configuration store may exist. It is not sent again" in str(lost.value)
    assert "run" not in str(lost.value)
    assert len(sent(emulator, "create_configuration")) == 1


def test_a_store_that_was_certainly_not_created_is_created_later(emulator: Emulator) -> None:
    emulator.fail("laminar", "create_configuration", "rate_limit", retry_after=0)

    with closing(LaminarHook()) as hook:
        hook.create_configuration("Customer 7", "customer-7", {})
        with pytest.raises(errors.RequestRejected, match=r"HTTP 409: .*Nothing was created\."):
            hook.create_configuration("Another", "customer-7", {})

    assert len(sent(emulator, "create_configuration")) == 3


@pytest.mark.parametrize(
    ("operation", "ask"),
    [
        ("set_properties", lambda hook: hook.set_configuration_properties("customer-7", VALUES)),
        ("delete_property", lambda hook: hook.delete_configuration_property("customer-7", "PIN")),
        ("delete_configuration", lambda hook: hook.delete_configuration("customer-7")),
    ],
)
def test_what_can_be_done_twice_is_sent_again(
    emulator: Emulator, stores: LaminarHook, operation: str, ask: Callable[[LaminarHook], Any]
) -> None:
    emulator.fail("laminar", operation, "server_error", times=2)

    ask(stores)

    assert len(sent(emulator, operation)) == 3


def test_a_deletion_whose_response_was_lost_finds_nothing_the_second_time(
    emulator: Emulator, stores: LaminarHook
) -> None:
    """As the text of each method says: what was asked for is done."""
    for operation, ask in (
        ("delete_property", lambda: stores.delete_configuration_property("customer-7", "PIN")),
        ("delete_configuration", lambda: stores.delete_configuration("customer-7")),
        ("restore_configuration", lambda: stores.restore_configuration("customer-7")),
    ):
        emulator.fail("laminar", operation, "lost_response")
        with pytest.raises(errors.NotFound):
            ask()
    assert stores.list_configuration_keys("customer-7")["keys"] == ["PORTAL_PASSWORD"]


@pytest.mark.parametrize("ask", SENDING)
@pytest.mark.parametrize("status", [400, 401, 409, 422, 500])
def test_an_error_that_repeats_the_request_shows_no_value(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    ask: Callable[[LaminarHook], Any],
    status: int,
) -> None:
    """Nor does the log, at any level. The reason of the refusal is shown."""
    caplog.set_level(logging.DEBUG)
    masked: list[str] = []
    monkeypatch.setattr(compat, "mask", lambda *secrets: masked.extend(secrets))
    body = {"message": "externalId is too short", "rejected": VALUES, "raw": json.dumps(json.dumps(VALUES))}
    for operation in ("create_configuration", "set_properties"):
        emulator.fail("laminar", operation, "status", status=status, body=body, times=5)

    with closing(LaminarHook()) as hook:
        monkeypatch.setattr(hook.client, "sleep", lambda _: None)
        with pytest.raises(errors.WorkflowError) as error:
            ask(hook)

    assert "externalId is too short" in str(error.value)
    shown = repr(error.value) + str(error.value) + caplog.text + repr(vars(hook))
    assert [value for value in VALUES.values() if value in shown] == []
    assert PASSWORD in masked
    assert PIN not in masked


@pytest.mark.parametrize("fault", ["truncated", "list_body", "garbled"])
def test_a_response_that_cannot_be_read_shows_no_stored_value(
    emulator: Emulator, stores: LaminarHook, fault: str
) -> None:
    """Laminar responds with all values of the store, also with those that this request did not send."""
    options = {"field": "properties", "value": PASSWORD} if fault == "garbled" else {}
    for operation in ("set_properties", "restore_configuration"):
        emulator.fail("laminar", operation, fault, **options)

    with pytest.raises(errors.UnexpectedResponse, match="without the properties of the store") as changed:
        stores.set_configuration_properties("customer-7", {"OTHER": "value"})
    stores.delete_configuration("customer-7")
    with pytest.raises(errors.UnexpectedResponse, match="without the properties of the store") as restored:
        stores.restore_configuration("customer-7")

    for error in (changed, restored):
        assert [value for value in VALUES.values() if value in str(error.value)] == []


def test_a_request_does_not_show_its_values() -> None:
    requests = [
        api.create_configuration("Customer 7", "customer-7", VALUES, workspace_id=1),
        api.set_configuration_properties("customer-7", VALUES, workspace_id=1),
    ]

    for request in requests:
        assert request.secrets == (PASSWORD, PIN)
        assert [value for value in VALUES.values() if value in repr(request)] == []


def test_an_odd_property_hides_no_other_key(stores: LaminarHook, emulator: Emulator) -> None:
    odd: list[Any] = [None, 7, "x", {}, {"key": 7}, {"value": PASSWORD}, {"key": "PIN", "value": None}]
    body = {"properties": odd, "flowCredentialPairs": [{"sourceAuthCredential": {"name": PASSWORD}}]}
    emulator.fail("laminar", "set_properties", "status", status=200, body=body)

    assert stores.set_configuration_properties("customer-7", VALUES) == {"keys": ["PIN"]}


def test_wrong_parameters_are_rejected_before_anything_is_sent_and_no_error_shows_a_value() -> None:
    properties: list[Any] = [
        *([], "a", None, [{"key": "a", "value": PASSWORD}], {"a": 7}, {"a": None}, {"a": [PASSWORD]}),
        *({"a": {"b": PASSWORD}}, {"a": PASSWORD.encode()}, {"": PASSWORD}, {7: PASSWORD}),
        {"a": f"{PASSWORD}\ud800"},
    ]
    workspaces: list[Any] = [
        None,
        "",
        "mine",
        " 7",
        "-1",
        -1,
        True,
        1.5,
        2**63,
        "9" * 20,
        "9" * 5_000,
        [7],
        "²",
    ]

    def create(options: dict[str, Any]) -> Any:
        given = {"name": "n", "external_id": "e", "properties": {}, "workspace_id": 1, **options}
        return api.create_configuration(**given).body

    cases = [
        *({"properties": each} for each in properties),
        *({"workspace_id": each} for each in workspaces),
        *({"name": each} for each in NAMES),
        *({"external_id": each} for each in IDS),
    ]
    assert misread(create, [(case, errors.InvalidInput) for case in cases]) == {}
    for each in properties:
        with pytest.raises(errors.InvalidInput) as refused:
            api.set_configuration_properties("e", each, workspace_id=1)
        assert PASSWORD not in str(refused.value)
        assert refused.value.__context__ is None
    with pytest.raises(errors.InvalidInput, match="properties is empty"):
        api.set_configuration_properties("e", {}, workspace_id=1)


def test_an_id_and_a_key_are_one_segment_of_a_path() -> None:
    path = api.delete_configuration_property("a/../b", "c/d e", workspace_id="1").path

    assert path == "/configurations/a%2F..%2Fb/properties/c%2Fd%20e/external"
    for bad in ("..", "None", ""):
        with pytest.raises(errors.InvalidInput, match="external_id"):
            api.restore_configuration(bad)
