"""Processes that are started and, whatever happens, ended together with everything they started.

Airflow's task processes put themselves into process groups of their own, so ending a group is not enough: each
component gets its own session, and what is ended is the session, with the children that left it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

LOG_TAIL = 30


@dataclass(frozen=True)
class Component:
    """One program we run: its process leads a session, its output goes to a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        """Whether the program itself (not what it started) still runs."""
        return self.process.poll() is None

    def tail(self) -> str:
        """Return the end of the log, which is where a program says what it died of."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL:])

    def must_live(self) -> None:
        """Raise, with the end of the log, if the program is gone."""
        if not self.alive:
            message = f"{self.name} ended with exit code {self.process.returncode}. The end of {self.log}:"
            raise RuntimeError(f"{message}\n{self.tail()}")


def start(name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path) -> Component:
    """Start a program in a session of its own, so that it can be found and ended as a whole."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    return Component(name, process, log)


def end(components: Iterable[Component], grace: float = 5) -> None:
    """End the programs and all they started: SIGTERM, and SIGKILL for whoever is left after the grace."""
    sessions = {component.process.pid: component for component in components}
    left = _living(sessions)
    for leader in sessions:
        # A group that is already gone may have left its number to a stranger.
        if any(_session(process) == leader for process in left):
            with suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = {process for process in left | _living(sessions) if _runs(process)}
    _kill(left, sessions)
    for component in sessions.values():
        component.process.wait()


def freeze(component: Component) -> None:
    """Stop the program and all it started where they stand, also what was started while the others were stopped."""
    while moving := {each for each in _living([component.process.pid]) if not _stands(each)}:
        # Parents first: a shell, for one, notices that a child has been stopped.
        for process in sorted(moving, key=_age):
            with suppress(psutil.Error):
                process.suspend()


def thaw(component: Component) -> None:
    """Let the program and all it started go on."""
    for process in sorted(_living([component.process.pid]), key=_age, reverse=True):
        with suppress(psutil.Error):
            process.resume()


def kill(component: Component) -> None:
    """End the program and all it started by SIGKILL, and so that none of them sees another die."""
    freeze(component)
    sessions = [component.process.pid]
    _kill(_living(sessions), sessions)
    component.process.wait()


def survivors(sessions: Iterable[int]) -> list[int]:
    """Return the pids that still live in these sessions; empty is what a clean end looks like."""
    return sorted(process.pid for process in _living(sessions))


def _kill(left: set[psutil.Process], sessions: Iterable[int]) -> None:
    """End these and whoever else lives in the sessions, until nobody is left."""
    while left:
        # Children first: the system wakes the stopped children of one that dies.
        for process in sorted(left, key=_age, reverse=True):
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.1)
        left = {process for process in left | _living(sessions) if _runs(process)}


def _living(sessions: Iterable[int]) -> set[psutil.Process]:
    """Members of the sessions and their descendants: a shell that Airflow starts opens a session itself."""
    wanted = set(sessions)
    found: set[psutil.Process] = set()
    for process in psutil.process_iter():
        if _session(process) in wanted and _runs(process):
            with suppress(psutil.Error):
                found |= {process, *process.children(recursive=True)}
    return {process for process in found if _runs(process)}


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None


def _runs(process: psutil.Process) -> bool:
    """Whether the process does anything: a zombie only waits for its parent to notice."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _age(process: psutil.Process) -> int:
    """Sort parents before their children, but for the moment at which the system's numbers start again."""
    return process.pid


def _stands(process: psutil.Process) -> bool:
    """Whether the process is stopped, or gone."""
    try:
        return bool(process.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE})
    except psutil.Error:
        return True


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C and a termination back until the block is done, so that no process is started and forgotten."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = {number: signal.signal(number, hold) for number in (signal.SIGINT, *_TERMINATIONS)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in dict.fromkeys(held):
            signal.raise_signal(number)


@contextmanager
def termination_unwinds() -> Iterator[None]:
    """Let Ctrl-C, a termination or a closed terminal leave the block as an exception, so that `finally` runs.

    A handler that somebody else has set stays. Ctrl-C is set too because what a shell runs in the background ignores
    it, and so would everything started from here: Airflow's triggerer is one that ends its children with it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {signal.SIGINT: signal.default_int_handler, **dict.fromkeys(_TERMINATIONS, _unwind)}
    before = {each: signal.getsignal(each) for each in handlers}
    for each, handler in handlers.items():
        if before[each] in {signal.SIG_DFL, signal.SIG_IGN}:
            signal.signal(each, handler)
    try:
        yield
    finally:
        for each, previous in before.items():
            signal.signal(each, previous)


def _unwind(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


_TERMINATIONS = (signal.SIGTERM, signal.SIGHUP)
