"""Make tries of one kind with hypothesis: count them, and keep the smallest case of each different failure."""

from __future__ import annotations

import contextlib
import gc
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import hypothesis
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

C = TypeVar("C")
T = TypeVar("T")

#: How long one call of the package may take, in seconds of processor time, which does not depend on the machine's load.
LIMIT = 1.0
#: How long it may take by the clock, in seconds, for a call that sleeps.
MAX_UNEXPECTED_RESPONSES = 15.0
#: How long hypothesis looks for a smaller case of a failure, in seconds.
SHRINKING = 3.0
#: How many different failures of a kind are shown; after that they are only counted.
ENOUGH = 100


class TookTooLong(BaseException):
    """A call has taken longer than the limit. It is no ``Exception``, so that no handler of the package catches it."""


class _Found(Exception):  # it is no error of this module
    """Tells hypothesis that a case fails."""


class _Unseen:
    """Keeps hypothesis from printing a case, which may be too deep or too long for that."""

    def __init__(self, case: Any) -> None:
        self.case = case

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001  # what hypothesis looks for
        printer.text("case")


class _Enough(BaseException):
    """Leaves hypothesis."""


@dataclass(frozen=True)
class Problem:
    """
    What was wrong with one try.

    :param rule: which property it breaks, in a few words.
    :param where: what else tells it from other failures: a vendor, a place in the code.
    :param what: what a person needs to see of it.
    """

    rule: str
    where: str
    what: str = field(compare=False)


@dataclass(frozen=True)
class Kind(Generic[C]):
    """
    One kind of tries.

    :param name: as on the command line.
    :param cases: what is tried; the ``repr`` of one says how to try it again by hand.
    :param check: tries one, and returns what was wrong.
    """

    name: str
    cases: SearchStrategy[C]
    check: Callable[[C], Iterable[Problem]]


@dataclass(frozen=True)
class Failure:
    """
    A failure, with the smallest case that was found for it.

    :param problem: what was wrong.
    :param reproduction: how to try it again by hand.
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
    """The result of the tries of one kind: how many there were, how many failed, and each different failure."""

    kind: str
    seed: int
    tries: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the line that is printed."""
        return (
            f"{self.kind}: {self.tries} tries, {self.failed} failed, {len(self.failures)} different failures "
            f"(seed {self.seed})"
        )


def limited(function: Callable[[], T]) -> T:
    """
    Call ``function``.

    :raises TookTooLong: once it has taken too long, also out of an endless loop.
    """
    began, clock = time.process_time(), time.monotonic()

    def look(_signal: int, _frame: Any) -> None:
        if time.process_time() - began > LIMIT or time.monotonic() - clock > MAX_UNEXPECTED_RESPONSES:
            raise TookTooLong

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, LIMIT, 0.2)
    try:
        result = function()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if time.process_time() - began > LIMIT:
        raise TookTooLong
    return result


def run(
    kind: Kind[Any],
    number: int,
    seed: int,
    *,
    counts: Callable[[Problem], bool] = lambda _problem: True,
    until_one: bool = False,
) -> Report:
    """
    Make ``number`` tries of a kind.

    When a try fails in a new way, hypothesis looks for a smaller case, and those tries are not counted. Then the counted
    tries go on with the next seed.

    :param counts: whether a problem is a failure; default: each is.
    :param until_one: the tries end with the first failure.
    """
    report = Report(kind.name, seed)
    known: set[Problem] = set()
    rounds = 0
    gc.collect()
    gc.freeze()  # so that Airflow's many objects are not scanned at each collection
    try:
        while report.tries < number:
            before = report.tries
            failure = _round(kind, report, known, number=number - before, seed=seed + rounds, counts=counts)
            rounds += 1
            if failure is not None:
                report.failures.append(failure)
                if until_one:
                    break
            elif report.tries == before:
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
    """Make tries until one fails in a new way, and make that one smaller."""
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
    @hypothesis.given(kind.cases.map(_Unseen))
    def attempt(unseen: _Unseen) -> None:
        case = unseen.case
        nonlocal found, smallest, stop_at
        if found is not None and time.monotonic() > stop_at:
            raise _Enough
        problems = [problem for problem in kind.check(case) if counts(problem)]
        if found is None:
            report.tries += 1
            report.failed += bool(problems)
            new = [problem for problem in problems if problem not in known]
            if not new or len(known) >= ENOUGH:
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
