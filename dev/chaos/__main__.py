"""
Inject faults into tasks on a real Airflow with PostgreSQL, and compare the results with the expected ones.

    make chaos            every fault, for every vendor and mode that can meet it, three times
    make chaos SHORT=1    every fault once, for two vendors
    make chaos AIRFLOW=3.4    on another version of Airflow; it needs the command `reconcile`, so 3.2 or later
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count, groupby
from pathlib import Path
from threading import Event
from typing import Any

from airflow_workflow_providers.emulator import Emulator
from dev.chaos import recompute
from dev.chaos.cases import Case, connection_to, fail_no_more
from dev.chaos.faults import FAULTS, Fault
from dev.chaos.reconcile import reconcile
from dev.chaos.secrecy import Keys
from dev.chaos.shared_faults import SHARED_FAULTS, SharedFault
from dev.chaos.tasks import TASKS, asking_name, dag_id, has_dag
from dev.matrix import VERSIONS, python_of
from dev.postgres import Postgres
from dev.real_airflow import RealAirflow
from dev.vendors import CASES, DOCUMENT, VendorCase

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
HOME = ROOT / ".chaos"
#: How many cases run at the same time; more of them would wait for a processor.
CONCURRENT_CASES = 14
#: The vendors of the short form, two for each fault: one that can stop an execution, one that cannot; and two that meet the
#: faults that neither of them can meet, because their results consist of files, or their input is uploaded.
SHORT = ("refold", "altostrat", "datalab", "datalab_pipelines")
SETTINGS = {
    "AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS": str(DOCUMENT.parent),
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "100",
    "AIRFLOW__CORE__PARALLELISM": "20",
    # With the default of 5 s, tasks fail before they begin on a machine that is busy.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    # Airflow notices after this time that a supervisor is dead; its default is 300 s. If it was shorter, Airflow would also
    # give up a supervisor that only waits for a processor: a second fault, which no case has injected.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "45",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
    "AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL": "0.5",
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(HOME / "preloaded")]),
}


def main() -> int:
    """Run the suite; the exit code says whether all was as expected."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="every fault once, for two vendors")
    parser.add_argument("--only", default="", help="only faults with this regular expression in their name")
    parser.add_argument("--vendors", default="", help="names of rows of dev/vendors.py, separated by commas")
    parser.add_argument("--times", type=int, default=0, help="how often each fault (3; 1 in the short form)")
    parser.add_argument("--seed", type=int, default=20261122, help="of the order of the cases")
    parser.add_argument("--airflow", choices=VERSIONS, help="the minor version of Airflow")
    given = parser.parse_args()
    if given.airflow and (python := python_of(given.airflow)) != Path(sys.executable):
        os.execv(python, [str(python), "-m", "dev.chaos", *sys.argv[1:]])  # noqa: S606  # a Python of ours
    vendors = given.vendors.split(",") if given.vendors else SHORT if given.short else tuple(CASES)
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    suite = Suite(
        [CASES[name] for name in vendors],
        given.only,
        times=given.times or (1 if given.short else 3),
        one_mode=given.short,
        order=random.Random(given.seed),  # noqa: S311  # not a secret
    )
    passed = suite.run()
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if passed else 1


class Suite:
    """
    A run of the suite.

    :param vendors: the vendors.
    :param only: a regular expression; only faults with it in their name are injected.
    :param times: how often each fault is injected for each vendor and mode.
    :param one_mode: whether only one mode of each vendor is used, the last one that fits.
    :param order: shuffles the cases.
    """

    def __init__(
        self, vendors: list[VendorCase], only: str, *, times: int, one_mode: bool, order: random.Random
    ) -> None:
        self.vendors = vendors
        self.only = only
        self.times = times
        self.one_mode = one_mode
        self.order = order
        self.numbers = count(1)
        self.cases: list[Case] = []
        self.ended = Event()

    def run(self) -> bool:
        """Inject all faults, write the files, print the table; return whether everything is as expected."""
        shutil.rmtree(HOME, ignore_errors=True)
        (HOME / "preloaded").mkdir(parents=True)
        # The scheduler forks a process for each try, which then need not import these modules again.
        (HOME / "preloaded" / "airflow_local_settings.py").write_text("import dev.chaos.preloaded\n")
        with Emulator() as emulator, Emulator() as elsewhere, Postgres(HOME) as postgres:
            keys = Keys(emulator.secrets() | elsewhere.secrets(), postgres.url)
            settings = {**SETTINGS, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url}
            with RealAirflow(
                HOME, ROOT / "dev" / "chaos" / "dags", self._connections(emulator), settings
            ) as airflow:
                self.airflow, self.emulator, self.elsewhere = airflow, emulator, elsewhere
                airflow.wait_for_dags(self._dags(), 120)
                self._inject([fault for fault in FAULTS if not fault.nonce_shown])
                self._inject_shared([fault for fault in SHARED_FAULTS if not fault.nonce_shown], keys)
                for vendor in self.vendors:
                    if vendor.shows_nonce:
                        emulator.configure(vendor.conn_type, **vendor.shows_nonce)
                self._inject([fault for fault in FAULTS if fault.nonce_shown])
                self._inject_shared([fault for fault in SHARED_FAULTS if fault.nonce_shown], keys)
                tasks = [_task(case) for case in self.cases]
                ledger = {
                    "runs": emulator.runs() + elsewhere.runs(),
                    "calls": emulator.requests() + elsewhere.requests(),
                }
                reconciled = self._reconcile(tasks)
                found = keys.search(HOME, [*tasks, reconciled])
        return self._report(ledger, tasks, reconciled, found)

    def _reconcile(self, tasks: list[dict[str, Any]]) -> dict[str, Any]:
        """Let the command find what the faults have left over: vendors respond again, and Airflow does nothing more."""
        for account in (self.emulator, self.elsewhere):
            fail_no_more(account)
        conn_ids = {
            case.connection or f"{case.vendor.conn_type}_default"
            for case, task in zip(self.cases, tasks, strict=True)
            if task["state"] in recompute.ENDED_STATES
        }
        operators = {asking_name(each.operator): each.operator.__name__ for each in self.vendors}
        reconciled = reconcile(self.airflow, conn_ids, operators)
        return {**reconciled, "runs": self.emulator.runs() + self.elsewhere.runs()}

    def _connections(self, emulator: Emulator) -> dict[str, Any]:
        names = {vendor.conn_type for vendor in self.vendors}
        return {f"{name}_default": connection_to(emulator, name) for name in names}

    def _dags(self) -> list[str]:
        return [
            dag_id(vendor.name, mode, task)
            for vendor in self.vendors
            for mode in vendor.modes
            for task in TASKS
            if has_dag(vendor, task)
        ]

    def _new_cases(self, fault: Fault | SharedFault) -> list[Case]:
        """Return a case of a fault for each vendor and mode that can meet it."""
        chosen: list[Case] = []
        vendors = [each for each in self.vendors if any(fault.fits(each, mode) for mode in each.modes)]
        for vendor in vendors[:2] if self.one_mode else vendors:
            modes = [mode for mode in vendor.modes if fault.fits(vendor, mode)]
            if self.one_mode:
                modes = modes[-1:]
            for mode in modes:
                case = Case(
                    self.airflow,
                    self.emulator,
                    self.elsewhere,
                    next(self.numbers),
                    fault.name,
                    vendor,
                    mode,
                    fault.task,
                    fault.checks,
                    self.ended,
                )
                case.prepare()
                chosen.append(case)
        self.cases += chosen
        return chosen

    def _inject(self, faults: list[Fault]) -> None:
        """Inject each fault into a task of its own; many cases run at the same time."""
        work = [
            (fault, case)
            for fault in faults
            if re.search(self.only, fault.name)
            for _ in range(self.times)
            for case in self._new_cases(fault)
        ]
        self.order.shuffle(work)
        work.sort(key=lambda each: -each[0].takes)

        def one(fault: Fault, case: Case) -> None:
            try:
                fault.inject(case)
                case.wait_for_end(fault.within)
                case.check_faults_were_met()
            except Exception as problem:  # noqa: BLE001  # the row shows it, and the suite goes on
                case.problem = f"{type(problem).__name__}: {problem}"
            print("!" if case.problem else ".", end="", flush=True)

        with ThreadPoolExecutor(CONCURRENT_CASES) as pool:
            try:
                for done in [pool.submit(one, fault, case) for fault, case in work]:
                    done.result()
            except BaseException:  # Ctrl-C: no further case begins, and those that have begun wait no longer
                self.ended.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        print(flush=True)

    def _inject_shared(self, faults: list[SharedFault], keys: Keys) -> None:
        """Inject each fault that hits all tasks; in the short form, faults with the same injection at the same time."""
        chosen = [fault for fault in faults if re.search(self.only, fault.name)]
        batches = groupby(chosen, key=lambda fault: fault.inject if self.one_mode else fault.name)
        for batch in [list(group) for _, group in batches]:
            for _ in range(self.times):
                cases = [case for fault in batch for case in self._new_cases(fault)]
                try:
                    if cases:
                        batch[0].inject(self.airflow, cases)
                    keys.search_database()
                    for case in cases:
                        case.wait_for_end()
                        case.check_faults_were_met()
                except Exception as problem:  # noqa: BLE001  # the row shows it, and the suite goes on
                    for case in cases:
                        case.problem = f"{type(problem).__name__}: {problem}"
                print("".join("!" if case.problem else "." for case in cases), end="", flush=True)
        print(flush=True)

    def _report(
        self,
        ledger: dict[str, Any],
        tasks: list[dict[str, Any]],
        reconciled: dict[str, Any],
        found: list[str],
    ) -> bool:
        table = recompute.rows(ledger, tasks, reconciled)
        BUILD.mkdir(exist_ok=True)
        for name, content in (
            ("chaos.json", table),
            ("chaos-secrets.json", found),
            ("chaos-ledger.json", ledger),
            ("chaos-airflow.json", tasks),
            ("chaos-reconcile.json", reconciled),
        ):
            (BUILD / name).write_text(json.dumps(content, indent=1))
        wrong = recompute.unexpected(table)
        problems = {case.number: case.problem for case in self.cases if case.problem}
        recompute.show(table)
        for row in wrong:
            print(f"UNEXPECTED {json.dumps(row)} {problems.get(row['case'], '')}")
        for number, problem in problems.items():
            print(f"PROBLEM in case {number}: {problem}")
        false_alarms = recompute.false_alarms(ledger, tasks, reconciled)
        for alarm in false_alarms:
            print(f"FALSE ALARM of reconcile: {json.dumps(alarm)}")
        for problem in reconciled["problems"]:
            print(f"PROBLEM: {problem}")
        for where in found:
            print(f"SECRET FOUND in {where}")
        started_twice = [row for row in table if row["runs_started"] > row["runs_started_expected"]]
        left, left_found, left_stopped = (
            sum(row[name] for row in table) for name in ("left_over", "left_over_found", "left_over_stopped")
        )
        print(
            f"{left} executions left over, {left_found} of them found by reconcile, {left_stopped} stopped, "
            f"{len(false_alarms)} false alarms"
        )
        print(
            f"{len(table)} faults, {len(started_twice)} duplicate starts, "
            f"{sum(row['orphans'] for row in table)} orphans, {len(wrong)} unexpected, {len(found)} secrets found"
        )
        return not (wrong or problems or found or false_alarms or reconciled["problems"])


def _task(case: Case) -> dict[str, Any]:
    """Return all that Airflow knows of a case."""
    about = {"case": case.number, "fault": case.fault, "vendor": case.vendor.name, "mode": case.mode}
    if not case.run_id:
        return {**about, "state": None, "try_number": 0, "logs": []}
    return {**about, **case.task_instance(), "logs": case.logs()}


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
