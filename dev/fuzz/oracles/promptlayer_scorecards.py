"""How responses of PromptLayer's recalculation of a scorecard must be read."""

from __future__ import annotations

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
from dev.fuzz.oracles.promptlayer_sheets import below_the_sheet
from tests.vendors.documented.promptlayer_sheets import PREFIX, SHEET, TABLE

_STATES = {
    "queued": "queued",
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
        return below_the_sheet(started(response, (202,), "calculation_id"))
    outcome = looked_up(_STATES, members_of(members.get("calculation")).get("status"))
    must = only(outcome) if response.status == 200 else None
    return Expected(outcome == "succeeded", must, ids=(PREFIX + EXECUTION_ID,))


ORACLE = Oracle(
    expected=expected,
    start={"table_id": TABLE, "sheet_id": SHEET},
    execution_id=PREFIX + EXECUTION_ID,
)
