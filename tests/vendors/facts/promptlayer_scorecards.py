"""PromptLayer's recalculation of a scorecard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_workflow_providers.apis.promptlayer_scorecards import recalculate_scorecard
from airflow_workflow_providers.core.request import Request
from tests.vendors.documented.promptlayer_sheets import SHEET, TABLE
from tests.vendors.facts.promptlayer_sheets import FACTS as SHEETS


def start(**options: Any) -> Request[Any]:
    return recalculate_scorecard(**{"table_id": TABLE, "sheet_id": SHEET, **options})


FACTS = replace(
    SHEETS,
    methods={"recalculate_scorecard"},
    acknowledgement="",
    failed_parts="",
    started=lambda calculation_id: {"success": True, "calculation_id": calculation_id, "status": "queued"},
    successes=[("result", {"calculation": {"status": "completed"}}, ("calculation", "status"), set())],
    same_start=[],
    other_start=[
        (start(), start(table_id=TABLE.replace("1", "2"))),
        (start(), start(row_indices=[0])),
        (start(), start(step_ids=[TABLE])),
    ],
)
