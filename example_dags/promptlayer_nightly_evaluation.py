"""Recalculate the stale cells of a sheet each night, score the sheet, and fail if its prompts are no longer good enough."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.promptlayer import (
    PromptLayerRecalculateScorecardOperator,
    PromptLayerRecalculateSheetOperator,
)

#: The ids of a table and of its sheet, as they are in the address of the sheet's page.
SHEET = {
    "table_id": "00000000-0000-4000-8000-000000000001",
    "sheet_id": "00000000-0000-4000-9000-000000000001",
}


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)  # schedule="@daily" runs it each night
def promptlayer_nightly_evaluation() -> None:
    """Run three tasks. A task after the last one runs only if the score is high enough."""
    recalculate = PromptLayerRecalculateSheetOperator(task_id="recalculate", **SHEET, deferrable=True)
    score = PromptLayerRecalculateScorecardOperator(task_id="score", **SHEET, deferrable=True)

    @task
    def gate(record: dict, least: float) -> float:
        """Return the score, or fail if it is too low, or if there is none."""
        found = record["output"]["aggregate_score"]
        if found is None or found < least:
            raise ValueError(f"The score is {found}, and must be {least}.")
        return found

    recalculate >> score
    gate(score.output, least=0.8)


promptlayer_nightly_evaluation()
