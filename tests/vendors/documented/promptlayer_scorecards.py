"""PromptLayer's recalculation of a scorecard, of the API reference at https://docs.promptlayer.com/."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.vendors.documented.promptlayer import RESPONSES as OF_WORKFLOWS
from tests.vendors.documented.promptlayer_sheets import ERRORS, PREFIX, SHEET
from tests.vendors.documented.response import Documented, Outcome, errors

_REFERENCE = "https://docs.promptlayer.com/reference/table-sheet-scorecard-"
_CALCULATION_ID = "9b2d7f10-3c1e-4a55-8f6e-2f1d0c9b8a77"


def _calculation(name: str, outcome: Outcome, status: str, **members: Any) -> list[Documented]:
    """Return one response of "Get Scorecard Calculation" for both operations that read it."""
    summaries = {"tone": {"score": 0.9, "verdict": "pass"}} if status == "completed" else {}
    calculation = {
        "id": _CALCULATION_ID,
        "scorecard_id": "3f0c1b7a-51d2-4f0e-9d0b-7e6a5c4b3a21",
        "workspace_id": 1,
        "sheet_id": SHEET,
        "sheet_revision": "7",
        "status": status,
        "criterion_summaries": summaries,
        "started_at": "2026-08-21T01:00:00Z",
        "completed_at": None,
        **members,
    }
    body = {"success": True, "calculation": calculation, "criterion_summaries": summaries}
    return [
        Documented(
            "promptlayer_scorecards",
            operation,
            name,
            f"{_REFERENCE}calculation-get",
            outcome,
            {**body, "drift_summary": None},
            decides=(("calculation", "status"),),
        )
        for operation in ("status", "result")
    ]


RESPONSES = [
    Documented(
        "promptlayer_scorecards",
        "start",
        "queued",
        f"{_REFERENCE}recalculate",
        "started",
        {"success": True, "calculation_id": _CALCULATION_ID, "status": "queued", "version": 7},
        202,
        decides=(("calculation_id",),),
        execution_id=PREFIX + _CALCULATION_ID,
    ),
    *_calculation("queued", "queued", "queued"),
    *_calculation("running", "running", "running", aggregate_score=None, aggregate_verdict=None),
    *_calculation("completed", "succeeded", "completed", aggregate_score=0.92, aggregate_verdict="pass"),
    *_calculation(
        "completed, with the verdict fail",
        "succeeded",
        "completed",
        aggregate_score=0.2,
        aggregate_verdict="fail",
    ),
    *_calculation("completed, without a score", "succeeded", "completed", drift_summary={"changed": 3}),
    *_calculation("failed", "failed", "failed", error_summary="The judge did not respond"),
    *_calculation("failed, without a reason", "failed", "failed", error_summary=None),
    *_calculation("cancelled", "stopped", "cancelled"),
    *(replace(each, vendor="promptlayer_scorecards") for each in OF_WORKFLOWS if each.operation == "ping"),
    *errors("promptlayer_scorecards", ("start", "status", "result"), ERRORS),
]
