"""Run a measurement: ``python -m dev.bench`` and its name."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from dev.bench import page, result, text, waits
from dev.environment import ROOT


def main() -> None:
    """Run the measurement that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("text", help="the redaction of a vendor's text, for the texts that cost most")
    storing = kinds.add_parser("result", help="a large document, from its address to object storage")
    storing.add_argument("--megabytes", type=int, default=1024, help="its size")
    waiting = kinds.add_parser("waits", help="many waits, beside those of released peers")
    waiting.add_argument("--short", action="store_true", help="three contestants once: does it still run?")
    waiting.add_argument("--only", help="contestants, separated by commas")
    waiting.add_argument("--sizes", help="how many waits, separated by commas; a real triggerer has 200")
    waiting.add_argument("--passes", type=int, help="how often each contestant is measured")
    waiting.add_argument("--seconds", type=float, help="how long each window is")
    waiting.add_argument(
        "--output", type=Path, default=ROOT / "build" / "bench.json", help="the file of the rows"
    )
    kinds.add_parser("page", help="write build/bench.json and its picture into the documentation")
    given = parser.parse_args()
    if given.kind == "text":
        text.run()
    elif given.kind == "result":
        result.run(given.megabytes)
    elif given.kind == "page":
        page.write(ROOT / "build" / "bench.json")
    else:
        waits.run(_scope(given), given.output)


def _scope(given: argparse.Namespace) -> waits.Scope:
    """Return what the options leave of the benchmark."""
    chosen = {
        "names": frozenset(given.only.split(",")) if given.only else None,
        "sizes": tuple(map(int, given.sizes.split(","))) if given.sizes else None,
        "passes": given.passes,
        "seconds": given.seconds,
    }
    whole = waits.SHORT if given.short else waits.Scope()
    scope = replace(whole, **{name: value for name, value in chosen.items() if value is not None})
    if unknown := scope.names - waits.Scope.names:
        raise SystemExit(
            f"There is no contestant {', '.join(sorted(unknown))}; there are {', '.join(sorted(waits.Scope.names))}."
        )
    return scope


if __name__ == "__main__":
    main()
