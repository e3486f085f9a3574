"""
Run the emulator from a shell, until it receives a signal or for as long as a command runs.

Without a command it prints one line of JSON that says how to reach it. With a command it runs that with a connection to
every emulated vendor in its environment (``AIRFLOW_CONN_<VENDOR>_DEFAULT``), and ends with it. Tasks then poll every
second, unless the environment sets another interval (``AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL``)::

    python -m airflow_workflow_providers.emulator airflow dags test my_dag
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

from airflow_workflow_providers.emulator.emulator import Emulator

#: The default poll interval of a task, and the shortest one. A run takes 2 s here, so with the usual default of 10 s a
#: first DAG would mostly wait.
_POLL_INTERVALS = {
    "AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL": "1",
    "AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL": "0.05",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Listen until SIGINT or SIGTERM, or until the command ends.

    :param arguments: the command line; default: that of the process.
    :return: the exit code: the command's, or 0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m airflow_workflow_providers.emulator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one below 32768")
    parser.add_argument("--seconds", type=float, default=2.0, help="how many seconds a run takes")
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, help="a command that uses the emulator, with its arguments"
    )
    given = parser.parse_args(arguments)
    # The handlers are set before the line is printed: its reader may send a signal at once.
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with Emulator(port=given.port) as emulator:
        emulator.set_pace(seconds=given.seconds)
        if given.command:
            return _run(given.command, emulator, stopping)
        vendors = {
            name: {**emulator.account(name), "connection": emulator.connection(name)}
            for name in emulator.vendors
        }
        line = {
            "url": emulator.url,
            "control_url": emulator.control_url,
            "control_token": emulator.control_token,
            "vendors": vendors,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        stopping.wait()
    return 0


def _run(command: Sequence[str], emulator: Emulator, stopping: threading.Event) -> int:
    """Run a command with connections to the emulator, pass a signal to stop on to it, and return its exit code."""
    connections = {
        f"AIRFLOW_CONN_{name.upper()}_DEFAULT": json.dumps(emulator.connection(name))
        for name in emulator.vendors
    }
    sys.stderr.write(f"Emulated vendors at {emulator.url}\n")
    try:
        environment = {**_POLL_INTERVALS, **os.environ, **connections}
        running = subprocess.Popen(command, env=environment)  # noqa: S603  # the user's own command
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error}\n")
        return 127
    with running:
        while running.poll() is None:
            if stopping.wait(0.1):
                running.terminate()
                running.wait()
    # As in a shell, a command that was ended by a signal has the exit code 128 + the signal's number.
    return running.returncode if running.returncode >= 0 else 128 - running.returncode


if __name__ == "__main__":
    sys.exit(main())
