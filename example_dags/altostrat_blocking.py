"""Start an Altostrat workflow, wait for it on the worker, and use its result."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_blocking() -> None:
    """Wait, then read the record."""

    @task
    def use(record: dict) -> str:
        """Use the output of the execution, from the record of the task before."""
        return f"{record['execution_id']} has returned {record['output']}"

    sync = AltostratExecuteWorkflowOperator(
        task_id="sync",
        workflow_id="fl_sync_sites",
        context={"site_id": "site_456"},
        deferrable=False,
    )
    use(sync.output)


altostrat_blocking()
