"""What is done to one task: its processes die, its vendor or the network fails, a person steps in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_workflow_providers.emulator import Emulator
    from dev.chaos.cases import Case

#: Looks until a run is over, where it may be over soon, and where there must be time to do something before.
SOON, LATER = 4, 12

# -- processes die ----------------------------------------------------------------------------------------------------


def killed_before_post(who: str) -> Callable[[Case], None]:
    """Kill when the request is on its way and the vendor has done nothing."""

    def inject(case: Case) -> None:
        case.spoil(case.surface.start, "hang")
        case.begin()
        case.until_started()
        case.kill(who)

    return inject


def killed_before_answer(who: str) -> Callable[[Case], None]:
    """Kill when the vendor has started the run and not answered yet."""

    def inject(case: Case) -> None:
        case.spoil(case.surface.start, "hang", carry_out=True)
        case.begin()
        case.until("the run", case.runs)
        case.kill(who)

    return inject


def killed_waiting(who: str) -> Callable[[Case], None]:
    """Kill while the worker waits."""

    def inject(case: Case) -> None:
        case.begin()
        case.until_looked(2)
        case.kill(who)

    return inject


def killed_fetching(who: str) -> Callable[[Case], None]:
    """Kill while the result is fetched: the look after the one that saw the end."""

    def inject(case: Case) -> None:
        case.spoil(case.surface.look, "hang", after=SOON)
        case.begin()
        case.until_met("hang")
        case.kill(who)

    return inject


# -- the vendor or the network fails ----------------------------------------------------------------------------------


def start_meets(fault: str, **options: object) -> Callable[[Case], None]:
    """Spoil the start."""

    def inject(case: Case) -> None:
        case.spoil(case.surface.start, fault, **options)
        case.begin()

    return inject


def account_changed(case: Case) -> None:
    """
    Let the connection lead to another account, and kill the task while its run goes on, or its result is fetched.

    Where a vendor counts its runs, the other account has one of the same number, which has succeeded.
    """
    case.connect(case.emulator)
    if case.mode == "deferred":
        case.spoil(case.surface.look, "hang", after=LATER)
        case.begin()
        case.until_met("hang")
    else:
        case.begin()
        case.until_looked(2)
    [old] = case.runs()
    process = case.process()
    if case.surface.vendor == "datalab":
        _count_up_to(old["execution_id"], case.elsewhere)
    case.connect(case.elsewhere)
    case.kill("task", process)
    case.until_over()
    case.must_name(old)
    [new] = case.runs_at(case.elsewhere)
    case.must_return(new)


def _count_up_to(number: str, account: Emulator) -> None:
    """Let an account of Datalab have an execution of this number, which is somebody else's and over at the first look."""
    known = account.account("datalab")
    account.add_workflow("datalab", "1", looks=1)
    start = Request(
        f"{known['base_url']}/api/v1/workflows/workflows/1/execute",
        json.dumps({}).encode(),
        {"X-API-Key": known["api_key"], "Content-Type": "application/json"},
    )
    while number not in {run["execution_id"] for run in account.runs("datalab")}:
        build_opener(ProxyHandler({})).open(start, timeout=10).close()


def last_read_meets(fault: str, **options: object) -> Callable[[Case], None]:
    """Spoil the read of the result, and what is asked after it: all from the look after the one that saw the end."""

    def inject(case: Case) -> None:
        case.spoil(case.surface.look, fault, after=SOON, **options)
        case.begin()

    return inject


def retried_with_another_input(case: Case) -> None:
    """Kill the task while it waits, where the retry has another input, and let the old run be answered with nonsense."""
    case.begin()
    case.until_looked(2)
    [old] = case.runs()
    process = case.process()
    # The process may make one more look before it is dead.
    case.spoil(case.surface.look, "not_json", times=2)
    case.kill("task", process)
    case.until_over()
    case.must_name(old)


def look_meets(fault: str, **options: object) -> Callable[[Case], None]:
    """Spoil looks, after the first."""

    def inject(case: Case) -> None:
        case.spoil(case.surface.look, fault, after=1, **options)
        case.begin()

    return inject


# -- a person steps in ------------------------------------------------------------------------------------------------


def marked(state: str) -> Callable[[Case], None]:
    """Let a person mark the task while it waits."""

    def inject(case: Case) -> None:
        case.begin()
        _until_waiting(case)
        case.mark(state)

    return inject


def cleared_waiting(case: Case) -> None:
    """Let a person clear the task while it waits."""
    case.begin()
    _until_waiting(case)
    case.clear()
    case.until("a second start", lambda: len(case.calls(case.surface.start)) == 2)


def cleared_unreadable(case: Case) -> None:
    """Let a person clear the deferred task, and let the old run be answered with nonsense."""
    case.begin()
    case.until_deferred()
    [old] = case.runs()
    # The trigger looks once or twice more before it is gone; five in a row would end a wait.
    case.spoil(case.surface.look, "not_json", times=4)
    case.clear()
    case.until("a second start", lambda: len(case.calls(case.surface.start)) == 2)
    case.until_over()
    case.must_name(old)


def cleared_after_success(case: Case) -> None:
    """Let a person clear the task when it has succeeded, and its DAG run too: between the two Airflow forgets the clear."""
    case.begin()
    case.until_over()
    case.until_dag_run_over()
    case.clear()
    case.until("a second start", lambda: len(case.calls(case.surface.start)) == 2)


def told_to_stop(case: Case) -> None:
    """Let the machine tell the task's process to stop, as a drained node does: SIGTERM, and Airflow knows nothing."""
    case.begin()
    case.until_looked(2)
    case.process().terminate()


def told_to_stop_slowly(case: Case) -> None:
    """Do the same where the vendor goes on to say for a while that the run is going, though it has taken the stop."""
    case.begin()
    case.until_looked(2)
    process = case.process()
    case.spoil(case.surface.look, "unknown_status", times=4, status="RUNNING")
    process.terminate()


def marked_failed_and_stopped_with_trouble(case: Case) -> None:
    """Let a person mark the deferred task failed while the vendor lets a stop wait: Airflow cancels it meanwhile."""
    case.spoil(case.surface.stop, "status", times=1, status=503, headers={"Retry-After": "4"})
    case.begin()
    _until_waiting(case)
    case.mark("failed")
    case.until_stopped()


def answered(case: Case) -> None:
    """Let a person answer the question that the task has put, while its run goes on."""
    case.begin()
    case.until_deferred()
    case.answer()


def answered_and_told_to_stop(case: Case) -> None:
    """Let a person answer while the run goes on, and tell the process to stop that was resumed by that."""
    case.begin()
    case.until_deferred()
    # The trigger is made to wait, so that what hangs after that is the look of the resumed task.
    case.spoil(case.surface.look, "rate_limit", retry_after=60)
    case.until_met("rate_limit")
    case.spoil(case.surface.look, "hang", times=None)
    case.answer()
    case.until_met("hang")
    case.process().terminate()


def begun(case: Case) -> None:
    """Only let it run: the fault is in how the task is made."""
    case.begin()


def _until_waiting(case: Case) -> None:
    if case.surface.look is None:
        case.until_started()
    elif case.mode == "deferred":
        case.until_deferred()
    else:
        case.until_looked(2)
