"""Run the package with unusual input, and print what fails: `make fuzz`."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time

KINDS = ("responses", "parameters", "connections", "echoes", "batches")
RESPONSES = 20_000
INPUTS = 2_000


def main(arguments: list[str] | None = None) -> int:
    """Run the cases, print a line for each kind and the smallest case of each failure; return 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m dev.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, help="a printed seed, to repeat its cases; default: a new one")
    parser.add_argument(
        "--number",
        type=int,
        default=RESPONSES,
        help=f"of responses, default {RESPONSES}; the other kinds together have a tenth of it. With --only: of that kind",
    )
    parser.add_argument("--only", choices=KINDS, help="run only this kind")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    numbers = {given.only: given.number} if given.only else shares(given.number, given.number // 10)
    with tempfile.TemporaryDirectory(prefix="awp-fuzz-") as home:
        _use_home(home)
        return run_all(numbers, seed)


def shares(responses: int, inputs: int) -> dict[str, int]:
    """Return how many cases of each kind there are."""
    others = KINDS[1:]
    return {
        "responses": responses,
        **{kind: inputs // len(others) + (at < inputs % len(others)) for at, kind in enumerate(others)},
    }


def _use_home(home: str) -> None:
    """Give Airflow and hypothesis a folder that is deleted; Airflow reads this when it is imported."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        del os.environ[name]
    os.environ["AIRFLOW_HOME"] = os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = home


def run_all(numbers: dict[str, int], seed: int) -> int:
    """Run so many cases of each kind, and print the results; return 1 if any failed."""
    from dev.fuzz.kinds import KINDS as CASES  # noqa: PLC0415  # Airflow reads the environment when it is imported
    from dev.fuzz.run import run  # noqa: PLC0415  # as above

    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    reports = []
    for name, number in numbers.items():
        report = run(CASES[name], number, seed)
        print(report, flush=True)
        for failure in report.failures:
            print(failure)
        reports.append(report)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if any(report.failed for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
