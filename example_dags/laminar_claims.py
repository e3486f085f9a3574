"""Enter claims into a desktop application through Laminar jobs, as many at a time as there are desktops."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.laminar import LaminarRunJobBatchOperator
from airflow_workflow_providers.outputs.manifest import BatchManifest

DESKTOPS = 3


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_claims() -> None:
    """Run one job for each claim in one task, and return the claims that a person must look at."""

    @task
    def claims() -> list[dict]:
        """Return the input of each job. In your DAG this is a query."""
        return [{"payload": {"claim": number, "amount": 100 * number}} for number in range(1, 9)]

    enter = LaminarRunJobBatchOperator(
        task_id="enter",
        job_path="sync-invoices",
        inputs=claims(),
        max_active=DESKTOPS,
        # A claim that fails is entered once more. The task succeeds if nine of ten are entered.
        retries_per_input=1,
        on_partial_failure="succeed",
        min_success=0.9,
        deferrable=True,
    )

    @task
    def for_a_person(result: dict) -> list[dict]:
        """Return the position of each claim that is not entered, and why."""
        return [{"claim": line["index"], "why": line["error"]} for line in BatchManifest(result).others()]

    for_a_person(enter.output)


laminar_claims()
