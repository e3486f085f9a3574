"""Run the cases of one kind with hypothesis: count them, and keep the smallest case of each different failure."""

from __future__ import annotations

import contextlib
import gc
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import hypothesis
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from dev.fuzz.target import PACKAGE
from dev.fuzz.trees import short

C = TypeVar("C")
T = TypeVar("T")

#: How long one call of the package may take, in seconds of processor time, which does not depend on the machine's load.
LIMIT = 1.0
#: How long it may take in wall-clock time, in seconds, for a call that sleeps.
WALL_LIMIT = 15.0
#: How long hypothesis searches for a smaller case of a failure, in seconds.
SHRINKING = 3.0
#: How many different failures of a kind are shown; further ones are only counted.
MAX_FAILURES = 100


class TookTooLong(BaseException):
    """A call has reached its limit. It is not an ``Exception``, so that no handler of the package catches it."""


class _Found(Exception):
    """Tells hypothesis that a case fails; it is not an error of this module."""


class _Unprinted:
    """Prevents that hypothesis prints a case, which may be too deep or too long for that."""

    def __init__(self, case: Any) -> None:
        self.case = case

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001  # the signature that hypothesis calls
        printer.text("case")


class _Enough(BaseException):
    """Leaves hypothesis."""


@dataclass(frozen=True)
class Problem:
    """
    What was wrong with one case.

    :param rule: which property it breaks, in a few words.
    :param where: what else distinguishes it from other failures: a vendor, a place in the code.
    :param what: what a person needs to see of it.
    """

    rule: str
    where: str
    what: str = field(compare=False)


@dataclass(frozen=True)
class Kind(Generic[C]):
    """
    One kind of cases.

    :param name: as on the command line.
    :param cases: the cases; the ``repr`` of one says how to repeat it by hand.
    :param check: runs one, and returns what was wrong.
    """

    name: str
    cases: SearchStrategy[C]
    check: Callable[[C], Iterable[Problem]]


@dataclass(frozen=True)
class Failure:
    """
    A failure, with the smallest case that was found for it.

    :param problem: what was wrong.
    :param reproduction: how to repeat it by hand.
    """

    problem: Problem
    reproduction: str

    def __str__(self) -> str:
        """Return the lines that are printed."""
        return (
            f"  {self.problem.rule}: {self.problem.where}\n    {self.problem.what}\n    {self.reproduction}"
        )


@dataclass
class Report:
    """The result of one kind: how many cases ran, how many failed, and each different failure."""

    kind: str
    seed: int
    cases: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the line that is printed."""
        return (
            f"{self.kind}: {self.cases} cases, {self.failed} failed, {len(self.failures)} different failures "
            f"(seed {self.seed})"
        )


def limited(function: Callable[[], T]) -> T:
    """
    Call ``function``.

    :raises TookTooLong: when it has taken too long, also out of an endless loop.
    """
    began, clock = time.process_time(), time.monotonic()

    def check_limits(_signal: int, _frame: Any) -> None:
        if time.process_time() - began > LIMIT or time.monotonic() - clock > WALL_LIMIT:
            raise TookTooLong

    before = signal.signal(signal.SIGALRM, check_limits)
    signal.setitimer(signal.ITIMER_REAL, LIMIT, 0.2)
    try:
        result = function()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if time.process_time() - began > LIMIT:
        raise TookTooLong
    return result


def unexpected(error: BaseException, whose: str) -> Problem:
    """Return the problem of a call that took too long, or that raised an exception which is not the package's own."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if str(PACKAGE) in frame.filename]
    # The innermost function of the package.
    place = f"{frames[-1].filename.removeprefix(f'{PACKAGE}/')}, {frames[-1].name}" if frames else whose
    if isinstance(error, TookTooLong):
        return Problem("a call takes too long", place, "more than a second")
    return Problem(f"{type(error).__name__} is raised", place, short(str(error)))


def run(
    kind: Kind[Any],
    number: int,
    seed: int,
    *,
    counts: Callable[[Problem], bool] = lambda _problem: True,
    until_one: bool = False,
) -> Report:
    """
    Run ``number`` cases of a kind.

    When a case fails in a new way, hypothesis searches for a smaller one, and the cases of that search are not counted.
    Then the counted cases continue with the next seed.

    :param counts: whether a problem is a failure; default: each is.
    :param until_one: end with the first failure.
    """
    report = Report(kind.name, seed)
    known: set[Problem] = set()
    rounds = 0
    gc.collect()
    gc.freeze()  # so that Airflow's many objects are not scanned at each collection
    try:
        while report.cases < number:
            before = report.cases
            failure = _round(kind, report, known, number=number - before, seed=seed + rounds, counts=counts)
            rounds += 1
            if failure is not None:
                report.failures.append(failure)
                if until_one:
                    break
            elif report.cases == before:
                break  # hypothesis has no other case
    finally:
        gc.unfreeze()
    return report


def _round(
    kind: Kind[Any],
    report: Report,
    known: set[Problem],
    *,
    number: int,
    seed: int,
    counts: Callable[[Problem], bool],
) -> Failure | None:
    """Run cases until one fails in a new way, and make that one smaller."""
    found: Problem | None = None
    smallest: Any = None
    stop_at = 0.0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(kind.cases.map(_Unprinted))
    def attempt(unprinted: _Unprinted) -> None:
        case = unprinted.case
        nonlocal found, smallest, stop_at
        if found is not None and time.monotonic() > stop_at:
            raise _Enough
        problems = [problem for problem in kind.check(case) if counts(problem)]
        if found is None:
            report.cases += 1
            report.failed += bool(problems)
            new = [problem for problem in problems if problem not in known]
            if not new or len(known) >= MAX_FAILURES:
                return
            found = new[0]
            known.add(found)
            stop_at = time.monotonic() + SHRINKING
        same = next((problem for problem in problems if problem == found), None)
        if same is not None:
            found, smallest = same, case
            raise _Found(same.rule)

    # hypothesis raises an error of its own if a failure does not repeat, such as one of time. It counts all the same.
    with contextlib.suppress(_Found, _Enough, HypothesisException):
        attempt()
    return None if found is None else Failure(found, repr(smallest))
