"""
PromptLayer, the scorecard of a sheet of a table: PromptLayer calls its recalculation a calculation.

Pages: "Recalculate Scorecard" and "Get Scorecard Calculation" of the API reference at https://docs.promptlayer.com/. Where they leave
something open, a comment names the page.

The execution id has the table and the sheet too: ``<table>.<sheet>.<calculation>``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.apis import promptlayer
from airflow_workflow_providers.apis.promptlayer_tables import (
    ids,
    joined,
    row_numbers,
    sheet,
    sheet_request,
)
from airflow_workflow_providers.core.execution import Execution, State, state_of
from airflow_workflow_providers.core.request import Request, Response, Word

#: The statuses of a calculation: https://docs.promptlayer.com/reference/table-sheet-scorecard-calculation-get
STATUSES = {
    "queued": State.QUEUED,
    "running": State.RUNNING,
    "completed": State.SUCCEEDED,
    "failed": State.FAILED,
    "cancelled": State.STOPPED,
}

#: The path of a calculation, below its sheet.
_CALCULATION = "/scorecard/calculations/{}"

#: The fields of a calculation in the output.
_SHOWN = ("aggregate_score", "aggregate_verdict", "criterion_summaries", "drift_summary")


class _Started(BaseModel):
    calculation_id: Any = None


class _Calculation(BaseModel):
    status: Word
    aggregate_score: Any = None
    aggregate_verdict: Any = None
    criterion_summaries: Any = None
    drift_summary: Any = None
    error_summary: Any = None


class _Status(BaseModel):
    calculation: _Calculation


def recalculate_scorecard(
    table_id: str,
    *,
    sheet_id: str,
    row_indices: Sequence[int] | None = None,
    step_ids: Sequence[str] | None = None,
) -> Request[Execution]:
    """
    Recalculate the scorecard of a sheet, from the cells as they are.

    It is described at https://docs.promptlayer.com/reference/table-sheet-scorecard-recalculate

    :param table_id: the table.
    :param sheet_id: its sheet, which has a scorecard.
    :param row_indices: the rows, from 0; default: all.
    :param step_ids: the steps of the scorecard; default: all.
    :return: the calculation, which is not over.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if the sheet has no scorecard.
    :raises LostStart: if the response was lost, so that the scorecard may be recalculated.
    """
    path, name = sheet(table_id, sheet_id)
    part = {
        "row_indices": row_numbers("row_indices", row_indices),
        "step_ids": ids("step_ids", step_ids),
    }

    def read(response: Response) -> Execution:
        execution_id = joined(response, table_id, sheet_id, response.parse(_Started).calculation_id)
        return Execution(execution_id, State.QUEUED, "queued")

    return Request(
        f"recalculate the scorecard of {name}",
        "POST",
        f"{path}/scorecard/recalculate",
        body={key: value for key, value in part.items() if value is not None},
        parse=read,
        starts_run=True,
        fingerprint_input={"table_id": table_id, "sheet_id": sheet_id, **part},
    )


def get_status(execution_id: str) -> Request[Execution]:
    """Read the status of a calculation, without its score."""
    return sheet_request(execution_id, _CALCULATION, _read_status)


def _read_status(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status).calculation
    return Execution(execution_id, state_of(found.status, STATUSES), found.status)


def get_execution(execution_id: str) -> Request[Execution]:
    """Read a calculation with its score and its verdict."""
    return sheet_request(execution_id, _CALCULATION, _read)


def _read(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status).calculation
    state = state_of(found.status, STATUSES)
    message = (
        response.quote(found.error_summary) if found.error_summary and state is not State.SUCCEEDED else None
    )
    output = {name: getattr(found, name) for name in _SHOWN} if state is State.SUCCEEDED else None
    return Execution(execution_id, state, found.status, output, message=message)


#: It has no stop: "Cancel Scorecard" stops the latest calculation of the sheet, whoever has started it, and takes no id.
#: https://docs.promptlayer.com/reference/table-sheet-scorecard-cancel
API = replace(promptlayer.API, get_status=get_status, get_execution=get_execution, has_labels=False)
