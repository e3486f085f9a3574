"""Datalab's processing of one document."""

from __future__ import annotations

from dataclasses import replace

from airflow_workflow_providers.apis.datalab_documents import convert
from tests.vendors.facts.datalab import FACTS as WORKFLOWS
from tests.vendors.facts.datalab import FILE

FACTS = replace(
    WORKFLOWS,
    right={"file": FILE},
    bad={},
    rejected=[],
    failed_parts="",
    started=lambda request_id: {"request_id": request_id, "success": True},
    requests={},
    successes=[],
    same_start=[],
    other_start=[(convert(file=FILE), convert(file=FILE, output_format="html"))],
)
