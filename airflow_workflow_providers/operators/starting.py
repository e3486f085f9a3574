"""Starting a run once over all tries of a task: an intent before it is sent, and taking up what an earlier try began."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_workflow_providers.core.errors import LostStart, NotFound, UncertainStart, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.fingerprint import fingerprint

if TYPE_CHECKING:
    from airflow_workflow_providers.core.call import Call
    from airflow_workflow_providers.hooks.base import WorkflowHook
    from airflow_workflow_providers.operators.memory import Memory, Start


class StartsExecution:
    """A task that starts a run; the other half of an operator."""

    on_lost_start: str
    on_clear: str

    #: A name for the run that is about to be started, which no other run has.
    label: str = ""

    #: Whether the vendor is told that name, so that the run can be found by it.
    labels_runs: bool = False

    if TYPE_CHECKING:  # the half that is the operator's
        log: Any
        hook: WorkflowHook
        _execution_id: str | None

        @property
        def accepts(self) -> frozenset[State]: ...  # noqa: D102

        def start_call(self, limit: float) -> Call[Execution]: ...  # noqa: D102

        def _stop_if_killed(self) -> None: ...

    def _start_or_take_up(self, memory: Memory, deadline: float) -> Execution:
        """Return the one run of this task, which may be an earlier try's."""
        self.label = f"airflow-{uuid.uuid4().hex}"
        left = max(1.0, deadline - time.time())
        call = self.start_call(left)
        self.hook.session.open()  # what is wrong with the connection or a proxy is no lost start
        earlier = memory.recall()
        taken_up = None if earlier is None else self._take_up(memory, earlier, call)
        return taken_up or self._start(memory, call, left)

    def _take_up(self, memory: Memory, start: Start, call: Call[Execution]) -> Execution | None:
        """Return the run of an earlier try, unless it failed, was stopped, or is wanted no more."""
        afresh = ""
        if memory.cleared_since(start) and self.on_clear == "restart":
            afresh = "the task was cleared"
        elif start.fingerprint and start.fingerprint != fingerprint(call.identity):
            afresh = "the workflow or its input is another now"
        execution_id = start.execution_id or self._search(call, start)
        if execution_id is None:
            self._decide_without_an_id(start, call, cleared=memory.cleared_since(start))
            return None
        if not afresh:
            self._execution_id = execution_id  # for a kill that comes before the look has brought it
        try:
            execution = self.hook.get_execution(execution_id)
        except WorkflowError as error:
            if not afresh:
                raise
            if not isinstance(error, NotFound):
                self.log.warning(
                    "Execution %s of an earlier try may go on: %s, and %s", execution_id, afresh, error
                )
            return None
        name = f"{self.hook.hook_name} execution {execution_id} of an earlier try ({execution.status})"
        if afresh:
            ends = execution.over or execution.state is State.STOPPING
            stopped = "" if ends else " " + self.hook.try_to_stop(execution_id)
            self.log.info("%s is not taken up: %s.%s", name, afresh, stopped)
            return None
        going = not execution.over and execution.state is not State.STOPPING
        if going or execution.state in self.accepts:
            self.log.info("%s is taken up: nothing is started.", name)
            return execution
        self.log.info("%s is not taken up: a new run is started.", name)
        self._execution_id = None
        return None

    def _decide_without_an_id(self, start: Start, call: Call[Execution], *, cleared: bool) -> None:
        """Decide about a start of an earlier try of which nothing more is known; returns if a new one may be sent."""
        lost = (
            f"An earlier try was about to ask {self.hook.hook_name} to {call.doing}, and what came of it is not known: "
            f"a run may exist. {self._what_to_look_for(start)}"
        )
        if cleared:  # there is nothing to take up, and whoever clears has read the error
            self.log.warning("%s The task was cleared since, so a new run is started.", lost)
        elif self.on_lost_start == "restart":
            self.log.warning("%s A new one is started (on_lost_start='restart').", lost)
        else:
            raise LostStart(lost)

    def _start(self, memory: Memory, call: Call[Execution], patience: float) -> Execution:
        try:
            start = memory.intend(fingerprint(call.identity), self.label if self.labels_runs else "")
        except Exception as error:
            raise WorkflowError(
                f"Airflow could not store that {self.hook.hook_name} was about to be asked to {call.doing}: {error}. "
                "So it was not asked, and nothing was started."
            ) from error
        # Whatever becomes of this process, its log says what to look for.
        self.log.info("%s is asked to %s%s.", self.hook.hook_name, call.doing, _labelled(start))
        try:
            self._stop_if_killed()
            execution = self.hook.send(call, patience=patience)
        except LostStart as error:
            found = None
            # If the clock runs out meanwhile, the start is lost all the same, and that is the error to end with.
            with suppress(AirflowTaskTimeout):
                found = self._search(call, start)
            if found is None:
                raise self._lost(f"{error} {self._what_to_look_for(start)}", error.status) from error
            return Execution(found, State.QUEUED, "started", url=self.hook.execution_url(found))
        except AirflowTaskTimeout as error:
            raise self._lost(
                f"execution_timeout came while {self.hook.hook_name} was asked to {call.doing}, so a run may exist. "
                f"It is not asked again now, for that could start a second one. {self._what_to_look_for(start)}"
            ) from error
        except WorkflowError:
            self._forget(memory)
            raise
        if execution.execution_id is None:
            if execution.state not in self.accepts:
                self._forget(memory)  # it is over, and not well: a retry may run it again
            return execution
        return replace(execution, url=self.hook.execution_url(execution.execution_id))

    def _lost(self, message: str, status: int | None = None) -> WorkflowError:
        """Return the error of a start whose answer is lost: whether a retry may start anew is the author's choice."""
        if self.on_lost_start == "restart":
            return UncertainStart(
                f"{message} A retry starts a new one (on_lost_start='restart').", status=status
            )
        return LostStart(message, status=status)

    def _search(self, call: Call[Execution], start: Start) -> str | None:
        """Return the run that a start has begun, if the vendor's own data prove it of exactly one."""
        try:
            found = self.hook.find_started(call, label=start.label, since=start.asked_at)
        except WorkflowError as error:
            self.log.warning("It could not be looked up whether the run exists: %s", error)
            return None
        if len(found) != 1:
            return None
        self.log.info("%s execution %s is the one that was asked for.", self.hook.hook_name, found[0])
        return found[0]

    def _what_to_look_for(self, start: Start) -> str:
        """Return what tells the run from others in the vendor's console, and what to do then."""
        known_by = ""
        if start.asked_at:
            moment = datetime.fromtimestamp(start.asked_at, timezone.utc).isoformat(timespec="seconds")
            known_by = f" It would have begun at {moment} or just after{_labelled(start)}."
        return (
            f"Look for it at {self.hook.hook_name}.{known_by} Stop it and clear this task, or use it and mark this task a "
            "success."
        )

    def _forget(self, memory: Memory) -> None:
        try:
            memory.forget()
        except Exception as error:  # noqa: BLE001  # the refusal matters more; a retry will then say "lost", and start nothing
            self.log.warning("Airflow could not strike out that a start was about to be sent: %s", error)


def _labelled(start: Start) -> str:
    return f", labelled {start.label!r}" if start.label else ""
