"""One Altostrat run for each item of a list, all waiting in the triggerer at once."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_mapped() -> None:
    """Map over what there is to do; the results come back as a list, in order."""

    @task
    def sites() -> list[dict]:
        """Stand for a query that finds what there is to do."""
        return [{"site_id": f"site_{name}"} for name in ("north", "south")]

    AltostratExecuteWorkflowOperator.partial(
        task_id="sync", workflow_id="fl_sync_sites", deferrable=True
    ).expand(context=sites())


altostrat_mapped()
