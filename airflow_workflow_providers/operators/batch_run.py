"""The work of a batch on a worker: start runs, wait for them, and keep their results."""

from __future__ import annotations

import asyncio
import contextvars
import json
import time
import uuid
from bisect import insort
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from airflow_workflow_providers.core import batch, errors
from airflow_workflow_providers.core.execution import Execution, State, raise_for_state
from airflow_workflow_providers.core.rate_limit import SHARES
from airflow_workflow_providers.core.storable import storable
from airflow_workflow_providers.core.waiter import MIN_TIMEOUT, Waiter, WaitResult
from airflow_workflow_providers.inputs.batch import OUTPUT_NAME
from airflow_workflow_providers.metrics import RESULT_BYTES, STARTS, Place
from airflow_workflow_providers.operators.batch_begin import WIDTH, NoUploads
from airflow_workflow_providers.operators.starter import find_run
from airflow_workflow_providers.operators.waiting import RESULT_BUDGET, RESULT_RETRY_FOR
from airflow_workflow_providers.outputs.manifest import manifest_line
from airflow_workflow_providers.outputs.result import load, store
from airflow_workflow_providers.polling.poller import Poller
from airflow_workflow_providers.polling.wait import ManyWait
from airflow_workflow_providers.settings import min_poll_interval
from airflow_workflow_providers.triggers.batch import PROGRESS_INTERVAL

if TYPE_CHECKING:
    from airflow_workflow_providers.core.http import BuiltRequest
    from airflow_workflow_providers.core.request import Request
    from airflow_workflow_providers.operators.batch import BatchOperator
    from airflow_workflow_providers.operators.batch_state import BatchState

T = TypeVar("T")

#: The least seconds between two chunks of starts, each of which is stored twice, and between two other writes.
PACE = 0.5

#: How long a worker that has nothing to do stays, in seconds, or two intervals of the status checks if that is less: executions may
#: have ended meanwhile, and a deferral takes longer until a worker is back.
STAY = 5.0

#: The least seconds between two parts of the manifest: an object store has a file for each.
PART_PACE = 10.0

#: The same if the lines are all that is left of a result: it came with the response to the start.
RESPONSE_PACE = 1.0

#: How long a vendor or a store that is away is tried again before the try of the task fails, in seconds.
PATIENCE = 300.0

#: The pause before the result of a run is read again, in seconds; it doubles up to the second number.
PAUSE, LONGEST_PAUSE = 2.0, 60.0

#: How long a task that ends waits for the responses to starts that are under way, in seconds.
LAST_RESPONSES = 2.0


class Prepared(NamedTuple):
    """
    A start that can be sent.

    :param position: of the entry of its input.
    :param one: the task as if it had only this input.
    :param request: the start.
    :param built: the same, serialised.
    """

    position: int
    one: BatchOperator
    request: Request[Execution]
    built: BuiltRequest


class BatchRun:
    """
    The work of one worker for a batch.

    Status checks are made in an event loop. All else that talks to the vendor, and to Airflow, runs in threads.

    :param state: what is known of the batch.
    """

    def __init__(self, state: BatchState) -> None:
        self._state = state
        self._store = state.store
        self._operator = state.operator
        self._client = state.operator.hook.client
        self._metrics = state.operator.hook.metrics
        self._waits: dict[str, ManyWait] = {}
        self._jobs: set[asyncio.Task[Any]] = set()
        #: How many chunks and results are under way.
        self._busy = 0
        self._starts: dict[Future[Any], Prepared] = {}
        self._has_changed = asyncio.Event()
        #: Since when the vendor, or a store, is away.
        self._away: dict[str, float] = {}
        self._failure: BaseException | None = None
        self._part_at = time.monotonic()
        #: When this worker has stored what a person sees.
        self._shown_at = self._part_at
        #: When this worker had something to do.
        self._worked_at = self._part_at

    def run(self) -> None:
        """
        Do the work in a thread of its own, and wait for its end.

        Airflow ends a task with a signal, whose handler raises an exception in the main thread. In an event loop it would end
        whatever is just under way there, and nobody would hear of it.

        :raises AirflowTaskTimeout: if Airflow's own timeout came.
        :raises WorkflowError: as from :meth:`work`.
        """
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1, thread_name_prefix="batch") as own:
            work = own.submit(context.run, asyncio.run, self.work())
            try:
                while not work.done():
                    wait_for_futures([work], timeout=PACE)
            except BaseException as error:
                # The work ends with it at its next look.
                self._failure = self._failure or error
                raise
        work.result()

    async def work(self) -> None:
        """
        Start, wait and keep results, until all is over or there is nothing to do but wait.

        :raises ExecutionStopped: if Airflow told the worker to stop.
        :raises AuthFailed: if the vendor rejects the key.
        :raises WorkflowError: if the vendor or a store was away for too long.
        """
        self._threads = ThreadPoolExecutor(WIDTH, thread_name_prefix="batch")
        # A start may take as long as its run, and must not hold up the others' preparation.
        self._senders = ThreadPoolExecutor(WIDTH, thread_name_prefix="batch-start")
        # The task has one connection to Airflow, over which it sends one request at a time.
        self._airflow = ThreadPoolExecutor(1, thread_name_prefix="airflow")
        try:
            async with Poller.shared(self._operator.hook, role="worker") as self._poller:
                try:
                    # Those that have ended in the triggerer are active until their results are kept.
                    ended = {position for position, _ in self._state.ended}
                    for execution_id, position in self._state.active.items():
                        if position not in ended:
                            self._wait_for(execution_id, position)
                    self._begin(self._start_all())
                    self._begin(self._write_all())
                    await self._until_done()
                finally:
                    for wait in self._waits.values():
                        wait.cancel()
                    for job in self._jobs:
                        job.cancel()
                    await asyncio.gather(*self._jobs, return_exceptions=True)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._senders.shutdown(wait=False, cancel_futures=True)
            self._airflow.shutdown()
            self._end_starts()

    async def _until_done(self) -> None:
        while self._failure is None and not self._has_done_enough():
            with suppress(asyncio.TimeoutError):
                # Not longer, to see that the task was killed.
                await asyncio.wait_for(self._has_changed.wait(), PACE)
            self._has_changed.clear()
            self._operator.stop_if_killed()
            self._keep_ended()
            self._state.say_progress(now=time.time())
        if self._failure is not None:
            raise self._failure

    def _has_done_enough(self) -> bool:
        state, now = self._state, time.monotonic()
        if self._busy or state.ended:
            self._worked_at = now
            return False
        if self._is_late():
            return not state.active
        if not state.active:
            return not state.pending
        if not self._operator.deferrable or self._startable():
            return False
        # While the worker starts executions, it has few turns left for status checks.
        return now - self._worked_at >= min(2 * self._operator.poll_interval, STAY)

    def _is_late(self) -> bool:
        return time.time() >= self._store.deadline

    def _left(self) -> float:
        return max(MIN_TIMEOUT, self._store.deadline - time.time())

    # -- jobs -----------------------------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        job = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._on_job)
        return job

    def _begin_busy(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something that must be over before the worker can leave."""
        self._busy += 1
        return self._begin(work)

    def _on_job(self, job: asyncio.Task[None]) -> None:
        self._jobs.discard(job)
        if not job.cancelled() and (error := job.exception()) is not None:
            self._failure = self._failure or error
        self._has_changed.set()

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    async def _in_airflow(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._airflow, function, *args)

    def _is_away(self, what: str, error: errors.WorkflowError) -> None:
        """Note that a vendor or a store is away; after some minutes that is an error."""
        since = self._away.setdefault(what, time.monotonic())
        self._state.say_once(what, f"{error} It is tried again.")
        if time.monotonic() - since > PATIENCE:
            self._failure = self._failure or error

    # -- starts ---------------------------------------------------------------------------------------------------------

    def _startable(self) -> int:
        """Return how many inputs are to be started now: few only if there are not more."""
        if self._is_late():
            return 0
        operator, state = self._operator, self._state
        rate = self._client.endpoint.settings.requests_per_second
        at_once = batch.starts_at_once(None if rate is None else rate * SHARES["worker"])
        wanted = min(len(state.pending), at_once)
        if not operator.has_ids:
            return min(self._free_senders(), wanted)
        free = operator.max_active - len(state.active)
        return 0 if free < min(wanted, state.enough) else min(free, wanted)

    def _free_senders(self) -> int:
        """Return how many starts can be sent at once if each holds a connection until its run has ended."""
        at_once = self._client.endpoint.settings.concurrent_requests
        return max(0, min(self._operator.max_active, at_once, WIDTH) - len(self._starts))

    async def _start_all(self) -> None:
        state = self._state
        while True:
            began = time.monotonic()
            if count := self._startable():
                # Those whose entries are stored together, so that a chunk takes one write.
                together = self._store.positions_of_range_of(state.pending[0])
                chunk = [position for position in state.pending[:count] if position in together]
                del state.pending[: len(chunk)]
                await asyncio.wait([self._begin_busy(self._start(chunk))])
            await asyncio.sleep(max(0.05, PACE - (time.monotonic() - began)))

    async def _start(self, chunk: Sequence[int]) -> None:
        try:
            await self._started(chunk)
        finally:
            self._busy -= 1

    async def _started(self, chunk: Sequence[int]) -> None:
        """Start some runs: first their files are uploaded, then their intents are stored, then the starts are sent."""
        state, store = self._state, self._store
        state.know(chunk[0])
        ready: list[Prepared] = []
        for position, found in zip(
            chunk,
            await asyncio.gather(*(self._in_thread(self._prepare, each) for each in chunk)),
            strict=True,
        ):
            if isinstance(found, errors.WorkflowError):
                self._on_start_failed(position, found)
            else:
                ready.append(found)
        if not ready:
            return
        now = time.time()
        for each in ready:
            entry = store.entries[each.position]
            nonce = each.one.nonce if each.one.sends_nonce else ""
            entry.is_about_to_start(nonce, now, self._operator.max_tries)
            entry.files = each.one.files_version
        places = [each.position for each in ready]
        try:
            await self._in_airflow(store.write, places)
        except Exception as error:
            for position in places:
                self._put_back(position)
            raise errors.WorkflowError(
                f"Airflow could not store which executions were about to be started: {error}. So none of them was started."
            ) from error
        sent = {self._senders.submit(self._send, each): each for each in ready}
        self._starts.update(sent)
        if not self._operator.has_ids:
            self._state.under_way = len(self._starts)
            for future, each in sent.items():
                self._begin_busy(self._respond(future, each))
            return
        outcomes = await asyncio.gather(*map(asyncio.wrap_future, sent))
        self._starts = {}
        for each, outcome in zip(ready, outcomes, strict=True):
            self._on_outcome(each, outcome)
        await self._in_airflow(store.write, places)

    async def _respond(self, future: Future[Any], start: Prepared) -> None:
        """Wait for the response to a start that is the result of its run."""
        try:
            outcome = await asyncio.wrap_future(future)
            del self._starts[future]
            self._state.under_way = len(self._starts)
            self._on_outcome(start, outcome)
        finally:
            self._busy -= 1

    def _prepare(self, position: int) -> Prepared | errors.WorkflowError:
        """Upload the files of an input, and build its start; this runs in a thread."""
        try:
            self._operator.stop_if_killed()
            one = self._state.one(position)
            one.nonce = f"airflow-{uuid.uuid4().hex}"
            one.read_input(NoUploads())
            one.upload_input(NoUploads())
            request = one.build_start_request(self._left())
            return Prepared(position, one, request, self._client.build(request))
        except errors.WorkflowError as error:
            return error

    def _send(self, start: Prepared) -> Execution | errors.WorkflowError:
        """Send a start, and note its execution; this runs in a thread."""
        entry = self._store.entries[start.position]
        try:
            self._client.take_turn(start.request, budget=self._left())
            self._operator.stop_if_killed()
            execution = start.one.send_start(start.request, start.built, self._left())
        except errors.LostStart as error:
            found = None
            with suppress(errors.WorkflowError):
                record = entry.record(self._client.endpoint.account)
                found = find_run(self._client, start.request, record)
            if found is None:
                self._metrics.start_failed(error)
                return error
            execution = Execution(found, State.QUEUED, "started")
        except errors.WorkflowError as error:
            self._metrics.start_failed(error)
            return error
        entry.execution_id = execution.execution_id
        self._store.changed(start.position)
        self._state.tally.add(STARTS)
        return execution

    def _on_outcome(self, start: Prepared, outcome: Execution | errors.WorkflowError) -> None:
        position = start.position
        if isinstance(outcome, errors.WorkflowError):
            self._on_start_failed(position, outcome)
            return
        self._away.pop("vendor", None)
        if outcome.execution_id is None:
            self._on_result(position, self._line(position, start.one, outcome))
            return
        execution_id = str(outcome.execution_id)
        self._state.active[execution_id] = position
        if outcome.is_terminal:
            self._on_end(position, WaitResult("ended", execution_id))
        else:
            self._wait_for(execution_id, position)

    def _on_start_failed(self, position: int, error: errors.WorkflowError) -> None:
        state = self._state
        if isinstance(error, errors.LostStart):
            state.lose(position, str(error))
            return
        if isinstance(error, (errors.InvalidInput, errors.RequestRejected, errors.NotSupported)):
            state.forget_intent(position)
            state.end(position, batch.NOT_STARTED, error=str(error))
            return
        self._put_back(position)
        if isinstance(error, (errors.AuthFailed, errors.ExecutionStopped)):
            self._failure = self._failure or error
        else:
            self._is_away("vendor", error)

    def _put_back(self, position: int) -> None:
        """Start an input later; nothing was sent for it."""
        if self._store.entries[position].intent_at:
            self._state.forget_intent(position)
        insort(self._state.pending, position)

    def _end_starts(self) -> None:
        """Note what became of the starts that were under way when the work ended; what is not known is lost."""
        wait_for_futures(self._starts, timeout=LAST_RESPONSES)
        for future, start in self._starts.items():
            if future.cancelled():
                self._put_back(start.position)
            elif not future.done():
                self._state.lose(start.position)
            elif isinstance(outcome := future.result(), errors.WorkflowError):
                self._on_start_failed(start.position, outcome)
            elif outcome.execution_id is None:
                self._on_result(start.position, self._line(start.position, start.one, outcome))
            else:
                self._state.active[str(outcome.execution_id)] = start.position

    # -- waits and results ----------------------------------------------------------------------------------------------

    def _wait_for(self, execution_id: str, position: int) -> None:
        operator = self._operator
        waiter = Waiter(
            execution_id,
            self._store.deadline,
            max(operator.poll_interval, min_poll_interval()),
            max_poll_interval=operator.max_poll_interval,
            began_at=self._store.entries[position].intent_at,
        )
        self._waits[execution_id] = ManyWait(
            self._poller,
            waiter,
            operator.list_of(self._state.inputs[self._state.index_of[position]]),
            on_end=lambda result: self._on_end(position, result),
        )

    def _on_end(self, position: int, result: WaitResult) -> None:
        self._waits.pop(result.execution_id, None)
        self._state.ended.append((position, result))
        self._has_changed.set()

    def _keep_ended(self) -> None:
        """Begin to keep the results of runs that have ended, some at a time."""
        state = self._state
        while state.ended and self._busy < WIDTH:
            position, result = state.ended.pop(0)
            state.active.pop(result.execution_id, None)
            if result.outcome == "timed_out":
                state.late.append((position, result.message))
            else:
                self._begin_busy(self._keep(position, result))

    async def _keep(self, position: int, result: WaitResult) -> None:
        try:
            pause, until = PAUSE, min(time.time() + PATIENCE, self._store.deadline + RESULT_BUDGET)
            while isinstance(
                found := await self._in_thread(self._read, position, result), errors.WorkflowError
            ):
                final = (errors.RequestRejected, errors.AuthFailed, errors.InvalidInput)
                if isinstance(found, final) or time.time() + pause > until:
                    unknown = result.outcome == "check_failed"
                    kind = batch.STATUS_UNKNOWN if unknown else batch.NOT_STORED
                    self._state.end(position, kind, error=str(found))
                    return
                self._state.say_once("result", f"{found} It is tried again.")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            if found is None:
                self._state.active[result.execution_id] = position
                self._wait_for(result.execution_id, position)
            else:
                self._on_result(position, found)
        finally:
            self._busy -= 1

    def _on_result(self, position: int, line: dict[str, Any]) -> None:
        state, entry = line["state"], self._store.entries[position]
        is_success = state in self._operator.success_results
        if entry.intent_at:
            self._metrics.run_duration(state, entry.intent_at)
            self._metrics.run_span(
                state, entry.intent_at, execution_id=entry.execution_id, is_success=is_success
            )
        # The run of an earlier try was not submitted in this one.
        again = entry.submissions <= self._operator.retries_per_input
        if is_success or not again:
            self._state.end(position, state, line=line)
            return
        self._state.say_once(f"again {state}", f"{line['error']} The input is submitted again.")
        entry.forget_start()
        self._store.changed(position)
        insort(self._state.pending, position)

    def _read(self, position: int, result: WaitResult) -> dict[str, Any] | errors.WorkflowError | None:
        """
        Read a run that has ended, and store its output; this runs in a thread.

        :return: its line; an error; or ``None`` if it has not ended.
        """
        given = self._state.inputs[self._state.index_of[position]]
        one = self._state.one(position)
        try:
            execution = self._client.get_execution(
                result.execution_id,
                require_output=one.require_output,
                retry_for=RESULT_RETRY_FOR,
                budget=max(self._left(), RESULT_BUDGET),
            )
            if not execution.is_terminal:
                return None
            return self._line(position, one, execution, str(given.get(OUTPUT_NAME) or result.execution_id))
        except errors.WorkflowError as error:
            return error

    def _line(
        self, position: int, one: BatchOperator, execution: Execution, name: str = ""
    ) -> dict[str, Any]:
        """Store the output of a run that has ended, unless it was stored while it came in, and return its line."""
        known: dict[str, Any] = {
            "index": self._state.index_of[position],
            "fingerprint": self._store.entries[position].fingerprint,
            "execution_id": execution.execution_id,
            "status": execution.status,
        }
        try:
            raise_for_state(execution, one.success_states, vendor=self._operator.hook.hook_name)
            one.check_output(execution)
        except (errors.ExecutionFailed, errors.ExecutionStopped) as error:
            # A run without the output that the author requires has failed, whatever its vendor says.
            failed = execution.state in one.success_states
            state = State.FAILED if failed else execution.state
            return manifest_line(**known, state=state.value, error=str(error))
        return manifest_line(**known, state=execution.state.value, **self._output(one, execution, name))

    def _output(self, one: BatchOperator, execution: Execution, name: str) -> dict[str, Any]:
        """Store the output of a run, or return it."""
        selected = one.select_output(execution)
        missing = execution.output_missing
        found: dict[str, Any] = {"output_missing": missing} if missing else {}
        if (folder := self._operator.output_folder) is not None:
            files = one.stored or store(self._client, selected, folder, name)
            self._count_bytes(sum(file["bytes"] for file in files), "folder")
            return {**found, "files": files}
        loaded = load(self._client, selected, one.max_inline_output) if selected.files else selected
        if loaded is None:
            return {**found, "output": None, "output_omitted": {"bytes": None}}
        output, _ = storable(loaded.output)
        size = len(json.dumps(output).encode())
        if size > one.max_inline_output:
            self._count_bytes(size, "omitted")
            return {**found, "output": None, "output_omitted": {"bytes": size}}
        if output is not None:
            self._count_bytes(size, "xcom")
        return {**found, "output": output}

    def _count_bytes(self, size: int, place: Place) -> None:
        self._state.tally.add(RESULT_BYTES, size, place=place)

    # -- what is stored -------------------------------------------------------------------------------------------------

    async def _write_all(self) -> None:
        """Write what has changed, a little at a time."""
        while True:
            await asyncio.sleep(PACE)
            try:
                await self._in_airflow(self._write_some)
            except Exception as error:  # noqa: BLE001  # what Airflow and the stores raise
                failure = errors.WorkflowError(f"What became of inputs could not be stored: {error}.")
                self._is_away("store", failure)
            else:
                self._away.pop("store", None)

    def _write_some(self) -> None:
        pace = PART_PACE if self._operator.has_ids else RESPONSE_PACE
        if time.monotonic() >= self._part_at + pace:
            self._state.flush()
            self._part_at = time.monotonic()
        self._store.write_one_changed()
        if time.monotonic() >= self._shown_at + PROGRESS_INTERVAL:
            self._shown_at = time.monotonic()
            self._state.show()
