"""See in the log of the task what each step of an Altostrat workflow does, while the execution goes on."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_log_entries() -> None:
    """Wait in the triggerer, which writes each entry of the execution's log as soon as a status check has seen it."""
    AltostratExecuteWorkflowOperator(
        task_id="sync",
        workflow_id="fl_sync_sites",
        context={"site_id": "site_456"},
        log_entries=True,
        deferrable=True,
    )


altostrat_log_entries()
