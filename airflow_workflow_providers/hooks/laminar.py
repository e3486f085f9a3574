"""Laminar (now Minicor)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.apis import laminar_jobs
from airflow_workflow_providers.core.errors import InvalidInput, NotFound, WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import text
from airflow_workflow_providers.core.secret import stripped
from airflow_workflow_providers.core.vendor import Vendor
from airflow_workflow_providers.forms.laminar import FORM
from airflow_workflow_providers.hooks.base import TEST_LIMIT, WorkflowHook
from airflow_workflow_providers.hooks.extra import HttpExtra, base_url, checked_address, secret_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection


class LaminarExtra(HttpExtra):
    """The extra fields of a connection of type ``laminar``."""

    secret_fields = ("trigger_api_key",)

    region: Literal["us", "ca"] = "us"
    trigger_url: str | None = None
    trigger_api_key: str | None = None
    workspace_id: str | None = None
    configuration_id: str | None = None


class LaminarHook(WorkflowHook):
    """
    Laminar's external workflow API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`. The API is described at
    https://docs.laminar.run/.

    :param laminar_conn_id: the connection, of type ``laminar``.
    """

    api: ClassVar[Vendor] = api
    form = FORM
    extra_model = LaminarExtra

    def __init__(self, laminar_conn_id: str = "laminar_default", **kwargs: Any) -> None:
        super().__init__(text("laminar_conn_id", laminar_conn_id), **kwargs)

    def address(self, connection: Connection, extra: LaminarExtra) -> tuple[str, str]:
        """
        Return where paths begin, and the workspace's key.

        :param connection: the connection; its ``host`` wins over the region.
        :param extra: its extra fields, read.
        :return: the base URL, and the password of the connection, which may be empty here.
        """
        return base_url(connection, api.REGIONS[extra.region]), secret_of(connection)

    def execute_workflow(self, workflow_id: int | str, **parameters: Any) -> Execution:
        """
        Run a workflow, and return when it is over.

        The other parameters are keywords: ``payload``, ``configuration_id``, ``response_type``, ``start_from_step``,
        ``end_at_step`` and ``callback_url`` as in
        :class:`~airflow_workflow_providers.operators.laminar.LaminarExecuteWorkflowOperator`, and ``limit``, seconds
        for the whole run; default: the connection's read timeout.

        :param workflow_id: the workflow.
        :return: what the run has answered, as its ``output``; it has no id. One that failed is returned too, with its
            state.
        :raises InvalidInput: if a parameter is wrong; nothing was sent.
        :raises LostStart: if the answer was lost, so that a run may be going.
        """
        return self.send(api.execute_workflow(workflow_id, **parameters))

    def test_connection(self) -> tuple[bool, str]:
        """
        Read the keys of the configuration store that the connection names: an API key can read nothing else.

        :return: whether it worked, and one sentence.
        """
        try:
            connection = self.get_connection(self.conn_id)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is said
            return False, str(self._no_connection(error))
        try:
            extra = LaminarExtra.from_connection(connection)
            if not (extra.workspace_id and extra.configuration_id):
                return False, (
                    "Not checkable: Laminar has no call that only tests a key. Give a workspace id and a configuration "
                    "store to read, or run a workflow."
                )
            call = api.keys(extra.configuration_id, extra.workspace_id)
            self.send(replace(call, limit=TEST_LIMIT), attempts=1)
        except NotFound:
            return True, "Laminar accepts this key; it knows no such configuration store."
        except WorkflowError as error:
            return False, str(error)
        finally:
            self.close()
        return True, "Laminar accepts this connection."


class LaminarJobHook(WorkflowHook):
    """
    Laminar's jobs behind a trigger URL, with the same Airflow connection.

    :param laminar_conn_id: the connection, of type ``laminar``, with ``trigger_url`` and ``trigger_api_key``.
    """

    api: ClassVar[Vendor] = laminar_jobs
    form = FORM
    extra_model = LaminarExtra

    def __init__(self, laminar_conn_id: str = "laminar_default", **kwargs: Any) -> None:
        super().__init__(text("laminar_conn_id", laminar_conn_id), **kwargs)

    def address(self, connection: Connection, extra: LaminarExtra) -> tuple[str, str]:
        """
        Return the trigger URL and its key, which have nothing to do with the workspace's.

        :param connection: the connection, named in the error.
        :param extra: its extra fields, read.
        :return: the trigger URL, without a slash at the end, and its key.
        :raises InvalidInput: if the connection lacks one of the two.
        """
        if not extra.trigger_url or not extra.trigger_api_key:
            raise InvalidInput(
                f"Connection {connection.conn_id!r} needs trigger_url and trigger_api_key for jobs; the password is the "
                "workspace's key, and opens another surface."
            )
        return (
            checked_address(
                stripped(extra.trigger_url),
                lambda why: InvalidInput(f"Connection {connection.conn_id!r}, trigger_url: {why}."),
            ),
            extra.trigger_api_key,
        )

    def run_job(self, job_path: str, **parameters: Any) -> Execution:
        """
        Start a job.

        The other parameters are keywords: ``payload``, ``query`` and ``method`` as in
        :class:`~airflow_workflow_providers.operators.laminar.LaminarRunJobOperator`.

        :param job_path: its path below the trigger URL.
        :return: the execution, which is still going.
        :raises InvalidInput: if a parameter is wrong; nothing was sent.
        :raises LostStart: if the answer was lost, so that an execution may exist.
        """
        return self.send(laminar_jobs.run_job(job_path, **parameters))
