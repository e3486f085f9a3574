"""Each mutant of the chaos suite applies to the package as it is now, and the suite has a fault that can notice it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dev.chaos.faults import FAULTS
from dev.chaos.mutants import MUTANTS, PACKAGE, ROOT, Change
from dev.chaos.shared_faults import SHARED_FAULTS
from dev.vendors import CASES

MODULE = '''
import functools

class A:
    """A class."""

    value = 1

    @property
    def twice(self):
        """Return it twice."""
        return 2 * self.value  # why

    async def later(self, *, more=0): return self.value + more

class B(A):
    @functools.cache
    def sum(self, other):
        return super().value + other
'''


def changed(function: str, body: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(Change(f"m:{function}", body).apply(MODULE), names)  # noqa: S102  # the module above
    return names


def test_every_mutant_changes_functions_that_exist_and_uses_names_that_exist(tmp_path: Path) -> None:
    for number, mutant in enumerate(MUTANTS):
        for change in mutant.changes:
            module = tmp_path / str(number) / change.path
            module.parent.mkdir(parents=True)
            module.write_text((ROOT / PACKAGE / change.path).read_text())
        mutant.switch_off(tmp_path / str(number))

    undefined = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert undefined.returncode == 0, undefined.stdout + undefined.stderr


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.check)
def test_a_fault_can_notice_the_mutant(mutant) -> None:
    """One of its vendors can meet one of its faults."""
    faults = [fault for fault in (*FAULTS, *SHARED_FAULTS) if re.search(mutant.faults, fault.name)]
    vendors = [CASES[name] for name in mutant.vendors.split(",")]

    assert any(fault.fits(vendor, mode) for fault in faults for vendor in vendors for mode in vendor.modes)


def test_a_function_gets_a_new_body_and_keeps_its_decorators() -> None:
    names = changed("A.twice", "return 7")

    assert names["A"]().twice == 7
    assert names["B"]().sum(1) == 2


def test_a_new_body_can_call_the_function_as_it_was() -> None:
    assert changed("A.twice", "return original(self) + 1")["A"]().twice == 3
    assert changed("B.sum", "return original(self, 10 * other)")["B"]().sum(1) == 11
    later = changed("A.later", "return await original(self, more=5) * more")["A"]().later
    assert asyncio.run(later(more=2)) == 12


@pytest.mark.parametrize(
    ("function", "body", "why"),
    [
        ("A.thrice", "return 7", "There is no m:A.thrice"),
        ("A.twice", "return 2 * self.value", "leaves m:A.twice as it is"),
        ("A", "return 7", "m:A is not a function"),
    ],
)
def test_a_change_that_changes_nothing_is_an_error(function: str, body: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Change(f"m:{function}", body).apply(MODULE)
