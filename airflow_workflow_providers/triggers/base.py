"""The trigger of every vendor: look, decide, sleep, speak once; and stop the run when a person ends its task."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.watch import LEAST, Verdict, Watch
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.shared import SharedSession
from airflow_workflow_providers.settings import min_poll_interval

#: A trigger that speaks sooner can get its task failed by Airflow's scheduler, which may still be busy with the
#: deferral. In seconds.
QUIET = 5.0

#: How long a stop of the run may take when its task was ended, in seconds.
STOP_LIMIT = 20.0

#: The states in which nobody waits for the run any more. In any other one a next try takes the run up or stops it.
_UNWANTED = frozenset({"failed", "success", "skipped", "upstream_failed", "removed"})

# A task that nobody holds may be collected before it has finished.
_stopping: set[asyncio.Task[None]] = set()


class ExecutionTrigger(BaseTrigger):
    """
    Waits for a run; fires one event: an outcome and the run's id.

    These parameters are stored by Airflow, so they are a format: plain JSON, versioned, and the only reference to
    credentials is ``conn_id``.

    :param conn_id: the connection.
    :param execution_id: the vendor's id of the run.
    :param deadline: when to give up, in seconds since the epoch.
    :param poll_interval: seconds between two looks.
    :param stop_on_kill: stop the run when its task is ended by a person; a sensor leaves it.
    :param stop_at_pause: fire when the run waits for a person.
    :param status: the last status that the task's log has.
    :param version: of this list of parameters.
    """

    hook_class: ClassVar[type[WorkflowHook]]

    def __init__(
        self,
        *,
        conn_id: str,
        execution_id: str,
        deadline: float,
        poll_interval: float,
        stop_on_kill: bool,
        stop_at_pause: bool = False,
        status: str = "",
        version: int = 1,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it untyped
        self.conn_id = conn_id
        self.execution_id = execution_id
        self.deadline = deadline
        self.poll_interval = poll_interval
        self.stop_on_kill = stop_on_kill
        self.stop_at_pause = stop_at_pause
        self.status = status
        self.version = version
        self.hook = self.hook_class(conn_id)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """
        Return the class and the parameters that make this trigger again in another process.

        :return: the class with its module, and the parameters of the class by name, as plain JSON.
        """
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "conn_id": self.conn_id,
                "execution_id": self.execution_id,
                "deadline": self.deadline,
                "poll_interval": self.poll_interval,
                "stop_on_kill": self.stop_on_kill,
                "stop_at_pause": self.stop_at_pause,
                "status": self.status,
                "version": self.version,
            },
        )

    async def look(self, shared: SharedSession) -> Execution:
        """
        Look once at the run.

        :param shared: the session of this event loop.
        :return: what the look has seen; the output may not be there.
        :raises WorkflowError: if the look failed; the wait decides whether there is another one.
        """
        left = max(LEAST, self.deadline - time.time())
        return await self.hook.asend(shared, self.hook.api.look(self.execution_id), attempts=1, limit=left)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """
        Wait for the run, then fire one event.

        The first look comes after ``poll_interval``, or at the deadline if that is sooner; in a triggerer not before
        5 s.

        :yield: :meth:`Verdict.event <airflow_workflow_providers.core.watch.Verdict.event>`: how the wait ended, well or
            not, and never the run's output.
        :raises CancelledError: if Airflow cancels the trigger. Before Airflow 3.3, which calls :meth:`on_kill` itself,
            that is done here first.
        """
        try:
            verdict = await self._wait()
        except asyncio.CancelledError:
            if not compat.TRIGGER_HEARS_KILLS:
                await self.on_kill()
            raise
        yield TriggerEvent(verdict.event())

    async def on_kill(self) -> None:
        """
        Stop the run if its task was ended by a person, and only then.

        Airflow comes here for a clear and a reassignment too, and before 3.3 for a shutdown; the task's own state
        tells them apart. It also cancels this coroutine again each second, so the work is done in a task of its
        own, which outlives that.
        """
        if not self.stop_on_kill:
            return
        work = asyncio.create_task(self._stop_if_unwanted())
        _stopping.add(work)
        work.add_done_callback(_stopping.discard)
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(work)

    async def _wait(self) -> Verdict:
        watch = Watch(
            self.execution_id,
            self.deadline,
            max(self.poll_interval, min_poll_interval()),
            self.stop_at_pause,
            self.status,
        )
        # dag.test() runs a trigger in the task's own process, where no scheduler can be overtaken.
        quiet = 0.0 if self.trigger_id is None else QUIET
        await asyncio.sleep(max(quiet, min(watch.poll_interval, self.deadline - time.time())))
        async with self.hook.shared_session() as shared:
            while True:
                try:
                    step = watch.on_look(await self.look(shared), time.time())
                except WorkflowError as error:
                    step = watch.on_error(error, time.time())
                if step.say:
                    (self.log.warning if step.warn else self.log.info)(step.say)
                if step.verdict:
                    return step.verdict
                # Tasks that were deferred together drift apart, so that their looks do not come in one burst; never past
                # the deadline.
                drifted = step.wait * random.uniform(1.0, 1.1)  # noqa: S311  # no secret
                await asyncio.sleep(min(drifted, max(step.wait, self.deadline - time.time())))

    async def _stop_if_unwanted(self) -> None:
        try:
            await asyncio.wait_for(self._ask_and_stop(), STOP_LIMIT)
        except Exception as error:  # noqa: BLE001  # nobody is left to catch it: say it, with the run's id
            self.log.warning(
                "Execution %s may still be going: it was not stopped (%s).", self.execution_id, error
            )

    async def _ask_and_stop(self) -> None:
        state = await compat.task_state(self.task_instance)
        if state not in _UNWANTED:
            self.log.info("Execution %s is left alone: its task is %s.", self.execution_id, state)
            return
        call = self.hook.api.stop_execution(self.execution_id)
        if call is None:
            self.log.warning(
                "%s cannot stop a run: execution %s goes on.", self.hook.hook_name, self.execution_id
            )
            return
        # Its own lease: the one of the wait has ended, and may have closed the session.
        async with self.hook.shared_session() as shared:
            await self.hook.asend(shared, replace(call, limit=STOP_LIMIT / 2), apart=True)
        self.log.info("Execution %s was asked to stop: its task is %s.", self.execution_id, state)
