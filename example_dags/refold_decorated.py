"""A function returns the input of a Refold execution, or the inputs of many, and the decorator runs the workflow with it."""

from airflow.sdk import dag, task


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_decorated() -> None:
    """Map one decorated function over a list. Each result goes into the next task, and what that returns into a batch."""

    @task.refold(workflow_id="sync-contacts", slug="hubspot", deferrable=True)
    def sync(name: str) -> dict[str, str]:
        """Return the payload."""
        return {"email": f"{name}@example.com"}

    @task
    def addresses(records: list[dict]) -> list[str]:
        """Return the addresses that the executions have received."""
        return [record["output"]["received"]["email"] for record in records]

    @task.refold(workflow_id="sync-contacts", slug="hubspot", batch=True, deferrable=True)
    def confirm(emails: list[str]) -> list[dict]:
        """Return the inputs: one task has an execution for each."""
        return [{"payload": {"email": email, "confirmed": True}} for email in emails]

    confirm(addresses(sync.expand(name=["ada", "jane"])))


refold_decorated()
