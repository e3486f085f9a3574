"""Run an Altostrat workflow with a request that responds when the execution has ended. No status checks are needed."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowSyncOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_synchronous() -> None:
    """Use this for a workflow with a synchronous trigger. Altostrat ends its executions after 30 s."""
    AltostratExecuteWorkflowSyncOperator(
        task_id="respond",
        workflow_id="fl_responds",
        payload={"resource_id": "res_abc123"},
    )


altostrat_synchronous()
