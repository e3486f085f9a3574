"""Jobs: what the state and output of an execution are read from. Only ``done`` is documented for its end."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import laminar_jobs as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from tests.vendors import misread, response

#: What each status means at the end. An execution that is done and still queued or running is not a success.
AT_THE_END = {
    "queued": State.FAILED,
    "running": State.FAILED,
    "ok": State.SUCCEEDED,
    "done": State.SUCCEEDED,
    "success": State.SUCCEEDED,
    "succeeded": State.SUCCEEDED,
    "completed": State.SUCCEEDED,
    "partial": State.PARTIAL,
    "partially_succeeded": State.PARTIAL,
    "failed": State.FAILED,
    "error": State.FAILED,
}

UNKNOWN = ["Succeeded", "SUCCESS", "OK", "Done", "successful", "completed ", "HIBERNATING", ""]


def read(body: Any, status: int = 200) -> Execution:
    """Read an execution. A status check, which does not read the output, says the same about it."""
    given = response(body, status)
    check, full = api.get_status("1"), api.get_execution("1")
    assert check.accepts(given)
    assert full.accepts(given)
    checked, execution = check.parse(given), full.parse(given)
    assert (checked.state, checked.status, checked.output) == (execution.state, execution.status, None)
    return execution


def test_only_done_ends_an_execution() -> None:
    """Whatever its status."""
    bodies = [
        {"status": status, "output": {}, **done}
        for status in (*AT_THE_END, *UNKNOWN)
        for done in ({}, {"done": False}, {"done": None})
    ]

    assert [body for body in bodies if read(body).is_terminal] == []
    assert read({"done": False}).state is State.RUNNING
    assert read({"status": "HIBERNATING"}).state is State.UNKNOWN


def test_the_status_tells_how_an_execution_has_ended() -> None:
    assert misread(lambda status: read({"status": status, "done": True}).state, AT_THE_END.items()) == {}
    assert api.STATUSES.keys() == AT_THE_END.keys()


def test_an_unknown_status_at_the_end_is_a_failure_that_names_it() -> None:
    """The wait ends at once, because the execution has."""
    for status in UNKNOWN:
        ended = read({"status": status, "done": True, "output": {"a": 1}})
        assert (ended.state, ended.status, ended.output) == (State.FAILED, status, {"a": 1})
        assert f"the status {status.strip()!r}, which is not a known final status" in str(ended.message)


def test_without_a_status_an_error_or_the_http_status_decides() -> None:
    """If the status and the HTTP status contradict each other, the worse one counts."""
    cases: list[tuple[tuple[dict[str, Any], int], State]] = [
        (({"output": 1}, 200), State.SUCCEEDED),
        (({}, 200), State.SUCCEEDED),
        (({"error": None}, 200), State.SUCCEEDED),
        (({"error": "login was refused"}, 200), State.FAILED),
        (({}, 207), State.PARTIAL),
        (({}, 502), State.FAILED),
        (({"status": None}, 200), State.SUCCEEDED),
        (({"status": None, "error": "login was refused"}, 200), State.FAILED),
        (({"status": None}, 207), State.PARTIAL),
        (({"status": "completed", "error": "x"}, 200), State.SUCCEEDED),
        (({"status": "completed", "error": "x"}, 207), State.PARTIAL),
        (({"status": "partial", "error": "x"}, 207), State.PARTIAL),
        (({"status": "failed", "error": "x"}, 207), State.FAILED),
        (({"status": "completed", "error": "x"}, 502), State.FAILED),
        (({"status": "partial", "error": "x"}, 502), State.FAILED),
        (({"status": "failed", "error": "x"}, 502), State.FAILED),
    ]

    assert misread(lambda case: read({"done": True, **case[0]}, case[1]).state, cases) == {}
    assert "login was refused" in str(read({"done": True, "error": "login was refused"}).message)


def test_a_502_that_does_not_say_done_comes_from_a_gateway() -> None:
    """A status check that gets it is repeated."""
    bodies = [b"<html>", b"", [], {"done": False}, {"done": "maybe"}, {"status": "failed"}]

    assert [body for body in bodies if api.get_status("1").accepts(response(body, 502))] == []


def test_a_body_with_neither_done_nor_a_status_is_unexpected() -> None:
    """It does not end a wait, and is not a success."""
    bodies: list[Any] = [
        *(b"", b"<html>", [], None, 7, "text", {}, {"output": {}}, {"status": None}, {"status": 7}),
        *({"done": "yes"}, {"done": 1}),
        *({"status": status, "done": True} for status in (7, True, [], {"at": 1})),
    ]
    cases = [(body, errors.UnexpectedResponse) for body in bodies]

    assert misread(lambda body: api.get_status("1").parse(response(body)), cases) == {}
    assert misread(lambda body: api.get_execution("1").parse(response(body)), cases) == {}


def test_the_output_is_found_under_each_likely_name_and_else_kept_whole() -> None:
    """Its name is not documented; the value can be of any type."""
    received = {"received": {"a": 1}, "ok": True}
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"output": received}, received),
        ({"result": received}, received),
        ({"data": received}, {"data": received}),
        ({"resultPath": "/x", "jobExecutionId": "1", **received}, received),
        *(
            ({"output": value, "result": "other"}, value)
            for value in (None, 0, "", [], {}, "text", [1], {"error": "Out of stock"})
        ),
    ]

    assert misread(lambda body: read({"status": "succeeded", "done": True, **body}).output, cases) == {}
    assert read({"status": "running", "done": False, "output": {"a": 1}}).output is None


def test_a_failure_is_explained_by_its_error_or_by_the_whole_body() -> None:
    """The name of the error is not documented either."""
    cases = [
        ({"status": "error", "error": "Portal login was refused"}, "Portal login was refused"),
        ({"status": "failed", "error": {"code": 7}}, '{"code": 7}'),
        (
            {"status": "failed", "reason": "Portal login was refused"},
            '{"done": true, "status": "failed", "reason": "Portal login was refused"}',
        ),
        (
            {"status": "partial", "steps": [{"error": "no customer"}]},
            '{"done": true, "status": "partial", "steps": [{"error": "no customer"}]}',
        ),
    ]

    assert misread(lambda body: read({"done": True, **body}).message, cases) == {}
