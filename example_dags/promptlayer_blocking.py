"""Start a PromptLayer workflow, wait for it on the worker, and use its result."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)
def promptlayer_blocking() -> None:
    """Wait, then read the record."""

    @task
    def use(record: dict) -> str:
        """Use the output of the execution, from the record of the task before."""
        return f"{record['execution_id']} has returned {record['output']}"

    answer = PromptLayerExecuteWorkflowOperator(
        task_id="answer",
        workflow_name="answer-question",
        input_variables={"question": "What is new?"},
        deferrable=False,
    )
    use(answer.output)


promptlayer_blocking()
