"""The table in docs/failure-modes.md agrees with the faults and the expectations of the chaos suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.chaos.faults import FAULTS
from dev.chaos.shared_faults import SHARED_FAULTS
from dev.vendors import CASES

PAGE = Path(__file__).parent.parent / "docs" / "failure-modes.md"
ALL = [*FAULTS, *SHARED_FAULTS]


def rows() -> dict[str, list[str]]:
    table = PAGE.read_text().partition("\n| fault | ")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: rest for name, *rest in cells}


def test_the_table_has_every_fault_in_their_order_and_nothing_else() -> None:
    assert list(rows()) == [fault.name for fault in ALL]


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_row_has_what_the_suite_expects(fault) -> None:
    """A row holds for all vendors. If vendors that cannot stop an execution differ, the row says so."""
    met = [(s, m) for s in CASES.values() for m in s.modes if fault.fits(s, m)]
    can, cannot = ([fault.expects(s, m) for s, m in met if bool(s.stop) is stops] for stops in (True, False))

    task, starts, stops = rows()[fault.name]

    assert len(set(can)) <= 1
    assert len(set(cannot)) <= 1
    assert {each.stopped for each in cannot} <= {0}
    expected = [*can, *cannot][0]
    started = dict.fromkeys(each.started for each in (*can, *cannot))
    assert starts == (
        str(expected.started)
        if len(started) == 1
        else f"{expected.started}; without a stop: {cannot[0].started}"
    )
    assert stops == str(expected.stopped)
    state, _, error = expected.outcome.partition(": ")
    assert task.startswith(
        {"success": "succeeds", "failed": "fails" + (f" with `{error}`" if error else "")}[state]
    )
