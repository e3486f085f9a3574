"""Show what happens when an execution fails: its task fails with the vendor's message. This DAG fails on purpose."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator


@dag(schedule=None, tags=["promptlayer", "expect:failed"], doc_md=__doc__)
def promptlayer_failing() -> None:
    """Fail with an error, which is at the end of the task's log."""
    PromptLayerExecuteWorkflowOperator(
        task_id="answer",
        workflow_name="always-fails",
        input_variables={"question": "What is new?"},
        deferrable=True,
    )


promptlayer_failing()
