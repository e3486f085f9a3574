"""Try the package with input that it does not expect, and print what failed: `make fuzz`."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time

KINDS = ("responses", "parameters", "connections", "echoes")
RESPONSES = 20_000
INPUTS = 2_000


def main(arguments: list[str] | None = None) -> int:
    """Make the tries, print a line for each kind and each failure with the smallest case; return 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m dev.fuzz", description=__doc__)
    parser.add_argument(
        "--seed", type=int, help="repeats the tries of a seed that was printed; default: a new one"
    )
    parser.add_argument(
        "--number",
        type=int,
        default=RESPONSES,
        help=f"of responses, default {RESPONSES}; of the other kinds a tenth of it together, or with --only all of it",
    )
    parser.add_argument("--only", choices=KINDS, help="the tries of one kind")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    numbers = {given.only: given.number} if given.only else shares(given.number, given.number // 10)
    with tempfile.TemporaryDirectory(prefix="awp-fuzz-") as home:
        _without_a_home_of_its_own(home)
        return tries(numbers, seed)


def shares(responses: int, inputs: int) -> dict[str, int]:
    """Return how many tries of each kind there are."""
    others = KINDS[1:]
    return {
        "responses": responses,
        **{kind: inputs // len(others) + (at < inputs % len(others)) for at, kind in enumerate(others)},
    }


def _without_a_home_of_its_own(home: str) -> None:
    """Let neither Airflow nor hypothesis leave anything behind; Airflow reads this when it is imported."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        del os.environ[name]
    os.environ["AIRFLOW_HOME"] = os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = home


def tries(numbers: dict[str, int], seed: int) -> int:
    """Make so many tries of each kind, and print what came of them; return 1 if any failed."""
    # Here, for what is imported reads the environment.
    from dev.fuzz.kinds import KINDS as TRIED  # noqa: PLC0415
    from dev.fuzz.run import run  # noqa: PLC0415

    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    reports = []
    for name, number in numbers.items():
        report = run(TRIED[name], number, seed)
        print(report, flush=True)
        for failure in report.failures:
            print(failure)
        reports.append(report)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if any(report.failed for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
