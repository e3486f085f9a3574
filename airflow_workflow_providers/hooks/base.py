"""What every vendor's hook does: read a connection, send with it, and read it anew when a key was changed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_workflow_providers.core.errors import (
    AuthFailed,
    ExecutionTimedOut,
    InvalidInput,
    Unavailable,
    WorkflowError,
    by_name,
)
from airflow_workflow_providers.core.execution import Execution, State, Verdict, judge
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.session import ATTEMPTS, Session
from airflow_workflow_providers.hooks.extra import HttpExtra, base_url
from airflow_workflow_providers.hooks.shared import SharedSession, shared_session
from airflow_workflow_providers.hooks.widgets import field_behaviour, form_widgets

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_workflow_providers.core.call import Call
    from airflow_workflow_providers.core.vendor import Vendor

T = TypeVar("T")

#: A worker that is told to stop has 5 s before it is killed; connecting and answering share this, in seconds.
AT_ONCE = 3.6

#: A person waits for a connection test, in seconds.
TEST_LIMIT = 15.0


class WorkflowHook(BaseHook):
    """
    What the hooks of all vendors share.

    A vendor's hook names its module of ``apis/``, its form and the model of its extra fields.

    :param conn_id: the connection.
    :param sleep: waits between two attempts of a call; an operator gives one that a kill can end.
    """

    api: ClassVar[Vendor]
    form: ClassVar[dict[str, Any]]
    extra_model: ClassVar[type[HttpExtra]] = HttpExtra

    # What Airflow asks of a hook; each follows from the form.
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]
    conn_name_attr: ClassVar[str]
    default_conn_name: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.conn_type = cls.form["connection-type"]
        cls.hook_name = cls.form["hook-name"]
        cls.conn_name_attr = f"{cls.conn_type}_conn_id"
        cls.default_conn_name = f"{cls.conn_type}_default"
        # Airflow 3.1 looks for these in the class itself; what is inherited it does not see.
        for method in ("get_connection_form_widgets", "get_ui_field_behaviour"):
            setattr(cls, method, WorkflowHook.__dict__[method])

    def __init__(self, conn_id: str, *, sleep: Callable[[float], None] = time.sleep, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        self.sleep = sleep
        self._session: Session | None = None

    def send(self, call: Call[T], *, attempts: int = ATTEMPTS, patience: float = math.inf) -> T:
        """
        Send a call on the worker.

        :param call: what to send.
        :param attempts: how often at the most, where it may be sent again at all.
        :param patience: seconds after which no further attempt is begun.
        :return: what the call reads from the answer.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        session = self.session
        try:
            return session.send(call, attempts=attempts, patience=patience)
        except AuthFailed as error:
            fresh = self._read_connection() if error.status == 401 else session
            if fresh.settings == session.settings:
                self._name_connection(error)
                raise
        session.close()
        self._session = fresh
        try:
            return fresh.send(call, attempts=attempts, patience=patience)
        except AuthFailed as error:
            self._name_connection(error)
            raise

    async def asend(self, shared: SharedSession, call: Call[T], *, attempts: int = ATTEMPTS) -> T:
        """Do what :meth:`send` does on an event loop, with the session that all triggers share."""
        session = await shared.current()
        try:
            return await session.asend(call, attempts=attempts)
        except AuthFailed as error:
            fresh = await shared.renewed(session) if error.status == 401 else None
            if fresh is None:
                self._name_connection(error)
                raise
        try:
            return await fresh.asend(call, attempts=attempts)
        except AuthFailed as error:
            self._name_connection(error)
            raise

    def close(self) -> None:
        """Close the connections of this worker; the next call opens them again."""
        if self._session is not None:
            self._session.close()

    @property
    def session(self) -> Session:
        """The session of this worker; the connection is read when it is first asked for."""
        if self._session is None:
            self._session = self._read_connection()
        return self._session

    def _read_connection(self) -> Session:
        try:
            connection = self.get_connection(self.conn_id)
        except Exception as error:
            raise self._no_connection(error) from error
        return self._open(connection)

    def _no_connection(self, error: Exception) -> WorkflowError:
        if isinstance(error, AirflowNotFoundException):
            return InvalidInput(
                f"There is no connection {self.conn_id!r}: add one of type {self.conn_type!r} in Admin, Connections."
            )
        # Airflow itself could not answer: a wait goes on, and anything else is tried again by the task's retry.
        return Unavailable(f"Airflow could not read connection {self.conn_id!r}: {error}", sent=False)

    def shared_session(self) -> AbstractAsyncContextManager[SharedSession]:
        """Return the session of this event loop, shared with every other user of the connection."""

        async def open_session() -> Session:
            try:
                connection = await self.aget_connection(self.conn_id)
            except Exception as error:
                raise self._no_connection(error) from error
            return self._open(connection)

        return shared_session((self.conn_type, self.conn_id), open_session)

    def address(self, connection: Connection, extra: Any) -> tuple[str, str]:  # noqa: ARG002  # a vendor may use it
        """
        Return where paths begin, and the secret.

        :param connection: the connection.
        :param extra: its extra fields, read.
        """
        return base_url(connection, self.api.BASE_URL), connection.password or ""

    def _open(self, connection: Connection) -> Session:
        extra = self.extra_model.from_connection(connection)
        url, secret = self.address(connection, extra)
        if not secret:
            raise InvalidInput(
                f"Connection {self.conn_id!r} has no password: the {self.hook_name} key or token goes there."
            )
        own = extra.model_dump(exclude=set(HttpExtra.model_fields))
        try:
            headers = self.api.credentials(secret, **own)
        except InvalidInput as error:
            raise InvalidInput(f"Connection {self.conn_id!r}: {error}".replace(secret, "***")) from None
        common = extra.model_dump(include=set(HttpExtra.model_fields))
        return Session(
            self.hook_name, HttpSettings(url, headers, (secret,), **common), self.api.explain, self.sleep
        )

    def _name_connection(self, error: AuthFailed) -> None:
        error.args = (f"{error} The credentials are those of connection {self.conn_id!r}.",)

    def execution_url(self, execution_id: str) -> str | None:
        """
        Return the page where a person sees the run, if the vendor has one.

        :param execution_id: the vendor's id of the run.
        """
        return self.api.execution_url(self.session.settings.base_url, execution_id)

    def look(self, execution_id: str) -> Execution:
        """Look once at a run, without its output; a wait has its own patience, so nothing is tried again."""
        return self.send(self.api.look(execution_id), attempts=1)

    def get_execution(self, execution_id: str) -> Execution:
        """
        Return a run with its output.

        :param execution_id: the vendor's id of the run.
        :return: an :class:`~airflow_workflow_providers.core.execution.Execution`.
        :raises WorkflowError: if it cannot be read.
        """
        return replace(self.send(self.api.get_execution(execution_id)), url=self.execution_url(execution_id))

    def try_to_stop(self, execution_id: str) -> str:
        """
        Stop a run that nobody wants, as well as the vendor can.

        :return: one sentence on what came of it; this never raises.
        """
        return self._stop(execution_id, self.send)

    def stop_at_once(self, execution_id: str) -> str:
        """
        Do what :meth:`try_to_stop` does, from a signal handler.

        No call to Airflow is made, for the interrupted code may be in one; the client is a new one for the same
        reason; and it is over within 4 s, for then the process is killed.
        """
        if self._session is None:  # the run was not started from here
            return f"Execution {execution_id} was not stopped and may go on."
        session = Session(self.hook_name, self._session.settings, self.api.explain)
        try:
            return self._stop(
                execution_id, lambda call: session.send(replace(call, limit=AT_ONCE / 2), attempts=1)
            )
        finally:
            session.close()

    def _stop(self, execution_id: str, send: Callable[[Call[str]], str]) -> str:
        call = self.api.stop_execution(execution_id)
        if call is None:
            return f"{self.hook_name} cannot stop a run: execution {execution_id} goes on."
        try:
            send(call)
        except WorkflowError as error:
            return f"Execution {execution_id} could not be stopped and may go on: {error}"
        return f"{self.hook_name} was asked to stop execution {execution_id}."

    def conclude(self, verdict: Verdict, accepts: frozenset[State]) -> Execution:
        """
        Return the run that a wait was for, with its output, or raise what became of it.

        :param verdict: how the wait ended, in a trigger or here.
        :param accepts: the states that are a success.
        :raises WorkflowError: the same for a blocking and a deferred wait.
        """
        if verdict.outcome == "timed_out":
            raise ExecutionTimedOut(
                f"{self.hook_name} execution {verdict.execution_id} was not over at the deadline; "
                f"{verdict.message}.",
                execution_id=verdict.execution_id,
            )
        execution = self.get_execution(verdict.execution_id)
        if verdict.outcome == "look_failed" and not execution.over:
            raise by_name(verdict.error)(
                f"{self.hook_name} execution {verdict.execution_id} could not be looked at any more, and is "
                f"{execution.status} now; {verdict.message}.",
                execution_id=verdict.execution_id,
            )
        judge(execution, accepts, vendor=self.hook_name)
        return execution

    def test_connection(self) -> tuple[bool, str]:
        """
        Make a cheap call with this connection.

        :return: whether it worked, and one sentence.
        """
        call = self.api.check()
        if call is None:
            return False, f"Not checkable: {self.hook_name} has no call that only tests a connection."
        try:
            self.send(replace(call, limit=TEST_LIMIT), attempts=1)
        except WorkflowError as error:
            return False, str(error)
        finally:
            self.close()
        return True, f"{self.hook_name} accepts this connection."

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the form's extra fields, for Airflow 3.1; later ones read ``get_provider_info``."""
        return form_widgets(cls.form)

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return the form's standard fields, for Airflow 3.1."""
        return field_behaviour(cls.form)
