"""A task of your own uses the hook, for many executions at a time. Such a task can be a coroutine on Airflow 3.2 and later."""

import asyncio

from airflow.sdk import dag, task

from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_hook() -> None:
    """Start two executions, and read their states in one task."""

    @task
    async def states(records: list[dict]) -> list[str]:
        """Return the states of the executions, in the same order."""
        hook = RefoldHook("refold_default")
        # All requests until the end of this block share connections.
        async with hook.async_client(role="worker"):
            found = await asyncio.gather(*(hook.aget_status(record["execution_id"]) for record in records))
        return [execution.state.value for execution in found]

    started = RefoldExecuteWorkflowOperator.partial(
        task_id="start", workflow_id="sync-contacts", slug="hubspot", wait_for_completion=False
    ).expand(payload=[{"email": "ada@example.com"}, {"email": "jane@example.com"}])
    states(started.output)


refold_hook()
