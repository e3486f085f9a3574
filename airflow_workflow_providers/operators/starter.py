"""Starting one run over all tries of a task: carries out what :mod:`~airflow_workflow_providers.core.start` decides."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_workflow_providers.core.errors import LostStart, UncertainStart, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.start import (
    Action,
    Decision,
    Start,
    StartRecord,
    decide,
    on_look_up,
    on_old_run,
)
from airflow_workflow_providers.core.waiter import MIN_TIMEOUT
from airflow_workflow_providers.metrics import (
    REATTACHED,
    STARTS_LOST,
    Cause,
    Resumed,
    count_resumed,
)
from airflow_workflow_providers.operators.stop import stop

if TYPE_CHECKING:
    from airflow_workflow_providers.core.client import Client
    from airflow_workflow_providers.core.http import BuiltRequest
    from airflow_workflow_providers.core.request import Request
    from airflow_workflow_providers.operators.start import StartOperator
    from airflow_workflow_providers.operators.start_store import StartStore


class Starter:
    """
    Starts the run of one try of a task, or reattaches to that of an earlier try.

    :param operator: the task.
    :param store: where the starts of the task are stored.
    :param deadline: when this try ends, in seconds since the epoch.
    """

    def __init__(self, operator: StartOperator, store: StartStore, deadline: float) -> None:
        self._operator = operator
        self._client = operator.hook.client
        self._metrics = operator.hook.metrics
        self._vendor = operator.hook.hook_name
        self._log = operator.log
        self._store = store
        self._deadline = deadline
        #: Whether :meth:`run` has started a run, and not reattached to one.
        self.has_started = False
        #: The request that runs the run of an earlier try again.
        self._again: Request[Execution] | None = None

    def run(self) -> Execution:
        """
        Start the run, or reattach to that of an earlier try.

        :return: the one run of this task.
        """
        operator = self._operator
        operator.nonce = f"airflow-{uuid.uuid4().hex}"
        operator.read_input(self._store)
        request = operator.build_start_request(self._left())
        # Before the intent: an error of the connection, a proxy or the request is not a lost start.
        built = self._client.build(request)
        start = Start(
            fingerprint(request.fingerprint_input),
            self._client.endpoint.account,
            self._store.max_tries,
            resubmit_on_clear=operator.on_clear == "resubmit",
            resubmit_lost=operator.on_lost_start == "resubmit",
            reattach_changed=operator.on_changed_input == "reattach",
            continued_states=operator.continued_states,
        )
        record = self._store.read()
        if record is None and self._store.lasts:
            self._count_resumed("fresh_submit")
        return (record and self._reattach(record, request, start)) or self._submit(request, built, start)

    def _left(self) -> float:
        return max(MIN_TIMEOUT, self._deadline - time.time())

    def _reattach(self, record: StartRecord, request: Request[Execution], start: Start) -> Execution | None:
        """Return the run of an earlier try if it is to be used; ``None`` if a new start is to be sent."""
        operator = self._operator
        decision = decide(record, start)
        execution_id = record.execution_id
        if decision.action is Action.SUBMIT:
            start_name = f"The start of an earlier try ({_described(record)})"
            name = self._name(execution_id) if execution_id else start_name
            self._log.warning("%s is not reused: %s. A new run is submitted.", name, decision.why)
            return None
        if decision.action is Action.LOOK_UP:
            execution_id = self._find(request, record)
            decision = on_look_up(decision, execution_id, start)
            if execution_id is None:
                lost = self._lost_earlier(record, request)
                if decision.action is Action.ORPHANED:
                    raise LostStart(lost)
                self._log.warning("%s A new run is submitted (%s).", lost, decision.why)
                return None
        execution_id = str(execution_id)
        if decision.action is Action.REATTACH:
            self._operator.set_execution(execution_id)  # for a kill that comes before the run was read
            self._count_resumed("reconnect_attempt")
        old: Execution | WorkflowError
        try:
            old = self._client.get_execution(execution_id, budget=self._left())
            name, unread = self._name(execution_id, f" ({old.status})"), ""
        except WorkflowError as error:
            old = error
            name, unread = self._name(execution_id), f" It could not be read: {error}"
        decision = self._decide_about(old, decision, start)
        if isinstance(old, Execution) and decision.action is Action.REATTACH:
            self._log.info("%s is reused: nothing is started.", name)
            return old
        self._operator.set_execution(None)
        if isinstance(old, Execution) and decision.action is Action.CONTINUE:
            self._again = self._operator.build_again_request(old, record.again or {})
            if self._again is not None:
                self._log.info("%s is not reused: %s. It is run again.", name, decision.why)
                return None
        replaces = decision.action is Action.REPLACE
        cause: Cause = "clear" if decision.is_for_clear(start) else "changed_input"
        stopped = f" {stop(operator.hook, execution_id, cause).message}" if replaces else ""
        log = self._log.warning if unread and stopped else self._log.info
        log("%s is not reused: %s.%s%s A new run is submitted.", name, decision.why, unread, stopped)
        return None

    def _decide_about(self, old: Execution | WorkflowError, decision: Decision, start: Start) -> Decision:
        """Decide after the run of an earlier try was read, and count what is decided."""
        was_wanted = decision.action is Action.REATTACH
        decision = on_old_run(decision, old, start, self._operator.success_states)
        if isinstance(old, Execution) and decision.action is Action.REATTACH:
            self._metrics.count(REATTACHED)
            self._count_resumed("already_succeeded" if old.is_terminal else "reconnect_success")
        elif was_wanted:
            self._count_resumed("terminal_resubmit")
        return decision

    def _submit(self, request: Request[Execution], built: BuiltRequest, start: Start) -> Execution:
        operator, vendor = self._operator, self._vendor
        if self._again is not None:
            # The input is at the vendor already, with the nonce of the first start: it proves nothing of this one.
            request, built, nonce, label = self._again, self._client.build(self._again), "", ""
        else:
            operator.check_input()
            if operator.upload_input(self._store):
                operator.stop_if_killed()
                request = operator.build_start_request(self._left())
                built = self._client.build(request)
            nonce = operator.nonce if operator.sends_nonce else ""
            label = operator.run_label or nonce
        # Also before the intent: a process that is killed while it waits has sent nothing.
        self._client.take_turn(request, budget=self._left())
        try:
            record = self._store.write_intent(
                start.fingerprint,
                start.account,
                nonce=nonce,
                label=label,
                again=None if self._again is None else self._again.fingerprint_input,
            )
        except Exception as error:
            raise WorkflowError(
                f"Airflow could not store that {vendor} was about to be asked to {request.summary}: {error}. "
                "So the request was not sent, and nothing was started."
            ) from error
        # Whatever happens to this process, its log tells what to search for.
        self._log.info("%s is asked to %s%s.", vendor, request.summary, _labelled(record))
        try:
            operator.stop_if_killed()
            execution = operator.send_start(request, built, self._left())
        except LostStart as error:
            lost = error
        except AirflowTaskTimeout as error:
            self._metrics.count(STARTS_LOST)
            raise self._lost(
                f"execution_timeout came while {vendor} was asked to {request.summary}, so a run may exist. "
                "The request is not sent again, because that could start a second run. "
                f"{self._how_to_find(record)}"
            ) from error
        except WorkflowError as error:
            self._metrics.start_failed(error)
            self._forget()
            raise
        else:
            self.has_started = True
            if execution.execution_id is None and execution.state not in operator.success_states:
                self._forget()  # it has ended without success: a retry may run it again
            return self._client.endpoint.with_url(execution)
        found = None
        # If the time runs out during the search, the start is lost all the same, and the task ends with that error.
        with suppress(AirflowTaskTimeout):
            found = self._find(request, record)
        if found is None:
            self._metrics.count(STARTS_LOST)
            raise self._lost(f"{lost} {self._how_to_find(record)}", lost.status)
        self.has_started = True
        return self._client.endpoint.with_url(Execution(found, State.QUEUED, "started"))

    def _lost(self, message: str, status: int | None = None) -> WorkflowError:
        """Return the error of a start whose response was lost; the author chooses whether a retry may submit again."""
        if self._operator.on_lost_start == "resubmit":
            return UncertainStart(
                f"{message} A retry submits a new run (on_lost_start='resubmit').", status=status
            )
        return LostStart(message, status=status)

    def _lost_earlier(self, record: StartRecord, request: Request[Execution]) -> str:
        """Say what is not known of the start of an earlier try."""
        asked = request.summary
        if record.again:
            asked = f"run execution {next(iter(record.again.values()))} again"
        return (
            f"An earlier try was about to ask {self._vendor} to {asked}, and its result is not known: a run may exist. "
            f"{self._how_to_find(record)}"
        )

    def _find(self, request: Request[Execution], record: StartRecord) -> str | None:
        """Return the run of a start, if the vendor's own data prove it of exactly one."""
        try:
            found = find_run(self._client, request, record)
        except WorkflowError as error:
            self._log.warning("Whether the run exists could not be determined: %s", error)
            return None
        if found is not None:
            self._log.info("%s execution %s is the run of this start.", self._vendor, found)
        return found

    def _name(self, execution_id: str, status: str = "") -> str:
        return f"{self._vendor} execution {execution_id} of an earlier try{status}"

    def _how_to_find(self, record: StartRecord) -> str:
        """Return what tells the run from others in the vendor's console, and what to do then."""
        known_by = f" It would have begun {_described(record)}, or just after." if record.intent_at else ""
        return (
            f"Search for it at {self._vendor}.{known_by} Stop it and clear this task, or use it and mark this task as "
            "success."
        )

    def _count_resumed(self, decision: Resumed) -> None:
        count_resumed(decision, self._operator, self._store.task_instance)

    def _forget(self) -> None:
        try:
            self._store.delete()
        except Exception as error:  # noqa: BLE001  # the rejection matters more; a retry then ends with "lost" and starts nothing
            self._log.warning("Airflow could not delete the intent of a start that was not sent: %s", error)


def find_run(client: Client, request: Request[Execution], record: StartRecord) -> str | None:
    """
    Find the run of a start.

    :param client: of its connection.
    :param request: the start, as it was sent.
    :param record: the start, as it is stored.
    :return: the id of the run, if the vendor's own data prove it of exactly one; else ``None``.
    :raises WorkflowError: if the vendor could not be asked.
    """
    find = client.endpoint.api.find_started
    if find is None or not record.nonce:
        return None
    found = client.run(find(request, record.nonce, record.intent_at))
    return found[0] if len(found) == 1 else None


def _described(record: StartRecord) -> str:
    moment = datetime.fromtimestamp(record.intent_at, timezone.utc).isoformat(timespec="seconds")
    return f"at {moment}{_labelled(record)}"


def _labelled(record: StartRecord) -> str:
    return f", labelled {record.label!r}" if record.label else ""
