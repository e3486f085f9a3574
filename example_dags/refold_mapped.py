"""One run for each item of a list, all waiting in the triggerer at once; a pool can limit how many."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_mapped() -> None:
    """Map over payloads; the results come back as a list, in order."""

    @task
    def payloads() -> list[dict[str, str]]:
        """Stand for a query that finds what there is to do."""
        return [{"email": f"{name}@example.com"} for name in ("ada", "grace", "jane")]

    @task
    def count(records: list[dict]) -> int:
        """Count the runs that have ended well."""
        return sum(record["state"] == "succeeded" for record in records)

    sync = RefoldExecuteWorkflowOperator.partial(
        task_id="sync_contacts", workflow_id="sync-contacts", slug="hubspot", deferrable=True
    ).expand(payload=payloads())
    count(sync.output)


refold_mapped()
