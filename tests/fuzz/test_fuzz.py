"""No unusual input leaks a secret, raises a foreign exception, takes too long, or is read wrongly."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from dev.fuzz.__main__ import INPUTS, KINDS, RESPONSES, shares
from dev.fuzz.kinds import KINDS as CASES
from dev.fuzz.run import run

#: The same in each quick check, so that it fails only for what has changed.
SEED = 20_261_124


def check(kind: str, number: int, seed: int, record_property: Callable[[str, object], None]) -> None:
    report = run(CASES[kind], number, seed)
    record_property("fuzz", str(report))

    assert report.cases == number
    assert not report.failed, "\n".join(["", str(report), *map(str, report.failures)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_unusual_inputs_are_handled(kind: str, record_property: Callable[[str, object], None]) -> None:
    check(kind, shares(500, 100)[kind], SEED, record_property)


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", KINDS)
def test_many_unusual_inputs_are_handled(kind: str, record_property: Callable[[str, object], None]) -> None:
    """20,000 responses and 2,000 other inputs, new ones each time; SEED in the environment repeats a run."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))

    check(kind, shares(RESPONSES, INPUTS)[kind], seed, record_property)
