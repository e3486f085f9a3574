"""Run one integration for every customer: a Refold execution for each linked account, and a list of those that have failed."""

from airflow.sdk import dag, task

from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_every_customer() -> None:
    """Map one task over the customers. One that fails does not stop the others."""

    @task
    def customers() -> list[dict]:
        """Return the linked account of each customer."""
        accounts = RefoldHook().list_linked_accounts(limit=100)["docs"]
        return [{"linked_account_id": each["account_id"]} for each in accounts]

    sync = RefoldExecuteWorkflowOperator.partial(
        task_id="sync",
        workflow_id="nightly-sync",
        slug="hubspot",
        retries=2,
        # Of an execution that has failed, a retry lets Refold run the same one again (Airflow 3.3).
        on_failed_run="rerun",
        deferrable=True,
    ).expand_kwargs(customers())

    @task(trigger_rule="all_done")
    def report(records: list[dict]) -> int:
        """Return how many customers are up to date; a task that has failed has no record."""
        return sum(record["state"] == "succeeded" for record in records)

    report(sync.output)


refold_every_customer()
