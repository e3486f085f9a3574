"""One PromptLayer execution for each item of a list, all waiting in the triggerer at once."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)
def promptlayer_mapped() -> None:
    """Map over what there is to do; the results come back as a list, in order."""

    @task
    def questions() -> list[dict]:
        """Stand for a query that finds what there is to do."""
        return [{"question": f"What does {name} do?"} for name in ("north", "south")]

    PromptLayerExecuteWorkflowOperator.partial(
        task_id="answer", workflow_name="answer-question", deferrable=True
    ).expand(input_variables=questions())


promptlayer_mapped()
