"""Tasks that store the data of an execution as the operators do, without a vendor."""

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator

from dev.vendors import CASES as VENDORS
from tests.browser.executions import CASES, STEPS


class Execution(BaseOperator):
    """Stores data, and then waits, fails, or returns a value."""

    def __init__(self, *, data: Any, then: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data = data
        self.then = then

    def execute(self, context: Any) -> Any:
        """Do it."""
        if self.data is not None:
            context["ti"].xcom_push("remote_execution", self.data)
        if self.then == "waits":
            self.defer(trigger=TimeDeltaTrigger(timedelta(days=1)), method_name="execute")
        if self.then == "fails":
            raise AirflowFailException("The execution has failed.")
        return self.then


# Two at a time, so that the machine has time for the browser.
with DAG("executions", schedule=None, max_active_tasks=2) as dag:
    tasks = {name: Execution(task_id=name, data=data, then=then) for name, (data, then) in CASES.items()}
    tasks["going"] >> VENDORS["datalab"].task(task_id="not_begun")
    tasks["failed"] >> VENDORS["datalab"].task(task_id="not_run")
    Execution.partial(task_id="mapped", then=None).expand(
        data=[{**STEPS, "execution_id": f"pex_{number}"} for number in range(2)]
    )
