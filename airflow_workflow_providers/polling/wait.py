"""One wait of a poller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_workflow_providers.core.waiter import NextPoll, Waiter, WaitResult, WaitStep

if TYPE_CHECKING:
    from airflow_workflow_providers.core.async_client import StatusCheck
    from airflow_workflow_providers.polling.poller import Poller


class Wait:
    """
    The wait for one run.

    :param poller: makes its status checks.
    :param waiter: decides after each of them.
    :param due: when the first one is due, in the time of the event loop.
    :param workflow_id: which list of the vendor shows the run.
    """

    __slots__ = ("_poller", "believed", "check", "due", "known", "step", "waiter", "workflow_id")

    def __init__(self, poller: Poller, waiter: Waiter, due: float, workflow_id: str = "") -> None:
        self._poller = poller
        self.waiter = waiter
        self.due = due
        self.workflow_id = workflow_id
        self.check: StatusCheck | None = None
        self.step: asyncio.Future[WaitStep] | None = None
        #: The status that the last status check has seen; ``None`` after one that failed.
        self.known: str | None = None
        #: How often in a row a list was believed.
        self.believed = 0

    async def next_step(self) -> WaitStep:
        """
        Wait until there is something to say about the run.

        :return: a step that ends the wait, or that has a line for its log.
        """
        self.step = asyncio.get_running_loop().create_future()
        self._poller.plan(self)
        return await self.step

    def hand(self, step: WaitStep) -> None:
        """
        Wake up the wait with a step.

        :param step: what there is to say.
        """
        if self.step is not None and not self.step.done():
            self.step.set_result(step)

    def fail(self, error: Exception) -> None:
        """
        Wake up the wait with an error.

        :param error: a bug, or what has ended the lane.
        """
        if self.step is not None and not self.step.done():
            self.step.set_exception(error)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for a step: its trigger was cancelled."""
        return self.step is None or self.step.done()


class ManyWait(Wait):
    """
    The wait for one of many runs of a task: it costs no coroutine, and has no line in a log for each change of a status.

    :param poller: as for the base class.
    :param waiter: as for the base class.
    :param workflow_id: as for the base class.
    :param on_end: is called once, with how the wait has ended.
    """

    __slots__ = ("_on_end",)

    def __init__(
        self,
        poller: Poller,
        waiter: Waiter,
        workflow_id: str = "",
        *,
        on_end: Callable[[WaitResult], None],
    ) -> None:
        now = time.time()
        # After the interval of the run, or at the deadline if that is sooner.
        first = max(0.0, min(waiter.interval(now), waiter.deadline - now))
        super().__init__(poller, waiter, asyncio.get_running_loop().time() + first, workflow_id)
        self._on_end: Callable[[WaitResult], None] | None = on_end
        poller.plan(self)

    def hand(self, step: WaitStep) -> None:
        """
        Continue to wait, or end.

        :param step: what there is to say.
        """
        if self._on_end is None:
            return
        if isinstance(step, NextPoll):
            self._poller.plan(self)
            return
        self._end(step)

    def fail(self, error: Exception) -> None:
        """
        End with an error.

        :param error: a bug, or what has ended the lane.
        """
        self._end(
            WaitResult(
                "check_failed",
                self.waiter.execution_id,
                f"the status checks have ended ({error})",
                "WorkflowError",
            )
        )

    def cancel(self) -> None:
        """Wait no longer, and say nothing."""
        self._on_end = None

    def _end(self, result: WaitResult) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(result)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any longer."""
        return self._on_end is None
