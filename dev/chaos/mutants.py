"""
Switch each guard off in turn, and see the chaos suite fail each time.

    make chaos-mutants            every guard
    make chaos-mutants ONLY=...   those whose name has this in it

A guard is switched off in a copy of the project, by changing one function of it, which is found by its name. The suite is
then run there for the faults that the guard is for. ``build/mutants.json`` says of each guard whether that was noticed.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dev.processes import end, start, termination_unwinds

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "airflow_workflow_providers"
_LIMIT = 900


@dataclass(frozen=True)
class Change:
    """
    What is done to one function.

    :param function: the module below the package and the name in it: ``core.start:decide``.
    :param new: makes the function's new source from its source as :func:`ast.unparse` writes it: without comments, each
        statement on one line, texts in single quotes.
    """

    function: str
    new: Callable[[str], str]

    @property
    def path(self) -> str:
        """The module's file, below the package."""
        return self.function.partition(":")[0].replace(".", "/") + ".py"

    def applied(self, module: str) -> str:
        """
        Return a module's source with the function changed.

        :raises ValueError: if there is no such function, or the change cannot be made.
        """
        found = _found(module, self.function)
        source = ast.unparse(found)
        new = self.new(source)
        ast.parse(new)
        if new == source:
            raise ValueError(f"The change leaves {self.function} as it is.")
        lines = module.splitlines(keepends=True)
        first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
        place = textwrap.indent(new, " " * found.col_offset) + "\n"
        return "".join([*lines[: first - 1], place, *lines[found.end_lineno :]])


def _found(module: str, function: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    here: ast.AST = ast.parse(module)
    for name in function.partition(":")[2].split("."):
        inside = {each.name: each for each in getattr(here, "body", []) if hasattr(each, "name")}
        if name not in inside:
            raise ValueError(f"There is no {function}.")
        here = inside[name]
    if not isinstance(here, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise TypeError(f"{function} is no function.")
    return here


def body(function: str, new: str) -> Change:
    """Give a function another body; its parameters and decorators stay."""

    def change(source: str) -> str:
        tree = ast.parse(source)
        tree.body[0].body = ast.parse(textwrap.dedent(new)).body  # type: ignore[attr-defined]  # it is a function
        return ast.unparse(tree)

    return Change(function, change)


def edit(function: str, old: str, new: str) -> Change:
    """Replace a text that stands once in a function."""

    def change(source: str) -> str:
        if source.count(old) != 1:
            raise ValueError(f"{function} has {old!r} {source.count(old)} times, not once.")
        return source.replace(old, new)

    return Change(function, change)


@dataclass(frozen=True)
class Mutant:
    """
    A guard, and how it is switched off.

    :param guard: what it guards.
    :param change: what is done for that; where one guard has two layers, both.
    :param faults: a regular expression for the names of the faults that it is for.
    :param vendors: those that are enough to notice.
    """

    guard: str
    change: Change | tuple[Change, ...]
    faults: str
    vendors: str = "refold"

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is done, one after the other."""
        return self.change if isinstance(self.change, tuple) else (self.change,)

    def switch_off(self, package: Path) -> None:
        """
        Change the modules of a package.

        :raises ValueError: if a function is not there, or cannot be changed so.
        """
        for change in self.changes:
            module = package / change.path
            module.write_text(change.applied(module.read_text()))


MUTANTS = [
    Mutant(
        "an intent is stored before a start is sent",
        edit(
            "operators.start_store:StartStore._write",
            "if self._store is not None:",
            "if self._store is not None and record.execution_id:",
        ),
        "^task process killed between POST and answer$",
    ),
    Mutant(
        "the id of a run is stored right after its start",
        body("operators.start_store:StartStore.write_execution_id", "return None"),
        "^task process killed while waiting$",
    ),
    Mutant(
        "a retry takes up the run of an earlier try",
        body("operators.starting:Starter._reattach", "return None"),
        "^task process killed while waiting$",
    ),
    Mutant(
        "a start of which only the intent is known is not sent again",
        edit("core.start:on_look_up", "if start.resubmit_lost:", "if True:"),
        "^task process killed between POST and answer$",
    ),
    Mutant(
        "a start whose answer was lost is not sent again by the session",
        edit("core.session:Session._named", "if call.starts and lost:", "if False:"),
        "^answer of a start lost$",
    ),
    Mutant(
        "a run is adopted if the vendor's data prove it to be ours",
        body("operators.starting:Starter._search", "return None"),
        "^answer of a start lost, run provable$",
    ),
    Mutant(
        "a run is adopted only if it shows the nonce of its start",
        (
            edit("operators.starting:Starter._search", "record.nonce", "(record.nonce or 'any')"),
            body("apis.altostrat:carries", "return True"),
        ),
        "^answer of a start lost, run shown without a nonce$",
        "altostrat",
    ),
    Mutant(
        "a retry is told from a clear",
        edit("core.start:decide", "record.max_tries not in (None, start.max_tries)", "False"),
        "cleared after success",
    ),
    Mutant(
        "a cleared task stops the run that it had",
        edit("core.start:on_old_run", "decision.cleared), not ending)", "decision.cleared), False)"),
        "^cleared while waiting$",
    ),
    Mutant(
        "a run of which nothing can be read is stopped all the same",
        edit("core.start:on_old_run", "not isinstance(old, NotFound)", "False"),
        "old run cannot be read",
    ),
    Mutant(
        "a run of another account is not taken up",
        body("hooks.connection:ConnectedHook.account", "return {'conn_id': self.conn_id}"),
        "^account changed between tries$",
        "datalab",
    ),
    Mutant(
        "a run that the task has stopped itself is not taken up",
        body("operators.start_store:StartStore.write_stopped", "return None"),
        "the stop takes effect late",
    ),
    Mutant(
        "a run whose id cannot be stored is stopped",
        edit(
            "operators.base:ExecuteWorkflowOperator._announce",
            "self.hook.try_to_stop(execution_id).said",
            "''",
        ),
        "^supervisor killed between answer and store$",
    ),
    Mutant(
        "a killed trigger asks first whether its task still wants the run",
        edit("triggers.base:ExecutionTrigger._ask_and_stop", "if state not in _UNWANTED:", "if False:"),
        "^a person answers$",
    ),
    Mutant(
        "a killed trigger stops the run",
        body("triggers.base:ExecutionTrigger.on_kill", "return None"),
        "^marked failed while waiting$",
    ),
    Mutant(
        "a stop outlives Airflow's repeated cancellation",
        body(
            "triggers.base:ExecutionTrigger.on_kill",
            "if self.stop_on_kill:\n    await self._stop_if_unwanted()",
        ),
        "the stop fails at first",
    ),
    Mutant(
        "a stop does not queue behind status checks that hang",
        edit("triggers.base:ExecutionTrigger._ask_and_stop", "apart=True", "apart=False"),
        "^ended while everything hangs$",
    ),
    Mutant(
        "a worker that is told to stop stops the run",
        body("operators.base:ExecuteWorkflowOperator._stop_now", "self._kill_said = 'Nothing was done.'"),
        "^worker told to stop",
    ),
    Mutant(
        "a task that something else has resumed knows its run",
        edit("operators.waiting:WaitsForExecution.execute_complete", "self.know(watch.execution_id)", "pass"),
        "^a person answers, and the resumed task is told to stop$",
    ),
    Mutant(
        "a deadline stops the run",
        body("operators.base:ExecuteWorkflowOperator._stop_unless_taken", "return ''"),
        "^timeout$",
    ),
    Mutant(
        "the smaller of timeout and execution_timeout is the deadline",
        edit("operators.base:ExecuteWorkflowOperator.execute", "min(limits)", "self.timeout"),
        "^execution_timeout$",
    ),
    Mutant(
        "Airflow's own timeout of a deferral is handled",
        edit(
            "operators.base:ExecuteWorkflowOperator.resume_execution",
            "except TaskDeferralTimeout as error:",
            "except ZeroDivisionError as error:",
        ),
        "no triggerer until the deadline",
    ),
    Mutant(
        "a task that something else resumes waits on",
        edit(
            "operators.waiting:WaitsForExecution.execute_complete",
            "if Verdict.is_event(event):",
            "if True:",
        ),
        "^a person answers$",
    ),
    Mutant(
        "a look that fails in passing is tried again",
        body(
            "core.watch:Watch.on_error",
            "return Step(verdict=Verdict('look_failed', self.execution_id, error=type(error).__name__))",
        ),
        "^vendor down for a minute$",
    ),
    Mutant(
        "a run that can be read again is waited for again",
        edit(
            "operators.waiting:WaitsForExecution._finish",
            "if verdict.outcome == 'timed_out':",
            "if verdict.outcome != 'ended':",
        ),
        "^garbled answers to looks$",
    ),
    Mutant(
        "the last read is as patient as a status check",
        body("operators.waiting:WaitsForExecution._unread", "raise error"),
        "^503 at the last read$",
    ),
    Mutant(
        "a start that was refused with 429 is tried again",
        edit("core.session:_policy", "(QuotaExceeded, Unavailable)", "Unavailable"),
        "429 storm on a start",
    ),
    Mutant(
        "a key that a vendor repeats is kept out of messages",
        body("core.text:_secret_spans", "return iter(())"),
        "vendor repeats the key",
    ),
]


def caught(mutant: Mutant) -> bool:
    """Switch a guard off in a copy, run the suite there, and return whether it failed by what it saw."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        copy = Path(place) / "project"
        for part in (PACKAGE, "dev"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.switch_off(copy / PACKAGE)
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
