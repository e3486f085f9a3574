"""Run a measurement: ``python -m dev.bench`` and its name."""

from __future__ import annotations

import argparse

from dev.bench import result, text, waits


def main() -> None:
    """Run the measurement that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("text", help="the redaction of a vendor's text, for the texts that cost most")
    storing = kinds.add_parser("result", help="a large document, from its address to object storage")
    storing.add_argument("--megabytes", type=int, default=1024, help="its size")
    waiting = kinds.add_parser("waits", help="many waits in one event loop, as in a triggerer")
    waiting.add_argument("--waits", type=int, default=1000, help="how many waits")
    waiting.add_argument("--latency", type=float, default=0.2, help="seconds until the vendor responds")
    waiting.add_argument(
        "--interval", type=float, default=10.0, help="seconds between two status checks of a run"
    )
    waiting.add_argument(
        "--seconds", type=float, default=30.0, help="how long the measurement takes, after one interval"
    )
    given = parser.parse_args()
    if given.kind == "text":
        text.run()
    elif given.kind == "result":
        result.run(given.megabytes)
    else:
        waits.run(given.waits, given.latency, given.interval, given.seconds)


if __name__ == "__main__":
    main()
