"""Runs the emulator from a shell and says, in one line of JSON, how to reach it."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence

from airflow_workflow_providers.emulator.server import Emulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Listen until SIGINT or SIGTERM; that end was asked for, so it is a success."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_workflow_providers.emulator", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port below 32768")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a run takes")
    given = parser.parse_args(arguments)
    # The handlers stand before the line is printed: whoever has read the line may send a signal.
    asked_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_end.set())
    with Emulator(port=given.port) as emulator:
        emulator.set_pace(seconds=given.seconds)
        vendors = {
            name: {**emulator.account(name), "connection": emulator.connection(name)}
            for name in emulator.vendors
        }
        line = {"url": emulator.url, "control_url": emulator.control_url, "vendors": vendors}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        asked_to_end.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
