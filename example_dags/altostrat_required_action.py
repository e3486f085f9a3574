"""Wait for an Altostrat workflow in which a person has to answer, and show that in Airflow."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_required_action() -> None:
    """Wait in the triggerer. As long as the execution waits for a person, it is one of Airflow's Required Actions (Airflow 3.3)."""
    AltostratExecuteWorkflowOperator(
        task_id="approve",
        workflow_id="fl_asked_and_answered",
        context={"site_id": "site_456"},
        required_action=True,
        deferrable=True,
    )


altostrat_required_action()
