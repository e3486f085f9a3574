"""PromptLayer's tables: their options, and the default ones."""

import re
from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.emulator.workflow import EmulatedWorkflow

#: What an id of a table, a sheet, a column or a step looks like.
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

#: The id of the sheet of every default table.
SHEET = "00000000-0000-4000-9000-000000000001"

#: The ids of columns where a table does not say which it has.
_COLUMNS = tuple(f"00000000-0000-4000-a000-{number:012}" for number in (1, 2))


@dataclass(frozen=True)
class Table(EmulatedWorkflow):
    """
    A table with one sheet, and how the recalculations of its cells and of its scorecard go.

    :param table_id: its id, a UUID.
    :param sheet_id: the id of its sheet.
    :param rows: how many rows the sheet has.
    :param columns: the ids of its computed columns; with None it has two, and takes any other id for one, too.
    :param is_stale: whether its cells are stale, and stay so; if not, they are completed.
    :param confirmed_above: how many cells are recalculated without a confirmation; None: any number.
    :param failing_cells: how many cells fail at the most, in an operation that completes.
    :param ends: the status in which an operation and a calculation end, None for those that never end.
    :param has_scorecard: whether the sheet has a scorecard.
    :param score: the score of a calculation that completes.
    :param verdict: its verdict.
    :param error: the ``error_summary`` of a calculation that fails; an operation has no error of its own.
    """

    table_id: str
    sheet_id: str = SHEET
    rows: int = 10
    columns: tuple[str, ...] | None = None
    is_stale: bool = True
    confirmed_above: int | None = None
    failing_cells: int = 0
    ends: str | None = "completed"
    has_scorecard: bool = True
    score: float | None = 0.9
    verdict: str | None = "pass"
    error: str = "The scorecard could not be calculated"

    def __post_init__(self) -> None:
        for known in (self.table_id, self.sheet_id, *(self.columns or ())):
            if not UUID.fullmatch(known):
                raise ValueError("The ids of a table, its sheet and its columns are UUIDs.")
        if self.rows < 1 or self.failing_cells < 0:
            raise ValueError("A sheet has at least one row, and `failing_cells` is a whole number from 0.")
        super().__post_init__()

    def cells(self, given: dict[str, Any]) -> list[tuple[int, str]]:
        """Return the row and the column of each cell that an operation with this body is for."""
        statuses = given.get("statuses")
        wanted = ["STALE"] if statuses is None else statuses
        if wanted and ("STALE" if self.is_stale else "COMPLETED") not in wanted:
            return []
        rows = given.get("row_ids")
        columns = given.get("column_ids")
        return [
            (row, column)
            for row in (range(self.rows) if rows is None else rows)
            for column in (self.columns or _COLUMNS if columns is None else columns)
            if row < self.rows
        ]


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


DEFAULT_TABLES = (
    Table(_id(1)),
    Table(_id(2), ends="failed", error="the judge's model is not available"),
    Table(_id(3), ends=None),
    Table(_id(4), failing_cells=3, score=0.4, verdict="fail"),
    Table(_id(5), is_stale=False),
    Table(_id(6), rows=200, confirmed_above=100),
    Table(_id(7), has_scorecard=False),
)
