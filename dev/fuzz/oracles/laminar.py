"""How responses of Laminar's external call must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from typing import Any

from dev.fuzz.expected import FREE, Expected, Response, http_error, is_ok, list_of, members_of, only
from dev.fuzz.oracles import CALLBACK, Oracle
from tests.vendors.documented.laminar import PASSWORD


def expected(response: Response) -> Expected:
    """Return the expectation of the external call: its HTTP status is its outcome. An HTML page comes from a proxy."""
    if response.operation == "ping":
        keys = members_of(response.body).get("keys")
        if response.status == 404:  # the store is unknown, so the key is accepted
            return Expected(must=only("value"))
        return list_of(response, keys, str) if is_ok(response) else http_error(response)
    if response.operation in _METHODS:
        return _of_store(response) if is_ok(response) else http_error(response)
    if is_ok(response):
        page = "html" in response.headers.get("content-type", "").lower()
        return FREE if page else Expected(may_succeed=True, must=frozenset(["succeeded"]))
    if response.status == 501 or (
        400 <= response.status < 500 and response.status not in (401, 403, 404, 408, 429)
    ):
        # The workflow may have chosen the status; no page says so of 5xx.
        return Expected(must=frozenset(["lost_start" if response.status == 501 else "failed"]))
    return http_error(response)


def _of_store(response: Response) -> Expected:
    """Return the expectation of a success: a store is one if it has properties, and a deletion has no body."""
    members = members_of(response.body)
    if response.operation in ("delete", "delete_property"):
        return Expected(must=only("value"))
    if response.operation == "keys":
        return list_of(response, members.get("keys"), str)
    return Expected(must=only("value" if isinstance(members.get("properties"), list) else None))


_PROPERTIES = {"portal_user": "acme", "portal_password": PASSWORD}
_STORE = {"external_id": "customer-7", "workspace_id": 1}
_METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "create": ("create_configuration", {**_STORE, "name": "Customer 7", "properties": _PROPERTIES}),
    "keys": ("list_configuration_keys", _STORE),
    "set": ("set_configuration_properties", {**_STORE, "properties": _PROPERTIES}),
    "delete_property": ("delete_configuration_property", {**_STORE, "key": "portal_user"}),
    "delete": ("delete_configuration", {"external_id": "customer-7"}),
    "restore": ("restore_configuration", {"external_id": "customer-7"}),
}

_REGION: tuple[list[Any], list[Any]] = (["us", "ca", None], ["eu", 5, ["us"]])
_WORKSPACE: tuple[list[Any], list[Any]] = (["1", 1], [["1"], {"a": 1}])

#: The extra fields that are also those of a connection to jobs.
SHARED_FIELDS = {"region": _REGION, "workspace_id": _WORKSPACE}

ORACLE = Oracle(
    expected=expected,
    start={"callback_url": CALLBACK},
    methods=_METHODS,
    sent={"create": PASSWORD, "set": PASSWORD},
    ping={"workspace_id": "1", "configuration_id": "customer-7"},
    fields={**SHARED_FIELDS, "configuration_id": (["customer-7", 7], [["1"], {"a": 1}])},
)
