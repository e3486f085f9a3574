"""How responses of Laminar's external call must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from typing import Any

from dev.fuzz.expected import FREE, Expected, Response, http_error, is_ok, list_of, members_of, only
from dev.fuzz.oracles import CALLBACK, Oracle


def expected(response: Response) -> Expected:
    """Return the expectation of the external call: its HTTP status is its outcome. An HTML page comes from a proxy."""
    if response.operation == "ping":
        keys = members_of(response.body).get("keys")
        if response.status == 404:  # the store is unknown, so the key is accepted
            return Expected(must=only("value"))
        return list_of(response, keys, str) if is_ok(response) else http_error(response)
    if is_ok(response):
        page = "html" in response.headers.get("content-type", "").lower()
        return FREE if page else Expected(may_succeed=True, must=frozenset(["succeeded"]))
    if 400 <= response.status < 500 and response.status not in (401, 403, 404, 408, 429):
        return Expected(must=frozenset(["failed"]))
    return http_error(response)


_REGION: tuple[list[Any], list[Any]] = (["us", "ca", None], ["eu", 5, ["us"]])
_WORKSPACE: tuple[list[Any], list[Any]] = (["1", 1], [["1"], {"a": 1}])

#: The extra fields that are also those of a connection to jobs.
SHARED_FIELDS = {"region": _REGION, "workspace_id": _WORKSPACE}

ORACLE = Oracle(
    expected=expected,
    start={"callback_url": CALLBACK},
    ping={"workspace_id": "1", "configuration_id": "customer-7"},
    fields={**SHARED_FIELDS, "configuration_id": (["customer-7", 7], [["1"], {"a": 1}])},
)
