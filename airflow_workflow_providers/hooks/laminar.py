"""Laminar (now Minicor)."""

from typing import Any, Literal

from airflow.providers.common.compat.sdk import Connection

from airflow_workflow_providers.apis import laminar, laminar_configurations, laminar_jobs
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.secret import stripped
from airflow_workflow_providers.forms.laminar import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends
from airflow_workflow_providers.hooks.extra import HttpExtra, base_url, checked_address, secret_of

#: The parameters of requests that are fields of the connection too.
_WORKSPACE = ("workspace_id",)


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

    api = laminar.API
    form = FORM
    extra_model = LaminarExtra

    def __init__(self, laminar_conn_id: str = "laminar_default", **kwargs: Any) -> None:
        super().__init__(laminar_conn_id, **kwargs)

    def address(self, connection: Connection, extra: LaminarExtra) -> tuple[str, str]:
        """
        Return the base URL, and the workspace's key.

        :param connection: the connection; its ``host`` takes precedence over the region.
        :param extra: its extra fields, read.
        :return: the base URL, and the password of the connection, which may be empty.
        """
        return base_url(connection, laminar.REGIONS[extra.region]), secret_of(connection)

    execute_workflow, aexecute_workflow = sends(laminar.execute_workflow)
    create_configuration, acreate_configuration = sends(
        laminar_configurations.create_configuration, fields=_WORKSPACE
    )
    list_configuration_keys, alist_configuration_keys = sends(
        laminar_configurations.list_configuration_keys, fields=_WORKSPACE
    )
    set_configuration_properties, aset_configuration_properties = sends(
        laminar_configurations.set_configuration_properties, fields=_WORKSPACE
    )
    delete_configuration_property, adelete_configuration_property = sends(
        laminar_configurations.delete_configuration_property, fields=_WORKSPACE
    )
    delete_configuration, adelete_configuration = sends(laminar_configurations.delete_configuration)
    restore_configuration, arestore_configuration = sends(laminar_configurations.restore_configuration)


class LaminarJobHook(WorkflowHook):
    """
    Laminar's jobs behind a trigger URL, with the same Airflow connection.

    :param laminar_conn_id: the connection, of type ``laminar``, with ``trigger_url`` and ``trigger_api_key``.
    """

    api = laminar_jobs.API
    form = FORM
    extra_model = LaminarExtra

    def __init__(self, laminar_conn_id: str = "laminar_default", **kwargs: Any) -> None:
        super().__init__(laminar_conn_id, **kwargs)

    def address(self, connection: Connection, extra: LaminarExtra) -> tuple[str, str]:
        """
        Return the trigger URL and its key; the workspace's key does not open it.

        :param connection: the connection, named in the error.
        :param extra: its extra fields, read.
        :return: the trigger URL, without a slash at the end, and its key.
        :raises InvalidInput: if the connection lacks one of the two.
        """
        if not extra.trigger_url or not extra.trigger_api_key:
            raise InvalidInput(
                f"Connection {connection.conn_id!r} needs trigger_url and trigger_api_key for jobs; the password is the "
                "workspace's key, which does not open a trigger URL."
            )
        return (
            checked_address(
                stripped(extra.trigger_url),
                lambda why: InvalidInput(f"Connection {connection.conn_id!r}, trigger_url: {why}."),
            ),
            extra.trigger_api_key,
        )

    run_job, arun_job = sends(laminar_jobs.run_job)
    run_job_sync, arun_job_sync = sends(laminar_jobs.run_job_sync)
    list_jobs, alist_jobs = sends(laminar_jobs.list_jobs)
