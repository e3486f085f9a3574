"""Start a Altostrat workflow and wait for it in the triggerer: no worker is held while it runs."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_deferred() -> None:
    """One task: its record is the result."""
    AltostratExecuteWorkflowOperator(
        task_id="sync",
        workflow_id="fl_sync_sites",
        context={"site_id": "site_456"},
        deferrable=True,
    )


altostrat_deferred()
