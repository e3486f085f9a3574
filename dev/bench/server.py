"""A server of the benchmark in a process of its own, which ends with its standard input."""

from __future__ import annotations

import subprocess
import sys


class ServerProcess:
    """
    The process of a server.

    :param module: it prints its first line when it can be reached.
    :param arguments: of its command line.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._module = module
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def line(self) -> str:
        """Return the next line that it prints."""
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError(f"{self._module} has ended")
        return line

    def stop(self) -> None:
        """End it."""
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
