"""Start a PromptLayer workflow and wait for it in the triggerer. The task holds no worker while it waits."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)
def promptlayer_deferred() -> None:
    """Run one task, which returns a record."""
    PromptLayerExecuteWorkflowOperator(
        task_id="answer",
        workflow_name="answer-question",
        input_variables={"question": "What is new?"},
        deferrable=True,
    )


promptlayer_deferred()
