"""DAGs whose first try is made to fail by the emulator."""

from datetime import timedelta

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


def retried(name: str, *, deferrable: bool) -> None:
    """Make a DAG with one task that is tried again at once."""

    @dag(dag_id=name, schedule=None)
    def build() -> None:
        RefoldExecuteWorkflowOperator(
            task_id="run",
            workflow_id="sync-contacts",
            slug="hubspot",
            payload={"from": "{{ dag.dag_id }}"},
            deferrable=deferrable,
            poll_interval=0.01,
            retries=2,
            retry_delay=timedelta(0),
        )

    build()


retried("retried_blocking", deferrable=False)
retried("retried_deferred", deferrable=True)
