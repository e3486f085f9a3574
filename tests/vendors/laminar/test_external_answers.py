"""The external call: what comes back."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook
from tests.vendors import answer
from tests.vendors.laminar import external, run


@pytest.mark.parametrize(
    ("workflow", "status", "output"),
    [
        (39, "HTTP 200", {"received": {"a": 1}, "ok": True}),
        (42, "HTTP 200", "plain words"),
        (43, "HTTP 200", [1, 2, 3]),
        (44, "HTTP 201", {"created": True}),
        (46, "HTTP 200", None),
        # Ending early with lam.exit is a success to Laminar, whatever the author says with it.
        (47, "HTTP 200", {"error": "Out of stock"}),
    ],
)
def test_the_answer_is_the_output(emulator: Emulator, workflow: int, status: str, output: Any) -> None:
    """One request; nothing about the body is documented, so all of it is the output."""
    task = external(workflow, payload={"a": 1})

    record = task.run()

    assert (record["state"], record["status"], record["output"]) == ("succeeded", status, output)
    assert (record["execution_id"], record["url"]) == (None, None)
    assert len(emulator.calls("laminar")) == 1
    assert task.deferrals == []


@pytest.mark.parametrize(
    ("content", "output"),
    [
        (b"42.5", 42.5),
        (b"true", True),
        (b'"text"', "text"),
        (b"", ""),
        (b"{cut", "{cut"),
        (b"[" * 100_000, "[" * 100_000),
        (b"9" * 5_000, "9" * 5_000),
        ("größer".encode(), "größer"),
        (b"\xff\xfe\xfa", "\ufffd\ufffd\ufffd"),
        (b"<p>not sent as a page</p>", "<p>not sent as a page</p>"),
    ],
)
def test_what_is_not_json_is_text(content: bytes, output: Any) -> None:
    execution = api.execute_workflow(1).read(answer(content))

    assert (execution.state, execution.output) == (State.SUCCEEDED, output)


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        (float("nan"), "NaN"),
        ({"ratio": float("-inf"), "other": 1}, {"ratio": "-Infinity", "other": 1}),
        (["\ud800", 2**65], ["\ufffd", "36893488147419103232"]),
    ],
)
def test_what_airflow_cannot_store_is_stored_in_the_nearest_form(
    emulator: Emulator, body: Any, stored: Any
) -> None:
    """What succeeded arrives; the task's log says what was changed."""
    emulator.fail("laminar", "execute", "status", status=200, body=body)

    with structlog.testing.capture_logs() as logs:
        record = run()

    assert (record["state"], record["output"]) == ("succeeded", stored)
    assert [entry["log_level"] for entry in logs if "nearest form" in str(entry)] == ["warning"]


@pytest.mark.parametrize("status", [200, 201])
def test_a_page_for_people_is_no_output(status: int) -> None:
    """It comes from a proxy in between, and says nothing of the run."""
    with pytest.raises(errors.UnreadableAnswer, match="an HTML page"):
        api.execute_workflow(1).read(
            answer(b"<!doctype html>", status, content_type="Text/HTML; charset=utf-8")
        )


@pytest.mark.parametrize(
    ("workflow", "said"),
    [(40, "HTTP 400.*Step 2: invoice 77 has no customer"), (45, "HTTP 422.*author says no")],
)
def test_a_failed_run_fails_the_task_with_its_words(emulator: Emulator, workflow: int, said: str) -> None:
    """400 is documented as a failed execution; another status of 4xx is its author's. A retry starts a new run."""
    task = external(workflow, retries=1)

    with pytest.raises(errors.ExecutionFailed, match=said):
        task.run()

    assert len(emulator.runs("laminar")) == 2


@pytest.mark.parametrize("status", [400, 402, 405, 406, 407, 409, 410, 418, 422, 451])
def test_a_status_of_4xx_is_a_failed_run_unless_it_is_a_refusal(status: int) -> None:
    """Never a success, and its body is kept as the message."""
    call = api.execute_workflow(1)
    said = answer({"anything": "no"}, status)

    assert call.expects(said)
    execution = call.read(said)
    assert (execution.state, execution.status) == (State.FAILED, f"HTTP {status}")
    assert execution.message == '{"anything": "no"}'


@pytest.mark.parametrize("status", [301, 303, 401, 403, 404, 408, 429, 500, 502, 503, 504, 529])
def test_no_other_status_is_read_as_a_run(status: int) -> None:
    assert not api.execute_workflow(1).expects(answer({}, status))


def test_no_error_has_a_documented_shape() -> None:
    """The body is shown whole."""
    assert api.explain(answer({"error": {"code": "X", "message": "no"}}, 401)) is None
    assert api.explain(Answer(502, {}, b"<html>")) is None


def test_a_huge_output_is_a_result_that_cannot_be_fetched_again(emulator: Emulator) -> None:
    """Six megabytes are too many for XCom by default; there is no id to fetch them by, and the record says so."""
    emulator.fail("laminar", "execute", "huge", bytes=6_000_000)

    with structlog.testing.capture_logs() as logs:
        record = run()

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] == 6_000_000
    assert "cannot be fetched again" in record["output_omitted"]["fetch"]
    assert "get_execution" not in str(logs)
    assert [entry["log_level"] for entry in logs if "max_inline_output" in str(entry)] == ["warning"]


@pytest.mark.parametrize(
    "options",
    [
        {"deferrable": True},
        {"wait_for_completion": False},
        {"poll_interval": 60},
        {"on_clear": "take_up"},
        {"on_timeout": "leave", "on_sigterm": "leave"},
    ],
)
def test_what_does_nothing_here_is_refused_in_the_task_and_ignored_in_default_args(
    emulator: Emulator, options: dict[str, Any]
) -> None:
    """The same ``default_args`` can stand over tasks of all vendors; what is given to the task itself is meant."""
    with pytest.raises(errors.InvalidInput, match=f"{min(options)}.* does nothing for Laminar"):
        run(**options)
    assert emulator.calls("laminar") == []

    task = external(default_args=options)
    assert task.run()["state"] == "succeeded"
    assert task.deferrals == []
    assert len(emulator.calls("laminar")) == 1


def test_an_execution_cannot_be_looked_at_or_stopped(emulator: Emulator) -> None:
    """It has no id: the hook says so and asks nobody."""
    with closing(LaminarHook("laminar_default")) as hook:
        for method in (hook.look, hook.get_execution):
            with pytest.raises(errors.NotFound, match=r"has no id.*'7'"):
                method("7")
        assert hook.execution_url("7") is None
        assert "cannot stop a run" in hook.try_to_stop("7").said
        execution = hook.execute_workflow(43, payload=[1], start_from_step=1, limit=5)

    assert (execution.execution_id, execution.output) == (None, [1, 2, 3])
    assert len(emulator.calls("laminar")) == 1
