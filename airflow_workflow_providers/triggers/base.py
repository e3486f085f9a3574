"""The trigger of every vendor: wait, send one event; and stop the run when a person ends its task."""

import asyncio
import inspect
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.errors import NotSupported, WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.snapshot import Snapshot
from airflow_workflow_providers.core.waiter import KEEP_WAITING, Question, Waiter, WaitResult
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.metrics import Cause
from airflow_workflow_providers.polling.poller import Poller
from airflow_workflow_providers.polling.wait import Wait
from airflow_workflow_providers.settings import min_poll_interval
from airflow_workflow_providers.triggers.page import Page

#: If a trigger sends its event sooner than this, in seconds, the scheduler of Airflow before 3.4 may still be busy with the
#: deferral, and can fail the task.
MIN_EVENT_DELAY = 5.0

#: How long a stop of the run may take when its task was ended, in seconds.
STOP_TIMEOUT = 20.0

#: So many entries of a run's log are written before others get the event loop.
ENTRIES_AT_ONCE = 10

#: In these states nobody waits for the run any more.
FINAL_TASK_STATES = frozenset({"failed", "success", "skipped", "upstream_failed", "removed"})

#: The states that a task has after a clear; and after a person's answer, which resumes it.
NEXT_TRY_STATES = frozenset({"none", "scheduled", "queued", "running", "restarting"})

# asyncio may collect a task that nobody references before it has finished.
_stopping: set[asyncio.Task[None]] = set()


class WorkflowTrigger(BaseTrigger):
    """
    Stop what a task has started when a person ends it; what the triggers of one run and of many share.

    :param conn_id: the connection.
    :param cancel_on_kill: stop it when a person ends the task.
    :param cancel_on_clear: stop it when a person clears the task, if the next try will not know it.
    :param account: what tells the account from others.
    """

    hook_class: ClassVar[type[WorkflowHook]]

    #: The parameters that Airflow stores, besides those with which a task chooses the account.
    stored_names: ClassVar[tuple[str, ...]]

    #: When to give up, in seconds since the epoch.
    deadline: float

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        parameters = inspect.signature(cls).parameters.values()
        if all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters):
            cls.stored_names = tuple(parameter.name for parameter in parameters)

    def __init__(
        self, *, conn_id: str, cancel_on_kill: bool, cancel_on_clear: bool, account: dict[str, Any] | None
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it untyped
        self.created_at = time.time()
        #: Whether the task has its event, which resumes it.
        self.event_sent = False
        self.conn_id = conn_id
        self.cancel_on_kill = cancel_on_kill
        self.cancel_on_clear = cancel_on_clear
        self.account = account
        self.hook = self.hook_class(conn_id, account=account, **self.hook_class.account_of(self))

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """
        Return the class and the parameters that make this trigger again in another process.

        :return: the class with its module, and the parameters of the class by name, as plain JSON.
        """
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {**{name: getattr(self, name) for name in self.stored_names}, **self.hook_class.account_of(self)},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """
        Wait, then send one event.

        :yield: the event of :meth:`wait`.
        :raises CancelledError: if Airflow cancels the trigger. Airflow before 3.3 does not call :meth:`on_kill`, so that
            happens here first.
        """
        try:
            event = await self.wait()
        except asyncio.CancelledError:
            if not compat.HAS_TRIGGER_ON_KILL:
                await self.on_kill()
            raise
        self.event_sent = True
        yield TriggerEvent(event)

    @abstractmethod
    async def wait(self) -> dict[str, Any]:
        """
        Wait until there is something for a worker to do.

        :return: the event, plain JSON; never an output, because events are stored and logged in clear text.
        """

    @abstractmethod
    async def stop_runs(self, cause: Cause) -> str:
        """
        Stop what the task has started.

        :param cause: why, for the metrics.
        :return: one sentence about it for the log.
        :raises WorkflowError: if it could not be stopped.
        """

    @property
    @abstractmethod
    def what(self) -> str:
        """The subject of a sentence about what the task has started."""

    @property
    def least_delay(self) -> float:
        """Seconds that must pass before the event."""
        # dag.test() runs a trigger in the task's own process, without a scheduler.
        return 0.0 if self.trigger_id is None or compat.takes_quick_events() else MIN_EVENT_DELAY

    async def on_kill(self) -> None:
        """
        Stop what the task has started if a person has ended the task, or has cleared it so that its next try does not know the run.

        Airflow also calls this after other clears, an answer and a reassignment, and before 3.3 at a shutdown; the task's own state tells
        them apart. It cancels this coroutine again each second, so the work runs in an asyncio task of its own.
        """
        if not self.cancel_on_kill and not self._can_be_forgotten:
            return
        work = asyncio.create_task(self._stop_if_unwanted())
        _stopping.add(work)
        work.add_done_callback(_stopping.discard)
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(work)

    async def _stop_if_unwanted(self) -> None:
        try:
            await asyncio.wait_for(self._stop(), STOP_TIMEOUT)
        except NotSupported as error:
            self.log.warning("%s", error)
        except Exception as error:  # noqa: BLE001  # nobody is left to catch it, so it is logged, with the run's id
            self.log.warning("%s may still be going: it was not stopped (%s).", self.what, error)

    async def count_stops(self, cause: Cause, *, accepted: int = 0, failed: int = 0) -> None:
        """
        Count the executions that were stopped, in a thread: an emit may take a while.

        :param cause: why they were.
        :param accepted: how many requests the vendor has accepted.
        :param failed: how many it has not.
        """
        with suppress(RuntimeError):  # the event loop is about to be closed
            await asyncio.to_thread(self.hook.metrics.cancel, cause, accepted=accepted, failed=failed)

    async def _stop(self) -> None:
        state = await compat.task_state(self.task_instance)
        if state in FINAL_TASK_STATES:
            if self.cancel_on_kill:
                self.log.info("%s Its task is %s.", await self.stop_runs("kill"), state)
        elif self._can_be_forgotten and state in NEXT_TRY_STATES and not await self._was_answered():
            said = await self.stop_runs("clear")
            self.log.info("%s Its task was cleared, and the next try does not know it.", said)
        else:
            self.log.info("%s is left alone: its task is %s.", self.what, state)

    @property
    def _can_be_forgotten(self) -> bool:
        """Whether the next try would not know the run. After the event, or at the deadline, Airflow resumes the task instead."""
        resumed = self.event_sent or time.time() >= self.deadline
        return self.cancel_on_clear and compat.FORGETS_ON_CLEAR and not resumed

    async def _was_answered(self) -> bool:
        """Return whether a person's answer has resumed the task, and not a clear: an answer during this wait."""
        answered_at = await compat.answered_at(self.task_instance) if compat.HAS_REQUIRED_ACTIONS else None
        return answered_at is not None and answered_at >= self.created_at


class ExecutionTrigger(WorkflowTrigger):
    """
    Wait for a run, then send one event: an outcome and the run's id.

    Airflow stores these parameters, so they are a format: plain JSON, with a version, and ``conn_id`` is the only reference
    to credentials.

    :param conn_id: the connection.
    :param execution_id: the vendor's id of the run.
    :param deadline: when to give up, in seconds since the epoch.
    :param poll_interval: seconds between two status checks, at the least.
    :param cancel_on_kill: stop the run when a person ends its task.
    :param stop_at_pause: end the wait when the run waits for a person.
    :param status: the last status that is in the task's log.
    :param logged_entries: how many entries of the run's log are in the task's log; default: they are not wanted there.
    :param account: what tells the account of the run from others, without a secret; default: the one that the connection
        leads to when the trigger begins.
    :param max_poll_interval: seconds between two status checks, at the most; default: the interval is fixed.
    :param began_at: when the run began, in seconds since the epoch.
    :param workflow_id: the workflow of the run, for a vendor that lists the runs of one workflow; default: not known.
    :param progress: the last progress that is in the task's log.
    :param changed_at: when what is in the log was seen for the first time, in seconds since the epoch; default: not known.
    :param stall_timeout: give up when nothing has changed for so many seconds; default: never.
    :param question: what became of the question to a person about a pause, a
        :data:`~airflow_workflow_providers.core.waiter.Question`; default: nobody is asked.
    :param with_details: whether each status check reads what the run does, too; default: it reads the status alone.
    :param cancel_on_clear: stop the run when a person clears its task, if the next try will not know the run; default: leave it.
    :param version: of this list of parameters.
    """

    def __init__(
        self,
        *,
        conn_id: str,
        execution_id: str,
        deadline: float,
        poll_interval: float,
        cancel_on_kill: bool,
        stop_at_pause: bool = False,
        status: str = "",
        logged_entries: int | None = None,
        account: dict[str, Any] | None = None,
        max_poll_interval: float = 0.0,
        began_at: float = 0.0,
        workflow_id: str = "",
        progress: str = "",
        changed_at: float = 0.0,
        stall_timeout: float = 0.0,
        question: Question = "",
        with_details: bool = False,
        cancel_on_clear: bool = False,
        version: int = 1,
    ) -> None:
        super().__init__(
            conn_id=conn_id, cancel_on_kill=cancel_on_kill, cancel_on_clear=cancel_on_clear, account=account
        )
        self.execution_id = execution_id
        self.deadline = deadline
        self.poll_interval = poll_interval
        self.stop_at_pause = stop_at_pause
        self.status = status
        self.logged_entries = logged_entries
        self.max_poll_interval = max_poll_interval
        self.began_at = began_at
        self.workflow_id = workflow_id
        self.progress = progress
        self.changed_at = changed_at
        self.stall_timeout = stall_timeout
        self.question = question
        self.with_details = with_details
        self.version = version
        self._page = Page(
            self, f"execution {execution_id}", lambda stored: Snapshot.from_stored(stored, execution_id)
        )

    async def wait(self) -> dict[str, Any]:
        """
        Wait for the run.

        The first status check comes after the interval of the run, or at the deadline if that is sooner; in a triggerer after at
        least 5 s, before Airflow 3.4.

        :return: :meth:`WaitResult.event <airflow_workflow_providers.core.waiter.WaitResult.event>`: how the wait ended. Or
            ``{"chosen_options": [...]}``, if a person had answered before this trigger began: such an answer resumes no task.
        """
        # A trigger of dag.test() has no task instance, and there is no page on which a person could answer.
        question: Question = "" if self.question and self.task_instance is None else self.question
        if question == "open" and (found := await self._read_answer()) is not None:
            chosen, by_person = found
            if by_person:
                await asyncio.sleep(self.least_delay)
                return {"chosen_options": chosen}
            question = "none"  # an earlier process of this trigger has closed it
        return (await self._wait(question)).event()

    async def stop_runs(self, cause: Cause) -> str:
        """
        Stop the run.

        :param cause: why, for the metrics.
        :return: one sentence about it for the log.
        :raises WorkflowError: if it could not be stopped.
        """
        try:
            # A second use of the client: that of the wait has ended, and may have closed it.
            async with self.hook.async_client() as client:
                await client.stop(self.execution_id, budget=STOP_TIMEOUT / 2)
        except NotSupported:
            raise
        except WorkflowError:
            await self.count_stops(cause, failed=1)
            raise
        await self.count_stops(cause, accepted=1)
        return f"{self.what} was asked to stop."

    @property
    def what(self) -> str:
        """The subject of a sentence about the run."""
        return f"Execution {self.execution_id}"

    async def _read_answer(self) -> tuple[list[str], bool] | None:
        try:
            return await compat.read_answer(self.task_instance)
        except Exception as error:  # noqa: BLE001  # the wait matters more
            self.log.info("The required action of this task could not be read: %s", error)
            return None

    async def _close_question(self) -> None:
        """Take the question away from the required actions: nobody has to answer it any more."""
        try:
            await compat.answer(self.task_instance, KEEP_WAITING)
        except Exception as error:  # noqa: BLE001  # the wait matters more, and a person may have been faster
            self.log.info("The required action of this task could not be closed: %s", error)

    async def _wait(self, question: Question) -> WaitResult:
        waiter = Waiter(
            self.execution_id,
            self.deadline,
            max(self.poll_interval, min_poll_interval()),
            self.stop_at_pause,
            self.status,
            logged_entries=self.logged_entries,
            max_poll_interval=self.max_poll_interval,
            began_at=self.began_at,
            progress=self.progress,
            changed_at=self.changed_at,
            stall_timeout=self.stall_timeout,
            question=question,
            with_details=self.with_details,
        )
        if question == "obsolete":
            # An earlier try may have left it open.
            if await self._read_answer() is None:
                await self._close_question()
            waiter.question = "none"
        first = max(self.least_delay, min(waiter.interval(time.time()), self.deadline - time.time()))
        due = asyncio.get_running_loop().time() + first
        async with Poller.shared(self.hook) as poller:
            wait = Wait(poller, waiter, due, self.workflow_id)
            while True:
                step = await wait.next_step()
                for number, line in enumerate(step.entries, 1):
                    self.log.info(line)
                    if not number % ENTRIES_AT_ONCE:
                        await asyncio.sleep(0)
                if step.log:
                    (self.log.warning if step.warning else self.log.info)(step.log)
                if waiter.question == "obsolete" or (
                    waiter.question == "open" and isinstance(step, WaitResult)
                ):
                    await self._close_question()
                    waiter.question = "none"
                if isinstance(step, WaitResult):
                    return replace(step, logged_entries=waiter.logged_entries)
                if step.execution is not None:
                    await self._show(step.execution)

    async def _show(self, execution: Execution) -> None:
        """Store what a person sees of the run, which has changed; its end is left to the worker."""
        # dag.test() runs a trigger without a task instance, and nobody looks at a page then.
        if self.task_instance is not None:
            task_key = compat.task_key(self.task_instance)
            await self._page.show(task_key, lambda snapshot: snapshot.show(execution, time.time()))
