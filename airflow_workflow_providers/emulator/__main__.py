"""
Run the emulator from a shell: until it is told to end, or for as long as a command runs.

Alone it says in one line of JSON how to reach it. Given a command, it runs that with a connection to every emulated
vendor in its environment (``AIRFLOW_CONN_<VENDOR>_DEFAULT``), and ends with it. Runs are polled every second then, unless
the environment says otherwise (``AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL``)::

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

from airflow_workflow_providers.emulator.server import Emulator

#: How often a task checks the status of a run where it does not say, and how often it may. A run takes 2 s here, so at
#: the default of 10 s a first DAG would mostly wait.
_POLLS_QUICKLY = {
    "AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL": "1",
    "AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL": "0.05",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Listen until SIGINT or SIGTERM, which is a success, or until the command ends, as which this ends then."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_workflow_providers.emulator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port below 32768")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a run takes")
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, help="a command that is to use it, with its arguments"
    )
    given = parser.parse_args(arguments)
    # The handlers stand before the line is printed: whoever has read the line may send a signal.
    asked_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_end.set())
    with Emulator(port=given.port) as emulator:
        emulator.set_pace(seconds=given.seconds)
        if given.command:
            return _run(given.command, emulator, asked_to_end)
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
        asked_to_end.wait()
    return 0


def _run(command: Sequence[str], emulator: Emulator, asked_to_end: threading.Event) -> int:
    """Run a command whose connections lead here; a signal to end goes on to it."""
    connections = {
        f"AIRFLOW_CONN_{name.upper()}_DEFAULT": json.dumps(emulator.connection(name))
        for name in emulator.vendors
    }
    sys.stderr.write(f"Emulated vendors at {emulator.url}\n")
    try:
        environment = {**_POLLS_QUICKLY, **os.environ, **connections}
        running = subprocess.Popen(command, env=environment)  # noqa: S603  # the caller's own
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error}\n")
        return 127
    with running:
        while running.poll() is None:
            if asked_to_end.wait(0.1):
                running.terminate()
                running.wait()
    # As a shell says it: ended by a signal is 128 and the signal's number.
    return running.returncode if running.returncode >= 0 else 128 - running.returncode


if __name__ == "__main__":
    sys.exit(main())
