"""PromptLayer's recalculation of a sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_workflow_providers.apis.promptlayer_tables import recalculate_sheet
from airflow_workflow_providers.core.errors import NotFound
from airflow_workflow_providers.core.request import Request
from tests.vendors.documented.promptlayer_sheets import PREFIX, SHEET, TABLE
from tests.vendors.facts.promptlayer import FACTS as WORKFLOWS


def start(**options: Any) -> Request[Any]:
    return recalculate_sheet(**{"table_id": TABLE, "sheet_id": SHEET, **options})


def completed() -> dict[str, Any]:
    return {"success": True, "operation": {"status": "completed", "failed_count": 0}}


FACTS = replace(
    WORKFLOWS,
    right={"table_id": TABLE, "sheet_id": SHEET},
    bad={},
    operator_only={},
    sensor_only={},
    flat=(),
    rejected=[("00000000-0000-4000-8000-000000000999", {}, {}, NotFound, "HTTP 404: Table or sheet not found")],
    methods={"recalculate_sheet"},
    acknowledgement="Operation cancelled",
    id_in_query="",
    unknown_id=f"{PREFIX}79999",
    failed_parts="3 of 20 cells failed",
    started=lambda operation_id: {"success": True, "operation_id": operation_id, "cell_count": 20},
    requests={},
    successes=[
        ("result", completed(), ("operation", "status"), {"'COMPLETED'", "'Completed'"}),
        ("result", completed(), ("operation", "failed_count"), {"zero"}),
    ],
    same_start=[(start(), start(confirmation_token="t"))],  # it is of nobody
    other_start=[
        (start(), start(table_id=TABLE.replace("1", "2"))),
        (start(), start(sheet_id=SHEET.replace("1", "2"))),
        (start(), start(column_ids=[TABLE])),
        (start(), start(row_indices=[0])),
        (start(), start(statuses=[])),
    ],
)  # fmt: skip
