"""Nothing that comes from outside leaks, raises what is not ours, hangs, or is believed or refused wrongly."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from dev.fuzz.__main__ import INPUTS, KINDS, RESPONSES, shares
from dev.fuzz.kinds import KINDS as TRIED
from dev.fuzz.run import run

#: The same in every quick check, so that it fails for what has changed and for nothing else.
SEED = 20_261_124


def hold(kind: str, number: int, seed: int, record_property: Callable[[str, object], None]) -> None:
    report = run(TRIED[kind], number, seed)
    record_property("fuzz", str(report))

    assert report.tries == number
    assert not report.failed, "\n".join(["", str(report), *map(str, report.failures)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_odd_inputs_do_no_harm(kind: str, record_property: Callable[[str, object], None]) -> None:
    hold(kind, shares(500, 100)[kind], SEED, record_property)


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", KINDS)
def test_no_odd_input_does_any_harm(kind: str, record_property: Callable[[str, object], None]) -> None:
    """20,000 responses and 2,000 inputs, others each time; SEED in the environment repeats a run."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))

    hold(kind, shares(RESPONSES, INPUTS)[kind], seed, record_property)
