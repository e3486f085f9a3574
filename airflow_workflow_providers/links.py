"""The button from a task to its run at the vendor."""

from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, BaseOperatorLink, TaskInstanceKey, XCom


class ExecutionLink(BaseOperatorLink):
    """
    The vendor's page of a run.

    The address is in XCom as soon as the run is known, so the button works while the task still waits. It is read from
    there and not from the operator, because the operator that resumes is a new object.
    """

    name = "Open execution"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """
        Return the address of the button.

        :param operator: the operator; only used to see whether it has a run.
        :param ti_key: the task instance whose address is wanted.
        :return: the address that the task has stored; an empty string if there is no run, or the vendor has no page for
            it.
        """
        if getattr(operator, "_execution_id", None) is None:
            return ""  # nothing was stored, and Airflow logs an error if an XCom does not exist
        found: Any = XCom.get_value(key=self.xcom_key, ti_key=ti_key)
        return found if isinstance(found, str) else ""
