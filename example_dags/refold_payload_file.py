"""The inputs of two Refold executions are files beside the DAG, in YAML and in JSON, and are checked before a start."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_payload_file() -> None:
    """Map one task over the names of files. A file that is no input, or does not fit the workflow, starts nothing."""

    @task
    def addresses(records: list[dict]) -> list[str]:
        """Return the addresses that the executions have received."""
        return [record["output"]["received"]["email"] for record in records]

    sync = RefoldExecuteWorkflowOperator.partial(
        task_id="sync_contact",
        workflow_id="wants-an-email",
        slug="hubspot",
        validate_input=True,
        deferrable=True,
    ).expand(payload=["payloads/jane.yaml", "payloads/john.json"])
    addresses(sync.output)


refold_payload_file()
