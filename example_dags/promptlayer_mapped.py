"""Start one PromptLayer execution for each item of a list. All of them wait in the triggerer at the same time."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)
def promptlayer_mapped() -> None:
    """Map one task over a list. The result is a list of records, in the same order."""

    @task
    def questions() -> list[dict]:
        """Return the inputs. In a real DAG this is a query."""
        return [{"question": f"What does {name} do?"} for name in ("north", "south")]

    PromptLayerExecuteWorkflowOperator.partial(
        task_id="answer", workflow_name="answer-question", deferrable=True
    ).expand(input_variables=questions())


promptlayer_mapped()
