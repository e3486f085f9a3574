"""A function returns the input of a Refold execution, and the decorator runs the workflow with it."""

from airflow.sdk import dag, task


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_decorated() -> None:
    """Map one decorated function over a list. Each result goes into the next task."""

    @task.refold(workflow_id="sync-contacts", slug="hubspot", deferrable=True)
    def sync(name: str) -> dict[str, str]:
        """Return the payload."""
        return {"email": f"{name}@example.com"}

    @task
    def addresses(records: list[dict]) -> list[str]:
        """Return the addresses that the executions have received."""
        return [record["output"]["received"]["email"] for record in records]

    addresses(sync.expand(name=["ada", "jane"]))


refold_decorated()
