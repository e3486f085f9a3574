"""A DAG that waits."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


def waits(name: str, workflow_id: str, *, deferrable: bool) -> None:
    """Make a DAG with one task that waits for an execution."""

    @dag(dag_id=name, schedule=None)
    def build() -> None:
        RefoldExecuteWorkflowOperator(
            task_id="run",
            workflow_id=workflow_id,
            slug="hubspot",
            deferrable=deferrable,
            poll_interval=1,
        )

    build()


waits("ends_deferred", "sync-contacts", deferrable=True)
