"""Guarantees 3 and 10: only what decides is strict. Each field of each documented response, with every kind of odd value."""

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
from airflow_workflow_providers.core.call import Answer, Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.session import Session
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

CALLS: dict[tuple[str, str], Callable[[], Call[Any]]] = {
    ("altostrat", "start"): lambda: altostrat.execute_workflow("fl_1"),
    ("altostrat", "run"): lambda: altostrat.get_run("48291"),
    ("altostrat", "list"): lambda: altostrat.list_runs("fl_1"),
    ("datalab", "start"): lambda: datalab.execute_workflow(7),
    ("laminar", "start"): lambda: laminar.execute_workflow(39),
    ("laminar", "ping"): lambda: laminar.keys("store", "1"),
    ("laminar_jobs", "start"): lambda: laminar_jobs.run_job("sync-invoices"),
    ("promptlayer", "start"): lambda: promptlayer.run_workflow("answer"),
    ("refold", "start"): lambda: refold.execute_workflow("a", slug="hubspot", include_headers=True),
    ("refold", "sync_start"): lambda: refold.execute_workflow("a", slug="hubspot", sync_execution=True),
    ("refold", "list"): refold_lists.list_executions,
    ("refold", "find_started"): lambda: refold_lists.find_started(LABEL, 1e9, 1),
    ("refold", "stop"): lambda: refold.stop_execution("48291"),
}

#: What a field may hold instead, as it stands in the body.
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
    "an object that looks like an answer": '{"status": "FAILED", "error": "no", "id": "7", "message": null}',
    "half a surrogate pair": '"a\\ud800"',
    "a member of half a surrogate pair": '{"\\ud800": "\\udfff"}',
    "control characters": '"one\\r\\n\\u001b[31mtwo\\u0000"',
    "no number": "NaN",
    "no end": "-Infinity",
    "a number of 70 bits": str(2**70),
    "a number of 5,000 digits": "9" * 5_000,
    "a text of 100 KB": '"' + "é" * 50_000 + '"',
    "nested deep": "[" * 400 + "]" * 400,
    "nested deeper than Python reads": "[" * 2_000 + "]" * 2_000,
    "the key": f'["{KEY}"]',
    "what Airflow reserves": '{"__classname__": 5, "__type": "dict", "__var": {}}',
}

#: Words and values that are nearly those that decide.
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

#: What is as good as nothing.
NOTHING = {"null", "nothing", "an empty text", "false", "zero", "a list", "an object"}

#: The fields that decide, each in a response that is a success: what else may stand there in one. Everything else, of
#: ``ODD`` and of ``NEAR``, makes none.
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
        # An object is read as the cell of a file that is called "status": it says nothing, or that it is done.
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
    (errors.RequestRefused, "rejected"),
    (errors.QuotaExceeded, "rate_limited"),
    (errors.Unavailable, "unavailable"),
    (errors.UnreadableAnswer, "unexpected"),
)

#: The quick check reads one vendor's responses so, the whole test every one's.
each_vendor = pytest.mark.parametrize(
    "vendor",
    [
        pytest.param(vendor, marks=[] if vendor == "refold" else [pytest.mark.every_vendor])
        for vendor in VENDORS
    ],
)


def call_of(vendor: str, operation: str) -> Call[Any]:
    if (vendor, operation) in CALLS:
        return CALLS[vendor, operation]()
    api = APIS[vendor]
    described = {"status": api.look, "result": api.get_execution}.get(operation)
    call = described("48291") if described else api.check()
    assert call is not None
    return call


def read(response: Documented, content: bytes) -> tuple[str, Any]:
    """Return what is read of a body in the place of a documented one: the outcome, and the value or the error."""
    call = call_of(response.vendor, response.operation)
    settings = HttpSettings("https://vendor.example", secrets=(KEY,))
    session = Session(response.vendor, settings, APIS[response.vendor].explain)
    try:
        value = session.receive(call, Answer(response.status, response.headers, content))
    except errors.WorkflowError as error:
        return next(name for cls, name in ERRORS if isinstance(error, cls)), error
    if not isinstance(value, Execution):
        return "value", value
    # What succeeded arrives: its output can be stored, and what is shown of it is fit to be shown.
    stored, _ = storable(value.output)
    json.dumps(stored, allow_nan=False).encode()
    for text in (value.status, value.message or "", value.note or ""):
        assert text.isprintable()
        assert KEY not in text
    started = response.outcome == "started" and value.execution_id == response.execution_id and not value.over
    return ("started" if started else value.state.value), value


def bodies(body: Any, path: Path, values: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield a body with each of ``values`` at ``path``, and without the field."""
    plain = json.dumps(replaced(body, path, "@odd@"))
    for name, text in values.items():
        yield name, plain.replace('"@odd@"', text).encode()
    yield "nothing", json.dumps(without(body, path)).encode()


def undecided(vendor: str) -> Iterator[tuple[Documented, Path]]:
    """Yield each field on which nothing depends, once for each operation, outcome and HTTP status."""
    known = set()
    for response in documented(vendor):
        # All errors of a vendor are read alike.
        kind = (() if response.is_error else (response.operation,), response.outcome, response.status)
        for path in response.other_fields:
            # Of what decides whole, the inside is not looked at here.
            if path[:-1] not in response.decides and (kind, path) not in known:
                known.add((kind, path))
                yield response, path


@each_vendor
def test_each_documented_response_is_read_as_its_page_says(vendor: str) -> None:
    readings = {str(response): read(response, response.content)[0] for response in documented(vendor)}

    assert readings == {str(response): response.outcome for response in documented(vendor)}


@each_vendor
def test_a_field_that_does_not_decide_never_changes_what_is_read(vendor: str) -> None:
    """Whatever stands in it: the same state or value, or, of an error, the same class."""
    changed = [
        f"{response}: {path} is {name}: {outcome}"
        for response, path in undecided(vendor)
        for name, content in bodies(response.body, path, ODD)
        if (outcome := read(response, content)[0]) != response.outcome
    ]

    assert changed == []


@each_vendor
def test_a_field_that_nobody_has_documented_never_changes_what_is_read(vendor: str) -> None:
    """Not even where its name is no text that can be written."""
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
def test_what_is_nearly_documented_makes_no_success(
    vendor: str, operation: str, body: Any, path: Path, allowed: set[str]
) -> None:
    """A word that is not in the table, to the letter, is never success; nor is what is nearly true."""
    response = Documented(vendor, operation, "a success", "", "succeeded", body, execution_id="48291")
    succeeding = {
        name
        for name, content in bodies(body, path, {**ODD, **NEAR})
        if read(response, content)[0] == "succeeded"
    }

    assert read(response, response.content)[0] == "succeeded"
    assert succeeding == allowed


@pytest.mark.parametrize(
    "known",
    [
        *('""', '" "', '"."', '".."', '"None"', '"null"', '"a/b"', '"a b"', '"a\\n"', '"a\\u0000"', '"\\ud800"', '"\\u200b"'),
        *('"' + "x" * 201 + '"', f'"{KEY}"', "null", "true", "false", "1.5", "NaN", "[]", '["7"]', "{}", '{"id": "7"}'),
        *("0", "-" + "9" * 300, "9" * 5_000),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["start", "sync_start"])
def test_a_start_whose_id_cannot_be_used_is_lost_at_once(known: str, how: str) -> None:
    """It is checked and never changed: no other run is waited for, and none is believed to be started without an id."""
    starts = [response for name in VENDORS for response in documented(name) if response.operation == how]
    outcomes = {
        str(response): read(response, content)[0]
        for response in starts
        if response.outcome in ("started", "failed", "succeeded") and response.execution_id
        for path in response.decides
        if path[0] in response.body and "id" in path[0].lower()
        for _, content in [*bodies(response.body, path, {"odd": known})][:1]
    }

    assert set(outcomes.values()) == {"lost_start"}


def test_an_odd_entry_of_a_list_does_not_hide_the_run_that_is_looked_for() -> None:
    """An id that cannot be used is passed over: it is no proof, and no obstacle."""
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

    assert refold_lists.find_started(LABEL, 1e9, 1).read(Answer(200, {}, body)) == (["6a31"], False)
    # A run that does not say when it was begun may be as new as any: there may be more of them.
    assert altostrat.find_begun("fl_1", 1e9, 1).read(Answer(200, {}, body)) == (["fl_run_1"], True)


def test_the_table_has_every_operation() -> None:
    """No documented response is read by a call of another one."""
    operations = {(response.vendor, response.operation) for name in VENDORS for response in documented(name)}

    assert set(CALLS) <= operations
    assert {operation for _, operation in operations - set(CALLS)} <= {"status", "result", "ping"}
