"""Starting a run once over all tries of a task: does what :mod:`~airflow_workflow_providers.core.start` decides."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_workflow_providers.core.errors import LostStart, UncertainStart, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.start import Action, Start, StartRecord, decide, on_look_up, on_old_run
from airflow_workflow_providers.core.watch import LEAST

if TYPE_CHECKING:
    from airflow_workflow_providers.core.call import Call
    from airflow_workflow_providers.operators.base import ExecuteWorkflowOperator
    from airflow_workflow_providers.operators.start_store import StartStore


class Starter:
    """
    Starts the run of one try of a task, or reattaches to that of an earlier one.

    :param operator: the task.
    :param store: where the starts of the task are stored.
    :param deadline: when this try ends, in seconds since the epoch.
    """

    def __init__(self, operator: ExecuteWorkflowOperator, store: StartStore, deadline: float) -> None:
        self._operator = operator
        self._hook = operator.hook
        self._log = operator.log
        self._store = store
        self._deadline = deadline

    def run(self) -> Execution:
        """
        Start the run, or reattach to that of an earlier try.

        :return: the one run of this task.
        """
        operator = self._operator
        operator.nonce = f"airflow-{uuid.uuid4().hex}"
        call = operator.start_call(self._left())
        session = self._hook.session
        session.open()
        session.build(call)  # what is wrong with the connection, a proxy or the request is no lost start
        start = Start(
            fingerprint(call.identity),
            self._hook.account,
            self._store.max_tries,
            resubmit_on_clear=operator.on_clear == "restart",
            resubmit_lost=operator.on_lost_start == "restart",
        )
        record = self._store.read()
        return (record and self._reattach(record, call, start)) or self._submit(call, start)

    def _left(self) -> float:
        return max(LEAST, self._deadline - time.time())

    def _reattach(self, record: StartRecord, call: Call[Execution], start: Start) -> Execution | None:
        """Return the run of an earlier try if it is to be used; ``None`` if a new start is to be sent."""
        decision = decide(record, start)
        execution_id = record.execution_id
        name = f"{self._hook.hook_name} execution {execution_id} of an earlier try"
        if decision.action is Action.SUBMIT:
            if execution_id is None:
                name = f"The start of an earlier try ({self._described(record)})"
            self._log.warning("%s is not reused: %s. A new run is started.", name, decision.why)
            return None
        if decision.action is Action.LOOK_UP:
            execution_id = self._search(call, record)
            decision = on_look_up(decision, execution_id, start)
            if execution_id is None:
                lost = (
                    f"An earlier try was about to ask {self._hook.hook_name} to {call.doing}, and what came of it is not "
                    f"known: a run may exist. {self._what_to_look_for(record)}"
                )
                if decision.action is Action.LOST:
                    raise LostStart(lost)
                self._log.warning("%s A new run is started (%s).", lost, decision.why)
                return None
        execution_id = str(execution_id)
        if decision.action is Action.REATTACH:
            self._operator.know(execution_id)  # for a kill that comes before the run was read
        old: Execution | WorkflowError
        try:
            old = self._hook.get_execution(execution_id, budget=self._left())
        except WorkflowError as error:
            old = error
        decided, stop = on_old_run(decision, old, self._operator.accepts)
        name = f"{self._hook.hook_name} execution {execution_id} of an earlier try"
        if isinstance(old, Execution):
            name = f"{name} ({old.status})"
            if decided.action is Action.REATTACH:
                self._log.info("%s is used: nothing is started.", name)
                return old
        said = f" It could not be read: {old}" if isinstance(old, WorkflowError) else ""
        stopped = f" {self._hook.try_to_stop(execution_id).said}" if stop else ""
        log = self._log.warning if said and stop else self._log.info
        log("%s is not reused: %s.%s%s A new run is started.", name, decided.why, said, stopped)
        self._operator.know(None)
        return None

    def _submit(self, call: Call[Execution], start: Start) -> Execution:
        operator, hook = self._operator, self._hook
        nonce = operator.nonce if operator.shows_nonce else ""
        try:
            record = self._store.write_intent(
                start.fingerprint, start.account, nonce=nonce, label=operator.run_label or nonce
            )
        except Exception as error:
            raise WorkflowError(
                f"Airflow could not store that {hook.hook_name} was about to be asked to {call.doing}: {error}. "
                "So it was not asked, and nothing was started."
            ) from error
        # Whatever becomes of this process, its log says what to look for.
        self._log.info("%s is asked to %s%s.", hook.hook_name, call.doing, _labelled(record))
        try:
            operator.stop_if_killed()
            execution = hook.send(call, budget=self._left())
        except LostStart as error:
            lost = error
        except AirflowTaskTimeout as error:
            raise self._lost(
                f"execution_timeout came while {hook.hook_name} was asked to {call.doing}, so a run may exist. "
                f"It is not asked again now, for that could start a second one. {self._what_to_look_for(record)}"
            ) from error
        except WorkflowError:
            self._forget()
            raise
        else:
            if execution.execution_id is None:
                if execution.state not in operator.accepts:
                    self._forget()  # it is over, and not well: a retry may run it again
                return execution
            return replace(execution, url=hook.execution_url(execution.execution_id))
        found = None
        # If the clock runs out meanwhile, the start is lost all the same, and that is the error to end with.
        with suppress(AirflowTaskTimeout):
            found = self._search(call, record)
        if found is None:
            raise self._lost(f"{lost} {self._what_to_look_for(record)}", lost.status)
        return Execution(found, State.QUEUED, "started", url=hook.execution_url(found))

    def _lost(self, message: str, status: int | None = None) -> WorkflowError:
        """Return the error of a start whose answer is lost: whether a retry may start anew is the author's choice."""
        if self._operator.on_lost_start == "restart":
            return UncertainStart(
                f"{message} A retry starts a new one (on_lost_start='restart').", status=status
            )
        return LostStart(message, status=status)

    def _search(self, call: Call[Execution], record: StartRecord) -> str | None:
        """Return the run that a start has begun, if the vendor's own data prove it of exactly one."""
        try:
            found = self._hook.find_started(call, nonce=record.nonce, since=record.intent_at)
        except WorkflowError as error:
            self._log.warning("It could not be looked up whether the run exists: %s", error)
            return None
        if len(found) != 1:
            return None
        self._log.info("%s execution %s is the one that was asked for.", self._hook.hook_name, found[0])
        return found[0]

    def _described(self, record: StartRecord) -> str:
        moment = datetime.fromtimestamp(record.intent_at, timezone.utc).isoformat(timespec="seconds")
        return f"at {moment}{_labelled(record)}"

    def _what_to_look_for(self, record: StartRecord) -> str:
        """Return what tells the run from others in the vendor's console, and what to do then."""
        known_by = ""
        if record.intent_at:
            moment = datetime.fromtimestamp(record.intent_at, timezone.utc).isoformat(timespec="seconds")
            known_by = f" It would have begun at {moment} or just after{_labelled(record)}."
        return (
            f"Look for it at {self._hook.hook_name}.{known_by} Stop it and clear this task, or use it and mark this task a "
            "success."
        )

    def _forget(self) -> None:
        try:
            self._store.delete()
        except Exception as error:  # noqa: BLE001  # the refusal matters more; a retry will then say "lost", and start nothing
            self._log.warning("Airflow could not delete the intent of a start that was not sent: %s", error)


def _labelled(record: StartRecord) -> str:
    return f", labelled {record.label!r}" if record.label else ""
