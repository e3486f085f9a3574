"""Start a DAG when an execution of a Refold workflow has ended, whoever has started it: a person, an event, or another DAG."""

from typing import Any

from airflow.sdk import Asset, AssetWatcher, dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator
from airflow_workflow_providers.triggers.refold import RefoldWorkflowEndedTrigger

#: The id of the workflow; its alias is sync-contacts.
WORKFLOW_ID = "fac3ba55a49c1ad555d52bed"

# The watcher sees what others start. The executions of this package come from the outlet of the task that starts them.
SYNCED = Asset(
    f"refold://workflow/{WORKFLOW_ID}",
    watchers=[
        AssetWatcher(
            name="sync_contacts_ended",
            trigger=RefoldWorkflowEndedTrigger(conn_id="refold_default", workflow_id=WORKFLOW_ID),
        )
    ],
)


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_outlet() -> None:
    """Run the workflow from Airflow, as before. The outlet starts the other DAG, too."""
    RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id=WORKFLOW_ID,
        slug="hubspot",
        payload={"email": "jane@example.com"},
        outlets=[SYNCED],
    )


@dag(schedule=[SYNCED], tags=["refold"], doc_md=__doc__)
def refold_events() -> None:
    """Read the events. One run of a DAG can have several, if executions have ended at about the same time."""

    @task
    def executions(triggering_asset_events: Any = None) -> list[str]:
        """Return the ids of the executions that the watcher has seen."""
        events = [event for of_asset in triggering_asset_events.values() for event in of_asset]
        return [event.extra["payload"]["execution_id"] for event in events if event.extra.get("payload")]

    executions()


refold_outlet()
refold_events()
