"""What is done to one task: its processes die, its vendor or the network fails, a person steps in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
        case.until(
            "the fetch", lambda: any(call["fault"] == "hang" for call in case.calls(case.surface.look))
        )
        case.kill(who)

    return inject


# -- the vendor or the network fails ----------------------------------------------------------------------------------


def start_meets(fault: str, **options: object) -> Callable[[Case], None]:
    """Spoil the start."""

    def inject(case: Case) -> None:
        case.spoil(case.surface.start, fault, **options)
        case.begin()

    return inject


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
