"""Start one Altostrat execution for each item of a list. All of them wait in the triggerer at the same time."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_mapped() -> None:
    """Map one task over a list. The result is a list of records, in the same order."""

    @task
    def sites() -> list[dict]:
        """Return the inputs. In a real DAG this is a query."""
        return [{"site_id": f"site_{name}"} for name in ("north", "south")]

    AltostratExecuteWorkflowOperator.partial(
        task_id="sync", workflow_id="fl_sync_sites", deferrable=True
    ).expand(context=sites())


altostrat_mapped()
