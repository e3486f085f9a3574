"""Recalculations of a sheet and of its scorecard: what only PromptLayer does."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import promptlayer_scorecards, promptlayer_tables
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.promptlayer import PromptLayerScorecardHook, PromptLayerSheetHook
from airflow_workflow_providers.operators.promptlayer import (
    PromptLayerRecalculateScorecardOperator,
    PromptLayerRecalculateSheetBatchOperator,
    PromptLayerRecalculateSheetOperator,
    PromptLayerSheetStopExecutionOperator,
)
from airflow_workflow_providers.outputs.manifest import BatchManifest
from tests.contract import blocking_and_deferred, text_of
from tests.fake_airflow import Task
from tests.vendors import PROMPTLAYER_SCORECARDS, PROMPTLAYER_SHEETS, misread, response
from tests.vendors.facts import FACTS
from tests.vendors.facts.bad_values import FLAGS, HUGE, IDS, Hostile

TABLE, SHEET = FACTS["promptlayer_sheets"].right.values()
ID = f"{TABLE}.{SHEET}.op_1"
COUNTS = {"cell_count": 20, "completed_count": 20, "failed_count": 0, "pending_count": 0}
NOTHING_TO_DO = {"success": True, "cell_count": 0, "virtual_cell_count": 0, "cells": []}
WANTED = {
    "success": False,
    "requires_confirmation": True,
    "confirmation_token": "tok_9f3Kq7Lw2Xn8",
    "affected_cell_count": 400,
    "message": "This will recalculate 400 cells.",
}


def table(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def sheet_task(number: int = 1, **options: Any) -> PromptLayerRecalculateSheetOperator:
    task: PromptLayerRecalculateSheetOperator = PROMPTLAYER_SHEETS.task(table(number), **options)
    return task


def scorecard_task(number: int = 1, **options: Any) -> PromptLayerRecalculateScorecardOperator:
    task: PromptLayerRecalculateScorecardOperator = PROMPTLAYER_SCORECARDS.task(table(number), **options)
    return task


# -- what is sent --------------------------------------------------------------------------------------------------


def test_a_start_is_the_documented_request(emulator: Emulator) -> None:
    column = table(8)
    with closing(PromptLayerSheetHook()) as hook:
        hook.recalculate_sheet(TABLE, sheet_id=SHEET)
        hook.recalculate_sheet(TABLE, sheet_id=SHEET, column_ids=[column], row_indices=(0, 2), statuses=[])
    with closing(PromptLayerScorecardHook()) as scorecard:
        scorecard.recalculate_scorecard(TABLE, sheet_id=SHEET)
        scorecard.recalculate_scorecard(TABLE, sheet_id=SHEET, row_indices=[0], step_ids=[column])

    sheet = f"/api/public/v2/tables/{TABLE}/sheets/{SHEET}"
    assert [(each["method"], each["path"], each["body"]) for each in emulator.requests("promptlayer")] == [
        ("POST", f"{sheet}/operations", {"operation": "recalculate"}),
        (
            "POST",
            f"{sheet}/operations",
            {"operation": "recalculate", "column_ids": [column], "row_ids": [0, 2], "statuses": []},
        ),
        ("POST", f"{sheet}/scorecard/recalculate", {}),
        ("POST", f"{sheet}/scorecard/recalculate", {"row_indices": [0], "step_ids": [column]}),
    ]


def test_an_execution_id_leads_to_the_operation_below_its_sheet(emulator: Emulator) -> None:
    """The id of an operation may have any form, and cannot change the path."""
    sheet = f"/api/public/v2/tables/{TABLE}/sheets/{SHEET}"
    requests = {
        f"{sheet}/operations/op_1": promptlayer_tables.get_status(ID),
        f"{sheet}/operations/a.b%2F..%3F": promptlayer_tables.get_execution(f"{TABLE}.{SHEET}.a.b/..?"),
        f"{sheet}/scorecard/calculations/op_1": promptlayer_scorecards.get_status(ID),
    }

    assert {path: request.path for path, request in requests.items()} == {path: path for path in requests}
    assert (promptlayer_tables.stop(ID).method, promptlayer_tables.stop(ID).path) == (
        "DELETE",
        f"{sheet}/operations/op_1",
    )


@pytest.mark.parametrize(
    "bad",
    [
        *(
            "op_1",
            f"{TABLE}.op_1",
            f"{TABLE}.{SHEET}.",
            f"{TABLE}.{SHEET}. ",
            f".{SHEET}.op_1",
            f"{TABLE}..op_1",
        ),
        *(f"a b.{SHEET}.op_1", f"{TABLE}.a/b.op_1", f"{TABLE}.{SHEET}..", f"{TABLE}.{SHEET}.None", "None", 7),
    ],
)
def test_an_execution_id_without_its_three_parts_is_rejected(bad: Any) -> None:
    for read in (
        promptlayer_tables.get_status,
        promptlayer_tables.get_execution,
        promptlayer_tables.stop,
        promptlayer_scorecards.get_status,
        promptlayer_scorecards.get_execution,
    ):
        with pytest.raises(errors.InvalidInput, match="execution_id"):
            read(bad)


#: No list, or an empty one.
NO_LISTS: list[Any] = [True, 0, 1.5, "", b"x", {}, set(), {1}, range(3), object(), Hostile(), HUGE, [], ()]

#: For each parameter, values that are rejected.
BAD: dict[str, list[Any]] = {
    "table_id": [*IDS, "My table", "a.b", "a/b", "ä", 7, "x" * 65],
    "sheet_id": [*IDS, "My sheet", "a.b", "a/b", "ä", 7, "x" * 65],
    "column_ids": [*NO_LISTS, "all", [""], [7], [None], ["x" * 1_001]],
    "row_indices": [*NO_LISTS, 3, "0", [-1], ["0"], [True], [1.0], [2**70], [None]],
    "statuses": [*NO_LISTS[:-2], "STALE", ["stale"], ["DONE"], [None], [7]],
    "step_ids": [*NO_LISTS, "all", [""], [7], [None]],
    "confirmation_token": ["", 7, ["t"]],
}


@pytest.mark.parametrize(
    ("build", "name"),
    [
        *((promptlayer_tables.recalculate_sheet, name) for name in BAD if name != "step_ids"),
        *(
            (promptlayer_scorecards.recalculate_scorecard, name)
            for name in ("table_id", "sheet_id", "row_indices", "step_ids")
        ),
    ],
)
def test_a_wrong_value_of_a_parameter_is_rejected_by_name(build: Any, name: str) -> None:
    for value in BAD[name]:
        with pytest.raises(errors.InvalidInput, match=name):
            build(**{"table_id": TABLE, "sheet_id": SHEET, name: value})


def test_the_operator_rejects_a_confirm_that_is_no_flag() -> None:
    for value in FLAGS:
        with pytest.raises(errors.InvalidInput, match="confirm"):
            sheet_task(confirm=value)


# -- what is read --------------------------------------------------------------------------------------------------


def test_a_start_is_queued_or_has_nothing_to_do_or_is_lost() -> None:
    """The three documented forms are told apart by their fields, whatever the HTTP status is."""
    read = promptlayer_tables.recalculate_sheet(TABLE, sheet_id=SHEET).parse
    queued = {"success": True, "operation": "recalculate", "operation_id": "op_1", "cell_count": 20}

    def state(body: Any) -> Any:
        found = read(response(body))
        return found.execution_id, found.state

    started = (ID, State.QUEUED)
    assert (
        misread(
            state,
            [
                (queued, started),
                ({**queued, "cell_count": 0}, started),
                ({**queued, "success": None, "operation": {}, "cells": 7}, started),
                ({**queued, "requires_confirmation": True}, started),
                (NOTHING_TO_DO, (None, State.SUCCEEDED)),
                ({**NOTHING_TO_DO, "cells": None}, (None, State.SUCCEEDED)),
                (WANTED, promptlayer_tables.ConfirmationWanted),
                (
                    {**WANTED, "confirmation_token": None, "affected_cell_count": None},
                    promptlayer_tables.ConfirmationWanted,
                ),
                *(
                    (body, errors.UnexpectedResponse)
                    for body in (
                        {**queued, "operation_id": ""},
                        {**queued, "operation_id": "a/b"},
                        {**queued, "operation_id": 7},
                        {**NOTHING_TO_DO, "cell_count": 1},
                        {**NOTHING_TO_DO, "cell_count": False},
                        {**NOTHING_TO_DO, "cell_count": None},
                        {**NOTHING_TO_DO, "success": False},
                        {**WANTED, "requires_confirmation": "true"},
                        {**WANTED, "requires_confirmation": 1},
                        {"success": True},
                        {},
                    )
                ),
            ],
        )
        == {}
    )


def test_an_operation_has_succeeded_only_if_it_is_completed_and_no_cell_has_failed() -> None:
    """The number of failed cells decides, so a value that is no number is no success."""
    read = promptlayer_tables.get_status(ID).parse

    def state(fields: dict[str, Any]) -> State:
        found: Execution = read(
            response({"success": True, "operation": {"operation_id": "op_1", **COUNTS, **fields}})
        )
        return found.state

    completed = {"status": "completed"}
    assert (
        misread(
            state,
            [
                (completed, State.SUCCEEDED),
                ({"status": "COMPLETED"}, State.SUCCEEDED),
                (
                    {**completed, "completed_count": None, "cell_count": "many", "pending_count": 7},
                    State.SUCCEEDED,
                ),
                *(
                    ({**completed, "failed_count": odd}, State.PARTIAL)
                    for odd in (3, -1, None, "0", False, 0.0, [])
                ),
                ({"status": "queued"}, State.QUEUED),
                ({"status": "dispatched"}, State.QUEUED),
                ({"status": "running", "pending_count": 0}, State.RUNNING),
                ({"status": "failed"}, State.FAILED),
                ({"status": "cancelled", "failed_count": 3}, State.STOPPED),
                *(
                    ({"status": odd}, State.UNKNOWN)
                    for odd in ("", "done", "complete", "completed ", "succeeded")
                ),
                *(({"status": odd}, errors.UnexpectedResponse) for odd in (None, 7, ["completed"], True)),
            ],
        )
        == {}
    )


def test_a_response_without_an_operation_is_not_read_as_one() -> None:
    """The response to a start has a text there."""
    for body in (
        {"success": True, "operation": "recalculate"},
        {"status": "completed"},
        [],
        {"operation": None},
    ):
        with pytest.raises(errors.UnexpectedResponse):
            promptlayer_tables.get_status(ID).parse(response(body))


def test_a_calculation_is_completed_with_every_verdict() -> None:
    """What decides is its status alone."""
    read = promptlayer_scorecards.get_status(ID).parse

    def state(fields: dict[str, Any]) -> State:
        found: Execution = read(response({"success": True, "calculation": {"id": "c", **fields}}))
        return found.state

    verdicts: tuple[Any, ...] = ("pass", "warn", "fail", "error", "skipped", None, 7)
    assert (
        misread(
            state,
            [
                *(({"status": "completed", "aggregate_verdict": each}, State.SUCCEEDED) for each in verdicts),
                ({"status": "completed", "error_summary": "none"}, State.SUCCEEDED),
                ({"status": "queued"}, State.QUEUED),
                ({"status": "running"}, State.RUNNING),
                ({"status": "failed"}, State.FAILED),
                ({"status": "cancelled"}, State.STOPPED),
                *(({"status": odd}, State.UNKNOWN) for odd in ("", "Completed", "ready", "stale")),
                *(({"status": odd}, errors.UnexpectedResponse) for odd in (None, 7, {})),
            ],
        )
        == {}
    )


@blocking_and_deferred
def test_the_record_of_an_operation_has_its_counts(emulator: Emulator, deferrable: bool) -> None:
    record = Task(lambda: sheet_task(deferrable=deferrable)).run()

    assert record["output"] == COUNTS
    assert (record["state"], record["status"], record["url"]) == ("succeeded", "completed", None)


@blocking_and_deferred
def test_failed_cells_fail_the_task_with_their_number_unless_its_author_accepts_them(
    emulator: Emulator, deferrable: bool
) -> None:
    with pytest.raises(errors.ExecutionFailed, match=r"failed parts.*3 of 20 cells failed"):
        Task(lambda: sheet_task(4, deferrable=deferrable)).run()

    record = Task(lambda: sheet_task(4, deferrable=deferrable, on_partial_failure="succeed")).run()
    assert (record["state"], record["output"]["failed_count"]) == ("partial", 3)


@blocking_and_deferred
def test_a_sheet_without_stale_cells_is_a_success_and_nothing_is_waited_for(
    emulator: Emulator, deferrable: bool
) -> None:
    record = Task(lambda: sheet_task(5, deferrable=deferrable), retries=1).run()

    assert (record["execution_id"], record["state"], record["status"]) == (None, "succeeded", "nothing to do")
    assert record["output"] == dict.fromkeys(COUNTS, 0)
    assert [each["operation"] for each in emulator.requests("promptlayer")] == ["create_operation"]
    assert emulator.runs("promptlayer") == []


@blocking_and_deferred
def test_the_record_of_a_calculation_has_its_score_and_verdict(emulator: Emulator, deferrable: bool) -> None:
    """A verdict of "fail" is no failure of the task: the next task decides."""
    record = Task(lambda: scorecard_task(4, deferrable=deferrable)).run()

    assert record["state"] == "succeeded"
    assert record["output"] == {
        "aggregate_score": 0.4,
        "aggregate_verdict": "fail",
        "criterion_summaries": {"answer is polite": {"score": 0.4, "verdict": "fail"}},
        "drift_summary": None,
    }


@blocking_and_deferred
def test_what_was_cancelled_at_promptlayer_stops_the_task(emulator: Emulator, deferrable: bool) -> None:
    emulator.add_workflow("promptlayer", table(8), ends="cancelled")

    for make in (sheet_task, scorecard_task):
        with pytest.raises(errors.ExecutionStopped, match="cancelled"):
            Task(lambda: make(8, deferrable=deferrable)).run()  # noqa: B023  # called at once


def test_a_sheet_without_a_scorecard_is_rejected(emulator: Emulator) -> None:
    with pytest.raises(errors.RequestRejected, match=r"Scorecard is not configured.*Nothing was started"):
        Task(lambda: scorecard_task(7)).run()


# -- the confirmation ----------------------------------------------------------------------------------------------


@blocking_and_deferred
def test_many_cells_are_not_recalculated_without_a_confirmation(emulator: Emulator, deferrable: bool) -> None:
    """The error names their number and how to confirm, and never the token. A retry asks again."""
    emulator.fail("promptlayer", "create_operation", "status", times=None, status=200, body=WANTED)
    task = Task(lambda: sheet_task(6, deferrable=deferrable), retries=1)

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(
            errors.RequestRejected, match=r"400 cells.*confirm=True.*Nothing was started"
        ) as rejected,
    ):
        task.run()

    assert isinstance(rejected.value, promptlayer_tables.ConfirmationWanted)
    assert rejected.value.token == WANTED["confirmation_token"]
    assert WANTED["confirmation_token"] not in f"{rejected.value} {text_of(logs)} {task.everything_kept()}"
    assert len(emulator.requests("promptlayer", "create_operation")) == 2
    assert task.store == {}


@blocking_and_deferred
def test_confirm_sends_the_same_start_again_with_the_token(emulator: Emulator, deferrable: bool) -> None:
    """One operation is started, and the task waits for it."""
    record = Task(
        lambda: sheet_task(6, deferrable=deferrable, confirm=True, row_indices=list(range(60)))
    ).run()

    first, second = (each["body"] for each in emulator.requests("promptlayer", "create_operation"))
    (run,) = emulator.runs("promptlayer")
    assert "confirmation_token" not in first
    assert {**second, "confirmation_token": ""} == {**first, "confirmation_token": ""}
    assert second["confirmation_token"]
    assert (record["state"], record["execution_id"]) == ("succeeded", run["execution_id"])
    assert record["output"]["completed_count"] == 120


def test_confirm_changes_nothing_if_no_confirmation_is_wanted(emulator: Emulator) -> None:
    Task(lambda: sheet_task(confirm=True)).run()

    assert len(emulator.requests("promptlayer", "create_operation")) == 1


@blocking_and_deferred
def test_a_confirmed_start_whose_response_is_lost_is_not_sent_again(
    emulator: Emulator, deferrable: bool
) -> None:
    """Nor by a retry of a task that was killed: the intent is stored before the first request."""
    emulator.fail("promptlayer", "create_operation", "lost_response", after=1)
    task = Task(lambda: sheet_task(6, deferrable=deferrable, confirm=True), retries=2)

    with pytest.raises(errors.LostStart, match="a run may exist"):
        task.run()

    assert task.tries == 1
    assert len(emulator.runs("promptlayer")) == 1
    with pytest.raises(errors.LostStart):
        task.try_once()
    assert len(emulator.requests("promptlayer", "create_operation")) == 2


def test_a_confirmation_that_is_wanted_again_ends_the_task(emulator: Emulator) -> None:
    """There is no third request."""
    emulator.fail("promptlayer", "create_operation", "status", times=None, status=200, body=WANTED)

    with pytest.raises(promptlayer_tables.ConfirmationWanted):
        Task(lambda: sheet_task(6, confirm=True)).run()

    assert len(emulator.requests("promptlayer", "create_operation")) == 2


def test_a_batch_confirms_each_start_that_needs_it(emulator: Emulator) -> None:
    inputs = [{"table_id": table(number)} for number in (1, 5, 6)]

    def batch(**options: Any) -> PromptLayerRecalculateSheetBatchOperator:
        return PromptLayerRecalculateSheetBatchOperator(
            task_id="run", sheet_id=SHEET, inputs=inputs, poll_interval=0.05, **options
        )

    confirmed = Task(lambda: batch(confirm=True)).run()
    unconfirmed = Task(lambda: batch(on_partial_failure="succeed")).run()

    assert [line["state"] for line in BatchManifest(confirmed)] == ["succeeded"] * 3
    (refused,) = BatchManifest(unconfirmed).others()
    assert (refused["index"], "confirm=True" in refused["error"]) == (2, True)


def test_a_person_confirms_with_the_hook(emulator: Emulator) -> None:
    """In a thread and on an event loop."""

    async def run(hook: PromptLayerSheetHook) -> Execution:
        with pytest.raises(promptlayer_tables.ConfirmationWanted) as wanted:
            await hook.arecalculate_sheet(table(6), sheet_id=SHEET)
        return await hook.arecalculate_sheet(table(6), sheet_id=SHEET, confirmation_token=wanted.value.token)

    with closing(PromptLayerSheetHook()) as hook:
        with pytest.raises(promptlayer_tables.ConfirmationWanted) as wanted:
            hook.recalculate_sheet(table(6), sheet_id=SHEET)
        first = hook.recalculate_sheet(table(6), sheet_id=SHEET, confirmation_token=wanted.value.token)
        second = asyncio.run(run(hook))

    assert [each["execution_id"] for each in emulator.runs("promptlayer")] == [
        first.execution_id,
        second.execution_id,
    ]


# -- stopping ------------------------------------------------------------------------------------------------------


def test_the_stop_operator_cancels_an_operation(emulator: Emulator) -> None:
    started = Task(lambda: sheet_task(3, wait_for_completion=False)).run()

    record = Task(
        lambda: PromptLayerSheetStopExecutionOperator(
            task_id="stop", execution_id=started["execution_id"], poll_interval=0.01
        )
    ).run()

    (run,) = emulator.runs("promptlayer")
    assert (record["state"], run["stops"], run["status"]) == ("stopped", 1, "cancelled")


def test_the_hook_of_scorecards_stops_nothing(emulator: Emulator) -> None:
    """PromptLayer's request would stop the latest calculation of the sheet, which may be another one."""
    with closing(PromptLayerScorecardHook()) as hook, pytest.raises(errors.NotSupported, match="goes on"):
        hook.stop_execution(ID)

    assert emulator.requests("promptlayer") == []


def test_nothing_in_an_output_but_what_is_documented() -> None:
    """Counts that are no numbers are ``None``, so that a task that adds them up fails there and not in a sum."""
    body = {"operation": {"status": "completed", **COUNTS, "completed_count": "20", "cells": [1]}}

    found = promptlayer_tables.get_execution(ID).parse(response(body))

    assert found.output == {**COUNTS, "completed_count": None}
