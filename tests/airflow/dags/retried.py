"""DAGs whose first try fails, at a vendor that cannot stop a run."""

from datetime import timedelta

from airflow.sdk import dag

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


def retried(name: str, *, deferrable: bool) -> None:
    """Make a DAG with one task that is retried at once."""

    @dag(dag_id=name, schedule=None)
    def build() -> None:
        DatalabExecuteWorkflowOperator(
            task_id="run",
            workflow_id=101,
            input_config={"file_urls": ["https://example.com/{{ dag.dag_id }}.pdf"]},
            deferrable=deferrable,
            poll_interval=0.01,
            retries=2,
            retry_delay=timedelta(0),
        )

    build()


retried("retried_blocking", deferrable=False)
retried("retried_deferred", deferrable=True)
