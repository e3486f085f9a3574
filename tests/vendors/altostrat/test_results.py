"""Statuses and results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from tests.task import Task
from tests.vendors import answer
from tests.vendors.altostrat import FAILURE, WEBHOOK, every_mode, get, run


@pytest.mark.parametrize(("status", "state"), api.STATUSES.items())
def test_every_status_of_the_page_has_one_meaning(status: str, state: State) -> None:
    """Success is success in one place only."""
    looked = api.look("fl_run_1").read(answer({"id": "fl_run_1", "status": status}))

    assert (looked.execution_id, looked.state, looked.status) == ("fl_run_1", state, status)
    assert get({"status": status}).state is state
    assert (state is State.SUCCEEDED) == (status == "completed")
    assert looked.over == (status in ("completed", "failed"))


def test_the_table_is_the_pages() -> None:
    assert set(api.STATUSES) == {"pending", "running", "completed", "failed", "awaiting_ui_interaction"}


@pytest.mark.parametrize("status", ["Completed", "success", "cancelled", "HIBERNATING", ""])
def test_any_other_status_is_unknown(status: str) -> None:
    """Even if the rest of the answer looks like the end of a run."""
    body = {"status": status, "completed_at": "2025-10-31T12:00:05.000000Z", "logs": [{"output": {"a": 1}}]}

    assert api.look("1").read(answer(body)).state is State.UNKNOWN
    assert (get(body).state, get(body).output) == (State.UNKNOWN, None)


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": 1}, {"status": ["completed"]}, [], None])
def test_an_answer_without_a_status_says_nothing_of_a_run(body: Any) -> None:
    """It is one clear error and no success, however much else it has."""
    if isinstance(body, dict):
        body = {"id": "fl_run_1", "completed_at": "2025-10-31T12:00:05Z", "logs": [{"output": 1}], **body}

    for call in (api.look, api.get_execution, api.get_run):
        with pytest.raises(errors.UnreadableAnswer, match="HTTP 200 with something else"):
            call("fl_run_1").read(answer(body))


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_result_is_the_output_of_the_last_log(emulator: Emulator, deferrable: bool) -> None:
    """A run has no other; what the earlier steps put out stays at the vendor."""
    logs = [{"output": {"first": 1}}, {"output": {"status": 200, "body": {"message": "ok"}}}]
    emulator.add_workflow("altostrat", "fl_steps", logs=logs)

    assert run("fl_steps", deferrable=deferrable)["output"] == {"status": 200, "body": {"message": "ok"}}
    assert run("fl_no_logs", deferrable=deferrable)["output"] is None


@pytest.mark.parametrize(
    ("logs", "output"),
    [
        ({}, None),
        ({"logs": None}, None),
        ({"logs": []}, None),
        ({"logs": [{}]}, None),
        ({"logs": [{"output": None}]}, None),
        ({"logs": [{"output": {"a": 1}}, {"status": "warning", "output": {"b": 2}}]}, {"b": 2}),
        ({"logs": [{"output": {"a": 1}}, {"node_id": "n2", "status": "error"}]}, None),
        # An output is an object, says the page; whatever it is, it is the result.
        ({"logs": [{"output": []}]}, []),
        ({"logs": [{"output": "text"}]}, "text"),
        ({"logs": [{"output": 0}]}, 0),
        ({"logs": [{"node_id": 7, "component_id": None, "status": None, "output": False}]}, False),
        # A log of another shape is searched for what can still be found.
        ({"logs": "text"}, None),
        ({"logs": [None, "text", 7]}, None),
        ({"logs": [{"output": {"a": 1}}, None]}, {"a": 1}),
        ({"logs": {"node_id": "n2", "output": {"a": 1}}}, {"a": 1}),
        ({"logs": {"n1": {"output": {"a": 1}}, "n2": {"output": {"b": 2}}, "n3": None}}, {"b": 2}),
    ],
)
def test_a_result_of_any_shape_is_survived(logs: dict[str, Any], output: Any) -> None:
    execution = get({"status": "completed", **logs})

    assert (execution.state, execution.output) == (State.SUCCEEDED, output)


@pytest.mark.parametrize("status", ["pending", "running", "awaiting_ui_interaction"])
def test_a_run_that_is_not_over_has_no_result_yet(status: str) -> None:
    """The last entry of its log is that of a step on the way; an error there need not be the end of it."""
    log = {"node_id": "n1", "status": "error", "output": {"a": 1}}
    execution = get({"status": status, "completed_at": "2025-10-31T12:00:05Z", "logs": [log]})

    assert (execution.over, execution.output, execution.message) == (False, None, None)


def test_the_pages_own_example_is_a_success() -> None:
    """It is completed and carries an error_message: the status decides."""
    execution = get(
        {
            "id": "fl_run_01h3j4k5l6m7n8p9q0r1s2t3u4",
            "status": "completed",
            "error_message": FAILURE,
            "started_at": "2025-10-31T12:00:00.000000Z",
            "completed_at": "2025-10-31T12:00:05.000000Z",
            "duration_in_seconds": 5,
            "logs": [
                {
                    "id": "fl_log_01h3j4k5l6m7n8p9q0r1s2t3u4",
                    "node_id": "n2",
                    "component_id": "webhook",
                    "status": "success",
                    "output": {"status": 200, "body": {"message": "ok"}},
                    "created_at": "2025-10-31T12:00:02.000000Z",
                }
            ],
        }
    )

    assert (execution.state, execution.message) == (State.SUCCEEDED, None)
    assert execution.output == {"status": 200, "body": {"message": "ok"}}


def test_a_run_that_went_on_after_an_error_is_a_success(emulator: Emulator) -> None:
    """The author of the workflow has said so, with continue_on_error."""
    record = run("fl_continues_on_error", context={"a": 1})

    assert (record["state"], record["output"]) == ("succeeded", {"received": {"a": 1}, "ok": True})


@every_mode
def test_a_failed_run_says_why(kind: Callable[..., Task], deferrable: bool) -> None:
    with pytest.raises(errors.ExecutionFailed, match=f"failed \\(failed\\): {FAILURE}"):
        kind("fl_always_fails", deferrable).run()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"error_message": FAILURE, "logs": [{"node_id": "n1", "status": "error"}]}, FAILURE),
        (
            {
                "error_message": None,
                "logs": [
                    {"node_id": "n1", "status": "success"},
                    {"node_id": "n2", "status": "error", "output": {"password": "hunter2"}},
                    {"node_id": "n3", "status": "warning"},
                    {"node_id": "n4", "status": "error"},
                ],
            },
            "an error in node 'n2', node 'n4'",
        ),
        ({"error_message": "", "logs": [{"node_id": "n2", "status": "error"}]}, "an error in node 'n2'"),
        ({"error_message": {"reason": "no"}}, '{"reason": "no"}'),
        ({"error_message": "two\nlines"}, "two lines"),
        (
            {"error_message": f"POST {WEBHOOK}?sig=s3cr3t failed"},
            "POST https://v1.api.altostrat.io/workflows/webhooks/***?*** failed",
        ),
        ({"error_message": None, "logs": [{"node_id": "n1", "status": "success"}]}, None),
        ({"logs": None}, None),
        ({}, None),
    ],
)
def test_a_failed_run_is_explained_as_well_as_can_be(members: dict[str, Any], message: str | None) -> None:
    """By its own message, else by the nodes whose log is an error; what they put out stays out of it."""
    execution = get({"status": "failed", **members})

    assert (execution.state, execution.message) == (State.FAILED, message)


def test_error_logs_are_named_where_there_is_no_message(emulator: Emulator) -> None:
    emulator.add_workflow("altostrat", "fl_mute", ends="failed", error="")

    with pytest.raises(errors.ExecutionFailed, match="an error in node 'n2'"):
        run("fl_mute")


@every_mode
def test_a_huge_output_is_a_result_and_stays_at_the_vendor(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """Six megabytes are too many for XCom by default: the record says how to fetch them."""
    emulator.set_pace(looks=1)
    emulator.fail("altostrat", "get", "huge", times=None, bytes=6_000_000)

    record = kind("fl_sync_sites", deferrable).run()

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"] == {
        "bytes": 6_000_000,
        "fetch": f"AltostratHook('altostrat_default').get_execution('{record['execution_id']}').output",
    }
