"""The table of promises in the docs says what the chaos suite expects, row by row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dev.chaos.faults import FAULTS
from dev.chaos.mutants import MUTANTS, PACKAGE, ROOT, body, edit
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

    assert len(set(can)) <= 1
    assert len(set(cannot)) <= 1
    assert {expected.stopped for expected in cannot} <= {0}
    said = [*can, *cannot][0]
    started = dict.fromkeys(each.started for each in (*can, *cannot))
    assert starts == (
        str(said.started) if len(started) == 1 else f"Refold: {said.started}, others: {cannot[0].started}"
    )
    assert stops == str(said.stopped)
    state, _, error = said.outcome.partition(": ")
    assert task.startswith(
        {"success": "succeeds", "failed": "fails" + (f" with `{error}`" if error else "")}[state]
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.guard)
def test_every_guard_can_be_switched_off(mutant) -> None:
    """The functions that are changed for that are there, each change makes a module of them, and some fault is for it."""
    for change in mutant.changes:
        compile(change.applied((ROOT / PACKAGE / change.path).read_text()), change.path, "exec")
    faults = [fault for fault in ALL if re.search(mutant.faults, fault.name)]
    surfaces = [SURFACES[name] for name in mutant.vendors.split(",")]
    assert any(
        fault.fits(surface, mode) for fault in faults for surface in surfaces for mode in surface.modes
    )


def test_a_guard_is_found_by_its_name_and_a_change_that_changes_nothing_is_refused() -> None:
    module = "class A:\n    @property\n    def f(self):\n        # why\n        return 1\n\n    def g(self): return 1\n"

    assert "return 1" in body("m:A.f", "return 2").applied(module)
    assert body("m:A.f", "return 2").applied(module).count("@property") == 1
    assert "def g(self): return 1" in edit("m:A.f", "1", "2").applied(module)
    for change, why in (
        (body("m:A.h", "return 2"), "There is no m:A.h"),
        (edit("m:A.g", "3", "2"), "0 times"),
        (body("m:A.g", "return 1"), "as it is"),
    ):
        with pytest.raises(ValueError, match=why):
            change.applied(module)
