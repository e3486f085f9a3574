"""
Switch each guard off in turn, and see the chaos suite fail each time.

    make chaos-mutants            every guard
    make chaos-mutants ONLY=...   those whose name has this in it

A guard is switched off in a copy of the project, by replacing one text in one module. The suite is then run there for
the faults that the guard is for. ``build/mutants.json`` says of each guard whether that was noticed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dev.processes import end, start, termination_unwinds

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "airflow_workflow_providers"
_LIMIT = 900


@dataclass(frozen=True)
class Mutant:
    """
    A guard, and how it is switched off.

    :param guard: what it guards.
    :param module: where it stands.
    :param line: the text that is replaced, once in the module.
    :param by: what replaces it.
    :param faults: a regular expression for the names of the faults that it is for.
    :param vendors: those that are enough to notice.
    """

    guard: str
    module: str
    line: str
    by: str
    faults: str
    vendors: str = "refold"


MUTANTS = [
    Mutant(
        "an intent is stored before a start is sent",
        "operators/memory.py",
        "        self._start = Start(fingerprint, label, time.time(), self._max_tries)\n        self._write()\n",
        "        self._start = Start(fingerprint, label, time.time(), self._max_tries)\n",
        "^task process killed between POST and answer$",
    ),
    Mutant(
        "the id of a run is stored right after its start",
        "operators/memory.py",
        "            self._start = start\n            self._write()\n",
        "            self._start = start\n",
        "^task process killed while waiting$",
    ),
    Mutant(
        "a retry takes up the run of an earlier try",
        "operators/starting.py",
        "taken_up = None if earlier is None else self._take_up(memory, earlier, call)",
        "taken_up = None",
        "^task process killed while waiting$",
    ),
    Mutant(
        "a start of which only the intent is known is not sent again",
        "operators/starting.py",
        '        elif self.on_lost_start == "restart":\n',
        "        elif True:\n",
        "^task process killed between POST and answer$",
    ),
    Mutant(
        "a start whose answer was lost is not sent again by the session",
        "core/session.py",
        "        if call.starts and lost:\n",
        "        if False:\n",
        "^answer of a start lost$",
    ),
    Mutant(
        "a run is adopted if the vendor's data prove it to be ours",
        "operators/starting.py",
        "        if len(found) != 1:\n            return None\n",
        "        return None\n",
        "^answer of a start lost, run provable$",
    ),
    Mutant(
        "a retry is told from a clear",
        "operators/memory.py",
        "return start.max_tries not in (None, self._max_tries)",
        "return False",
        "cleared after success",
    ),
    Mutant(
        "a cleared task stops the run that it had",
        "operators/starting.py",
        'stopped = "" if ends else " " + self.hook.try_to_stop(execution_id)',
        'stopped = ""',
        "cleared while waiting",
    ),
    Mutant(
        "a run whose id cannot be stored is stopped",
        "operators/base.py",
        'left = "A retry takes it up." if known else self.hook.try_to_stop(execution_id)',
        'left = ""',
        "^supervisor killed between answer and store$",
    ),
    Mutant(
        "a killed trigger asks first whether its task still wants the run",
        "triggers/base.py",
        "        if state not in _UNWANTED:\n",
        "        if False:\n",
        "a person answers",
    ),
    Mutant(
        "a killed trigger stops the run",
        "triggers/base.py",
        "        if not self.stop_on_kill:\n            return\n",
        "        return\n",
        "marked failed while waiting",
    ),
    Mutant(
        "a stop outlives Airflow's repeated cancellation",
        "triggers/base.py",
        "        while not work.done():\n            with suppress(asyncio.CancelledError):\n                await asyncio.shield(work)\n",
        "        await work\n",
        "the stop fails at first",
    ),
    Mutant(
        "a worker that is told to stop stops the run",
        "hooks/base.py",
        "        if self._session is None:  # the run was not started from here\n",
        "        if True:\n",
        "worker told to stop",
    ),
    Mutant(
        "a deadline stops the run",
        "operators/base.py",
        "            became = self.hook.try_to_stop(execution_id)\n",
        '            became = ""\n',
        "^timeout$",
    ),
    Mutant(
        "the smaller of timeout and execution_timeout is the deadline",
        "operators/base.py",
        "        deadline = time.time() + min(limits)\n",
        "        deadline = time.time() + self.timeout\n",
        "^execution_timeout$",
    ),
    Mutant(
        "Airflow's own timeout of a deferral is handled",
        "operators/base.py",
        "        except TaskDeferralTimeout as error:\n",
        "        except ZeroDivisionError as error:\n",
        "no triggerer until the deadline",
    ),
    Mutant(
        "a task that something else resumes waits on",
        "operators/waiting.py",
        "            if wait is None or Verdict.is_event(event):\n",
        "            if True:\n",
        "a person answers",
    ),
    Mutant(
        "a look that fails in passing is tried again",
        "core/watch.py",
        "        if not isinstance(error, (Unavailable, QuotaExceeded)):\n            self._doubts += 1\n",
        "        if True:\n            self._doubts += 5\n",
        "5xx burst on looks",
    ),
    Mutant(
        "a start that was refused with 429 is tried again",
        "core/session.py",
        "retry_if_exception_type((QuotaExceeded, Unavailable))",
        "retry_if_exception_type(Unavailable)",
        "429 storm on a start",
    ),
    Mutant(
        "a key that a vendor repeats is kept out of messages",
        "core/call.py",
        '            text = text.replace(form, "***")\n',
        "            pass\n",
        "vendor repeats the key",
    ),
]


def caught(mutant: Mutant) -> bool:
    """Switch a guard off in a copy, run the suite there, and return whether it failed by what it saw."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        copy = Path(place) / "project"
        for part in (PACKAGE, "dev"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        module = copy / PACKAGE / mutant.module
        text = module.read_text()
        if text.count(mutant.line) != 1:
            raise ValueError(f"{mutant.module} does not have this guard once: {mutant.guard}")
        module.write_text(text.replace(mutant.line, mutant.by))
        command = ["-m", "dev.chaos", "--only", mutant.faults, "--vendors", mutant.vendors, "--times", "1"]
        log = Path(place) / "suite.log"
        suite = start("chaos", [sys.executable, *command], log=log, env=os.environ, cwd=copy)
        try:
            suite.process.wait(_LIMIT)
        finally:
            end([suite], grace=30)
        said = log.read_text().strip().splitlines()
        # A suite that did not come to its closing lines has not failed by what it saw.
        if not any(" faults, " in line for line in said[-2:]):
            print(f"    the suite did not come to its end\n{suite.tail()}")
            return False
        print(
            "\n".join(
                f"    {line[:400]}" for line in said if line.startswith(("UNEXPECTED", "PROBLEM", "SECRET"))
            )
        )
        return suite.process.returncode != 0


def main() -> int:
    """Switch off every guard; the exit code says whether all were noticed."""
    parser = argparse.ArgumentParser(prog="make chaos-mutants", description=__doc__)
    parser.add_argument("--only", default="", help="guards whose name has this in it")
    only = parser.parse_args().only
    table: list[dict[str, str | bool]] = []
    with termination_unwinds():
        for mutant in MUTANTS:
            if only in mutant.guard:
                noticed = caught(mutant)
                table.append({"guard": mutant.guard, "caught": noticed})
                print(f"{'caught' if noticed else 'NOT CAUGHT':<11} {mutant.guard}", flush=True)
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "mutants.json").write_text(json.dumps(table, indent=1))
    left = [row["guard"] for row in table if not row["caught"]]
    print(f"{len(table) - len(left)} of {len(table)} caught")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
