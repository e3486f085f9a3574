"""
Switch off each safety check in turn, and expect the chaos suite to fail each time.

    make chaos-mutants            every safety check
    make chaos-mutants ONLY=...   those with this text in their description

A safety check is switched off in a copy of the project, by a new body for one function, which is found by its name. Then the
suite runs there with the faults that the check is for. ``build/mutants.json`` has the results.
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
from dataclasses import dataclass
from pathlib import Path

from dev.processes import end, start, termination_unwinds

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "airflow_workflow_providers"
_TIMEOUT = 900

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Change:
    """
    A new body for a function; its parameters and decorators stay.

    :param function: the module below the package and the name in it: ``core.start:decide``.
    :param body: the new statements. In them, ``original`` is the function as it was.
    """

    function: str
    body: str

    @property
    def path(self) -> str:
        """The file of the module, below the package."""
        return self.function.partition(":")[0].replace(".", "/") + ".py"

    def apply(self, module: str) -> str:
        """
        Return the source of a module with the function changed.

        :param module: the source of the module.
        :raises ValueError: if there is no such function, or the change makes no difference.
        """
        found = self._find(module)
        new = self._changed(found)
        if ast.dump(new) == ast.dump(_without_docstring(found)):
            raise ValueError(f"The change leaves {self.function} as it is.")
        lines = module.splitlines(keepends=True)
        first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
        source = textwrap.indent(ast.unparse(new), " " * found.col_offset) + "\n"
        return "".join([*lines[: first - 1], source, *lines[found.end_lineno :]])

    def _changed(self, found: Function) -> Function:
        new, body = _without_docstring(found), ast.parse(textwrap.dedent(self.body)).body
        if any(
            isinstance(node, ast.Name) and node.id == "original" for each in body for node in ast.walk(each)
        ):
            original = _without_docstring(found)
            original.name, original.decorator_list = "original", []
            body = [original, *body]
        new.body = body
        return new

    def _find(self, module: str) -> Function:
        node: ast.AST = ast.parse(module)
        for name in self.function.partition(":")[2].split("."):
            inside = {each.name: each for each in getattr(node, "body", []) if hasattr(each, "name")}
            if name not in inside:
                raise ValueError(f"There is no {self.function}.")
            node = inside[name]
        if not isinstance(node, Function):
            raise ValueError(f"{self.function} is not a function.")  # noqa: TRY004  # the name is wrong, not a type
        return node


def _without_docstring(function: Function) -> Function:
    """Return a copy of a function without its docstring."""
    [copy] = ast.parse(ast.unparse(function)).body
    assert isinstance(copy, Function)  # noqa: S101  # for mypy: it is the same function
    if ast.get_docstring(copy) is not None:
        copy.body = copy.body[1:] or [ast.Pass()]
    return copy


@dataclass(frozen=True)
class Mutant:
    """
    A safety check, and how it is switched off.

    :param check: what the check is for.
    :param changes: what switches it off.
    :param faults: a regular expression for the names of the faults that must notice.
    :param vendors: rows of ``dev/vendors.py``; enough of them to notice.
    """

    check: str
    changes: tuple[Change, ...]
    faults: str
    vendors: str = "refold"

    def switch_off(self, package: Path) -> None:
        """
        Change the modules of a package.

        :param package: the folder of a copy.
        :raises ValueError: if a function does not exist, or the change makes no difference.
        """
        for change in self.changes:
            module = package / change.path
            module.write_text(change.apply(module.read_text()))


def _mutant(check: str, function: str, body: str, faults: str, vendors: str = "refold") -> Mutant:
    return Mutant(check, (Change(function, body),), faults, vendors)


MUTANTS = [
    _mutant(
        "an intent is stored before a start is sent",
        "operators.start_store:StartStore.write_intent",
        """
        store, self._store = self._store, None
        try:
            return original(self, fingerprint, account, nonce=nonce, label=label)
        finally:
            self._store = store
        """,
        "^task process killed between POST and response$",
    ),
    _mutant(
        "the id of an execution is stored right after its start",
        "operators.start_store:StartStore.write_execution_id",
        "return None",
        "^task process killed while waiting$",
    ),
    _mutant(
        "a retry reattaches to the execution of an earlier try",
        "operators.starter:Starter._reattach",
        "return None",
        "^task process killed while waiting$",
    ),
    _mutant(
        "a start of which only the intent is known is not sent again",
        "core.start:on_look_up",
        "return original(decision, found, replace(start, resubmit_lost=True))",
        "^task process killed between POST and response$",
    ),
    _mutant(
        "the client does not send a start again if its response was lost",
        "core.endpoint:Endpoint.explain",
        "return original(self, replace(request, starts_run=False), error)",
        "^lost response to a start$",
    ),
    _mutant(
        "a task reattaches to an execution that shows the nonce of its start",
        "operators.starter:Starter._find",
        "return None",
        "^lost response to a start, the vendor shows the nonce$",
    ),
    Mutant(
        "a task reattaches only to an execution that shows the nonce of its start",
        (
            Change(
                "operators.starter:Starter._find",
                """
                from dataclasses import replace
                return original(self, request, replace(record, nonce=record.nonce or "any"))
                """,
            ),
            Change("apis.altostrat:_carries", "return True"),
        ),
        "^lost response to a start, the execution has no nonce$",
        "altostrat",
    ),
    _mutant(
        "a clear is not a retry",
        "core.start:decide",
        "return original(record and replace(record, max_tries=start.max_tries), start)",
        "^cleared after success$",
    ),
    _mutant(
        "a cleared task stops its old execution",
        "core.start:on_old_run",
        """
        decided = original(decision, old, start, success_states)
        return replace(decided, action=Action.SUBMIT) if decided.cleared else decided
        """,
        "^cleared while waiting$",
    ),
    _mutant(
        "an old execution is stopped even if it cannot be read",
        "core.start:on_old_run",
        """
        decided = original(decision, old, start, success_states)
        return replace(decided, action=Action.SUBMIT) if isinstance(old, WorkflowError) else decided
        """,
        "old execution cannot be read",
    ),
    _mutant(
        "a task does not reattach to an execution of another account",
        "core.endpoint:Endpoint.account",
        "return {'conn_id': self.conn_id}",
        "^account changed between tries$",
        "datalab",
    ),
    _mutant(
        "a task reads no result in another account",
        "hooks.base:WorkflowHook._keep_account",
        "return None",
        "^account changed while deferred$",
        "datalab",
    ),
    _mutant(
        "a task does not reattach to an execution that it has stopped",
        "operators.start_store:StartStore.write_stopped",
        "return None",
        "the stop takes effect late",
    ),
    _mutant(
        "an execution is stopped if its id cannot be stored",
        "operators.stop:stop",
        "return StopResult('')",
        "^supervisor killed between response and store$",
    ),
    _mutant(
        "a cancelled trigger stops the execution only if its task has ended",
        "compat:task_state",
        "return 'failed'",
        "^a person answers$",
    ),
    _mutant(
        "a trigger stops the execution when a person ends the task",
        "triggers.base:WorkflowTrigger.on_kill",
        "return None",
        "^marked failed while waiting$",
    ),
    _mutant(
        "Airflow cannot cancel a stop that has begun",
        "triggers.base:WorkflowTrigger.on_kill",
        """
        if self.cancel_on_kill:
            await self._stop_if_unwanted()
        """,
        "the first stop fails",
    ),
    _mutant(
        "a trigger stops nothing with cancel_on_kill=False",
        "triggers.base:WorkflowTrigger.on_kill",
        """
        self.cancel_on_kill = True
        await original(self)
        """,
        "^marked failed and cleared, cancel_on_kill=False",
    ),
    _mutant(
        "a stop does not wait behind status checks that hang",
        "core.async_client:AsyncClient.stop",
        """
        endpoint, _ = await self._open()
        return await self.send(endpoint.stop(execution_id), budget=budget)
        """,
        "^marked failed while all status checks hang$",
    ),
    _mutant(
        "each connection has its own network connections",
        "core.http:AsyncTransport.__init__",
        """
        original(self, settings)
        AsyncTransport.shared = self._free = getattr(AsyncTransport, "shared", self._free)
        """,
        "^vendor hangs for one connection of two$",
    ),
    _mutant(
        "a 429 holds up all waits of its connection",
        "polling.poller:Poller.slow_down",
        "return None",
        "^429 storm on a crowd$",
    ),
    _mutant(
        "a worker that gets SIGTERM stops the execution",
        "operators.execute:ExecuteWorkflowOperator._stop_killed",
        "self._kill_message = 'Nothing was done.'",
        "^worker gets SIGTERM$",
    ),
    _mutant(
        "a worker stops nothing with cancel_on_kill=False",
        "operators.execute:ExecuteWorkflowOperator._stop_killed",
        """
        self.cancel_on_kill = True
        original(self)
        """,
        "^worker gets SIGTERM, cancel_on_kill=False$",
    ),
    _mutant(
        "a task that a person's answer has resumed knows its execution",
        "operators.waiting:WaitingOperator.execute_complete",
        """
        self.set_execution = lambda execution_id: None
        return original(self, context, event, wait=wait)
        """,
        "^a person answers, then the resumed task gets SIGTERM$",
    ),
    _mutant(
        "a task whose deadline has come stops its execution",
        "operators.execute:ExecuteWorkflowOperator._stop_if_ours",
        "return ''",
        "^timeout$",
    ),
    _mutant(
        "the smaller of timeout and execution_timeout is the deadline",
        "operators.start:StartOperator.execute",
        """
        self.execution_timeout = None
        return original(self, context)
        """,
        "^execution_timeout$",
    ),
    _mutant(
        "Airflow's own timeout of a deferral ends like the deadline",
        "operators.execute:ExecuteWorkflowOperator.resume_execution",
        """
        self._context = context
        return super().resume_execution(next_method, next_kwargs, context)
        """,
        "^no triggerer until the deadline$",
    ),
    _mutant(
        "a task that a person's answer has resumed continues to wait",
        "core.waiter:WaitResult.is_event",
        "return True",
        "^a person answers$",
    ),
    Mutant(
        "a status check that fails in passing is repeated",
        (
            Change(
                "core.waiter:Waiter.on_error",
                "return WaitResult('check_failed', self.execution_id, error=type(error).__name__)",
            ),
            # After a failed status check the worker reads the execution itself, and repeats that too.
            Change("operators.waiting:WaitingOperator._unread", "raise error"),
        ),
        "^vendor down for a minute$",
    ),
    _mutant(
        "the wait continues if the worker can read what the trigger could not",
        "operators.waiting:WaitingOperator._result",
        """
        if result.outcome == 'check_failed':
            raise errors.by_name(result.error)(result.message, execution_id=waiter.execution_id)
        return original(self, result, waiter, execution)
        """,
        "^garbled responses to status checks$",
    ),
    _mutant(
        "the read of the result is repeated like a status check",
        "operators.waiting:WaitingOperator._unread",
        "raise error",
        "^503 while reading the result$",
    ),
    _mutant(
        "a start that was rejected with 429 is sent again",
        "core.client:retry_policy",
        "return {**original(attempts, retry_for), 'retry': tenacity.retry_if_exception_type(errors.Unavailable)}",
        "^burst of 429 on a start$",
    ),
    _mutant(
        "the intents of a batch are stored before its starts",
        "operators.batch_store:BatchStore.write",
        """
        if all(self.entries[position].execution_id for position in positions):
            original(self, positions)
        """,
        "^batch: task process killed between the starts and the ids of a chunk$",
    ),
    _mutant(
        "a retry reattaches to the executions of a batch",
        "core.batch:decide_entry",
        "return Decision(Action.SUBMIT)",
        "^batch: task process killed while waiting$",
    ),
    _mutant(
        "what has succeeded in a batch is not run again",
        "core.batch:decide_entry",
        "return original(entry, account, start, success) or Decision(Action.SUBMIT)",
        "^batch: cleared after success$",
    ),
    _mutant(
        "the input of a batch that has gone from the list is stopped",
        "operators.batch_begin:_gone",
        "return []",
        "^batch: inputs changed between tries$",
    ),
    _mutant(
        "a key that a vendor repeats is not shown",
        "core.text:_secret_spans",
        "return iter(())",
        "^vendor repeats the key in an error$",
    ),
]


def caught(mutant: Mutant) -> bool:
    """Switch a check off in a copy, run the suite there, and return whether it found an unexpected result."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        copy = Path(place) / "project"
        for part in (PACKAGE, "dev"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.switch_off(copy / PACKAGE)
        command = ["-m", "dev.chaos", "--only", mutant.faults, "--vendors", mutant.vendors, "--times", "1"]
        log = Path(place) / "suite.log"
        suite = start("chaos", [sys.executable, *command], log=log, env=os.environ, cwd=copy)
        try:
            suite.process.wait(_TIMEOUT)
        finally:
            end([suite], grace=30)
        lines = log.read_text().strip().splitlines()
        # A suite that did not print its last lines has failed for another reason than an unexpected result.
        if not any(" faults, " in line for line in lines[-2:]):
            print(f"    the suite did not come to its end\n{suite.tail()}")
            return False
        print(
            "\n".join(
                f"    {line[:400]}" for line in lines if line.startswith(("UNEXPECTED", "PROBLEM", "SECRET"))
            )
        )
        return suite.process.returncode != 0


def main() -> int:
    """Switch off the chosen safety checks; the exit code says whether the suite has noticed each."""
    parser = argparse.ArgumentParser(prog="make chaos-mutants", description=__doc__)
    parser.add_argument("--only", default="", help="safety checks with this text in their description")
    only = parser.parse_args().only
    table: list[dict[str, str | bool]] = []
    with termination_unwinds():
        for mutant in MUTANTS:
            if only in mutant.check:
                noticed = caught(mutant)
                table.append({"check": mutant.check, "caught": noticed})
                print(f"{'caught' if noticed else 'NOT CAUGHT':<11} {mutant.check}", flush=True)
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "mutants.json").write_text(json.dumps(table, indent=1))
    missed = [row["check"] for row in table if not row["caught"]]
    print(f"{len(table) - len(missed)} of {len(table)} caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
