"""Parameters that a DAG's author gets wrong: every parameter of ours, with values of every type."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from dev.fuzz import shown, target
from dev.fuzz.choices import Choices, cases
from dev.fuzz.responses import place_of
from dev.fuzz.run import Kind, Problem, TookTooLong, limited
from dev.fuzz.starters import STARTERS, Starter, fingerprint_of
from dev.fuzz.trees import short
from dev.fuzz.values import SIGNED


class _Colour(enum.Enum):
    RED = "red"


class _Text(str):
    __slots__ = ()


class _Word(str, enum.Enum):
    FAIL = "fail"


def _deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _itself_by_name() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["me"] = value
    return value


_SIMPLE: list[Any] = [
    None, True, False, 0, 1, -1, 2, 1.5, "", "x", " ", [], {}, (), "0", "1", "True", "False", "yes", "None", [1], {"a": 1},
]  # fmt: skip
_NUMBERS: list[Any] = [
    math.nan, math.inf, -math.inf, -0.0, 1e10, 1e308, 2**31, 2**63, 10**400, 10**5_000, 1 + 2j,
    decimal.Decimal("0.1"), decimal.Decimal("NaN"),
]  # fmt: skip
_TEXTS: list[Any] = [
    ".", "..", "a/b", "../../x", "a//b", "/", "?x=1", "#f", "%2e%2e", "%", "a b", " x ", "x\n", "\r\nX-Evil: 1", "\x00",
    "\x1b[1m", "ä", "😀", "\ud800", "x\udfff", "\u200b", "x" * 300, "x" * 100_000, "{{ ds }}", "{% if x %}", "{{", "\\",
    "http://", "https://", "https://x", "http://[", "https://\ud800", "ftp://x", "https://user:pw@x/", "http://\n", "\u0661\u0662", "²",
    "cancel", "fail", "restart", "GET", "get", SIGNED, target.CALLBACK, f"ftp{target.CALLBACK}", _Text("x"), _Word.FAIL,
]  # fmt: skip
_THINGS: list[Any] = [
    b"", b"x", bytearray(b"x"), object(), object, len, ..., set(), {1}, frozenset(), range(3), iter([1]), memoryview(b"x"),
    dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), dt.date(2026, 1, 1), dt.timedelta(0),
    dt.timedelta(seconds=5), dt.timedelta(-1), dt.timedelta.max, dt.timedelta.min, uuid.UUID(int=0),
    PurePosixPath("x"), _Colour.RED, ValueError("x"), re.compile("x"),
]  # fmt: skip
_INSIDE: list[Any] = [
    *_NUMBERS, *_THINGS, "\ud800", "x" * 100_000, None, "{{ ds }}", SIGNED, _deep(200), _deep(2_000), _itself(), _itself_by_name(),
]  # fmt: skip
_KEYS: list[Any] = [
    "a",
    "",
    "async",
    "minicor",
    "minicor.teach",
    "type",
    "\ud800",
    "\x00",
    1,
    None,
    True,
    1.5,
    (1,),
    b"a",
    math.nan,
]


def _value(pick: Choices) -> Any:
    """Return a value of any type, alone or inside a dict or list."""
    kind = pick.below(10)
    if kind < 3:
        return pick.of(_SIMPLE)
    if kind < 6:
        return pick.of([*_TEXTS, *_NUMBERS, *_THINGS])
    if kind < 7:
        return pick.of([_deep(200), _deep(2_000), _itself(), _itself_by_name()])
    inside = pick.of(_INSIDE if pick.percent(70) else _SIMPLE)
    if kind < 8:
        return [inside] * (1 + pick.below(2))
    return {pick.of(_KEYS): inside} if kind < 9 else {"a": [{pick.of(_KEYS): inside}]}


#: What names no workflow, whatever the vendor.
_NAMES_NOTHING = ("", " ", ".", "..", "None")


@dataclass(frozen=True)
class Case:
    """What is given to a starter besides what is right."""

    starter: Starter
    given: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return the case as a call."""
        every = {**self.starter.right, **self.given}
        return f"{self.starter.name}({', '.join(f'{name}={_shown(value)}' for name, value in every.items())})"


def _shown(value: Any) -> str:
    try:
        return short(value)
    except (RecursionError, ValueError):
        return f"<{type(value).__name__} that has no repr>"


def case(pick: Choices) -> Case:
    """Choose a starter, and values for one of its parameters or two."""
    starter = pick.of(STARTERS)
    names = list(starter.parameters)
    return Case(starter, {pick.of(names): _value(pick) for _ in range(pick.of([1, 1, 2]))})


def check(tried: Case) -> Iterator[Problem]:
    """Make the object, describe and build its request, and yield what was wrong with that."""
    starter = tried.starter
    try:
        made = limited(lambda: starter.make(**{**starter.right, **tried.given}))
        call = limited(lambda: starter.describe(made))
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # any at all is what is looked for
        yield from _wrong_with_error(tried, error, "given")
        return
    for name, value in tried.given.items():
        if _must_be_refused(starter, name, value):
            yield Problem("a wrong parameter is believed", name, repr(tried))
    if call is None:
        return
    try:
        if call.starts_run:
            limited(lambda: fingerprint_of(call))
        sent = limited(
            lambda: target.send(
                target.open_endpoint(starter.vendor, **target.good_connection(starter.vendor)), call
            )
        )
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # as above
        yield from _wrong_with_error(tried, error, "sent")
        return
    for name, value in sent.headers.items():
        if not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", value):
            yield Problem("a header that cannot be sent is believed", f"{starter.name}, {name}", short(value))


def _wrong_with_error(tried: Case, error: BaseException, when: str) -> Iterator[Problem]:
    if not isinstance(error, target.WorkflowError):
        where = place_of(error, tried.starter.name)
        yield Problem(f"{type(error).__name__} is raised", f"{when}: {where}", short(str(error)))
        return
    # Nobody can know of a secret that was given where none belongs.
    if list(tried.given) == ["callback_url"]:
        texts = {"error": str(error), "repr of the error": repr(error)}
        yield from shown.leaks(texts, {"callback address": target.CALLBACK_TOKEN}, tried.starter.name)


def _must_be_refused(starter: Starter, name: str, value: Any) -> bool:
    """Say whether a value is so wrong that it must not come as far as a request."""
    if starter.parameters[name] == "bool":
        return value is not None and not isinstance(value, (bool, int))
    if name == starter.identifies:
        nothing = isinstance(value, str) and value.strip() in _NAMES_NOTHING
        return nothing or value is None or isinstance(value, (bool, list, dict, set, bytes))
    return False


KIND = Kind("parameters", cases(case, 24), check)
