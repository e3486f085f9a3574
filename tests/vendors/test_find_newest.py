"""The newest execution of a workflow in a vendor's list."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_workflow_providers.core.errors import UnexpectedResponse
from tests.vendors import CASES, VendorCase, misread, response
from tests.vendors.facts import FACTS

#: The field of an entry that says when the execution began, and the query for the list.
KNOWN: dict[str, tuple[str, dict[str, str]]] = {
    "refold": ("createdAt", {"workflow_id": "w", "start_date": "2001-09-09T01:46:40.700Z", "limit": "10"}),
    "altostrat": ("started_at", {"page": "1"}),
    "datalab_pipelines": ("created", {"limit": "100", "offset": "0"}),
}

each_vendor = pytest.mark.parametrize(
    "vendor", [vendor for vendor in CASES.values() if vendor.hook.api.find_newest], ids=str
)

SINCE = 1e9 + 0.7


def newest(vendor: VendorCase, entries: list[Any]) -> Any:
    statuses = FACTS[vendor.name].statuses
    assert statuses is not None
    return vendor.hook.api.find_newest("w", SINCE).parse(response({statuses.list_field: entries}))


def entry(vendor: VendorCase, run: Any, began: Any) -> dict[str, Any]:
    """Return the entry of an execution that began so many seconds after ``SINCE``, or at this text."""
    statuses = FACTS[vendor.name].statuses
    assert statuses is not None
    at = began
    if isinstance(began, (int, float)):
        at = datetime.fromtimestamp(SINCE + began, timezone.utc).isoformat(timespec="milliseconds")
    return {statuses.id_field: run, KNOWN[vendor.name][0]: at, "status": "running"}


def test_every_vendor_with_a_list_of_a_workflow_is_known() -> None:
    assert {vendor.name for vendor in CASES.values() if vendor.hook.api.find_newest} == set(KNOWN)


@each_vendor
def test_the_first_page_of_the_workflow_is_asked_for(vendor: VendorCase) -> None:
    statuses = FACTS[vendor.name].statuses
    assert statuses is not None

    request = vendor.hook.api.find_newest("w", SINCE)

    assert (request.method, request.path, request.body) == ("GET", statuses.path, None)
    assert {name: value for name, value in request.query.items() if value is not None} == KNOWN[vendor.name][
        1
    ]


@each_vendor
def test_the_newest_since_the_time_is_found_and_odd_entries_hide_nothing(vendor: VendorCase) -> None:
    """In whatever order. A time may be written to the second."""
    odd = [
        *(None, "text", 7, [], {}),
        *(entry(vendor, run, 99) for run in (None, "", "..", "a/b", 7, [], {})),
        *(entry(vendor, "odd", at) for at in (None, "", "soon", "99", [], {})),
    ]
    old, first, last = entry(vendor, "old", -1), entry(vendor, "first", 5), entry(vendor, "last", 9)
    cases = [
        ([], None),
        (odd, None),
        ([old], None),
        ([*odd, first, old], "first"),
        ([first, *odd, last, old], "last"),
        ([last, first], "last"),
        ([entry(vendor, "a", 9), entry(vendor, "b", 9)], "a"),
        ([entry(vendor, "a", "2001-09-09T01:46:40")], "a"),
        ([entry(vendor, "a", "2001-09-09T01:46:40Z")], "a"),
        ([entry(vendor, "a", "2001-09-09T02:46:39+01:00")], None),
        ([entry(vendor, "a", "2001-09-09T01:46:39.999")], None),
    ]

    assert misread(lambda entries: newest(vendor, entries), cases) == {}


@each_vendor
def test_a_body_without_a_list_is_unexpected(vendor: VendorCase) -> None:
    bodies: list[Any] = [{}, [], None, "text", b"", b"<html>"]

    def read(body: Any) -> Any:
        return vendor.hook.api.find_newest("w", SINCE).parse(response(body))

    assert misread(read, [(body, UnexpectedResponse) for body in bodies]) == {}
