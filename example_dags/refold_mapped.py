"""Start one Refold execution for each item of a list. All of them wait in the triggerer at the same time."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_mapped() -> None:
    """Map one task over a list of payloads. The result is a list of records, in the same order."""

    @task
    def payloads() -> list[dict[str, str]]:
        """Return the inputs. In a real DAG this is a query."""
        return [{"email": f"{name}@example.com"} for name in ("ada", "grace", "jane")]

    @task
    def count(records: list[dict]) -> int:
        """Return how many executions have succeeded."""
        return sum(record["state"] == "succeeded" for record in records)

    sync = RefoldExecuteWorkflowOperator.partial(
        task_id="sync_contacts", workflow_id="sync-contacts", slug="hubspot", deferrable=True
    ).expand(payload=payloads())
    count(sync.output)


refold_mapped()
