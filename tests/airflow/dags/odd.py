"""DAGs with unusual responses: an output that Airflow cannot store as it is, and a rejected start."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


def odd(name: str, *, deferrable: bool) -> None:
    """Make a DAG whose second task reads the output."""

    @dag(dag_id=name, schedule=None)
    def build() -> None:
        run = RefoldExecuteWorkflowOperator(
            task_id="run", workflow_id="odd-output", slug="hubspot", deferrable=deferrable, poll_interval=0.01
        )

        @task
        def read(record: dict) -> object:
            return record["output"]

        read(run.output)

    build()


odd("odd_blocking", deferrable=False)
odd("odd_deferred", deferrable=True)


@dag(schedule=None)
def odd_rejected() -> None:
    """Fail without a run."""
    RefoldExecuteWorkflowOperator(task_id="run", workflow_id="no-such-workflow", slug="hubspot")


odd_rejected()
