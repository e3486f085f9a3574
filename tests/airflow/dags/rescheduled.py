"""A DAG whose vendor is down for a time; its only try is rescheduled where Airflow can do that."""

from typing import Any

from airflow.sdk import dag, task

from airflow_workflow_providers.core.errors import Unavailable

try:
    from airflow_workflow_providers.retries import WorkflowRetryPolicy
except ImportError:  # before Airflow 3.3
    options: dict[str, Any] = {}
else:
    options = {"retry_policy": WorkflowRetryPolicy(max_reschedules=2)}


@dag(schedule=None)
def rescheduled() -> None:
    """One task without a retry."""

    @task(retries=0, **options)
    def ask(**context: object) -> int:
        """Return how often this try was rescheduled."""
        rescheduled = int(str(context.get("task_reschedule_count", 0)))
        if rescheduled < 2:
            raise Unavailable("the vendor is down", retry_after=0.0)
        return rescheduled

    ask()


rescheduled()
