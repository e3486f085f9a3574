"""
Recalculations of the sheet of a table: of its cells, which is an operation, and of its scorecard, which is a calculation.

The pages are those of the groups *operations* and *scorecard* in the API reference
(docs.promptlayer.com/reference/table-sheet-operations-create and others).
"""

import secrets
import uuid
from typing import Any

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.lifecycle import Lifecycle
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.promptlayer.tables import DEFAULT_TABLES, UUID, Table

_CELL_STATUSES = ("STALE", "QUEUED", "DISPATCHED", "RUNNING", "COMPLETED", "FAILED")
_WORKSPACE = 1


class Recalculations:
    """What recalculates a sheet. PromptLayer knows a run of it only below its table and its sheet."""

    def __init__(self, vendor: EmulatedVendor[Any]) -> None:
        self._vendor = vendor
        self.reset()

    def reset(self) -> None:
        """Go back to the default tables; forget runs and confirmations."""
        self._tables = {table.table_id: table for table in DEFAULT_TABLES}
        self._runs: dict[str, tuple[Run, Table]] = {}
        self._tokens: dict[str, str] = {}

    def add(self, table: Table) -> None:
        """Add a table, or change one."""
        self._tables[table.table_id] = table

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        sheet = "/api/public/v2/tables/{table_id}/sheets/{sheet_id}"
        operation = f"{sheet}/operations/{{execution_id}}"
        calculation = f"{sheet}/scorecard/calculations/{{execution_id}}"
        return (
            Route("create_operation", "POST", f"{sheet}/operations", self._create_operation),
            Route("get_operation", "GET", operation, self._get_operation, returns_status=True),
            Route("cancel_operation", "DELETE", operation, self._cancel_operation),
            Route(
                "recalculate_scorecard", "POST", f"{sheet}/scorecard/recalculate", self._recalculate_scorecard
            ),
            Route("get_calculation", "GET", calculation, self._get_calculation, returns_status=True),
        )

    def _create_operation(self, incoming: Incoming) -> Reply:
        """Create Operation."""
        table, given = self._table(incoming), incoming.body
        if table is None:
            return self._vendor.error("create_operation", 404, "Table or sheet not found")
        if (refused := self._refusal(table, given)) is not None:
            return self._vendor.error("create_operation", *refused)
        token, cells = given.get("confirmation_token"), table.cells(given)
        if not cells:
            return Reply(200, {"success": True, "cell_count": 0, "virtual_cell_count": 0, "cells": []})
        if token is None and table.confirmed_above is not None and len(cells) > table.confirmed_above:
            return self._confirmation(table, len(cells))
        own = str(uuid.uuid4())
        run = self._start(incoming, table, own, given, {"cell_count": len(cells)})
        queued = {
            "success": True,
            "operation": "recalculate",
            "operation_id": own,
            "execution_id": own,
            "execution_ids": [own],
            "cell_count": len(cells),
            "version": 1,
            "status_url": f"{incoming.path}/{own}",
            "virtual_cell_count": 0,
            "cells": [_cell(table, own, row, column) for row, column in cells],
        }
        return Reply(202, queued, execution_id=run.execution_id)

    def _refusal(self, table: Table, given: Any) -> tuple[int, str] | None:
        """Return why a body is refused; a 400 follows from the schema, and what becomes of a wrong token is inferred."""
        if (problem := _problem_in_operation(given)) is not None:
            return 400, problem
        columns, token = given.get("column_ids") or (), given.get("confirmation_token")
        if table.columns is not None and not set(columns) <= set(table.columns):
            return 404, "Column not found"
        if token is not None and self._tokens.pop(token, None) != table.table_id:
            return 400, "Invalid confirmation token"
        return None

    def _confirmation(self, table: Table, count: int) -> Reply:
        """Return what the page says of an operation on many cells; the text of the message is ours."""
        token = secrets.token_urlsafe(24)
        self._tokens[token] = table.table_id
        wanted = {
            "success": False,
            "requires_confirmation": True,
            "confirmation_token": token,
            "affected_cell_count": count,
            "message": f"This will recalculate {count} cells.",
        }
        return Reply(200, wanted)

    def _get_operation(self, incoming: Incoming) -> Reply:
        """Get Operation. The statuses are those that the vendor's own client knows."""
        found = self._run(incoming, "cell_count")
        if found is None:
            return self._vendor.error("get_operation", 404, "Operation not found")
        run, table = found
        status, count = run.lifecycle.check(), run.notes["cell_count"]
        failed = {"completed": min(table.failing_cells, count), "failed": count}.get(status, 0)
        completed = count - failed if status == "completed" else 0
        # What becomes of the cells of a cancelled operation is not documented: here they are neither completed nor pending.
        pending = count if status in ("queued", "running") else 0
        counts = {status.upper(): pending, "COMPLETED": completed, "FAILED": failed}
        operation = {
            "operation_id": incoming.path_params["execution_id"],
            "operation": "recalculate",
            "status": status,
            "status_counts": {name: number for name, number in counts.items() if number},
            "cell_count": count,
            "completed_count": completed,
            "failed_count": failed,
            "pending_count": pending,
            "status_url": incoming.path,
        }
        return Reply(200, {"success": True, "operation": operation})

    def _cancel_operation(self, incoming: Incoming) -> Reply:
        """Cancel Operation: also one that has ended, or that does not exist. The texts of the message are ours."""
        if self._table(incoming) is None:
            return self._vendor.error("cancel_operation", 404, "Table or sheet not found")
        found, own = self._run(incoming, "cell_count"), incoming.path_params["execution_id"]
        going = found is not None and not found[0].lifecycle.is_terminal
        count = 0
        if found is not None and going:
            found[0].stop("cancelled")
            count = found[0].notes["cell_count"]
        cancelled = {
            "success": True,
            "message": "Operation cancelled" if going else "No active operation found",
            "operation_id": own,
            "execution_ids": [own] if going else [],
            "cancelled_cell_count": count,
        }
        return Reply(200, cancelled)

    def _recalculate_scorecard(self, incoming: Incoming) -> Reply:
        """Recalculate Scorecard."""
        table = self._table(incoming)
        if table is None:
            return self._vendor.error("recalculate_scorecard", 404, "Table or sheet not found")
        given = incoming.body if incoming.raw else {}
        if (problem := _problem_in_calculation(given)) is not None:
            return self._vendor.error("recalculate_scorecard", 400, problem)
        if not table.has_scorecard:
            return self._vendor.error("recalculate_scorecard", 400, "Scorecard is not configured")
        own = str(uuid.uuid4())
        run = self._start(incoming, table, own, given, {"scorecard_id": _scorecard_of(table)})
        queued = {"success": True, "calculation_id": own, "status": "queued", "version": 1}
        return Reply(202, queued, execution_id=run.execution_id)

    def _get_calculation(self, incoming: Incoming) -> Reply:
        """Get Scorecard Calculation. What is in a summary of a criterion is ours: no page has its fields."""
        found = self._run(incoming, "scorecard_id")
        if found is None:
            return self._vendor.error("get_calculation", 404, "Calculation not found")
        run, table = found
        status = run.lifecycle.check()
        done = status == "completed"
        summaries = {"answer is polite": {"score": table.score, "verdict": table.verdict}} if done else {}
        calculation = {
            "id": incoming.path_params["execution_id"],
            "scorecard_id": run.notes["scorecard_id"],
            "workspace_id": _WORKSPACE,
            "sheet_id": table.sheet_id,
            "sheet_revision": "1",
            "status": status,
            "aggregate_score": table.score if done else None,
            "aggregate_verdict": table.verdict if done else None,
            "criterion_summaries": summaries,
            "drift_summary": None,
            "error_summary": table.error if status == "failed" else None,
        }
        body = {"success": True, "calculation": calculation, "criterion_summaries": summaries}
        return Reply(200, {**body, "drift_summary": None})

    def _start(
        self, incoming: Incoming, table: Table, own: str, given: dict[str, Any], notes: dict[str, Any]
    ) -> Run:
        run = Run(
            vendor=self._vendor.name,
            execution_id=id_of(incoming, own),
            workflow_id=table.table_id,
            input=given,
            lifecycle=Lifecycle(self._vendor.clock, ("queued", "running"), table.ends, table.pace),
            mode="ASYNC",
            notes=notes,
        )
        self._vendor.ledger.add_run(run)
        self._runs[run.execution_id] = (run, table)
        return run

    def _table(self, incoming: Incoming) -> Table | None:
        table = self._tables.get(incoming.path_params["table_id"])
        return table if table is not None and table.sheet_id == incoming.path_params["sheet_id"] else None

    def _run(self, incoming: Incoming, kind: str) -> tuple[Run, Table] | None:
        """Return the run that a request names; only a run of its kind has that note."""
        found = self._runs.get(id_of(incoming, incoming.path_params["execution_id"]))
        return found if found is not None and kind in found[0].notes else None


def id_of(incoming: Incoming, own: str) -> str:
    """Return the id of a run for the ledger: an id of PromptLayer's means nothing without the table and the sheet."""
    return f"{incoming.path_params['table_id']}.{incoming.path_params['sheet_id']}.{own}"


def _scorecard_of(table: Table) -> str:
    return str(uuid.uuid5(uuid.UUID(int=0), table.table_id))


def _cell(table: Table, own: str, row: int, column: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(uuid.UUID(int=0), f"{table.table_id}/{row}/{column}")),
        "sheet_id": table.sheet_id,
        "execution_id": own,
        "column_id": column,
        "row_index": row,
        "last_computed_version": None,
        "status": "QUEUED",
        "display_value": None,
        "input_hash": None,
        "value": None,
        "updated_at": None,
    }


def _problem_in_operation(given: Any) -> str | None:
    """Return what of the body the schema does not allow: CreateTableSheetOperationRequest."""
    known = {"operation", "column_ids", "row_ids", "statuses", "confirmation_token"}
    if not isinstance(given, dict) or not given.keys() <= known:
        return f"The body is an object with {', '.join(sorted(known))}"
    if given.get("operation", "recalculate") != "recalculate":
        return "operation must be recalculate"
    statuses, token = given.get("statuses"), given.get("confirmation_token")
    if statuses is not None and not (
        isinstance(statuses, list)
        and all(isinstance(each, str) and each in _CELL_STATUSES for each in statuses)
    ):
        return "statuses must be statuses of cells"
    if token is not None and not isinstance(token, str):
        return "confirmation_token must be a string"
    return _problem_in_lists(given, "row_ids", "column_ids", may_be_null=True)


def _problem_in_calculation(given: Any) -> str | None:
    """Return what of the body the schema does not allow: RecalculateTableSheetScorecardRequest."""
    if not isinstance(given, dict) or not given.keys() <= {"row_indices", "step_ids"}:
        return "The body is an object with row_indices, step_ids"
    return _problem_in_lists(given, "row_indices", "step_ids", may_be_null=False)


def _problem_in_lists(given: dict[str, Any], rows: str, ids: str, *, may_be_null: bool) -> str | None:
    def fits(name: str, item: Any) -> bool:
        if name == rows:
            whole = type(item) is int or (isinstance(item, float) and item.is_integer())
            return whole and item >= 0
        return isinstance(item, str) and UUID.fullmatch(item) is not None

    for name in (rows, ids):
        value = given.get(name)
        if name not in given or (value is None and may_be_null):
            continue
        if not isinstance(value, list) or not all(fits(name, item) for item in value):
            return f"{name} must be {'row numbers' if name == rows else 'UUIDs'}"
    return None
