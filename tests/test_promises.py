"""The table of promises in the docs says what the chaos suite expects, row by row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dev.chaos.faults import FAULTS
from dev.chaos.mutants import MUTANTS, PACKAGE, ROOT
from dev.chaos.surfaces import SURFACES
from dev.chaos.together import TOGETHER

PAGE = Path(__file__).parent.parent / "docs" / "what-happens-when.md"
ALL = [*FAULTS, *TOGETHER]


def rows() -> dict[str, list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {name: rest for name, *rest in cells}


def test_every_fault_is_in_the_table_and_nothing_else() -> None:
    assert list(rows()) == [fault.name for fault in ALL]


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_row_says_what_the_suite_expects(fault) -> None:
    """Of Refold, which can stop a run, and of the others where they differ."""
    met = [(s, m) for s in SURFACES.values() for m in s.modes if fault.fits(s, m)]
    can, cannot = ([fault.expects(s, m) for s, m in met if bool(s.stop) is stops] for stops in (True, False))

    task, starts, stops = rows()[fault.name]

    assert len(set(can)) == 1
    assert len(set(cannot)) <= 1
    assert {expected.stopped for expected in cannot} <= {0}
    started = dict.fromkeys([can[0].started, *(each.started for each in cannot)])
    assert starts == (
        str(can[0].started) if len(started) == 1 else f"Refold: {can[0].started}, others: {cannot[0].started}"
    )
    assert stops == str(can[0].stopped)
    state, _, error = can[0].outcome.partition(": ")
    assert task.startswith(
        {"success": "succeeds", "failed": "fails" + (f" with `{error}`" if error else "")}[state]
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.guard)
def test_every_guard_can_be_switched_off(mutant) -> None:
    """Its text stands once in its module, and some fault is for it."""
    assert (ROOT / PACKAGE / mutant.module).read_text().count(mutant.line) == 1
    assert any(re.search(mutant.faults, fault.name) for fault in ALL)
