"""The button from a task to its run at the vendor."""

from collections.abc import Collection
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, BaseOperatorLink, TaskInstanceKey, XCom
from airflow.sdk.bases.xcom import BaseXCom


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

        :param operator: the operator; only used to see whether it has stored an address.
        :param ti_key: the task instance whose address is wanted.
        :return: the address that the task has stored; an empty string if there is no run, or the vendor has no page for
            it.
        """
        # Airflow logs an error if an XCom does not exist.
        if not getattr(operator, "has_page", False):
            return ""
        found: Any = XCom.get_value(key=self.xcom_key, ti_key=ti_key)
        return found if isinstance(found, str) else ""


def left_to_store(links: Collection[BaseOperatorLink]) -> list[BaseOperatorLink]:
    """
    Return the buttons whose addresses Airflow must store when an attempt of a task ends.

    Airflow stores those of all buttons of an operator then. A task of this package stores its own when its run is known,
    so that would be the same again, once for each process of the task. It is needed only with a custom XCom backend, which
    may keep the address where the button does not look for it: Airflow's write goes past the backend.

    :param links: the buttons of an operator.
    :return: those of the author, and with a custom XCom backend :class:`ExecutionLink`.
    """
    return [link for link in links if XCom is not BaseXCom or type(link) is not ExecutionLink]
