"""How responses of PromptLayer's recalculation of a sheet must be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dev.fuzz.expected import (
    Expected,
    Response,
    http_error,
    is_ok,
    list_of,
    looked_up,
    members_of,
    only,
    started,
)
from dev.fuzz.oracles import EXECUTION_ID, Oracle
from tests.vendors.documented.promptlayer_sheets import PREFIX, SHEET, TABLE

_STATES = {
    "queued": "queued",
    "dispatched": "queued",
    "running": "running",
    "completed": "succeeded",
    "failed": "failed",
    "cancelled": "stopped",
}


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation == "ping":
        return list_of(response, members.get("items"), object)
    if response.operation == "start":
        return _start(response, members)
    if response.operation == "stop":
        sure = response.status == 200 and isinstance(members.get("message"), str)
        return Expected(must=only("value") if sure else None)
    return _operation(members_of(members.get("operation")), documented=response.status == 200)


def _start(response: Response, members: dict[str, Any]) -> Expected:
    if "operation_id" in members and members["operation_id"] is not None:
        return below_the_sheet(started(response, (200, 202), "operation_id"))
    if members.get("requires_confirmation") is True:
        return Expected(must=frozenset(["rejected"]))
    nothing = type(members.get("cell_count")) is int and members["cell_count"] == 0
    may = nothing and members.get("success") is not False
    return Expected(may, only("succeeded") if may and members.get("success") is True else None)


def below_the_sheet(began: Expected) -> Expected:
    """Return the expectation of a start whose id gets those of its table and sheet; together they may be too long."""
    ids = tuple(PREFIX + known for known in began.ids)
    short = all(len(known) <= 200 for known in ids)
    return replace(began, ids=ids, must=began.must if short else None)


def _operation(operation: dict[str, Any], *, documented: bool) -> Expected:
    word, failed = operation.get("status"), operation.get("failed_count")
    outcome = looked_up(_STATES, word.lower()) if isinstance(word, str) else None
    none = type(failed) is int and failed == 0
    may = outcome == "succeeded" and none
    if outcome == "succeeded" and not none:
        outcome = "partial" if type(failed) is int and failed > 0 else None
    return Expected(may, only(outcome) if documented else None, ids=(PREFIX + EXECUTION_ID,))


ORACLE = Oracle(
    expected=expected,
    start={"table_id": TABLE, "sheet_id": SHEET},
    execution_id=PREFIX + EXECUTION_ID,
)
