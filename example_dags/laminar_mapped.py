"""One Laminar job for each item of a list, all waiting in the triggerer at once."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_mapped() -> None:
    """Map over what there is to do; the results come back as a list, in order."""

    @task
    def invoices() -> list[dict]:
        """Stand for a query that finds what there is to do."""
        return [{"customer": name} for name in ("north", "south")]

    LaminarRunJobOperator.partial(task_id="sync", job_path="sync-invoices", deferrable=True).expand(
        payload=invoices()
    )


laminar_mapped()
