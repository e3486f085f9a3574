"""Start one Laminar job for each item of a list. All of them wait in the triggerer at the same time."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_mapped() -> None:
    """Map one task over a list. The result is a list of records, in the same order."""

    @task
    def invoices() -> list[dict]:
        """Return the inputs. In a real DAG this is a query."""
        return [{"customer": name} for name in ("north", "south")]

    LaminarRunJobOperator.partial(task_id="sync", job_path="sync-invoices", deferrable=True).expand(
        payload=invoices()
    )


laminar_mapped()
