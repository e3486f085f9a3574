"""The button that leads from a task to its run at the vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, TaskInstanceKey


class ExecutionLink(BaseOperatorLink):
    """
    The vendor's page of a run.

    The address is stored as soon as the run is known, so the button is there while the task still waits. It is
    read back from there and not from the operator, because the operator that resumes is a new object.
    """

    name = "Open execution"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """
        Return where the button leads.

        :param operator: the operator; it is asked only whether it knows of a run.
        :param ti_key: the task instance whose address is wanted.
        :return: the address that the task has stored; an empty string if it has stored none, because no run was known
            or the vendor has no page for it.
        """
        if getattr(operator, "_execution_id", None) is None:
            return ""  # nothing was stored, and Airflow logs an error where it is asked for what is not there
        found: Any = XCom.get_value(key=self.xcom_key, ti_key=ti_key)
        return found if isinstance(found, str) else ""
