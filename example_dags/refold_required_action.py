"""Wait for a Refold workflow that sends a form to a person by e-mail, and show in Airflow that it waits for it."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_required_action() -> None:
    """Wait in the triggerer. As long as the execution waits for a person, it is one of Airflow's Required Actions (Airflow 3.3)."""
    RefoldExecuteWorkflowOperator(
        task_id="approve",
        workflow_id="asked-and-answered",
        slug="hubspot",
        payload={"order": "PO-1042"},
        required_action=True,
        deferrable=True,
    )


refold_required_action()
