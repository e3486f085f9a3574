"""Laminar, the external workflow API of https://docs.laminar.run/: the HTTP status is the outcome, the body the output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.vendors.documented.response import JSON, Documented, Outcome, errors

_EXECUTE = "https://docs.laminar.run/running-an-integration/remote-workflow-execution"
_OLD = "https://docs.laminar.run/platform/run-flow-with-api"
_RESPONSE = "laminar-run/mcp 2.0.2, prompts/workflow-guide.ts, lam.response"
_EXIT = "https://docs.laminar.run/platform/keywords/lam.exit"
_KEYS = "https://docs.laminar.run/api-guide/managing-configurations"

#: The operations on configuration stores, and those of them whose response is the store with its values.
_STORES = ("create", "keys", "set", "delete_property", "delete", "restore")
_STORE = ("create", "set", "restore")

#: A value of a store, which is as secret as a key.
PASSWORD = "c0rrect-h0rse-b4ttery"  # of nobody

_TEXT: Mapping[str, str] = {"content-type": "text/plain;charset=UTF-8"}


def _run(
    name: str,
    body: Any,
    status: int = 200,
    *,
    outcome: Outcome = "succeeded",
    headers: Mapping[str, str] = JSON,
    page: str = _EXECUTE,
) -> Documented:
    return Documented("laminar", "start", name, page, outcome, body, status, headers)


RESPONSES = [
    _run("an object", {"invoice": 77, "total": 12.5, "paid": None}),
    _run(
        "the whole workflow object",
        {"input": {"a": 1}, "step_1": {"response": {"status": 200}, "data": {"received": {"a": 1}}}},
        page="https://docs.laminar.run/building-an-integration/programming-steps",
    ),
    _run("a list", [{"id": 1}, {"id": 2}]),
    _run("a text as JSON", "done"),
    _run("null", None),
    _run("text", b"line one\nline two", headers=_TEXT),
    _run("XML", b"<?xml version='1.0'?><ok/>", headers={"content-type": "application/xml"}),
    _run("CSV", b"id,total\r\n77,12.5\r\n", headers={"content-type": "text/csv"}),
    _run("nothing", b"", headers={}),
    _run("a status that the author has chosen", {"message": "Created", "data": {}}, 201, page=_RESPONSE),
    _run("an early exit that tells of an error", {"error": "Out of stock"}, page=_EXIT),
    _run("a failure", {"message": "Step 2 failed: portal login was refused"}, 400, outcome="failed"),
    _run("a failure, as text", b"Execution failed", 400, outcome="failed", headers=_TEXT, page=_OLD),
    _run(
        "a failure with a status that the author has chosen",
        {"message": "Error", "error": {"code": "OUT_OF_STOCK", "message": "nothing left"}},
        422,
        outcome="failed",
        page=_RESPONSE,
    ),
    Documented(
        "laminar",
        "ping",
        "the keys of a store",
        _KEYS,
        "value",
        {"keys": ["portal_user"], "externalId": "customer-7", "name": "Customer 7"},
        decides=(("keys",), ("keys", "*")),
    ),
    Documented(
        "laminar",
        "ping",
        "an unknown store: the key is accepted",
        _KEYS,
        "value",
        {"message": "Not found"},
        404,
    ),
    *(
        Documented(
            "laminar",
            operation,
            "the store with its values",
            _KEYS,
            "value",
            {
                "id": 1,
                "workspaceId": 1,
                "name": "Customer 7",
                "externalId": "customer-7",
                "archivedAt": "2025-12-07T01:02:33.200Z",
                "properties": [
                    {"id": 2, "key": "portal_user", "value": "acme"},
                    {"id": 3, "key": "portal_password", "value": PASSWORD},
                ],
            },
            201 if operation == "create" else 200,
            decides=(("properties",),),
        )
        for operation in _STORE
    ),
    Documented(
        "laminar",
        "keys",
        "the keys of a store",
        _KEYS,
        "value",
        {"keys": ["portal_user"], "externalId": "customer-7", "name": "Customer 7"},
        decides=(("keys",), ("keys", "*")),
    ),
    Documented("laminar", "delete_property", "no content", _KEYS, "value", b"", headers={}),
    Documented("laminar", "delete", "archived", _KEYS, "value", b"", 204, {}),
    *errors(
        "laminar",
        ("start", *_STORES),
        [{"name": "404", "page": _KEYS, "status": 404, "body": {"message": "Not found"}}],
    ),
    *errors(
        "laminar",
        ("start", "ping", *_STORES),
        [
            {"name": "401", "page": _EXECUTE, "status": 401, "body": {"message": "Unauthorized"}},
            {"name": "429", "page": _EXECUTE, "status": 429, "body": b"", "headers": {"retry-after": "5"}},
            {
                "name": "502 of a gateway",
                "page": "https://www.rfc-editor.org/rfc/rfc9110#section-15.6.3",
                "status": 502,
                "body": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
                "headers": {"content-type": "text/html"},
            },
        ],
    ),
]
