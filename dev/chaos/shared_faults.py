"""Faults that hit all tasks at the same time: the API server is frozen, or the triggerer is killed."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.core.waiter import INTERVAL_SHARE
from dev.chaos.cases import AT_PACE, ExpectationFailed, fail_no_more
from dev.chaos.crowd import waiting_crowd
from dev.chaos.faults import (
    LOST,
    TIMED_OUT,
    VICTIMS,
    Expected,
    always,
    can_show_nonce,
    can_stop_deferred,
    every_case,
    has_id,
    in_triggerer,
    replaced_or_reattached,
    takes_uploads,
)
from dev.chaos.injections import LATER, SOON, STOP_WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev.chaos.cases import Case
    from dev.chaos.crowd import Crowd
    from dev.real_airflow import RealAirflow
    from dev.vendors import VendorCase

#: Seconds for the next step of a process, where nothing shows that it has made it.
_MOMENT = 1.0

#: How many seconds a status check that hangs holds its connection: more than any other task waits.
_HANG = 300

#: For how many seconds a vendor asks to be left alone, and for how many a task is observed while a vendor hangs.
_RETRY_AFTER, _OBSERVED = 15, 12.0

#: Seconds in which a triggerer has read a response, so that all requests that it sent before have arrived.
_ON_THE_WAY = 2.0

#: Seconds between two status checks of the parameters ``plain``, and by how much a machine that others use may delay one.
_POLL_INTERVAL, _DELAY = 1.0, 3.0


@dataclass(frozen=True)
class SharedFault:
    """
    One kind of fault that hits all cases of a batch at the same time; each case is a row.

    :param inject: runs the cases and injects the fault.

    The rest is as in :class:`~dev.chaos.faults.Fault`.
    """

    name: str
    inject: Callable[[RealAirflow, list[Case]], None]
    expects: Callable[[VendorCase, str], Expected]
    fits: Callable[[VendorCase, str], bool] = every_case
    task: str = "plain"
    checks: int | None = LATER
    nonce_shown: bool = False


def killed_before_store(airflow: RealAirflow, cases: list[Case]) -> None:
    """
    Kill after the vendor has responded, before Airflow has stored the id.

    The API server goes on after that, so a supervisor that is still alive stores the id.
    """
    _kill_before_store(airflow, cases)
    airflow.thaw("api-server")


def killed_before_store_for_good(airflow: RealAirflow, cases: list[Case]) -> None:
    """
    Kill at the same point, and kill the API server too, so that the id is never stored.

    If it went on, it might or might not carry out what a dead supervisor has sent.
    """
    _kill_before_store(airflow, cases)
    airflow.kill("api-server")
    airflow.launch("api-server")


def _kill_before_store(airflow: RealAirflow, cases: list[Case]) -> None:
    """Hold all responses, freeze the API server, release the responses, kill; the API server stays frozen."""
    for case in cases:
        case.fail(case.vendor.start, "hold")
        case.run()
    for case in cases:
        case.wait_for_execution()
    victims = [(case, case.process()) for case in cases]
    airflow.freeze("api-server")
    try:
        cases[0].emulator.release()
        for case in cases:
            case.wait_for_start_response()
        time.sleep(_MOMENT)
        for case, process in victims:
            case.kill(_victims(case.fault), process)
        # A task process without its supervisor cannot store the id, so it stops the execution if the vendor can.
        for case in cases:
            if case.vendor.stop and _victims(case.fault) == "supervisor":
                case.wait_for_stop()
    except BaseException:
        airflow.thaw("api-server")
        raise


def _victims(fault: str) -> str:
    return next(victims for victims, name in VICTIMS.items() if fault.startswith(f"{name} killed"))


def killed_uploading(operation: str, *, carry_out: bool = False) -> Callable[[RealAirflow, list[Case]], None]:
    """Kill the task while a file of its input is uploaded. The requests for it name no workflow, so each case is alone."""

    def inject_one(case: Case) -> None:
        def met() -> bool:
            return len(case.emulator.requests(vendor, operation)) > before

        vendor = case.vendor.conn_type
        before = len(case.emulator.requests(vendor, operation))
        case.emulator.fail(vendor, operation, "hang", carry_out=carry_out)
        case.run()
        case.wait_for(f"{operation}, which hangs", met)
        case.kill("task")
        case.wait_for_end()

    def inject(airflow: RealAirflow, cases: list[Case]) -> None:
        for case in cases:
            inject_one(case)

    return inject


def triggerer_restarted(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer while tasks are deferred, and start it again."""
    _defer(cases)
    airflow.kill("triggerer")
    airflow.launch("triggerer")


def triggerer_replaced(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer that has the triggers while a second one runs; then start the first one again."""
    _defer(cases)
    airflow.launch("triggerer-2")
    airflow.kill("triggerer")
    for case in cases:
        case.wait_for_end()
    airflow.launch("triggerer")
    airflow.kill("triggerer-2")


def no_triggerer(airflow: RealAirflow, cases: list[Case]) -> None:
    """Run tasks without a triggerer until Airflow's own timeout of the deferral comes."""
    airflow.kill("triggerer")
    try:
        for case in cases:
            case.run()
        for case in cases:
            case.wait_for_end(300)
    finally:
        airflow.launch("triggerer")


def marked_failed_before_takeover(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer, and mark its tasks failed while it counts as alive: the second one deletes their triggers."""
    _defer(cases)
    airflow.launch("triggerer-2")
    airflow.kill("triggerer")
    for case in cases:
        case.mark("failed")
    airflow.launch("triggerer")
    airflow.kill("triggerer-2")


def marked_failed_while_checks_hang(airflow: RealAirflow, cases: list[Case]) -> None:
    """Mark a deferred task failed while the status check of another task holds each connection to the vendor."""
    for case in cases:
        case.connect(case.emulator, read_timeout=_HANG)
        case.run()
        case.wait_for_deferral()
        with waiting_crowd(case, case.emulator) as crowd:
            crowd.wait_for_deferral()
            crowd.hang()
            case.mark("failed")
            case.wait_for_stop(30)
        [stop] = case.requests(case.vendor.stop)
        took = stop["at"] - case.wait_for_trigger_cancel()
        if took > STOP_WITHIN:
            raise ExpectationFailed(f"the stop came {took:.1f} s after Airflow had cancelled the trigger")


def triggerer_restarted_with_crowd(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer while the status checks of a crowd are on their way, and start it again."""
    with ExitStack() as stack:
        crowds = [stack.enter_context(waiting_crowd(case, case.emulator)) for case in cases]
        for crowd in crowds:
            crowd.wait_for_deferral()
        for case in cases:
            case.run()
        for case in cases:
            case.wait_until_deferred()
        for crowd in crowds:
            crowd.hang()
        airflow.kill("triggerer")
        for crowd in crowds:
            fail_no_more(crowd.account)
        airflow.launch("triggerer")
        for crowd in crowds:
            crowd.end_executions()
        for crowd in crowds:
            crowd.wait_for_success()


def one_connection_hangs(airflow: RealAirflow, cases: list[Case]) -> None:
    """Let a task wait while the status checks of a crowd hold each connection to another account of the vendor."""
    for case in cases:
        case.connect(case.elsewhere, read_timeout=_HANG)
        with waiting_crowd(case, case.elsewhere) as crowd:
            crowd.wait_for_deferral()
            crowd.hang()
            case.connection = ""  # The case's own task waits with the default one.
            _check_interval_is_kept(case)
            if any(request["status"] for request in crowd.requests() if request["fault"]):
                raise ExpectationFailed("the crowd's vendor has responded meanwhile")


def _check_interval_is_kept(case: Case) -> None:
    """Run the task of a case, and check that no status check is late before its execution ends, and at its end."""

    def reads() -> list[float]:
        requests = case.emulator.requests(case.vendor.conn_type)
        mine = [request for request in requests if request["workflow_id"] in (None, case.workflow)]
        return [request["at"] for request in mine if request["method"] == "GET" and request["at"] > began]

    case.run()
    case.wait_until_deferred()
    began = time.time()
    case.wait_for("status checks", lambda: reads() and reads()[-1] - reads()[0] > _OBSERVED)
    case.emulator.set_pace(seconds=0)
    ended = time.time()
    case.wait_for_end()
    times = reads()
    checks = [at for at in times if at <= ended] + [at for at in times if at > ended][:1]
    [execution] = case.executions()
    for earlier, later in pairwise(checks):
        interval = max(_POLL_INTERVAL, (later - execution["started_at"]) * INTERVAL_SHARE)
        if later - earlier > interval + _DELAY:
            raise ExpectationFailed(f"a status check came {later - earlier:.1f} s after the one before")


def rate_limit_with_crowd(airflow: RealAirflow, cases: list[Case]) -> None:
    """Respond with 429 to status checks of a crowd for a moment, and check that all its tasks obey ``Retry-After``."""
    for case in cases:
        with waiting_crowd(case, case.emulator) as crowd:
            crowd.wait_for_deferral()
            case.run()
            case.wait_until_deferred()
            crowd.fail_reads("rate_limit", retry_after=_RETRY_AFTER)
            case.wait_for("a response with 429", lambda: _limits(crowd))
            fail_no_more(crowd.account)
            case.wait_for(
                "a request after Retry-After",
                lambda: crowd.requests()[-1]["at"] > _limits(crowd)[-1] + _RETRY_AFTER,
            )
            _check_retry_after(crowd)
            crowd.end_executions()
            crowd.wait_for_success()


def _limits(crowd: Crowd) -> list[float]:
    """Return when requests came that the vendor has rejected with 429."""
    return [request["at"] for request in crowd.requests() if request["status"] == 429]


def _check_retry_after(crowd: Crowd) -> None:
    """Check that after a 429 only the requests arrive that were on their way, until the vendor may be asked again."""
    for limit in _limits(crowd):
        after = [request["at"] - limit for request in crowd.requests()]
        early = [seconds for seconds in after if 0 < seconds < _RETRY_AFTER]
        if len(early) >= LANES or any(seconds > _ON_THE_WAY for seconds in early):
            raise ExpectationFailed(
                f"{len(early)} requests came within Retry-After, the last {early[-1]:.1f} s after the 429"
            )


def _defer(cases: list[Case]) -> None:
    for case in cases:
        case.run()
    for case in cases:
        case.wait_for_deferral()


_BEFORE_STORE = "killed between response and store"

SHARED_FAULTS = [
    SharedFault(
        "task process killed in the middle of an upload",
        killed_uploading("put_file"),
        always(1, 0, "success"),
        takes_uploads,
        checks=SOON,
    ),
    SharedFault(
        "task process killed between upload and start",
        killed_uploading("confirm_file", carry_out=True),
        always(1, 0, "success"),
        takes_uploads,
        checks=SOON,
    ),
    SharedFault(f"task process {_BEFORE_STORE}", killed_before_store, always(1, 0, "success"), has_id),
    SharedFault(
        f"supervisor {_BEFORE_STORE}",
        killed_before_store_for_good,
        always(1, 1, LOST),
        has_id,
        "slow_retries",
    ),
    SharedFault(
        f"supervisor and task process {_BEFORE_STORE}",
        killed_before_store_for_good,
        always(1, 0, LOST),
        has_id,
        "slow_retries",
    ),
    SharedFault(
        f"supervisor {_BEFORE_STORE}, the vendor shows the nonce",
        killed_before_store_for_good,
        replaced_or_reattached,
        can_show_nonce,
        "slow_retries",
        nonce_shown=True,
    ),
    SharedFault(
        f"supervisor and task process {_BEFORE_STORE}, the vendor shows the nonce",
        killed_before_store_for_good,
        always(1, 0, "success"),
        can_show_nonce,
        "slow_retries",
        nonce_shown=True,
    ),
    SharedFault(
        "triggerer killed and restarted",
        triggerer_restarted,
        always(1, 0, "success"),
        in_triggerer,
        checks=2 * LATER,
    ),
    SharedFault(
        "second triggerer takes over",
        triggerer_replaced,
        always(1, 0, "success"),
        in_triggerer,
        checks=2 * LATER,
    ),
    SharedFault(
        "triggerer killed, marked failed before a second one takes over",
        marked_failed_before_takeover,
        always(1, 0, "failed"),
        in_triggerer,
        checks=None,
    ),
    SharedFault(
        "marked failed while all status checks hang",
        marked_failed_while_checks_hang,
        always(1, 1, "failed"),
        can_stop_deferred,
        checks=None,
    ),
    SharedFault(
        "triggerer killed with a crowd waiting",
        triggerer_restarted_with_crowd,
        always(1, 0, "success"),
        in_triggerer,
        checks=AT_PACE,
    ),
    SharedFault(
        "vendor hangs for one connection of two",
        one_connection_hangs,
        always(1, 0, "success"),
        in_triggerer,
        checks=AT_PACE,
    ),
    SharedFault(
        "429 storm on a crowd",
        rate_limit_with_crowd,
        always(1, 0, "success"),
        in_triggerer,
        checks=AT_PACE,
    ),
    SharedFault(
        "no triggerer until the deadline",
        no_triggerer,
        always(1, 1, TIMED_OUT),
        in_triggerer,
        "no_triggerer",
        None,
    ),
]
