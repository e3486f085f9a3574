"""Ask a PromptLayer workflow again until its answer passes a check. The loop is Airflow's own, from Airflow 3.4 on."""

from typing import Any

from airflow.sdk import dag, task, task_group

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)
def promptlayer_ask_again() -> None:
    """Each iteration has an execution of its own, at most five. If none passes, the DAG run fails."""

    @task_group
    def ask() -> None:
        """Ask once, then check the answer."""
        answer = PromptLayerExecuteWorkflowOperator(
            task_id="answer",
            workflow_name="answer-question",
            input_variables={"question": "What is new?", "attempt": "{{ loop.index + 1 }}"},
            deferrable=True,
        )

        @task
        def check(record: dict[str, Any], attempt: str) -> dict[str, Any]:
            """Say whether the answer passes. Put your own check here: this one passes the second answer."""
            return {"passes": int(attempt) >= 2, "answer": record["output"]}

        check(answer.output, attempt="{{ loop.index + 1 }}")

    def passes(*, loop: Any) -> bool:
        """Return whether the loop ends."""
        return loop.result["passes"]

    ask.loop(max_iterations=5, until=passes)


# An earlier Airflow has no such loop: this file is no DAG there, and no error.
if hasattr(task_group(lambda: None), "loop"):
    promptlayer_ask_again()
