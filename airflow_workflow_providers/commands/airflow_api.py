"""Airflow's public REST API, asked with the token of the person who runs a command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from airflow.providers.common.compat.sdk import conf
from pydantic import BaseModel

from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.errors import AuthFailed, InvalidInput
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.request import Request, Response
from airflow_workflow_providers.core.secret import stripped, unsendable
from airflow_workflow_providers.core.vendor import VendorApi
from airflow_workflow_providers.hooks.extra import checked_address

T = TypeVar("T")

#: The environment variable with the token; Airflow's own ``airflowctl`` reads the same one.
TOKEN = "AIRFLOW_CLI_TOKEN"  # noqa: S105  # the name of a variable

#: How many entries a page has. Airflow returns no more by default: ``[api] maximum_page_limit``.
PAGE = 100

#: How often a request is sent at the most: a person waits for it.
ATTEMPTS = 3


@dataclass(frozen=True)
class AirflowTask:
    """
    A task instance.

    :param dag_id: of its DAG.
    :param run_id: of its DAG run.
    :param task_id: of its task.
    :param map_index: of a mapped task; else -1.
    :param state: Airflow's state of it; ``None``: it has none yet.
    :param operator: the name of its class.
    :param rendered: its templated parameters, as they were rendered. Airflow keeps them for its newest runs only.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str | None
    operator: str
    rendered: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from all others."""
        return self.dag_id, self.run_id, self.task_id, self.map_index

    @property
    def path(self) -> str:
        """Where the API has it, without its map index."""
        dag, run, task = (quote(each, safe="") for each in (self.dag_id, self.run_id, self.task_id))
        return f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}"


class _Task(BaseModel):
    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int
    state: str | None
    operator: str | None = None
    rendered_fields: Any = None

    def read(self) -> AirflowTask:
        rendered = self.rendered_fields if isinstance(self.rendered_fields, dict) else {}
        return AirflowTask(
            self.dag_id,
            self.dag_run_id,
            self.task_id,
            self.map_index,
            self.state,
            self.operator or "",
            rendered,
        )


class _Tasks(BaseModel):
    task_instances: list[_Task]
    total_entries: int


class _Stored(BaseModel):
    key: str
    value: Any = None


class _StoredPage(BaseModel):
    task_state_store: list[_Stored]
    total_entries: int


class _XCom(BaseModel):
    value: Any


def _or_missing(response: Response) -> bool:
    return response.ok or response.status == 404


class AirflowApi:
    """
    Airflow's public REST API; any thread may use it.

    :param url: the address of the API server; default: ``[api] base_url``.
    :param token: of the person who runs the command; default: the environment variable ``AIRFLOW_CLI_TOKEN``. It is sent to
        this address only, and shown nowhere.
    :raises InvalidInput: if the address is wrong, or there is no token.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        given = url or conf.get("api", "base_url", fallback="") or "http://localhost:8080"
        name = "--api-url" if url else "[api] base_url"
        self.url = checked_address(
            given.strip(), lambda why: InvalidInput(f"{name} is not the address of an API server: {why}.")
        )
        secret = stripped(os.environ.get(TOKEN, "") if token is None else token)
        if not secret:
            raise InvalidInput(f"{TOKEN} is not set. {self._how_to_get_a_token}")
        if wrong := unsendable(secret):
            raise InvalidInput(f"{TOKEN} cannot be sent: it has {wrong}. {self._how_to_get_a_token}")
        settings = HttpSettings(self.url, {"Authorization": f"Bearer {secret}"}, (secret,))
        api = VendorApi(
            base_url=self.url, auth_headers=dict, error_message=lambda response: response.explain("detail")
        )
        endpoint = Endpoint("Airflow", api, settings)
        self._client = Client(lambda: endpoint)
        #: Whether this Airflow has a task state store, as far as it is known.
        self._has_store = True

    @property
    def _how_to_get_a_token(self) -> str:
        return (
            f"It holds a token of Airflow's API: POST {self.url}/auth/token with your username and password as JSON returns one "
            "as access_token."
        )

    def task_pages(
        self, operators: Sequence[str], *, dag_id: str | None = None, states: Sequence[str] = ()
    ) -> Iterator[tuple[list[AirflowTask], int]]:
        """
        List the task instances of some operators, those of the newest DAG run first.

        :param operators: the names of the classes.
        :param dag_id: of one DAG; default: of all that the person may read.
        :param states: Airflow's states; default: all.
        :yield: those of a page, and how many there are in all.
        :raises WorkflowError: if Airflow cannot be asked.
        """
        filters = [("order_by", "-run_after"), ("limit", str(PAGE))]
        filters += [("operator", name) for name in operators] + [("state", state) for state in states]
        where = f"/api/v2/dags/{quote(dag_id, safe='') if dag_id else '~'}/dagRuns/~/taskInstances"
        offset, total = 0, 1
        seen: set[tuple[str, str, str, int]] = set()
        while offset < total:
            query = urlencode([*filters, ("offset", str(offset))])
            page = self._send(
                Request("list tasks", "GET", f"{where}?{query}", lambda response: response.parse(_Tasks))
            )
            if not page.task_instances:
                return
            tasks = [task.read() for task in page.task_instances]
            # What begins meanwhile moves others to the next page.
            yield [task for task in tasks if task.key not in seen], page.total_entries
            seen.update(task.key for task in tasks)
            offset, total = offset + len(tasks), page.total_entries

    def state_of(self, task: AirflowTask) -> str | None:
        """
        Read the state that a task instance has now.

        :param task: as it was listed.
        :return: Airflow's state; ``"removed"`` if there is no such task instance any more.
        :raises WorkflowError: if Airflow cannot be asked.
        """
        path = task.path if task.map_index < 0 else f"{task.path}/{task.map_index}"

        def read(response: Response) -> str | None:
            return "removed" if response.status == 404 else response.parse(_Task).state

        return self._send(Request(f"read task {task.task_id}", "GET", path, read, accepts=_or_missing))

    def stored(self, task: AirflowTask) -> dict[str, Any] | None:
        """
        Read what a task instance has stored in the task state store.

        :param task: the task instance.
        :return: by key; ``None`` if this Airflow has no such store (before 3.3).
        :raises WorkflowError: if Airflow cannot be asked.
        """
        known: dict[str, Any] = {}
        offset, total = 0, 1
        if not self._has_store:
            return None
        while offset < total:
            query = urlencode({"map_index": task.map_index, "limit": PAGE, "offset": offset})
            page = self._send(
                Request(
                    f"read what task {task.task_id} has stored",
                    "GET",
                    f"{task.path}/state-store?{query}",
                    lambda response: None if response.status == 404 else response.parse(_StoredPage),
                    accepts=_or_missing,
                )
            )
            if page is None:
                self._has_store = False
                return None
            known.update((each.key, each.value) for each in page.task_state_store)
            if not page.task_state_store:
                break
            offset, total = offset + len(page.task_state_store), page.total_entries
        return known

    def xcom(self, task: AirflowTask, key: str) -> Any:
        """
        Read an XCom of a task instance.

        :param task: the task instance.
        :param key: of the XCom.
        :return: ``None`` if there is none.
        :raises WorkflowError: if Airflow cannot be asked.
        """
        query = urlencode({"map_index": task.map_index})
        return self._send(
            Request(
                f"read an XCom of task {task.task_id}",
                "GET",
                f"{task.path}/xcomEntries/{quote(key, safe='')}?{query}",
                lambda response: None if response.status == 404 else response.parse(_XCom).value,
                accepts=_or_missing,
            )
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, request: Request[T]) -> T:
        try:
            return self._client.send(request, attempts=ATTEMPTS)
        except AuthFailed as error:
            failure = AuthFailed(
                f"{error} Is the token in {TOKEN} still valid, and may you read this? {self._how_to_get_a_token}",
                status=error.status,
            )
        raise failure
