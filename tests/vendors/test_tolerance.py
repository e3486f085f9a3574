"""
Only the fields that decide are strict (guarantees 3 and 10).

Each field of each documented response gets every kind of odd value: it never changes what is read, unless it decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.request import Request, Response
from airflow_workflow_providers.core.storable import storable
from tests.vendors import DOCUMENTED_ROWS, VendorCase
from tests.vendors.documented import Documented, Path, documented, replaced, without
from tests.vendors.documented.refold import LABEL
from tests.vendors.facts import FACTS
from tests.vendors.facts.odd_values import KEY, NEAR, ODD

ERRORS: tuple[tuple[type[errors.WorkflowError], str], ...] = (
    (errors.LostStart, "lost_start"),
    (errors.NotFound, "not_found"),
    (errors.AuthFailed, "auth_failed"),
    (errors.RequestRejected, "rejected"),
    (errors.RateLimited, "rate_limited"),
    (errors.Unavailable, "unavailable"),
    (errors.UnexpectedResponse, "unexpected"),
)

#: The quick check reads the responses of one vendor, the whole test those of every vendor.
each_vendor = pytest.mark.parametrize(
    "vendor",
    [
        pytest.param(vendor, marks=[] if vendor == "refold" else [pytest.mark.every_vendor])
        for vendor in DOCUMENTED_ROWS
    ],
)


def request_for(vendor: str, operation: str) -> Request[Any]:
    case, facts = DOCUMENTED_ROWS[vendor], FACTS[vendor]
    if operation in facts.requests:
        return facts.requests[operation]()
    if operation == "start":
        return case.operator.start_request(**facts.right)
    api = case.hook.api
    if operation == "ping":
        return api.ping()
    return {"status": api.get_status, "result": api.get_execution, "stop": api.stop}[operation](
        facts.unknown_id
    )


def read(response: Documented, content: bytes) -> tuple[str, Any]:
    """Return what is read from a body in the place of the documented one: the outcome, and the value or the error."""
    request = request_for(response.vendor, response.operation)
    settings = HttpSettings("https://vendor.example", secrets=(KEY,))
    endpoint = Endpoint(response.vendor, DOCUMENTED_ROWS[response.vendor].hook.api, settings)
    try:
        value = endpoint.receive(request, Response(response.status, response.headers, content))
    except errors.WorkflowError as error:
        return next(name for cls, name in ERRORS if isinstance(error, cls)), error
    if not isinstance(value, Execution):
        return "value", value
    # Airflow can store the output, and the texts are fit to be shown.
    stored, _ = storable(value.output)
    json.dumps(stored, allow_nan=False).encode()
    entries = () if value.log is None else map(value.log.line, value.log.entries)
    for text in (value.status, value.message or "", value.note or "", *entries):
        assert text.isprintable()
        assert KEY not in text
    started = (
        response.outcome == "started"
        and value.execution_id == response.execution_id
        and not value.is_terminal
    )
    return ("started" if started else value.state.value), value


def bodies(body: Any, path: Path, values: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield a body with each of ``values`` at ``path``, and one without the field."""
    plain = json.dumps(replaced(body, path, "@odd@"))
    for name, text in values.items():
        yield name, plain.replace('"@odd@"', text).encode()
    yield "nothing", json.dumps(without(body, path)).encode()


def fields_that_do_not_decide(vendor: str) -> Iterator[tuple[Documented, Path]]:
    """Yield each field that decides nothing, once for each operation, outcome and HTTP status."""
    known = set()
    for response in documented(vendor):
        # All operations of a vendor read an error in the same way.
        kind = (() if response.is_error else (response.operation,), response.outcome, response.status)
        for path in response.other_fields:
            # The inside of a field that decides is left out.
            if path[:-1] not in response.decides and (kind, path) not in known:
                known.add((kind, path))
                yield response, path


@each_vendor
def test_each_documented_response_is_read_as_documented(vendor: str) -> None:
    readings = {str(response): read(response, response.content)[0] for response in documented(vendor)}

    assert readings == {str(response): response.outcome for response in documented(vendor)}


@each_vendor
def test_a_field_that_does_not_decide_never_changes_what_is_read(vendor: str) -> None:
    """With each odd value it is the same state, value or class of error."""
    changed = [
        f"{response}: {path} is {name}: {outcome}"
        for response, path in fields_that_do_not_decide(vendor)
        for name, content in bodies(response.body, path, ODD)
        if (outcome := read(response, content)[0]) != response.outcome
    ]

    assert changed == []


@each_vendor
def test_an_undocumented_field_never_changes_what_is_read(vendor: str) -> None:
    """Also if its name is not valid text."""
    more: dict[str, Any] = {
        "\ud800": {"status": "x"},
        "": None,
        "__classname__": 5,
        "x" * 5_000: [],
        KEY: {"error": KEY},
    }
    changed = [
        f"{response}: {outcome}"
        for response in documented(vendor)
        if isinstance(response.body, dict) and not response.is_decided_by(("*",))
        for content in [json.dumps({**more, **response.body}).encode()]
        if (outcome := read(response, content)[0]) != response.outcome
    ]

    assert changed == []


@pytest.mark.parametrize(
    ("vendor", "operation", "body", "path", "allowed"),
    [
        pytest.param(vendor, *success, id=f"{vendor}-{success[0]}-{'.'.join(map(str, success[2]))}")
        for vendor in DOCUMENTED_ROWS
        for success in FACTS[vendor].successes
    ],
)
def test_a_value_that_is_nearly_a_success_is_not_one(
    vendor: str, operation: str, body: Any, path: Path, allowed: set[str]
) -> None:
    """A status counts only letter by letter, and a flag only if it is ``true``."""
    response = Documented(vendor, operation, "a success", "", "succeeded", body, execution_id="48291")
    succeeding = {
        name
        for name, content in bodies(body, path, {**ODD, **NEAR})
        if read(response, content)[0] == "succeeded"
    }

    assert read(response, response.content)[0] == "succeeded"
    assert succeeding == allowed


#: JSON that is not a usable id.
UNUSABLE_IDS = [
    *('""', '" "', '"."', '".."', '"None"', '"null"', '"a/b"', '"a b"', '"a\\n"', '"a\\u0000"', '"\\ud800"', '"\\u200b"'),
    *('"' + "x" * 201 + '"', f'"{KEY}"', "null", "true", "false", "1.5", "NaN", "[]", '["7"]', "{}", '{"id": "7"}'),
    *("0", "-" + "9" * 300, "9" * 5_000),
]  # fmt: skip


@pytest.mark.parametrize("operation", ["start", "sync_start", "rerun", "resume"])
def test_a_start_whose_id_cannot_be_used_is_lost(operation: str) -> None:
    """An id is checked and never changed, so no other run is waited for."""
    starts = [
        (response, path)
        for name in DOCUMENTED_ROWS
        for response in documented(name)
        if response.operation == operation and response.execution_id and not response.is_error
        for path in response.decides
        if path[0] in response.body and "id" in str(path[-1]).lower()
    ]
    have_ids = {case.name for case in DOCUMENTED_ROWS.values() if case.get_status}
    synchronous = {name for name, facts in FACTS.items() if operation in facts.requests}
    assert {response.vendor for response, _ in starts} == (have_ids if operation == "start" else synchronous)

    accepted = [
        f"{response}: {known[:100]}: {outcome}"
        for known in UNUSABLE_IDS
        for response, path in starts
        for _, content in [next(bodies(response.body, path, {"odd": known}))]
        if (outcome := read(response, content)[0]) != "lost_start"
    ]

    assert accepted == []


@pytest.mark.parametrize(
    "vendor", [row for row in DOCUMENTED_ROWS.values() if row.hook.api.find_started], ids=str
)
def test_an_odd_entry_of_a_list_does_not_hide_the_run_that_is_searched_for(vendor: VendorCase) -> None:
    """An entry without a usable id is passed over."""
    search = FACTS[vendor.name].search
    odd = [
        None,
        "text",
        {},
        *({**search.entry, search.id_field: bad} for bad in (None, "", "..", ["6a31"], "\ud800", 1.5)),
    ]
    body = json.dumps(search.page([*odd, search.entry, *odd])).encode()

    request = next(vendor.hook.api.find_started(request_for(vendor.name, "start"), LABEL, 1e9))

    found = ([search.entry[search.id_field]], search.may_have_more)
    assert request.parse(Response(200, {}, body)) == found


def test_each_documented_operation_has_its_request() -> None:
    """So no documented response is read by the request of another operation."""
    operations = {
        (response.vendor, response.operation) for name in DOCUMENTED_ROWS for response in documented(name)
    }

    given = {(name, operation) for name, facts in FACTS.items() for operation in facts.requests}

    assert given <= operations
    assert {operation for _, operation in operations - given} <= {"start", "status", "result", "stop", "ping"}
