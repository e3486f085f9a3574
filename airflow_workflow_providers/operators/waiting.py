"""Waiting for a run, on the worker or in the triggerer; shared by operators and sensors."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar, NoReturn

from airflow.providers.common.compat.sdk import Context

from airflow_workflow_providers import compat
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.parameters import flag, seconds
from airflow_workflow_providers.core.snapshot import KEY as SNAPSHOT_KEY
from airflow_workflow_providers.core.snapshot import Snapshot
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.waiter import (
    GIVE_UP,
    KEEP_WAITING,
    MIN_TIMEOUT,
    NextPoll,
    Question,
    Waiter,
    WaitResult,
    WaitStep,
)
from airflow_workflow_providers.metrics import Cause
from airflow_workflow_providers.operators.base import ExecutionOperator
from airflow_workflow_providers.operators.start_store import StartStore
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL, execution_page
from airflow_workflow_providers.triggers.base import ExecutionTrigger

#: How long a worker retries to read the result of a run that has ended before the wait continues, in seconds.
RESULT_RETRY_FOR = 10.0

#: The least time for reading a result, in seconds.
RESULT_BUDGET = 30.0

#: The limit of the last status check at a deadline, in seconds.
LAST_CHECK_TIMEOUT = 2.0

#: What an error says of a run that has not ended in time.
AT_DEADLINE = "had not ended at the deadline"

#: What a person reads under *Required Actions*. A task keeps the text of its first question over all its pauses and tries.
#: The id has a line of its own: on a narrow screen, Airflow's page covers the lines around a long one.
QUESTION = f"""\
The execution waits until a person {{answers}}{{page}}. The buttons below are only for the task in Airflow.

Execution: `{{execution_id}}`

- **{KEEP_WAITING}** closes this question, and the task goes on waiting. You need not choose it: when the execution goes on, the question closes by itself.
- **{GIVE_UP}** makes the task fail, without a retry. {{consequence}}

Try {{try_number}} of the task `{{task_id}}` has asked this. A later try shows the same text, and can wait for another execution, which its log names.
"""


class WaitingOperator(ExecutionOperator):
    """
    A task that waits for a run.

    :param deferrable: wait in the triggerer, without holding a worker; default: ``[operators] default_deferrable`` of the
        Airflow configuration.
    :param stall_timeout: seconds, or a timedelta: the task fails as at its deadline if neither the status of the run nor its
        progress, as far as the vendor shows one, has changed for so long. A run that waits for a person is not meant. Default: it
        may take until the deadline.
    """

    trigger_class: ClassVar[type[ExecutionTrigger]]

    #: Airflow's own deferral timeout comes this much after our deadline, in seconds: it is for a triggerer that is gone.
    margin: ClassVar[float] = 120.0

    #: Whether the trigger stops the run when a person ends the task: a sensor has not started it.
    cancel_on_kill: bool = False

    #: Whether a run that waits for a person ends the wait; a vendor with such a state makes it a parameter.
    stop_at_pause: bool = False

    #: Whether a run that waits for a person becomes a required action in Airflow; a vendor with such a state makes it a parameter.
    required_action: bool = False

    #: Whether only the details of a run show that it waits for a person, and not its status.
    pause_in_details: ClassVar[bool] = False

    #: What a person does so that a run that waits for a person goes on.
    what_a_person_does: ClassVar[str] = "answers at {vendor}"

    #: Whether the entries of the run's log are written to the task's log as they appear; a vendor with such a log makes it a
    #: parameter.
    log_entries: bool = False

    #: The parameter that names the workflow, for a vendor that lists the runs of one workflow.
    listed_by: ClassVar[str] = ""

    #: The wait, once there was a status check.
    _waiting: Waiter | None = None

    #: What a person sees of the run.
    _snapshot: Snapshot | None = None

    _context: Context | None = None

    #: Whether the result of the wait came from the triggerer, so that some time has passed since.
    _resumed: bool = False

    def __init__(
        self,
        *,
        deferrable: bool = DEFERRABLE,
        stall_timeout: float | timedelta | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = flag("deferrable", deferrable)
        self.stall_timeout = (
            0.0 if stall_timeout is None else seconds("stall_timeout", stall_timeout, least=0.1)
        )

    def execute_complete(
        self,
        context: Context,
        event: Any = None,
        *,
        wait: dict[str, Any] | None = None,
        account: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Finish after the trigger; the worker fetches the output here.

        :param context: Airflow's context of the running task.
        :param event: what the trigger sent; or something else, if a person's answer has resumed the task: then the run is
            read, and the wait continues if it has not ended.
        :param wait: the wait, as it was when the task was deferred; ``dag.test()`` before Airflow 3.4 drops it.
        :param account: the account of the run; it is dropped in the same case.
        :return: the same record as without a deferral.
        :raises WorkflowError: the same errors as without a deferral.
        """
        if wait is None:
            waiter = Waiter(WaitResult.from_event(event).execution_id, time.time(), POLL_INTERVAL)
        else:
            waiter = Waiter.from_stored(wait)
        self.set_execution(waiter.execution_id)
        self._began_at = waiter.began_at
        self.hook.account = account
        self._context = context
        try:
            if WaitResult.is_event(event):
                result = WaitResult.from_event(event)
                if result.logged_entries is not None:
                    waiter.logged_entries = result.logged_entries
                self._waiting = waiter
                if result.outcome == "paused":
                    # The run may have gone on since, so it is read before anybody is asked. An earlier question is closed.
                    waiter.status, waiter.question = result.status, "none"
                    return self._wait_from(context, waiter, self._poll(waiter))
                self._resumed = True
                return self._wait_from(context, waiter, result)
            answer = waiter.answered(event)
            self.log.info(
                "%s: the status of execution %s is read, and the wait %s.",
                f"A person has answered {answer!r}" if answer else "This task was not resumed by its trigger",
                waiter.execution_id,
                "ends" if answer == GIVE_UP else "continues",
            )
            if answer == GIVE_UP:
                return self._end_given_up(waiter.execution_id)
            return self._wait_from(context, waiter, self._poll(waiter))
        finally:
            self.hook.close()

    def _wait_from(self, context: Context, waiter: Waiter, step: WaitStep) -> dict[str, Any]:
        """Wait from this step on, here or in the triggerer, and finish; the same for every way of waiting."""
        while True:
            if isinstance(step, NextPoll):
                if self.deferrable:
                    self._defer(waiter)
                self._sleep(step.delay)
                step = self._poll(waiter)
            elif step.outcome == "paused":
                step = self._ask(context, waiter)
            else:
                done = self._finish(context, step, waiter)
                if isinstance(done, dict):
                    return done
                step = done

    def _poll(self, waiter: Waiter) -> WaitStep:
        self._waiting = waiter
        left = max(MIN_TIMEOUT, waiter.deadline - time.time())
        try:
            execution = self.hook.client.get_status(
                waiter.execution_id, budget=left, with_details=waiter.with_details
            )
        except errors.WorkflowError as error:
            self.hook.metrics.status_check(error)
            return self._log(waiter.on_error(error, time.time()))
        self.hook.metrics.status_check()
        if not execution.is_terminal:  # its end is shown with its result
            self._show(execution)
        return self._log(waiter.on_status(execution, time.time()))

    def _question_at_first(self, context: Context) -> Question:
        """Return what a wait begins with. Without a trigger nobody is asked, because Airflow shows an answer to triggers only."""
        if (
            not (self.required_action and self.deferrable and compat.HAS_REQUIRED_ACTIONS)
            or self.stop_at_pause
        ):
            return ""
        # Airflow hands the question of a try on to the next one.
        later = context["ti"].try_number > 1
        return "obsolete" if later and StartStore(context).has_asked() else "none"

    def _ask(self, context: Context, waiter: Waiter) -> WaitStep:
        """Ask a person about a pause; the wait continues."""
        step = waiter.on_unchanged(time.time())
        if isinstance(step, WaitResult):
            return step
        ti, name = context["ti"], self.hook.hook_name
        endpoint = self.hook.client.endpoint
        url = self.hook.execution_url(waiter.execution_id)
        workflow = shown(self._workflow() or "", endpoint.settings.secrets)
        stops = self.cancel_on_kill and endpoint.can_stop
        body = QUESTION.format(
            answers=self.what_a_person_does.format(vendor=name),
            page=f": [open its page at {name}]({url})" if url else "",
            execution_id=waiter.execution_id,
            task_id=ti.task_id,
            try_number=ti.try_number,
            consequence=f"{name} is asked to stop the execution."
            if stops
            else f"The execution goes on at {name}.",
        )
        # With "answered", nobody is asked again before the next pause.
        waiter.question = "answered"
        try:
            compat.ask(ti, [KEEP_WAITING, GIVE_UP], f"{name} waits for a person: workflow {workflow}", body)
        except Exception as error:  # noqa: BLE001  # the wait matters more
            self.log.warning(
                "Airflow could not store a required action for execution %s, and the wait continues without one: %s",
                waiter.execution_id,
                error,
            )
        else:
            waiter.question = "open"
            StartStore(context).write_question()
            self.log.info("Execution %s is a required action in Airflow now.", waiter.execution_id)
        return step

    def _end_given_up(self, execution_id: str) -> dict[str, Any]:
        """Raise the error that a person wants, unless the run has ended in the meantime."""
        if (record := self._result_at_deadline(execution_id)) is not None:
            return record
        if self.cancel_on_kill:
            consequence = self._give_up(execution_id, "given_up")
        else:
            consequence = f"Execution {execution_id} goes on (cancel_on_kill=False)."
        raise errors.ExecutionGivenUp(
            f"A person has given up {self.hook.hook_name} execution {execution_id} under Required Actions. {consequence}",
            execution_id=execution_id,
        )

    @property
    def _cancel_on_clear(self) -> bool:
        """Whether the trigger stops the run if the task is cleared so that its next try does not know the run."""
        return False

    @property
    def _with_details(self) -> bool:
        """Whether each status check reads what the run does, too."""
        return self.log_entries or (self.required_action and self.pause_in_details)

    @property
    def _entries_at_first(self) -> int | None:
        """How many entries of the run's log are in the task's log at first; ``None`` if they are not wanted there."""
        return 0 if self.log_entries else None

    def _read_rest_of_log(self, execution_id: str) -> None:
        """Write the entries of the log of a run that has ended before a status check has seen them."""
        if self.log_entries:
            with suppress(errors.WorkflowError):  # the result matters more
                self._log_rest(
                    self.hook.client.get_status(execution_id, budget=RESULT_BUDGET, with_details=True)
                )

    def _log_rest(self, execution: Execution) -> None:
        """Write the new entries of a run's log that a request outside of the wait has read."""
        execution_id = str(execution.execution_id)
        waiter = self._waiting or Waiter(execution_id, 0.0, 0.0, logged_entries=self._entries_at_first)
        self._log_entries(waiter.new_entries(execution))

    def _log_entries(self, entries: Iterable[str]) -> None:
        for line in entries:
            self.log.info(line)

    def _log(self, step: WaitStep) -> WaitStep:
        self._log_entries(step.entries)
        if step.log:
            (self.log.warning if step.warning else self.log.info)(step.log)
        return step

    def _record_of_success(self, execution: Execution) -> dict[str, Any]:
        self._show(execution)
        return super()._record_of_success(execution)

    def _record(self, execution: Execution) -> dict[str, Any]:
        record = super()._record(execution)
        if self._written:
            self._show(execution, self._written)
        return record

    def _show(self, execution: Execution, files: Sequence[Mapping[str, Any]] = ()) -> None:
        """Store what a person sees of the run on the page *Remote execution*, if it has changed."""
        if not execution_page() or self._context is None or execution.execution_id is None:
            return
        # Each poke of a rescheduled sensor is a new process, which would store the same again.
        if not (self.deferrable or execution.is_terminal) and getattr(self, "mode", None) == "reschedule":
            return
        ti = self._context["ti"]
        try:
            if self._snapshot is None:
                # An earlier process of this try has stored one, unless it could not.
                stored = ti.xcom_pull(task_ids=ti.task_id, key=SNAPSHOT_KEY, map_indexes=ti.map_index)
                known = Snapshot.from_stored(stored, str(execution.execution_id))
                self._snapshot = known or self._new_snapshot(str(execution.execution_id), None)
            if self._snapshot.show(execution, time.time(), files):
                ti.xcom_push(key=SNAPSHOT_KEY, value=self._snapshot.stored())
        except Exception as error:  # noqa: BLE001  # the run matters more than its page
            self.log.warning("The page of execution %s is not up to date: %s", execution.execution_id, error)

    def _new_snapshot(self, execution_id: str, began_at: float | None) -> Snapshot:
        # What is known of the connection is enough: to read it anew could fail.
        endpoint = self.hook.client.last_endpoint or self.hook.client.endpoint
        return Snapshot(
            self.hook.hook_name,
            endpoint.conn_id,
            endpoint.settings.base_url,
            execution_id,
            self._workflow() or "",
            endpoint.execution_url(execution_id),
            began_at,
        )

    def _finish(self, context: Context, result: WaitResult, waiter: Waiter) -> dict[str, Any] | WaitStep:
        """
        Return the record, raise the error of the run, or return the next step of a wait that continues after all.

        The read of the result is retried like a status check; and a vendor that can be read again is polled again.
        """
        if result.outcome in ("timed_out", "stalled"):
            if waiter.ended:
                raise self._without_result(waiter, errors.ExecutionTimedOut, result.message)
            # What this worker has just seen need not be read again.
            if self._resumed and (record := self._result_at_deadline(waiter.execution_id)) is not None:
                return record
            when = "has stalled" if result.outcome == "stalled" else AT_DEADLINE
            raise self._timed_out(context, waiter.execution_id, result.message, when)
        waiter.ended = waiter.ended or result.outcome == "ended"
        # The result of a run that ended in time is read also by a worker that is late itself.
        left = max(waiter.deadline - time.time(), RESULT_BUDGET)
        try:
            execution = self.hook.client.get_execution(
                waiter.execution_id,
                require_output=self.require_output,
                retry_for=RESULT_RETRY_FOR,
                budget=left,
            )
        except errors.WorkflowError as error:
            failure = error  # handled below, so that the task ends with one error and not a chain
        else:
            return self._result(result, waiter, execution)
        return self._unread(result, waiter, failure)

    def _result(self, result: WaitResult, waiter: Waiter, execution: Execution) -> dict[str, Any] | WaitStep:
        if execution.is_terminal or (waiter.stop_at_pause and execution.state is State.PAUSED):
            if result.outcome == "check_failed":
                self._read_rest_of_log(waiter.execution_id)
            return self._record_of_success(execution)
        waiter.ended = False
        if result.outcome == "check_failed":
            self.log.info(
                "The status of execution %s can be read again: the wait continues.", waiter.execution_id
            )
        else:
            self.log.warning(
                "Execution %s was reported as ended, and is %s: the wait continues.",
                waiter.execution_id,
                execution.status,
            )
        return self._log(waiter.on_status(execution, time.time()))

    def _unread(self, result: WaitResult, waiter: Waiter, error: errors.WorkflowError) -> WaitStep:
        """Decide after a failed read of the result: the wait continues, or the run is given up."""
        if result.outcome == "ended" or isinstance(error, (errors.Unavailable, errors.RateLimited)):
            step = self._log(waiter.on_error(error, time.time()))
            if isinstance(step, NextPoll) or not waiter.ended:
                return step
            late = step.outcome == "timed_out"
            raise self._without_result(waiter, errors.ExecutionTimedOut if late else type(error), str(error))
        name = f"{self.hook.hook_name} execution {waiter.execution_id}"
        raise errors.by_name(result.error)(
            f"The status of {name} can no longer be read; {result.message}. {error} "
            f"{self._give_up(waiter.execution_id, 'unreadable')}",
            execution_id=waiter.execution_id,
            status=error.status,
        )

    def _without_result(
        self, waiter: Waiter, cls: type[errors.WorkflowError], why: str
    ) -> errors.WorkflowError:
        """Return the error of a run that has ended, with an unknown result."""
        name = f"{self.hook.hook_name} execution {waiter.execution_id}"
        return cls(
            f"{name} has ended, and its result could not be read: {why}", execution_id=waiter.execution_id
        )

    def _give_up(self, execution_id: str, cause: Cause) -> str:  # noqa: ARG002  # an operator with a stop needs it
        """Do what is to be done with a run that the task gives up; return one sentence about it."""
        return f"Execution {execution_id} may go on."

    def _timed_out(self, context: Context, execution_id: str, why: str, when: str = AT_DEADLINE) -> Exception:
        """Return the error of a run that has not ended in time, after what the author wants done with it."""
        raise NotImplementedError

    def _result_at_deadline(self, execution_id: str) -> dict[str, Any] | None:
        """Poll once more at a deadline: the run may have ended unseen."""
        try:
            last = self.hook.client.get_status(
                execution_id, budget=LAST_CHECK_TIMEOUT, with_details=self.log_entries
            )
            self._log_rest(last)
            if not last.is_terminal:
                return None
            execution = self.hook.client.get_execution(
                execution_id, require_output=self.require_output, retry_for=RESULT_RETRY_FOR
            )
        except errors.WorkflowError:
            return None
        return self._record_of_success(execution)

    def _trigger_failed(self, execution_id: str, error: Exception) -> errors.WorkflowError:
        """Return Airflow's error of a trigger that failed, with the run, which Airflow does not know."""
        return errors.WorkflowError(
            f"The trigger that waited for execution {execution_id} failed: {error}. The run may still be going.",
            execution_id=execution_id,
        )

    def _defer(self, waiter: Waiter) -> NoReturn:
        account = self.hook.client.endpoint.account
        self.defer(
            trigger=self.trigger_class(
                conn_id=self.hook.conn_id,
                execution_id=waiter.execution_id,
                deadline=waiter.deadline,
                poll_interval=waiter.poll_interval,
                max_poll_interval=waiter.max_poll_interval,
                began_at=waiter.began_at,
                progress=waiter.progress,
                changed_at=waiter.changed_at,
                stall_timeout=waiter.stall_timeout,
                question=waiter.question,
                with_details=waiter.with_details,
                workflow_id=str(getattr(self, self.listed_by)) if self.listed_by else "",
                cancel_on_kill=self.cancel_on_kill,
                cancel_on_clear=self._cancel_on_clear,
                stop_at_pause=waiter.stop_at_pause,
                status=waiter.status,
                logged_entries=waiter.logged_entries,
                account=account,
                **self.hook.account_of(self.hook),
            ),
            method_name="execute_complete",
            kwargs={"wait": waiter.stored(), "account": account},
            timeout=timedelta(seconds=max(0.0, waiter.deadline - time.time()) + self.margin),
        )
