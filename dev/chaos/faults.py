"""Every fault: what is done, to which vendors and modes, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dev.chaos.injections import (
    LATER,
    SOON,
    account_changed,
    answered,
    answered_and_told_to_stop,
    begun,
    cleared_after_success,
    cleared_unreadable,
    cleared_waiting,
    killed_before_answer,
    killed_before_post,
    killed_fetching,
    killed_waiting,
    last_read_meets,
    look_meets,
    marked,
    marked_failed_and_stopped_with_trouble,
    retried_with_another_input,
    start_meets,
    told_to_stop,
    told_to_stop_slowly,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev.chaos.cases import Case
    from dev.chaos.surfaces import Surface

LOST = "failed: LostStart"
TIMED_OUT = "failed: ExecutionTimedOut"
REFUSED = "failed: AuthFailed"
STOPPED = "failed: ExecutionStopped"


def anywhere(surface: Surface, mode: str) -> bool:
    """Every vendor can meet it in every mode."""
    return True


@dataclass(frozen=True)
class Expected:
    """What must come of a fault."""

    started: int
    stopped: int
    outcome: str


@dataclass(frozen=True)
class Fault:
    """
    One kind of fault.

    :param name: as it stands in the table and in the docs.
    :param inject: does it to a case that has not begun.
    :param expects: what must come of it.
    :param fits: whether a vendor can meet it in a mode.
    :param flavour: what the task is made like.
    :param looks: the look at which runs are over; None for runs that never end.
    :param shown: whether the vendor's own data prove a run to be ours meanwhile.
    :param within: seconds in which the task must be over.
    :param takes: about how many seconds, where they are many: what takes long comes first, so that no one waits for it.
    """

    name: str
    inject: Callable[[Case], None]
    expects: Callable[[Surface, str], Expected]
    fits: Callable[[Surface, str], bool] = anywhere
    flavour: str = "plain"
    looks: int | None = SOON
    shown: bool = False
    within: float = 240.0
    takes: float = 0.0


def always(started: int, stopped: int, outcome: str) -> Callable[[Surface, str], Expected]:
    """Expect the same of every vendor; it is stopped where the vendor can stop it."""
    return lambda surface, mode: Expected(started, stopped if surface.stop else 0, outcome)


def has_id(surface: Surface, mode: str) -> bool:
    """Whether a run can be looked at."""
    return surface.look is not None


def on_worker(surface: Surface, mode: str) -> bool:
    """Whether the task waits on a worker for a run that can be looked at."""
    return surface.look is not None and mode == "blocking"


def in_triggerer(surface: Surface, mode: str) -> bool:
    """Whether the task waits in the triggerer."""
    return mode == "deferred"


def can_stop(surface: Surface, mode: str) -> bool:
    """Whether the vendor can stop a run."""
    return surface.stop is not None


def can_stop_deferred(surface: Surface, mode: str) -> bool:
    """Whether the task waits in the triggerer for a run that the vendor can stop."""
    return can_stop(surface, mode) and in_triggerer(surface, mode)


def can_prove(surface: Surface, mode: str) -> bool:
    """Whether the vendor's own data may prove a run to be ours."""
    return bool(surface.shows)


WHO = {"task": "task process", "supervisor": "supervisor", "both": "supervisor and task process"}


def _deaths(who: str, named: str) -> list[Fault]:
    # Airflow misses a supervisor only after a while.
    takes = 0.0 if who == "task" else 30.0
    return [
        Fault(f"{named} killed before the POST", killed_before_post(who), always(0, 0, LOST), takes=takes),
        Fault(
            f"{named} killed between POST and answer",
            killed_before_answer(who),
            always(1, 0, LOST),
            takes=takes,
        ),
        Fault(
            f"{named} killed between POST and answer, run provable",
            killed_before_answer(who),
            always(1, 0, "success"),
            can_prove,
            shown=True,
            takes=takes,
        ),
        Fault(
            f"{named} killed while waiting",
            killed_waiting(who),
            always(1, 0, "success"),
            on_worker,
            looks=LATER,
            takes=takes,
        ),
        Fault(
            f"{named} killed while fetching the result",
            killed_fetching(who),
            always(1, 0, "success"),
            has_id,
            takes=takes,
        ),
    ]


#: What is done to one task at a time; many at once.
FAULTS = [
    *(fault for who, named in WHO.items() for fault in _deaths(who, named)),
    Fault("answer of a start lost", start_meets("lost_answer"), always(1, 0, LOST)),
    Fault(
        "answer of a start lost, run provable",
        start_meets("lost_answer"),
        always(1, 0, "success"),
        can_prove,
        shown=True,
    ),
    Fault(
        "answer of a start lost, run shown without a nonce",
        start_meets("lost_answer"),
        always(1, 0, LOST),
        lambda surface, mode: bool(surface.unmarked),
        "unmarked",
        shown=True,
    ),
    Fault(
        "answer of a start lost, on_lost_start='restart'",
        start_meets("lost_answer"),
        always(2, 0, "success"),
        flavour="restart",
    ),
    Fault("answer of a start late", start_meets("slow", seconds=15.0), always(1, 0, LOST), has_id),
    Fault("429 storm on a start", start_meets("rate_limit", times=3, retry_after=1), always(1, 0, "success")),
    Fault(
        "429 storm on looks",
        look_meets("rate_limit", times=4, retry_after=1),
        always(1, 0, "success"),
        has_id,
        "once",
    ),
    Fault(
        "5xx burst on looks",
        look_meets("server_error", times=4, status=502),
        always(1, 0, "success"),
        has_id,
        "once",
    ),
    Fault(
        "vendor down for a minute",
        look_meets("server_error", times=6, status=503),
        always(1, 0, "success"),
        has_id,
        "once",
        takes=65,
    ),
    Fault(
        "garbled answers to looks",
        look_meets("not_json", times=5),
        always(1, 0, "success"),
        has_id,
        "once",
        LATER,
    ),
    Fault(
        "503 at the last read",
        last_read_meets("server_error", times=8, status=503),
        always(1, 0, "success"),
        has_id,
        "once",
    ),
    Fault(
        "account changed between tries",
        account_changed,
        always(2, 0, "success"),
        has_id,
        looks=LATER,
    ),
    Fault(
        "retry with another input, the old run cannot be read",
        retried_with_another_input,
        always(2, 1, "success"),
        on_worker,
        "changing",
        LATER,
    ),
    Fault("marked failed while waiting", marked("failed"), always(1, 1, "failed"), has_id, looks=None),
    Fault("marked success while waiting", marked("success"), always(1, 1, "success"), has_id, looks=None),
    Fault(
        "cleared while waiting",
        cleared_waiting,
        always(2, 1, "success"),
        has_id,
        looks=LATER,
    ),
    Fault(
        "cleared while deferred, the old run cannot be read",
        cleared_unreadable,
        always(2, 1, "success"),
        in_triggerer,
        looks=LATER,
    ),
    Fault("cleared after success", cleared_after_success, always(2, 0, "success")),
    Fault(
        "marked failed while deferred, the stop fails at first",
        marked_failed_and_stopped_with_trouble,
        always(1, 1, "failed"),
        can_stop_deferred,
        looks=None,
    ),
    Fault(
        "worker told to stop (SIGTERM)",
        told_to_stop,
        # The retry starts anew where the run was stopped, and takes it up where it could not be.
        lambda surface, mode: Expected(2, 1, "success") if surface.stop else Expected(1, 0, "success"),
        on_worker,
        looks=LATER,
    ),
    Fault(
        "worker told to stop (SIGTERM), the stop takes effect late",
        told_to_stop_slowly,
        always(2, 1, "success"),
        lambda surface, mode: can_stop(surface, mode) and on_worker(surface, mode),
        "retried",
        LATER,
    ),
    Fault(
        "vendor repeats the key in a refusal", start_meets("echo_secret", times=None), always(0, 0, REFUSED)
    ),
    Fault("timeout", begun, always(1, 1, TIMED_OUT), has_id, "timeout", None, within=90),
    Fault("execution_timeout", begun, always(1, 1, TIMED_OUT), has_id, "execution_timeout", None, within=90),
    Fault("timeout, on_timeout='leave'", begun, always(1, 0, TIMED_OUT), can_stop, "leave", None),
    Fault("a person answers", answered, always(1, 0, "success"), in_triggerer, "asked", LATER),
    Fault(
        "a person answers, and the resumed task is told to stop",
        answered_and_told_to_stop,
        always(1, 1, STOPPED),
        in_triggerer,
        "asked",
        None,
    ),
]
