"""A DAG with a task whose inlets and outlets are assets that stand for a workflow."""

from airflow.sdk import Asset, dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None)
def assets() -> None:
    """Run a workflow."""
    RefoldExecuteWorkflowOperator(
        task_id="syncs",
        workflow_id="sync-contacts",
        slug="hubspot",
        inlets=[Asset("datalab://pipeline/pl_parse"), Asset("promptlayer://workflow/My workflow")],
        outlets=[Asset("refold://workflow/sync-contacts")],
    )


assets()
