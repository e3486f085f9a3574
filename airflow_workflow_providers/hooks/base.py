"""What every vendor's hook does with a run: look, read, stop, and say what became of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from airflow_workflow_providers.core.call import segment
from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.session import Session
from airflow_workflow_providers.hooks.connection import ConnectedHook
from airflow_workflow_providers.hooks.widgets import field_behaviour, form_widgets

if TYPE_CHECKING:
    from airflow_workflow_providers.core.call import Call

#: A worker that is told to stop has 5 s before it is killed; connecting and answering share this, in seconds.
AT_ONCE = 3.6

#: A person waits for a connection test, in seconds.
TEST_LIMIT = 15.0


#: How long the stop of a run is tried again at the end of a task, in seconds; all of it takes twice that at the most.
STOP_PATIENCE = 5.0


class Stop(NamedTuple):
    """
    What came of an attempt to stop a run.

    :param said: one sentence for a log or an error.
    :param asked: whether the vendor has taken the request.
    """

    said: str
    asked: bool = False


class WorkflowHook(ConnectedHook):
    """
    What the hooks of all vendors share.

    A vendor's hook names its module of ``apis/``, its form and, where the form has fields of its own, their model.

    :param conn_id: the connection.
    :param sleep: waits between two attempts of a call; an operator gives one that a kill can end.
    """

    form: ClassVar[dict[str, Any]]

    # What Airflow asks of a hook; each follows from the form.
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

    def execution_url(self, execution_id: str) -> str | None:
        """
        Return the page where a person sees the run, if the vendor has one.

        :param execution_id: the vendor's id of the run.
        :return: its address; ``None`` where the vendor documents no such page.
        :raises WorkflowError: if the connection cannot be read.
        """
        return self.api.execution_url(self.session.settings.base_url, execution_id)

    def look(self, execution_id: str, *, budget: float = math.inf) -> Execution:
        """
        Look once at a run, as cheaply as the vendor lets us; a wait has its own patience, so nothing is tried again.

        :param execution_id: the vendor's id of the run.
        :param budget: seconds that this may take at the most; default: the connection's read timeout.
        :return: its ``state`` and ``status``. Whether the output is there too is up to the vendor, so do not count on
            it: :meth:`get_execution` reads it.
        :raises WorkflowError: if the look failed.
        """
        segment("execution_id", execution_id)
        return self.send(self.api.look(execution_id), attempts=1, budget=budget)

    def get_execution(
        self, execution_id: str, *, patience: float = math.inf, budget: float = math.inf
    ) -> Execution:
        """
        Return a run with its output.

        :param execution_id: the vendor's id of the run.
        :param patience: seconds after which a read that fails in passing is not tried again.
        :param budget: seconds that this may take at the most; default: the connection's read timeout for each try.
        :return: an :class:`~airflow_workflow_providers.core.execution.Execution`, with its ``output``, if it has come
            to one, and its ``url``, if the vendor has a page for it.
        :raises WorkflowError: if it cannot be read.
        """
        segment("execution_id", execution_id)
        execution = self.send(self.api.get_execution(execution_id), patience=patience, budget=budget)
        return replace(execution, url=self.execution_url(execution_id))

    def find_started(self, start: Call[Execution], *, nonce: str, since: float) -> list[str]:  # noqa: ARG002
        """
        Return the runs that are this start's, proved by the nonce that they show; empty where a vendor shows none.

        :param start: the start, as it was sent.
        :param nonce: what it was labelled with, which no other start has; empty if with nothing.
        :param since: when it was sent, in seconds since the epoch.
        :return: their ids.
        :raises WorkflowError: if the vendor could not be asked.
        """
        return []

    def stop_execution(self, execution_id: str) -> str | None:
        """
        Ask the vendor to stop a run.

        :param execution_id: the vendor's id of the run.
        :return: the vendor's acknowledgement; ``None`` where it has no way to stop a run, and nothing was sent.
        :raises WorkflowError: if it refused, or could not be asked.
        """
        segment("execution_id", execution_id)
        call = self.api.stop_execution(execution_id)
        return None if call is None else self.send(call)

    def try_to_stop(self, execution_id: str) -> Stop:
        """
        Stop a run that is no longer needed, as well as the vendor can.

        :param execution_id: the vendor's id of the run.
        :return: whether the vendor was asked, and one sentence on what came of it; this never raises.
        """
        return self._stop(
            execution_id, lambda call: self.send(call, patience=STOP_PATIENCE, budget=2 * STOP_PATIENCE)
        )

    def stop_at_once(self, execution_id: str) -> Stop | None:
        """
        Do what :meth:`try_to_stop` does, from a signal handler.

        No call to Airflow is made, for the interrupted code may be in one; the connections are new ones for the same
        reason; and it is over within 4 s, for then the process is killed.

        :param execution_id: the vendor's id of the run.
        :return: whether the vendor was asked, and one sentence on what came of it; ``None``, and nothing was sent, if this
            hook has not read its connection yet.
        """
        if self._session is None:
            return None
        session = Session(
            self.hook_name, self._session.settings, self.api.explain, connection=self._session.connection
        )
        try:
            return self._stop(
                execution_id, lambda call: session.send(replace(call, limit=AT_ONCE), attempts=1)
            )
        finally:
            session.close()

    def _stop(self, execution_id: str, send: Callable[[Call[str]], str]) -> Stop:
        call = self.api.stop_execution(execution_id)
        if call is None:
            return Stop(f"{self.hook_name} cannot stop a run: execution {execution_id} goes on.")
        try:
            send(call)
        except WorkflowError as error:
            return Stop(f"Execution {execution_id} could not be stopped and may go on: {error}")
        return Stop(f"{self.hook_name} was asked to stop execution {execution_id}.", asked=True)

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
        """
        Return the form's extra fields, for Airflow 3.1; later ones read ``get_provider_info``.

        :return: a WTForms field for each, by its name.
        """
        return form_widgets(cls.form)

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """
        Return how the form's standard fields are shown, for Airflow 3.1.

        :return: ``hidden_fields``, ``relabeling`` and ``placeholders``.
        """
        return field_behaviour(cls.form)
