"""Start an Altostrat workflow and wait for it in the triggerer. The task holds no worker while it waits."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_deferred() -> None:
    """Run one task, which returns a record."""
    AltostratExecuteWorkflowOperator(
        task_id="sync",
        workflow_id="fl_sync_sites",
        context={"site_id": "site_456"},
        deferrable=True,
    )


altostrat_deferred()
