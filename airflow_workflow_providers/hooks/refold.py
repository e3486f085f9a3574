"""Refold (formerly Cobalt)."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from airflow.providers.common.compat.sdk import Connection

from airflow_workflow_providers.apis import refold, refold_accounts, refold_lists, refold_workflows
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.errors import InvalidInput, UnexpectedResponse
from airflow_workflow_providers.core.json_schema import UnusableSchema, checker
from airflow_workflow_providers.core.request import Flow
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.forms.refold import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends
from airflow_workflow_providers.hooks.extra import HttpExtra, RequestsPerSecond

#: A session token is replaced so many seconds before it expires, or earlier if a tenth of its time is less.
LAST_SECONDS = 60.0


class RefoldExtra(HttpExtra):
    """The extra fields of a connection of type ``refold``."""

    auth_type: Literal["api_key", "session_token", "bearer"] = "api_key"
    linked_account_id: str | None = None
    # 20 a second, 5 in a burst: https://docs.refold.ai/v3/api-reference/overview
    requests_per_second: RequestsPerSecond = 20.0


class RefoldHook(WorkflowHook):
    """
    Refold's public REST API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    execution. The API is described at https://docs.refold.ai/.

    :param refold_conn_id: the connection, of type ``refold``.
    :param linked_account_id: the linked account to act for; default: that of the connection. A connection with a token
        cannot have another account than the token's.
    :raises InvalidInput: if a parameter is wrong.
    """

    api = refold.API
    form = FORM
    extra_model = RefoldExtra
    account_parameters = ("linked_account_id",)

    def __init__(
        self,
        refold_conn_id: str = "refold_default",
        *,
        linked_account_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(refold_conn_id, **kwargs)
        self.linked_account_id = (
            None if linked_account_id is None else refold.linked_account(linked_account_id)
        )
        self._last_token = ""
        self._checkers: dict[str, Callable[[Any], list[str]]] = {}

    def read_extra(self, connection: Connection) -> Any:
        """
        Return the extra fields of the connection, with the linked account that the task has chosen.

        :param connection: the connection.
        :return: a :class:`RefoldExtra`.
        :raises InvalidInput: if a field is wrong, or if the connection has a token and the task has chosen an account.
        """
        extra = super().read_extra(connection)
        if self.linked_account_id is None:
            return extra
        if extra.auth_type == "bearer":
            raise InvalidInput(
                f"linked_account_id={self.linked_account_id!r} cannot be used with connection {self.conn_id!r}: its token "
                "belongs to one account. Leave the parameter out, or use a connection with an API key."
            )
        return extra.model_copy(update={"linked_account_id": self.linked_account_id})

    def login(self, endpoint: Endpoint) -> Flow[Endpoint] | None:
        """
        Exchange the API key for a session token of the linked account, if the connection has this ``auth_type``.

        A token is replaced when a tenth of its time is left, or a minute, and when Refold rejects it.

        :param endpoint: the connection, with its key.
        :return: requests that lead to the connection with a token; ``None`` for another ``auth_type``.
        """
        return self._session(endpoint) if endpoint.fields["auth_type"] == "session_token" else None

    def _session(self, endpoint: Endpoint) -> Flow[Endpoint]:
        account = endpoint.fields["linked_account_id"]
        session: refold.SessionToken = yield refold.create_session_token(account)
        if session.token == self._last_token:
            # Refold has rejected it, or it is about to expire.
            session = yield refold.create_session_token(account, force_refresh=True)
        self._last_token = session.token
        lifetime = math.inf if session.expires_in is None else session.expires_in
        settings = replace(
            endpoint.settings,
            headers=refold.bearer(session.token),
            secrets=(*endpoint.settings.secrets, session.token),
        )
        expires_at = time.time() + lifetime - min(LAST_SECONDS, lifetime / 10)
        return replace(endpoint, settings=settings, expires_at=expires_at)

    def check_payload(self, workflow_id: str, payload: dict[str, Any]) -> None:
        """
        Check a payload against the JSON Schema of a workflow, as :meth:`get_request_structure` reads it.

        The schema is read once for all payloads that this hook checks. A workflow without a schema takes any payload.

        :param workflow_id: the id of the workflow, or its alias.
        :param payload: its input.
        :raises InvalidInput: if the payload does not fit; the error names the fields and the rules, and shows no value.
        :raises WorkflowError: if the schema cannot be read, or Refold has one that cannot be used.
        """
        name = shown(workflow_id)
        try:
            if workflow_id not in self._checkers:
                schema = self.send(refold_workflows.get_request_structure(workflow_id)).get("schema")
                self._checkers[workflow_id] = checker({} if schema is None else schema)
            problems = self._checkers[workflow_id](payload)
        except UnusableSchema as error:
            raise UnexpectedResponse(
                f"The schema that {self.hook_name} has for the payload of workflow {name} cannot be used: {error}."
            ) from None
        if problems:
            raise InvalidInput(
                f"payload does not fit the request structure of workflow {name}: {'; '.join(problems)}. Nothing was started."
            )

    execute_workflow, aexecute_workflow = sends(refold.execute_workflow)
    rerun_execution, arerun_execution = sends(refold.rerun_execution)
    list_executions, alist_executions = sends(refold_lists.list_executions)
    list_workflows, alist_workflows = sends(refold_workflows.list_workflows)
    get_workflow, aget_workflow = sends(refold_workflows.get_workflow)
    list_enabled_workflows, alist_enabled_workflows = sends(refold_workflows.list_enabled_workflows)
    list_workflow_versions, alist_workflow_versions = sends(refold_workflows.list_workflow_versions)
    get_request_structure, aget_request_structure = sends(refold_workflows.get_request_structure)
    list_linked_accounts, alist_linked_accounts = sends(refold_accounts.list_linked_accounts)
    list_node_batches, alist_node_batches = sends(refold_workflows.list_node_batches)
