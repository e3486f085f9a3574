"""The external call: its response is the output, and nothing about the body is documented."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook
from tests.vendors import misread, response
from tests.vendors.laminar import external


def test_the_body_is_the_output_as_json_or_text() -> None:
    """A 2xx is a success, whatever the body says: also the error with which an author ends a run early."""
    cases: list[tuple[bytes, Any]] = [
        (b'{"received": {"a": 1}}', {"received": {"a": 1}}),
        (b'{"error": "Out of stock"}', {"error": "Out of stock"}),
        (b"[1, 2, 3]", [1, 2, 3]),
        (b"null", None),
        (b"42.5", 42.5),
        (b"true", True),
        (b'"text"', "text"),
        (b"plain words", "plain words"),
        (b"", ""),
        (b"{cut", "{cut"),
        (b"[" * 100_000, "[" * 100_000),
        (b"9" * 5_000, "9" * 5_000),
        ("größer".encode(), "größer"),
        (b"\xff\xfe\xfa", "\ufffd\ufffd\ufffd"),
        (b"<p>not sent as a page</p>", "<p>not sent as a page</p>"),
    ]

    def read(body: bytes) -> Any:
        execution = api.execute_workflow(1).parse(response(body, 201))
        assert (execution.state, execution.status) == (State.SUCCEEDED, "HTTP 201")
        return execution.output

    assert misread(read, cases) == {}


def test_an_html_page_is_not_an_output() -> None:
    """It comes from a proxy, and says nothing about the run."""
    page = response(b"<!doctype html>", 201, content_type="Text/HTML; charset=utf-8")

    with pytest.raises(errors.UnexpectedResponse, match="an HTML page"):
        api.execute_workflow(1).parse(page)


def test_a_4xx_is_a_failed_run_unless_laminar_itself_sends_it() -> None:
    """400 is documented as a failed execution, and a workflow may choose any other. Its body is the message."""
    request = api.execute_workflow(1)
    failed = [400, 402, 405, 406, 407, 409, 410, 418, 422, 451]
    others = [301, 303, 401, 403, 404, 408, 429, 500, 502, 503, 504, 529]

    assert [status for status in failed + others if request.accepts(response({}, status))] == failed
    for status in failed:
        execution = request.parse(response({"anything": "no"}, status))
        assert (execution.state, execution.status) == (State.FAILED, f"HTTP {status}")
        assert execution.message == '{"anything": "no"}'
    page = request.parse(response(b"<p>no</p>", 400, content_type="text/html"))
    assert (page.state, page.message) == (State.FAILED, "<p>no</p>")


def test_a_failed_run_fails_the_task_with_its_message_and_a_retry_runs_it_again(emulator: Emulator) -> None:
    task = external(40, retries=1)

    with pytest.raises(errors.ExecutionFailed, match=r"HTTP 400.*Step 2: invoice 77 has no customer"):
        task.run()

    assert len(emulator.runs("laminar")) == 2


def test_an_output_that_airflow_cannot_store_is_stored_in_the_nearest_form(emulator: Emulator) -> None:
    """The task succeeds, and its log says so."""
    body = {"ratio": float("-inf"), "other": 1, "texts": ["\ud800", 2**65]}
    emulator.fail("laminar", "execute", "status", status=200, body=body)

    with structlog.testing.capture_logs() as logs:
        record = external().run()

    assert record["state"] == "succeeded"
    assert record["output"] == {"ratio": "-Infinity", "other": 1, "texts": ["\ufffd", "36893488147419103232"]}
    assert [entry["log_level"] for entry in logs if "nearest form" in str(entry)] == ["warning"]


def test_an_output_that_is_too_large_by_default_cannot_be_fetched_again(emulator: Emulator) -> None:
    """Such a run has no id; the record says so, and how large the output was."""
    emulator.fail("laminar", "execute", "huge", bytes=6_000_000)

    with structlog.testing.capture_logs() as logs:
        record = external().run()

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] == 6_000_000
    assert "cannot be fetched again" in record["output_omitted"]["fetch"]
    assert "get_execution" not in str(logs)
    assert [entry["log_level"] for entry in logs if "max_inline_output" in str(entry)] == ["warning"]


def test_default_args_about_a_wait_change_nothing(emulator: Emulator) -> None:
    """They can be for the tasks of all vendors; there is one request, and no deferral."""
    given = {
        "deferrable": True,
        "wait_for_completion": False,
        "poll_interval": 60,
        "on_clear": "reattach",
        "cancel_on_timeout": False,
        "cancel_on_kill": False,
    }
    task = external(default_args=given)

    assert task.run()["state"] == "succeeded"
    assert task.deferrals == []
    assert len(emulator.requests("laminar")) == 1


def test_a_run_cannot_be_read_or_stopped(emulator: Emulator) -> None:
    """It has no id. The error says so, and nothing is sent."""
    with closing(LaminarHook("laminar_default")) as hook:
        for method in (hook.get_status, hook.get_execution):
            with pytest.raises(errors.NotSupported, match="no id, so execution 7 cannot be read"):
                method("7")
        with pytest.raises(errors.NotSupported, match="Laminar cannot stop a run: execution 7 goes on"):
            hook.stop_execution("7")
        assert hook.execution_url("7") is None
        assert emulator.requests("laminar") == []

        execution = hook.execute_workflow(43, payload=[1], start_from_step=1, timeout=5)

    assert (execution.execution_id, execution.output) == (None, [1, 2, 3])
