"""What is done to one task: its processes are killed, its vendor or the network fails, a person acts."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

from dev.chaos.cases import ExpectationFailed, forgets_on_clear
from dev.chaos.tasks import MAX_ACTIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_workflow_providers.emulator import Emulator
    from dev.chaos.cases import Case

#: The status check at which an execution has ended: soon, or with time to do something before.
SOON, LATER = 4, 12

#: Within so many seconds an execution must be stopped after its task or its trigger learned that the task has ended.
STOP_WITHIN = 3.0

# -- processes are killed ---------------------------------------------------------------------------------------------


def killed_before_post(victims: str) -> Callable[[Case], None]:
    """Kill after the request was sent, while the vendor has done nothing yet."""

    def inject(case: Case) -> None:
        case.fail(case.vendor.start, "hang")
        case.run()
        case.wait_for_start()
        case.kill(victims)

    return inject


def killed_before_response(victims: str) -> Callable[[Case], None]:
    """Kill after the vendor has started the execution, before it responds."""

    def inject(case: Case) -> None:
        case.fail(case.vendor.start, "hang", carry_out=True)
        case.run()
        case.wait_for_execution()
        case.kill(victims)

    return inject


def killed_waiting(victims: str) -> Callable[[Case], None]:
    """Kill while the worker waits."""

    def inject(case: Case) -> None:
        case.run()
        case.wait_for_checks(2)
        case.kill(victims)

    return inject


def killed_fetching(victims: str) -> Callable[[Case], None]:
    """Kill while the result is read."""

    def inject(case: Case) -> None:
        case.fail(case.vendor.get_status, "hang", after_end=True)
        case.run()
        case.wait_for_failed_check("hang")
        case.kill(victims)

    return inject


def killed_fetching_file(fault: str, *, after: int = 0, **options: object) -> Callable[[Case], None]:
    """Kill the task while a file of the result is on its way, before its first byte or in its middle."""

    def inject(case: Case) -> None:
        case.fail(case.vendor.file, fault, after=after, **options)
        case.run()
        case.wait_for_failed_check(fault, case.vendor.file)
        case.kill("task")
        case.wait_for_end()
        case.check_files()

    return inject


def sigterm(case: Case) -> None:
    """Send SIGTERM to the process of the task, as a node that is drained does; Airflow has not asked for it."""
    case.run()
    case.wait_for_checks(2)
    case.process().terminate()


def sigterm_and_late_stop(case: Case) -> None:
    """Send SIGTERM; the vendor accepts the stop, and reports for a while that the execution is running."""
    case.run()
    case.wait_for_checks(2)
    process = case.process()
    case.fail(case.vendor.get_status, "unknown_status", times=4, status="RUNNING")
    process.terminate()


# -- a run that failed is run again ------------------------------------------------------------------------------------


def run_again(how: str, *, killed: bool) -> Callable[[Case], None]:
    """
    Let the first execution fail, and the next one succeed.

    :param how: what the task does then, ``rerun`` or ``resume``.
    :param killed: whether the task is killed after the vendor has started the second execution, before it responds.
    """

    def inject(case: Case) -> None:
        operation, earlier = case.vendor.continues[how]
        case.change_workflow(**case.vendor.fails_later)
        if killed:
            case.fail(operation, "hang", carry_out=True)
        case.run()
        case.wait_for_execution()
        case.change_workflow()
        case.wait_for("the second execution", lambda: len(case.executions()) == 2)
        if killed:
            case.kill("task")
        case.wait_for_end()
        first, *others = case.executions()
        if [run.get(earlier) for run in others] != [first["execution_id"]]:
            raise ExpectationFailed(
                f"{len(others)} executions are not what became of {first['execution_id']}"
            )

    return inject


# -- the vendor or the network fails ----------------------------------------------------------------------------------


def start_meets(fault: str, **options: object) -> Callable[[Case], None]:
    """Let the start meet a fault."""

    def inject(case: Case) -> None:
        case.fail(case.vendor.start, fault, **options)
        case.run()

    return inject


def status_checks_meet(fault: str, **options: object) -> Callable[[Case], None]:
    """Let status checks after the first one meet a fault."""

    def inject(case: Case) -> None:
        case.fail(case.vendor.get_status, fault, after=1, **options)
        case.run()

    return inject


def result_meets(fault: str, **options: object) -> Callable[[Case], None]:
    """Let reads of the result meet a fault."""

    def inject(case: Case) -> None:
        case.fail(case.vendor.get_status, fault, after_end=True, **options)
        case.run()

    return inject


def account_changed(case: Case) -> None:
    """Change the connection to another account, then kill the task while it waits, or while it reads the result."""
    case.connect(case.emulator)
    if case.mode == "deferred":
        case.fail(case.vendor.get_status, "hang", after_end=True)
        case.run()
        case.wait_for_failed_check("hang")
    else:
        case.run()
        case.wait_for_checks(2)
    process = case.process()
    old = _move(case)
    case.kill("task", process)
    _check_moved(case, old)


def account_changed_while_deferred(case: Case) -> None:
    """Change the connection to another account while the trigger waits; the worker then reads the result."""
    case.connect(case.emulator)
    case.run()
    case.wait_for_deferral()
    _check_moved(case, _move(case))


def _move(case: Case) -> dict[str, Any]:
    """
    Change the connection to another account, and return the execution that was started.

    If the vendor counts its executions, the other account has one with the same number, which has succeeded.
    """
    [old] = case.executions()
    if case.vendor.name == "datalab":
        _start_up_to(old["execution_id"], case.elsewhere)
    case.connect(case.elsewhere)
    return old


def _check_moved(case: Case, old: dict[str, Any]) -> None:
    """Check that the task has ended with an execution of the other account, and names that of the first one."""
    case.wait_for_end()
    case.check_log_names(old)
    [new] = case.executions_in(case.elsewhere)
    case.check_returns(new)


def _start_up_to(number: str, account: Emulator) -> None:
    """Start executions in a Datalab account up to this number; they have ended at the first status check."""
    known = account.account("datalab")
    account.add_workflow("datalab", "1", status_checks=1)
    start = Request(
        f"{known['base_url']}/api/v1/workflows/workflows/1/execute",
        json.dumps({}).encode(),
        {"X-API-Key": known["api_key"], "Content-Type": "application/json"},
    )
    while number not in {run["execution_id"] for run in account.runs("datalab")}:
        build_opener(ProxyHandler({})).open(start, timeout=10).close()


def retried_with_another_input(case: Case) -> None:
    """Kill the task while it waits; the retry has another input, and the old execution cannot be read."""
    case.run()
    case.wait_for_checks(2)
    [old] = case.executions()
    process = case.process()
    # The process may poll once more before it is dead.
    case.fail(case.vendor.get_status, "not_json", times=2)
    case.kill("task", process)
    case.wait_for_end()
    case.check_log_names(old)


# -- a batch -----------------------------------------------------------------------------------------------------------


def batch_killed_starting(case: Case) -> None:
    """Kill the task after the vendor has started the executions of a chunk, before it responds to one of these starts."""
    case.fail(case.vendor.start, "hang", carry_out=True)
    case.run()
    case.wait_for_failed_check("hang", case.vendor.start)
    # The first chunk has as many as may be going.
    case.wait_for("the other starts", lambda: len(case.executions()) == MAX_ACTIVE)
    case.kill("task")


def batch_killed_waiting(victims: str) -> Callable[[Case], None]:
    """Kill while some executions go on, and others are still to be started."""

    def inject(case: Case) -> None:
        case.run()
        case.wait_for_checks(4)
        case.kill(victims)
        case.wait_for_end()
        case.check_manifest()

    return inject


def batch_killed_fetching(case: Case) -> None:
    """Kill the task while the result of an execution is read."""
    case.fail(case.vendor.get_status, "hang", after_end=True)
    case.run()
    case.wait_for_failed_check("hang")
    case.kill("task")
    case.wait_for_end()
    case.check_manifest()


def batch_killed_writing(case: Case) -> None:
    """Kill the task when a part of its manifest is written, and not the whole: the read of a later result hangs meanwhile."""
    case.fail(case.vendor.get_status, "hang", after=2, times=2, after_end=True)
    case.run()
    case.wait_for("a part of the manifest", case.has_part_of_manifest)
    case.kill("task")
    case.wait_for_end()
    case.check_manifest()


def batch_cleared(case: Case) -> None:
    """Clear a batch that is deferred."""
    case.run()
    case.wait_for_deferral()
    case.clear()
    case.wait_for_end()
    case.check_manifest()


def batch_cleared_after_success(case: Case) -> None:
    """Clear a batch that has succeeded."""
    case.run()
    # Airflow would end the DAG run although its task was cleared just before.
    case.wait_for_dag_run_end()
    case.clear()
    case.wait_for("the second run of the task", lambda: case.task_instance()["try_number"] > 1)
    case.wait_for_end()
    case.check_manifest()


# -- a person acts ----------------------------------------------------------------------------------------------------


def marked(state: str) -> Callable[[Case], None]:
    """Mark the task while it waits."""

    def inject(case: Case) -> None:
        case.run()
        case.wait_until_it_waits()
        case.mark(state)

    return inject


def marked_failed_and_first_stop_fails(case: Case) -> None:
    """Mark the deferred task failed; the vendor delays the stop, and Airflow cancels the trigger again before that."""
    case.fail(case.vendor.stop, "status", times=1, status=503, headers={"Retry-After": "4"})
    case.run()
    case.wait_until_it_waits()
    case.mark("failed")
    case.wait_for_stop()


def marked_failed_between_tries(case: Case) -> None:
    """Kill the task while it waits, and mark it failed before its next try: no process is there that could stop anything."""
    case.run()
    case.wait_for_checks(2)
    case.kill("task")
    case.wait_for("the end of the try", lambda: case.task_instance()["state"] == "up_for_retry")
    case.mark("failed")


def marked_failed_after_kill(case: Case) -> None:
    """Kill the task and its supervisor while it waits, and mark it failed before Airflow has noticed."""
    case.run()
    case.wait_for_checks(2)
    case.kill("both")
    case.mark("failed")


def marked_failed_and_cleared(case: Case) -> None:
    """Mark the task failed while it waits; clear it after the time in which its execution would have been stopped."""
    case.run()
    case.wait_until_it_waits()
    if case.mode == "deferred":
        case.mark("failed")
        case.wait_for_trigger_cancel()
    else:
        process = case.process()
        case.mark("failed")
        case.wait_for("the end of the task process", lambda: not process.is_running())
    case.wait_for_dag_run_end()
    time.sleep(STOP_WITHIN)
    [old] = case.executions()
    case.clear(keep=True)
    case.wait_for_checks()
    case.wait_for_end()
    case.check_returns(old)


def cleared_waiting(case: Case) -> None:
    """Clear the task while it waits."""
    case.run()
    case.wait_until_it_waits()
    case.clear()
    case.wait_for_second_start()


def cleared_unreadable(case: Case) -> None:
    """Clear the deferred task; the old execution cannot be read."""
    case.run()
    case.wait_for_deferral()
    [old] = case.executions()
    # The trigger polls once or twice more before Airflow cancels it; five such responses in a row would end its wait.
    case.fail(case.vendor.get_status, "not_json", times=4)
    case.clear()
    case.wait_for_second_start()
    case.wait_for_end()
    if not forgets_on_clear():
        case.check_log_names(old)


def cleared_after_success(case: Case) -> None:
    """Clear the task after it and its DAG run have succeeded: between the two, Airflow forgets a clear."""
    case.run()
    case.wait_for_end()
    case.wait_for_dag_run_end()
    case.clear()
    case.wait_for_second_start()


def answered(case: Case) -> None:
    """Answer the question of the task while its execution is running."""
    case.run()
    case.wait_for_deferral()
    case.answer()


def answered_then_sigterm(case: Case) -> None:
    """Answer while the execution is running, and send SIGTERM to the process that Airflow resumes the task in."""
    case.run()
    case.wait_for_deferral()
    # The trigger waits after this response, so the status check that hangs is one of the resumed task.
    case.fail(case.vendor.get_status, "rate_limit", retry_after=60)
    case.wait_for_failed_check("rate_limit")
    case.fail(case.vendor.get_status, "hang", times=None)
    case.answer()
    case.wait_for_failed_check("hang")
    case.process().terminate()


def nothing(case: Case) -> None:
    """Only run the task: the fault is in its parameters."""
    case.run()
