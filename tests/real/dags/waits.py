"""DAGs that wait."""

from datetime import timedelta

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


def waits(name: str, workflow_id: str, *, deferrable: bool, cancel_on_kill: bool = True) -> None:
    """Make a DAG with one task that waits for an execution."""

    @dag(dag_id=name, schedule=None)
    def build() -> None:
        RefoldExecuteWorkflowOperator(
            task_id="run",
            workflow_id=workflow_id,
            slug="hubspot",
            deferrable=deferrable,
            poll_interval=1,
            cancel_on_kill=cancel_on_kill,
        )

    build()


@dag(schedule=None)
def waits_for_a_person() -> None:
    """Wait for an execution in which a person has to answer."""
    AltostratExecuteWorkflowOperator(
        task_id="run",
        workflow_id="fl_form",
        deferrable=True,
        poll_interval=1,
        retries=1,
        retry_delay=timedelta(seconds=1),
    )


waits_for_a_person()
waits("ends_deferred", "sync-contacts", deferrable=True)
# A person who ends this task leaves its execution behind.
waits("goes_on", "never-ends", deferrable=True, cancel_on_kill=False)
