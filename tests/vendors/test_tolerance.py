"""
Only the fields that decide are strict (guarantees 3 and 10).

Each field of each documented response gets every kind of odd value: it never changes what is read, unless it decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_workflow_providers.apis import (
    altostrat,
    datalab,
    laminar,
    laminar_jobs,
    promptlayer,
    refold,
    refold_lists,
)
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.request import Flow, Request, Response
from airflow_workflow_providers.core.storable import storable
from tests.vendors.documented import VENDORS, Documented, Path, documented, replaced, without
from tests.vendors.documented.refold import LABEL

KEY = "tk_Zx81Lm-Qw93Tr55vK"

APIS: dict[str, Any] = {
    "altostrat": altostrat,
    "datalab": datalab,
    "laminar": laminar,
    "laminar_jobs": laminar_jobs,
    "promptlayer": promptlayer,
    "refold": refold,
}

#: A start, whose run is searched for.
START = altostrat.execute_workflow("fl_1")


def first(flow: Flow[Any]) -> Request[Any]:
    """Return the first request of a flow."""
    request = next(flow)
    assert isinstance(request, Request)
    return request


#: How to build a request, by vendor and operation; ``status``, ``result`` and ``ping`` are in the table of each API.
REQUESTS: dict[tuple[str, str], Callable[[], Request[Any]]] = {
    ("altostrat", "start"): lambda: altostrat.execute_workflow("fl_1"),
    ("altostrat", "run"): lambda: altostrat.get_run("48291"),
    ("altostrat", "list"): lambda: altostrat.list_runs("fl_1"),
    ("datalab", "start"): lambda: datalab.execute_workflow(7),
    ("laminar", "start"): lambda: laminar.execute_workflow(39),
    ("laminar", "ping"): lambda: laminar.ping(workspace_id="1", configuration_id="store"),
    ("laminar_jobs", "start"): lambda: laminar_jobs.run_job("sync-invoices"),
    ("promptlayer", "start"): lambda: promptlayer.run_workflow("answer"),
    ("refold", "start"): lambda: refold.execute_workflow("a", slug="hubspot", include_headers=True),
    ("refold", "sync_start"): lambda: refold.execute_workflow("a", slug="hubspot", sync_execution=True),
    ("refold", "list"): refold_lists.list_executions,
    ("refold", "find_started"): lambda: first(refold_lists.find_started(START, LABEL, 1e9)),
    ("refold", "stop"): lambda: refold.stop("48291"),
}

#: Odd values, as JSON.
ODD = {
    "null": "null",
    "true": "true",
    "false": "false",
    "zero": "0",
    "one": "1",
    "a fraction": "-1.5",
    "an empty text": '""',
    "a text": '"x"',
    "a list": "[]",
    "a list of nothing": "[null]",
    "an object": "{}",
    "an object that looks like a response": '{"status": "FAILED", "error": "no", "id": "7", "message": null}',
    "half a surrogate pair": '"a\\ud800"',
    "a member of half a surrogate pair": '{"\\ud800": "\\udfff"}',
    "control characters": '"one\\r\\n\\u001b[31mtwo\\u0000"',
    "not a number": "NaN",
    "minus infinity": "-Infinity",
    "a number of 70 bits": str(2**70),
    "a number of 5,000 digits": "9" * 5_000,
    "a text of 100 KB": '"' + "é" * 50_000 + '"',
    "nested deep": "[" * 400 + "]" * 400,
    "nested deeper than Python reads": "[" * 2_000 + "]" * 2_000,
    "the key": f'["{KEY}"]',
    "what Airflow reserves": '{"__classname__": 5, "__type": "dict", "__var": {}}',
}

#: Values that are nearly those that decide.
NEAR = {
    repr(text): json.dumps(text)
    for text in (
        *(
            "yes",
            "on",
            "1",
            "true",
            "True",
            "ok ",
            "OK",
            "Done",
            "successful",
            "SUCCESS",
            "Success",
            "success",
        ),
        *(
            "COMPLETED",
            "COMPLETED ",
            "Completed",
            "completed\x00",
            "\ufeffCOMPLETED",
            "\uff23OMPLETED",
            "SUCCESS\u200b",
        ),
        *("no", "off", "0", "false", "False", "None", "null"),
    )
}

#: Values that mean that there is none.
NOTHING = {"null", "nothing", "an empty text", "false", "zero", "a list", "an object"}

#: The fields that decide, each in a response that is a success, and the values of ``ODD`` and ``NEAR`` with which it still is
#: a success. With every other value it is not.
SUCCESSES: list[tuple[str, str, Any, Path, set[str]]] = [
    ("altostrat", "result", {"status": "completed"}, ("status",), set()),
    ("datalab", "result", {"status": "COMPLETED"}, ("status",), {"'COMPLETED'", "'Completed'"}),
    (
        "datalab",
        "result",
        {"status": "COMPLETED", "success": True},
        ("success",),
        {"null", "nothing", "true"},
    ),
    ("datalab", "result", {"status": "COMPLETED", "error": None}, ("error",), NOTHING),
    (
        "datalab",
        "result",
        {"status": "COMPLETED", "steps": {"parse": {"status": "COMPLETED"}}},
        ("steps", "parse", "status"),
        # An object is read as the cell of a file with the name "status".
        {"'COMPLETED'", "'Completed'", "null", "nothing", "an empty text"}
        | {"an object", "a member of half a surrogate pair", "what Airflow reserves"},
    ),
    (
        "datalab",
        "result",
        {"status": "COMPLETED", "steps": {"parse": {"a": {"status": "COMPLETED", "error": None}}}},
        ("steps", "parse", "a", "error"),
        NOTHING,
    ),
    ("laminar_jobs", "result", {"status": "completed", "done": True}, ("done",), {"true"}),
    ("laminar_jobs", "result", {"status": "ok", "done": True}, ("status",), {"null", "nothing", "'success'"}),
    (
        "promptlayer",
        "result",
        {"A": {"status": "SUCCESS", "is_output_node": True}},
        ("A", "status"),
        {"'SUCCESS'"},
    ),
    (
        "promptlayer",
        "result",
        {"A": {"status": "SUCCESS", "is_output_node": True}},
        ("A", "is_output_node"),
        {"true"},
    ),
    (
        "promptlayer",
        "result",
        {"A": {"status": "SUCCESS", "is_output_node": True}, "B": {"status": "SKIPPED"}},
        ("B", "status"),
        {"'SUCCESS'"},
    ),
    ("refold", "result", {"status": "COMPLETED"}, ("status",), {"'COMPLETED'", "'Success'"}),
    (
        "refold",
        "sync_start",
        {"execution_id": "48291", "errored": False, "return_value": 1},
        ("errored",),
        {"false", "null", "nothing"},
    ),
    (
        "refold",
        "sync_start",
        {"execution_id": "48291", "errored": False, "execution_error": None},
        ("execution_error",),
        NOTHING,
    ),
]

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
        for vendor in VENDORS
    ],
)


def request_for(vendor: str, operation: str) -> Request[Any]:
    if (vendor, operation) in REQUESTS:
        return REQUESTS[vendor, operation]()
    api = APIS[vendor]
    described = {"status": api.API.get_status, "result": api.API.get_execution}.get(operation)
    return described("48291") if described else api.ping()


def read(response: Documented, content: bytes) -> tuple[str, Any]:
    """Return what is read from a body in the place of the documented one: the outcome, and the value or the error."""
    request = request_for(response.vendor, response.operation)
    settings = HttpSettings("https://vendor.example", secrets=(KEY,))
    endpoint = Endpoint(response.vendor, APIS[response.vendor].API, settings)
    try:
        value = endpoint.receive(request, Response(response.status, response.headers, content))
    except errors.WorkflowError as error:
        return next(name for cls, name in ERRORS if isinstance(error, cls)), error
    if not isinstance(value, Execution):
        return "value", value
    # Airflow can store the output, and the texts are fit to be shown.
    stored, _ = storable(value.output)
    json.dumps(stored, allow_nan=False).encode()
    for text in (value.status, value.message or "", value.note or ""):
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
    SUCCESSES,
    ids=[f"{vendor}-{operation}-{'.'.join(map(str, path))}" for vendor, operation, _, path, _ in SUCCESSES],
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


@pytest.mark.parametrize("operation", ["start", "sync_start"])
def test_a_start_whose_id_cannot_be_used_is_lost(operation: str) -> None:
    """An id is checked and never changed, so no other run is waited for."""
    starts = [
        (response, path)
        for name in VENDORS
        for response in documented(name)
        if response.operation == operation and response.execution_id and not response.is_error
        for path in response.decides
        if path[0] in response.body and "id" in str(path[0]).lower()
    ]
    assert len({response.vendor for response, _ in starts}) == (5 if operation == "start" else 1)

    accepted = [
        f"{response}: {known[:100]}: {outcome}"
        for known in UNUSABLE_IDS
        for response, path in starts
        for _, content in [next(bodies(response.body, path, {"odd": known}))]
        if (outcome := read(response, content)[0]) != "lost_start"
    ]

    assert accepted == []


def test_an_odd_entry_of_a_list_does_not_hide_the_run_that_is_searched_for() -> None:
    """An entry without a usable id is passed over."""
    good = {"_id": "6a31", "instance_tag": LABEL, "started_at": "2001-09-09T01:46:40Z", "id": "fl_run_1"}
    odd = [
        None,
        "text",
        {},
        *({**good, "_id": bad, "id": bad} for bad in (None, "", "..", ["6a31"], "\ud800", 1.5)),
    ]
    body = json.dumps(
        {"docs": [*odd, good, *odd], "data": [*odd, good, *odd], "hasNextPage": "true"}
    ).encode()

    refold_page = first(refold_lists.find_started(START, LABEL, 1e9))
    assert refold_page.parse(Response(200, {}, body)) == (["6a31"], False)
    # A run without a time may be as new as any, so there may be more on the next page.
    altostrat_page = first(altostrat.find_started(START, LABEL, 1e9))
    assert altostrat_page.parse(Response(200, {}, body)) == (["fl_run_1"], True)


def test_each_documented_operation_has_its_request() -> None:
    """So no documented response is read by the request of another operation."""
    operations = {(response.vendor, response.operation) for name in VENDORS for response in documented(name)}

    assert set(REQUESTS) <= operations
    assert {operation for _, operation in operations - set(REQUESTS)} <= {"status", "result", "ping"}
