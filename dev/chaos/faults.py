"""Every fault: what is done, to which vendors and modes, and the expected result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dev.chaos.injections import (
    LATER,
    SOON,
    account_changed,
    account_changed_while_deferred,
    answered,
    answered_then_sigterm,
    batch_cleared,
    batch_cleared_after_success,
    batch_killed_fetching,
    batch_killed_starting,
    batch_killed_waiting,
    batch_killed_writing,
    cleared_after_success,
    cleared_unreadable,
    cleared_waiting,
    killed_before_post,
    killed_before_response,
    killed_fetching,
    killed_fetching_file,
    killed_waiting,
    marked,
    marked_failed_after_kill,
    marked_failed_and_cleared,
    marked_failed_and_first_stop_fails,
    marked_failed_between_tries,
    nothing,
    result_meets,
    retried_with_another_input,
    run_again,
    sigterm,
    sigterm_and_late_stop,
    start_meets,
    status_checks_meet,
)
from dev.chaos.tasks import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev.chaos.cases import Case
    from dev.vendors import VendorCase

LOST = "failed: LostStart"
TIMED_OUT = "failed: ExecutionTimedOut"
REJECTED = "failed: AuthFailed"
STOPPED = "failed: ExecutionStopped"


@dataclass(frozen=True)
class Expected:
    """
    The expected result of a fault.

    :param started: how many executions were started.
    :param stopped: how many were stopped.
    :param outcome: the state of the task and, after a failure that no person caused, the class of the error.
    """

    started: int
    stopped: int
    outcome: str


def every_case(vendor: VendorCase, mode: str) -> bool:
    """Say that every vendor can meet a fault in every mode."""
    return True


@dataclass(frozen=True)
class Fault:
    """
    One kind of fault.

    :param name: the name in the table and in the docs.
    :param inject: runs the case and injects the fault.
    :param expects: returns the expected result.
    :param fits: whether a vendor can meet the fault in a mode.
    :param task: the name of the parameters of the task.
    :param checks: the status check at which executions have ended; ``None`` for executions that never end.
    :param nonce_shown: whether the vendor shows the nonce of an execution.
    :param within: seconds in which the task must end.
    :param takes: about how many seconds a case takes, if they are many: the longest cases begin first.
    """

    name: str
    inject: Callable[[Case], None]
    expects: Callable[[VendorCase, str], Expected]
    fits: Callable[[VendorCase, str], bool] = every_case
    task: str = "plain"
    checks: int | None = SOON
    nonce_shown: bool = False
    within: float = 240.0
    takes: float = 0.0


def always(started: int, stopped: int, outcome: str) -> Callable[[VendorCase, str], Expected]:
    """Expect the same of every vendor, except that a vendor without a stop stops nothing."""
    return lambda vendor, mode: Expected(started, stopped if vendor.stop else 0, outcome)


def has_id(vendor: VendorCase, mode: str) -> bool:
    """Whether an execution has an id, so that it can be polled."""
    return vendor.get_status is not None


def has_files(vendor: VendorCase, mode: str) -> bool:
    """Whether a result consists of files."""
    return vendor.file is not None


def takes_uploads(vendor: VendorCase, mode: str) -> bool:
    """Whether a start uploads a file."""
    return vendor.upload is not None


def on_worker(vendor: VendorCase, mode: str) -> bool:
    """Whether the task polls on a worker."""
    return has_id(vendor, mode) and mode == "blocking"


def in_triggerer(vendor: VendorCase, mode: str) -> bool:
    """Whether the task waits in the triggerer."""
    return mode == "deferred"


def can_stop(vendor: VendorCase, mode: str) -> bool:
    """Whether the vendor can stop an execution."""
    return vendor.stop is not None


def can_stop_on_worker(vendor: VendorCase, mode: str) -> bool:
    """Whether the task polls on a worker, and the vendor can stop its execution."""
    return can_stop(vendor, mode) and on_worker(vendor, mode)


def can_stop_deferred(vendor: VendorCase, mode: str) -> bool:
    """Whether the task waits in the triggerer, and the vendor can stop its execution."""
    return can_stop(vendor, mode) and in_triggerer(vendor, mode)


def can_show_nonce(vendor: VendorCase, mode: str) -> bool:
    """Whether the vendor may show the nonce of an execution."""
    return bool(vendor.shows_nonce)


def can_lack_nonce(vendor: VendorCase, mode: str) -> bool:
    """Whether the vendor may show nonces, and a start may carry none."""
    return can_show_nonce(vendor, mode) and bool(vendor.without_nonce)


def can_rerun(vendor: VendorCase, mode: str) -> bool:
    """Whether the vendor can run an execution again."""
    return "rerun" in vendor.continues


def can_resume(vendor: VendorCase, mode: str) -> bool:
    """Whether the vendor can continue an execution that failed."""
    return "resume" in vendor.continues


def replaced_or_reattached(vendor: VendorCase, mode: str) -> Expected:
    """Expect that a retry starts a new execution if the first was stopped, else that it reattaches to the first."""
    return Expected(2, 1, "success") if vendor.stop else Expected(1, 0, "success")


#: Which processes are killed, and how the names of the faults say it.
VICTIMS = {"task": "task process", "supervisor": "supervisor", "both": "supervisor and task process"}


def _kills(victims: str, name: str) -> list[Fault]:
    # Airflow notices only after a while that a supervisor is dead.
    takes = 0.0 if victims == "task" else 30.0
    return [
        Fault(f"{name} killed before the POST", killed_before_post(victims), always(0, 0, LOST), takes=takes),
        Fault(
            f"{name} killed between POST and response",
            killed_before_response(victims),
            always(1, 0, LOST),
            takes=takes,
        ),
        Fault(
            f"{name} killed between POST and response, the vendor shows the nonce",
            killed_before_response(victims),
            always(1, 0, "success"),
            can_show_nonce,
            nonce_shown=True,
            takes=takes,
        ),
        Fault(
            f"{name} killed while waiting",
            killed_waiting(victims),
            always(1, 0, "success"),
            on_worker,
            checks=LATER,
            takes=takes,
        ),
        Fault(
            f"{name} killed while fetching the result",
            killed_fetching(victims),
            always(1, 0, "success"),
            has_id,
            takes=takes,
        ),
    ]


#: Faults of one task; many cases run at the same time.
FAULTS = [
    *(fault for victims, name in VICTIMS.items() for fault in _kills(victims, name)),
    Fault("lost response to a start", start_meets("lost_response"), always(1, 0, LOST)),
    Fault(
        "lost response to a start, the vendor shows the nonce",
        start_meets("lost_response"),
        always(1, 0, "success"),
        can_show_nonce,
        nonce_shown=True,
    ),
    Fault(
        "lost response to a start, the execution has no nonce",
        start_meets("lost_response"),
        always(1, 0, LOST),
        can_lack_nonce,
        "without_nonce",
        nonce_shown=True,
    ),
    Fault(
        "lost response to a start, on_lost_start='resubmit'",
        start_meets("lost_response"),
        always(2, 0, "success"),
        task="resubmit_lost",
    ),
    Fault("late response to a start", start_meets("slow", seconds=15.0), always(1, 0, LOST), has_id),
    Fault(
        "burst of 429 on a start", start_meets("rate_limit", times=3, retry_after=1), always(1, 0, "success")
    ),
    Fault(
        "burst of 429 on status checks",
        status_checks_meet("rate_limit", times=4, retry_after=1),
        always(1, 0, "success"),
        has_id,
        "no_retry",
    ),
    Fault(
        "burst of 5xx on status checks",
        status_checks_meet("server_error", times=4, status=502),
        always(1, 0, "success"),
        has_id,
        "no_retry",
    ),
    Fault(
        "vendor down for a minute",
        status_checks_meet("server_error", times=6, status=503),
        always(1, 0, "success"),
        has_id,
        "no_retry",
        takes=65,
    ),
    Fault(
        "garbled responses to status checks",
        status_checks_meet("not_json", times=5),
        always(1, 0, "success"),
        has_id,
        "no_retry",
        LATER,
    ),
    Fault(
        "503 while reading the result",
        result_meets("server_error", times=8, status=503),
        always(1, 0, "success"),
        has_id,
        "no_retry",
    ),
    Fault(
        "task process killed between two files of the result",
        killed_fetching_file("hang", after=1),
        always(1, 0, "success"),
        has_files,
        "stored",
    ),
    Fault(
        "task process killed in the middle of a file of the result",
        killed_fetching_file("drip"),
        always(1, 0, "success"),
        has_files,
        "stored",
    ),
    Fault("account changed between tries", account_changed, always(2, 0, "success"), has_id, checks=LATER),
    Fault(
        "account changed while deferred",
        account_changed_while_deferred,
        always(2, 0, "success"),
        in_triggerer,
        checks=LATER,
    ),
    Fault(
        "retry with a changed input, the old execution cannot be read",
        retried_with_another_input,
        always(2, 1, "success"),
        on_worker,
        "changing_input",
        LATER,
    ),
    Fault("marked failed while waiting", marked("failed"), always(1, 1, "failed"), has_id, checks=None),
    Fault("marked success while waiting", marked("success"), always(1, 1, "success"), has_id, checks=None),
    Fault(
        "marked failed between two tries",
        marked_failed_between_tries,
        always(1, 0, "failed"),
        on_worker,
        "late_retry",
        None,
    ),
    Fault(
        "supervisor and task process killed while waiting, marked failed at once",
        marked_failed_after_kill,
        always(1, 0, "failed"),
        on_worker,
        checks=None,
    ),
    Fault(
        "marked failed and cleared, cancel_on_kill=False, on_clear='reattach'",
        marked_failed_and_cleared,
        always(1, 0, "success"),
        can_stop,
        "no_cancel_on_kill",
        LATER,
    ),
    # On a busy machine Airflow takes ten seconds from the clear to the next try, and the old execution must not have ended by then.
    Fault("cleared while waiting", cleared_waiting, always(2, 1, "success"), has_id, checks=3 * LATER),
    Fault(
        "cleared while deferred, the old execution cannot be read",
        cleared_unreadable,
        always(2, 1, "success"),
        in_triggerer,
        checks=3 * LATER,
    ),
    Fault("cleared after success", cleared_after_success, always(2, 0, "success")),
    Fault(
        "marked failed while deferred, the first stop fails",
        marked_failed_and_first_stop_fails,
        always(1, 1, "failed"),
        can_stop_deferred,
        checks=None,
    ),
    Fault("worker gets SIGTERM", sigterm, replaced_or_reattached, on_worker, checks=LATER),
    Fault(
        "worker gets SIGTERM, cancel_on_kill=False",
        sigterm,
        always(1, 0, "success"),
        can_stop_on_worker,
        "no_cancel_on_kill",
        LATER,
    ),
    Fault(
        "worker gets SIGTERM, the stop takes effect late",
        sigterm_and_late_stop,
        always(2, 1, "success"),
        can_stop_on_worker,
        "one_retry",
        LATER,
    ),
    Fault(
        "vendor repeats the key in an error", start_meets("echo_secret", times=None), always(0, 0, REJECTED)
    ),
    Fault("timeout", nothing, always(1, 1, TIMED_OUT), has_id, "timeout", None, within=90),
    Fault(
        "execution_timeout", nothing, always(1, 1, TIMED_OUT), has_id, "execution_timeout", None, within=90
    ),
    Fault(
        "timeout, cancel_on_timeout=False",
        nothing,
        always(1, 0, TIMED_OUT),
        can_stop,
        "no_cancel_on_timeout",
        None,
    ),
    *(
        Fault(
            f"{how} of a failed execution{', task process killed between POST and response' if killed else ''}",
            run_again(how, killed=killed),
            always(2, 0, LOST if killed else "success"),
            can_rerun if how == "rerun" else can_resume,
            how,
        )
        for how in ("rerun", "resume")
        for killed in (False, True)
    ),
    Fault(
        "batch: task process killed between the starts and the ids of a chunk",
        batch_killed_starting,
        # The second try starts the others, and then the lost starts fail the task.
        lambda vendor, mode: Expected(INPUTS, 0, LOST),
        has_id,
        "batch",
    ),
    Fault(
        "batch: task process killed between the starts and the ids of a chunk, the vendor shows the nonce",
        batch_killed_starting,
        always(INPUTS, 0, "success"),
        can_show_nonce,
        "batch",
        nonce_shown=True,
    ),
    *(
        Fault(
            f"batch: {name} killed while waiting",
            batch_killed_waiting(victims),
            always(INPUTS, 0, "success"),
            on_worker,
            "batch",
            takes=takes,
        )
        for victims, name, takes in (
            ("task", "task process", 0.0),
            ("both", "supervisor and task process", 60.0),
        )
    ),
    Fault(
        "batch: task process killed while fetching results",
        batch_killed_fetching,
        always(INPUTS, 0, "success"),
        has_id,
        "batch",
    ),
    Fault(
        "batch: task process killed while the manifest is written",
        batch_killed_writing,
        always(INPUTS, 0, "success"),
        on_worker,
        "batch",
    ),
    Fault(
        "batch: cleared while deferred",
        batch_cleared,
        always(INPUTS, 0, "success"),
        in_triggerer,
        "batch",
        LATER,
    ),
    Fault(
        "batch: cleared after success",
        batch_cleared_after_success,
        always(INPUTS, 0, "success"),
        has_id,
        "batch",
    ),
    Fault(
        "batch: inputs changed between tries",
        batch_killed_waiting("task"),
        always(INPUTS + 1, 1, "success"),
        on_worker,
        "changing_batch",
        LATER,
    ),
    Fault("a person answers", answered, always(1, 0, "success"), in_triggerer, "asks_a_person", LATER),
    Fault(
        "a person answers, then the resumed task gets SIGTERM",
        answered_then_sigterm,
        always(1, 1, STOPPED),
        in_triggerer,
        "asks_a_person",
        None,
    ),
]
