"""Start a PromptLayer workflow and wait for it in the triggerer: no worker is held while it runs."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)
def promptlayer_deferred() -> None:
    """One task: its record is the result."""
    PromptLayerExecuteWorkflowOperator(
        task_id="answer",
        workflow_name="answer-question",
        input_variables={"question": "What is new?"},
        deferrable=True,
    )


promptlayer_deferred()
