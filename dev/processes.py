"""
Processes that are started and, whatever happens, ended together with all processes that they started.

Airflow's task processes leave the process group of their parent, so it is not enough to end a group. Each component leads a
session of its own. What is ended is the session, with the descendants that have left it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType

    from typing_extensions import Self

LOG_TAIL = 30


@dataclass(frozen=True)
class Component:
    """A program that leads a session of its own, and writes its output to a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        """Whether the program itself is running, without the processes that it started."""
        return self.process.poll() is None

    def tail(self) -> str:
        """Return the end of the log, where a program says why it ended."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL:])

    def check_alive(self) -> None:
        """Raise, with the end of the log, if the program has ended."""
        if not self.alive:
            message = f"{self.name} ended with exit code {self.process.returncode}. The end of {self.log}:"
            raise RuntimeError(f"{message}\n{self.tail()}")


class Service(ABC):
    """What runs as long as a context: entering starts it, and leaving ends it, also after an error or a termination."""

    def __init__(self) -> None:
        #: What is undone after the service has ended.
        self.leaving = ExitStack()

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it works."""

    @abstractmethod
    def stop(self) -> None:
        """End whatever of it is running."""

    def __enter__(self) -> Self:
        """Start it; if that fails, end what was started."""
        self.leaving.enter_context(termination_unwinds())
        try:
            self.start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._leave()

    def _leave(self) -> None:
        with self.leaving, uninterrupted():
            self.stop()


def start(name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path) -> Component:
    """Start a program in a session of its own, so that all its processes can be found and ended."""
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
    """End programs and all processes that they started: with SIGTERM, and after the grace period with SIGKILL."""
    sessions = {component.process.pid: component for component in components}
    left = _running(sessions)
    for leader in sessions:
        # If the group has ended, another one may have its number by now.
        if any(_session(process) == leader for process in left):
            with suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = {process for process in left | _running(sessions) if _is_running(process)}
    _kill(left, sessions)
    for component in sessions.values():
        component.process.wait()


def freeze(component: Component) -> None:
    """Stop a program and all processes that it started, also those that it starts meanwhile."""
    while moving := {each for each in _running([component.process.pid]) if not _is_stopped(each)}:
        # Parents first: a shell would notice that a child is stopped.
        for process in sorted(moving, key=_age):
            with suppress(psutil.Error):
                process.suspend()


def thaw(component: Component) -> None:
    """Continue a program and all processes that it started."""
    for process in sorted(_running([component.process.pid]), key=_age, reverse=True):
        with suppress(psutil.Error):
            process.resume()


def kill(component: Component) -> None:
    """End a program and all processes that it started with SIGKILL, so that none of them notices the end of another."""
    freeze(component)
    sessions = [component.process.pid]
    _kill(_running(sessions), sessions)
    component.process.wait()


def survivors(sessions: Iterable[int]) -> list[int]:
    """Return the pids that are left of these sessions; none after a clean end."""
    return sorted(process.pid for process in _running(sessions))


def _kill(left: set[psutil.Process], sessions: Iterable[int]) -> None:
    """End these processes and all others of the sessions, until none is left."""
    while left:
        # Children first: if a parent ends, the system continues its stopped children.
        for process in sorted(left, key=_age, reverse=True):
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.1)
        left = {process for process in left | _running(sessions) if _is_running(process)}


def _running(sessions: Iterable[int]) -> set[psutil.Process]:
    """Return the processes of the sessions and their descendants: a shell that Airflow starts opens another session."""
    wanted = set(sessions)
    found: set[psutil.Process] = set()
    for process in psutil.process_iter():
        if _session(process) in wanted and _is_running(process):
            with suppress(psutil.Error):
                found |= {process, *process.children(recursive=True)}
    return {process for process in found if _is_running(process)}


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None


def _is_running(process: psutil.Process) -> bool:
    """Whether a process is running and not a zombie, which only waits until its parent reads its exit code."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _age(process: psutil.Process) -> int:
    """Sort parents before their children, except when the system starts its numbers again."""
    return process.pid


def _is_stopped(process: psutil.Process) -> bool:
    """Whether a process is stopped, or has ended."""
    try:
        return bool(process.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE})
    except psutil.Error:
        return True


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay Ctrl-C and a termination until the end of the block, so that no process is started and forgotten."""
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
    """
    Let Ctrl-C, a termination or a closed terminal end the block with an exception, so that `finally` runs.

    A handler that the program has set stays. A process that a shell runs in the background ignores Ctrl-C, and so would all
    processes that it starts; but Airflow's triggerer ends its children with that signal. So its handler is set too.
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
