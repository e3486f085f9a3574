"""Upgrade the routers of many sites with Altostrat, two sites at a time. A retry continues where the upgrade has failed."""

from datetime import timedelta

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_upgrades() -> None:
    """Map one task over the sites. Here the last step of each upgrade fails once, and the retry resumes it (Airflow 3.3)."""

    @task
    def sites() -> list[dict]:
        """Return the context of each upgrade. In your DAG this is a query."""
        return [{"site_id": f"site_{name}", "version": "7.20"} for name in ("north", "south")]

    AltostratExecuteWorkflowOperator.partial(
        task_id="upgrade",
        workflow_id="fl_upgrade_site",
        retries=2,
        retry_delay=timedelta(seconds=1),
        on_failed_run="resume",
        on_ui_interaction="fail",
        max_active_tis_per_dagrun=2,
        deferrable=True,
    ).expand(context=sites())


altostrat_upgrades()
