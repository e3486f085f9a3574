"""The trigger of a batch: wait for many runs, and call a worker when it has enough to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.batch import is_worth_resuming, progress
from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.snapshot import BatchSnapshot
from airflow_workflow_providers.core.waiter import Waiter, WaitResult
from airflow_workflow_providers.metrics import Cause
from airflow_workflow_providers.polling.poller import Poller
from airflow_workflow_providers.polling.wait import ManyWait
from airflow_workflow_providers.settings import min_poll_interval
from airflow_workflow_providers.triggers.base import STOP_TIMEOUT, WorkflowTrigger
from airflow_workflow_providers.triggers.page import Page

#: The XCom in which a worker leaves the runs to wait for: a list of their ids and when they have begun.
RUNS_KEY = "batch_runs"

#: The XCom in which the trigger leaves those that have ended: a list of the events of the single waits.
ENDED_KEY = "batch_ended"

#: How many runs are asked to stop at the same time.
STOPS_AT_ONCE = 32

#: The least seconds between two lines about the progress.
PROGRESS_INTERVAL = 30.0


def batch_event(ended: int) -> dict[str, Any]:
    """
    Return the event of a batch.

    :param ended: how many runs have ended; which ones is in XCom.
    :return: ``version`` (of this format, 1), ``outcome`` and ``ended``.
    """
    return {"version": 1, "outcome": "batch", "ended": ended}


class BatchTrigger(WorkflowTrigger):
    """
    Wait for the runs of a batch, then send one event: how many have ended.

    Airflow stores these parameters, so they are a format: plain JSON, with a version, and ``conn_id`` is the only reference
    to credentials. The runs are in XCom, because as many as these fit into no parameter.

    :param conn_id: the connection.
    :param task_key: what names the task to XCom: ``dag_id``, ``run_id``, ``task_id`` and ``map_index``.
    :param deadline: when to give up, in seconds since the epoch.
    :param poll_interval: seconds between two status checks of a run, at the least.
    :param max_poll_interval: seconds between two status checks of a run, at the most.
    :param enough: how many runs must have ended so that it is worth to start others; 0: there are none to start.
    :param total: how many inputs the batch has.
    :param done: how many of them have come to their result.
    :param cancel_on_kill: stop the runs when a person ends the task.
    :param account: what tells the account of the runs from others, without a secret.
    :param workflow_id: the workflow of the runs, for a vendor that lists the runs of one workflow; default: not known.
    :param cancel_on_clear: stop the runs when a person clears the task, if the next try will not know them; default: leave them.
    :param version: of this list of parameters.
    """

    def __init__(
        self,
        *,
        conn_id: str,
        task_key: dict[str, Any],
        deadline: float,
        poll_interval: float,
        max_poll_interval: float,
        enough: int,
        total: int,
        done: dict[str, int],
        cancel_on_kill: bool,
        account: dict[str, Any] | None = None,
        workflow_id: str = "",
        cancel_on_clear: bool = False,
        version: int = 1,
    ) -> None:
        super().__init__(
            conn_id=conn_id, cancel_on_kill=cancel_on_kill, cancel_on_clear=cancel_on_clear, account=account
        )
        self.task_key = task_key
        self.deadline = deadline
        self.poll_interval = poll_interval
        self.max_poll_interval = max_poll_interval
        self.enough = enough
        self.total = total
        self.done = done
        self.workflow_id = workflow_id
        self.version = version
        self._active: dict[str, ManyWait] = {}
        self._ended: list[WaitResult] = []
        self._first_end = 0.0
        self._page = Page(self, "this batch", BatchSnapshot.from_stored)
        self._has_changed = asyncio.Event()

    async def wait(self) -> dict[str, Any]:
        """
        Wait until a worker has enough to do: others can be started, a result is ten minutes old, or all runs have ended.

        :return: how many have ended; which ones is in XCom.
        """
        began = time.time()
        runs = await compat.read_xcom(self.task_key, RUNS_KEY)
        if not isinstance(runs, list):
            self.log.warning(
                "Airflow does not know which executions this task waits for: the worker looks for them."
            )
            await asyncio.sleep(self.least_delay)
            return batch_event(0)
        async with Poller.shared(self.hook) as poller:
            try:
                for execution_id, began_at in runs:
                    self._begin(poller, str(execution_id), float(began_at))
                await self._until_enough(began)
            finally:
                for wait in self._active.values():
                    wait.cancel()
        ended = [result.event() for result in self._ended]
        try:
            await compat.write_xcom(self.task_key, ENDED_KEY, ended)
        except Exception as error:  # noqa: BLE001  # then the worker checks each of them
            self.log.warning("Airflow could not store which executions have ended: %s", error)
            return batch_event(0)
        return batch_event(len(ended))

    def _begin(self, poller: Poller, execution_id: str, began_at: float) -> None:
        waiter = Waiter(
            execution_id,
            self.deadline,
            max(self.poll_interval, min_poll_interval()),
            max_poll_interval=self.max_poll_interval,
            began_at=began_at,
        )
        self._active[execution_id] = ManyWait(poller, waiter, self.workflow_id, on_end=self._on_end)

    def _on_end(self, result: WaitResult) -> None:
        self._active.pop(result.execution_id, None)
        self._ended.append(result)
        self._first_end = self._first_end or time.time()
        self._has_changed.set()

    async def _until_enough(self, began: float) -> None:
        said_at, said_ended = began, 0
        while not is_worth_resuming(
            ended=len(self._ended),
            active=len(self._active),
            enough=self.enough,
            oldest=self._first_end,
            now=time.time(),
        ):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._has_changed.wait(), PROGRESS_INTERVAL)
            self._has_changed.clear()
            now, ended = time.time(), len(self._ended)
            if ended > said_ended and now >= said_at + PROGRESS_INTERVAL:
                new, seconds = ended - said_ended, now - said_at
                counts = {**self.done, "ended": ended}
                line = progress(counts, total=self.total, active=len(self._active), new=new, seconds=seconds)
                self.log.info("%s", line)
                said_at, said_ended = now, ended
                await self._show(counts)
        # The event may not come too soon.
        await asyncio.sleep(max(0.0, began + self.least_delay - time.time()))

    async def _show(self, counts: dict[str, int]) -> None:
        """Store what a person sees of the batch."""

        def change(snapshot: BatchSnapshot) -> bool:
            snapshot.show(counts, len(self._active), time.time())
            return True

        await self._page.show(self.task_key, change)

    async def stop_runs(self, cause: Cause) -> str:
        """
        Stop all runs of the batch that have not ended.

        :param cause: why, for the metrics.
        :return: one sentence about them for the log.
        :raises NotSupported: if the vendor cannot stop a run.
        """
        async with self.hook.async_client() as client:

            async def stop(execution_id: str, left: float) -> None:
                await client.stop(execution_id, budget=max(0.1, min(STOP_TIMEOUT / 2, left)))

            failed = await stop_each(self._active, stop, STOP_TIMEOUT * 0.9)
        if self.hook.api.stop is not None:
            await self.count_stops(cause, accepted=len(self._active) - len(failed), failed=len(failed))
        return stopped_message(self.hook.hook_name, len(self._active), failed)

    @property
    def what(self) -> str:
        """The subject of a sentence about the runs."""
        return f"What this batch has started ({len(self._active):,} executions)"


async def stop_each(
    execution_ids: Iterable[str], stop: Callable[[str, float], Awaitable[None]], budget: float
) -> dict[str, WorkflowError]:
    """
    Stop many runs, some at the same time.

    :param execution_ids: the runs.
    :param stop: stops a run; it is told the seconds that are left for all of them, which may be less than none.
    :param budget: seconds for all of them.
    :return: why some of them could not be stopped, by their ids.
    """
    at_once = asyncio.Semaphore(STOPS_AT_ONCE)
    until = time.monotonic() + budget
    failed: dict[str, WorkflowError] = {}

    async def one(execution_id: str) -> None:
        async with at_once:
            try:
                await stop(execution_id, until - time.monotonic())
            except WorkflowError as error:
                failed[execution_id] = error

    await asyncio.gather(*map(one, execution_ids))
    return failed


def stopped_message(vendor: str, count: int, failed: dict[str, WorkflowError]) -> str:
    """
    Return what came of the stop of many runs.

    :param vendor: the vendor's name.
    :param count: how many there were.
    :param failed: why some of them could not be stopped, by their ids.
    :return: one sentence or two; it names at most ten runs.
    """
    if not count:
        return "No execution was going."
    stopped = f"{vendor} was asked to stop {count - len(failed):,} of {count:,} executions."
    if not failed:
        return stopped
    names = ", ".join(list(failed)[:10])
    more = f" and {len(failed) - 10:,} more" if len(failed) > 10 else ""
    why = next(iter(failed.values()))
    return f"{stopped} The others may go on: {names}{more}. The first error: {why}"
