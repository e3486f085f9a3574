"""
Inject faults into tasks on a real Airflow on PostgreSQL, and see what becomes of their runs.

    make chaos            every fault, every vendor and mode that has it, three times
    make chaos SHORT=1    one of each fault on two vendors
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
from dev.chaos.cases import Case, connection_to
from dev.chaos.faults import FAULTS, Fault
from dev.chaos.secrecy import Keys
from dev.chaos.surfaces import FLAVOURS, SURFACES, Surface, dag_id
from dev.chaos.together import TOGETHER, Together
from dev.postgres import Postgres
from dev.real_airflow import RealAirflow

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
HOME = ROOT / ".chaos"
#: Tasks that run at once: more would only wait for a processor.
AT_ONCE = 14
#: The two vendors of the short form: one that can stop a run, and one that cannot.
SHORT = ("refold", "altostrat")
SETTINGS = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "100",
    "AIRFLOW__CORE__PARALLELISM": "20",
    # A supervisor that was killed is missed after this long; Airflow's own default is 300 s. Shorter, and one that only
    # waits for its turn on a busy machine is missed too: a second fault, which nobody has injected.
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
    parser.add_argument("--short", action="store_true", help="one of each fault on two vendors")
    parser.add_argument("--only", default="", help="faults whose name has this regular expression in it")
    parser.add_argument("--vendors", default="", help="some vendors, separated by commas")
    parser.add_argument("--times", type=int, default=0, help="how often each (3; 1 in the short form)")
    parser.add_argument("--seed", type=int, default=20261122, help="of the order in which faults come")
    given = parser.parse_args()
    vendors = given.vendors.split(",") if given.vendors else SHORT if given.short else tuple(SURFACES)
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    suite = Suite(
        [SURFACES[name] for name in vendors],
        given.only,
        times=given.times or (1 if given.short else 3),
        one_mode=given.short,
        order=random.Random(given.seed),  # noqa: S311  # no secret
    )
    good = suite.run()
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if good else 1


class Suite:
    """
    A run of the suite.

    :param surfaces: the vendors.
    :param only: faults whose name has this regular expression in it.
    :param times: how often each fault is injected into each vendor and mode.
    :param one_mode: only one mode of each vendor, by turns.
    :param order: of the cases.
    """

    def __init__(
        self, surfaces: list[Surface], only: str, *, times: int, one_mode: bool, order: random.Random
    ) -> None:
        self.surfaces, self.only, self.times, self.one_mode, self.order = (
            surfaces,
            only,
            times,
            one_mode,
            order,
        )
        self.numbers = count(1)
        self.cases: list[Case] = []
        self.ended = Event()

    def run(self) -> bool:
        """Inject everything, write the files, print the table."""
        shutil.rmtree(HOME, ignore_errors=True)
        (HOME / "preloaded").mkdir(parents=True)
        # The scheduler forks a process for each try, which need not read these modules again.
        (HOME / "preloaded" / "airflow_local_settings.py").write_text("import dev.chaos.preloaded\n")
        with Emulator() as emulator, Emulator() as elsewhere, Postgres(HOME) as postgres:
            keys = Keys(emulator.secrets() | elsewhere.secrets(), postgres.url)
            settings = {**SETTINGS, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url}
            with RealAirflow(
                HOME, ROOT / "dev" / "chaos" / "dags", self._connections(emulator), settings
            ) as airflow:
                self.airflow, self.emulator, self.elsewhere = airflow, emulator, elsewhere
                airflow.wait_for_dags(self._dags(), 120)
                self._one_by_one([fault for fault in FAULTS if not fault.shown])
                self._together([fault for fault in TOGETHER if not fault.shown], keys)
                for surface in self.surfaces:
                    if surface.shows:
                        emulator.configure(surface.vendor, **surface.shows)
                self._one_by_one([fault for fault in FAULTS if fault.shown])
                self._together([fault for fault in TOGETHER if fault.shown], keys)
                tasks = [self._task(case) for case in self.cases]
                found = keys.search(HOME, tasks)
            ledger = {
                "runs": emulator.runs() + elsewhere.runs(),
                "calls": emulator.calls() + elsewhere.calls(),
            }
        return self._report(ledger, tasks, found)

    def _connections(self, emulator: Emulator) -> dict[str, Any]:
        vendors = {surface.vendor for surface in self.surfaces}
        return {f"{vendor}_default": connection_to(emulator, vendor) for vendor in vendors}

    def _dags(self) -> list[str]:
        return [
            dag_id(surface.name, mode, flavour)
            for surface in self.surfaces
            for mode in surface.modes
            for flavour in FLAVOURS
        ]

    def _new(self, fault: Fault | Together) -> list[Case]:
        """Return the cases of a fault that have not begun: each vendor and mode that can meet it."""
        chosen: list[Case] = []
        for surface in self.surfaces:
            modes = [mode for mode in surface.modes if fault.fits(surface, mode)]
            if self.one_mode:
                modes = modes[-1:]
            for mode in modes:
                case = Case(
                    self.airflow,
                    self.emulator,
                    self.elsewhere,
                    next(self.numbers),
                    fault.name,
                    surface,
                    mode,
                    fault.flavour,
                    fault.looks,
                    self.ended,
                )
                case.prepare()
                chosen.append(case)
        self.cases += chosen
        return chosen

    def _one_by_one(self, faults: list[Fault]) -> None:
        """Inject each fault into a task of its own; many at once."""
        work = [
            (fault, case)
            for fault in faults
            if re.search(self.only, fault.name)
            for _ in range(self.times)
            for case in self._new(fault)
        ]
        self.order.shuffle(work)
        work.sort(key=lambda each: -each[0].takes)

        def one(fault: Fault, case: Case) -> None:
            try:
                fault.inject(case)
                case.until_over(fault.within)
            except Exception as problem:  # noqa: BLE001  # a row that says so is worth more than a suite that ends
                case.problem = f"{type(problem).__name__}: {problem}"
            print("!" if case.problem else ".", end="", flush=True)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for done in [pool.submit(one, fault, case) for fault, case in work]:
                    done.result()
            except BaseException:  # Ctrl-C: what has not begun never will, and what has begun waits no longer
                self.ended.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        print(flush=True)

    def _together(self, faults: list[Together], keys: Keys) -> None:
        """Inject each fault that hits all tasks at once; in the short form, those that are injected alike at once too."""
        chosen = [fault for fault in faults if re.search(self.only, fault.name)]
        alike = groupby(chosen, key=lambda fault: fault.inject if self.one_mode else fault.name)
        for batch in [list(group) for _, group in alike]:
            for _ in range(self.times):
                cases = [case for fault in batch for case in self._new(fault)]
                try:
                    if cases:
                        batch[0].inject(self.airflow, cases)
                    keys.look()
                    for case in cases:
                        case.until_over()
                except Exception as problem:  # noqa: BLE001  # as above
                    for case in cases:
                        case.problem = f"{type(problem).__name__}: {problem}"
                print("".join("!" if case.problem else "." for case in cases), end="", flush=True)
        print(flush=True)

    def _task(self, case: Case) -> dict[str, Any]:
        """Return all that Airflow knows of a case."""
        if not case.run_id:
            return {**_about(case), "state": None, "try_number": 0, "logs": []}
        return {**_about(case), **case.task(), "logs": case.logs()}

    def _report(self, ledger: dict[str, Any], tasks: list[dict[str, Any]], found: list[str]) -> bool:
        table = recompute.rows(ledger, tasks)
        BUILD.mkdir(exist_ok=True)
        for name, content in (
            ("chaos.json", table),
            ("chaos-secrets.json", found),
            ("chaos-ledger.json", ledger),
            ("chaos-airflow.json", tasks),
        ):
            (BUILD / name).write_text(json.dumps(content, indent=1))
        wrong = recompute.faulty(table)
        problems = {case.number: case.problem for case in self.cases if case.problem}
        recompute.show(table)
        for row in wrong:
            print(f"UNEXPECTED {json.dumps(row)} {problems.get(row['case'], '')}")
        for number, problem in problems.items():
            print(f"PROBLEM in case {number}: {problem}")
        for where in found:
            print(f"SECRET FOUND in {where}")
        started_twice = [row for row in table if row["runs_started"] > row["runs_started_expected"]]
        print(
            f"{len(table)} faults, {len(started_twice)} duplicate starts, "
            f"{sum(row['orphans'] for row in table)} orphans, {len(wrong)} unexpected, {len(found)} secrets found"
        )
        return not (wrong or problems or found)


def _about(case: Case) -> dict[str, Any]:
    return {"case": case.number, "fault": case.fault, "vendor": case.surface.name, "mode": case.mode}


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
