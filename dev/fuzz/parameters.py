"""Wrong parameters of a DAG's author: every parameter of this package, with values of every type."""

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
from dev.fuzz.entry_points import ENTRY_POINTS, EntryPoint, fingerprint_of
from dev.fuzz.oracles import CALLBACK, CALLBACK_TOKEN
from dev.fuzz.run import Kind, Problem, TookTooLong, limited, unexpected
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
    *(None, True, False, 0, 1, -1, 2, 1.5, "", "x", " ", [], {}, (), "0", "1", "True", "False", "yes"),
    *("None", [1], {"a": 1}),
]
_NUMBERS: list[Any] = [
    *(math.nan, math.inf, -math.inf, -0.0, 1e10, 1e308, 2**31, 2**63, 10**400, 10**5_000, 1 + 2j),
    *(decimal.Decimal("0.1"), decimal.Decimal("NaN")),
]
_TEXTS: list[Any] = [
    *(".", "..", "a/b", "../../x", "a//b", "/", "?x=1", "#f", "%2e%2e", "%", "a b", " x ", "x\n"),
    *("\r\nX-Evil: 1", "\x00", "\x1b[1m", "ä", "😀", "\ud800", "x\udfff", "\u200b", "x" * 300, "x" * 100_000),
    *("\u0661\u0662", "²", "\\", "{{ ds }}", "{% if x %}", "{{", "http://", "https://", "https://x"),
    *("http://[", "https://\ud800", "ftp://x", "https://user:pw@x/", "http://\n", "cancel", "fail"),
    *("resubmit", "GET", "get", SIGNED, CALLBACK, f"ftp{CALLBACK}", _Text("x"), _Word.FAIL),
]
_THINGS: list[Any] = [
    *(b"", b"x", bytearray(b"x"), object(), object, len, ..., set(), {1}, frozenset(), range(3), iter([1])),
    *(memoryview(b"x"), dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), dt.date(2026, 1, 1)),
    *(dt.timedelta(0), dt.timedelta(seconds=5), dt.timedelta(-1), dt.timedelta.max, dt.timedelta.min),
    *(uuid.UUID(int=0), PurePosixPath("x"), _Colour.RED, ValueError("x"), re.compile("x")),
]
_NESTED: list[Any] = [_deep(200), _deep(2_000), _itself(), _itself_by_name()]
_INSIDE: list[Any] = [
    *(*_NUMBERS, *_THINGS, "\ud800", "x" * 100_000, None, "{{ ds }}", SIGNED, *_NESTED),
]
_KEYS: list[Any] = [
    *("a", "", "async", "minicor", "minicor.teach", "type", "\ud800", "\x00", 1, None, True, 1.5, (1,), b"a"),
    math.nan,
]


def value_of_any_type(pick: Choices) -> Any:
    """Return a value of any type, alone or inside a dict or list."""
    kind = pick.below(10)
    if kind < 3:
        return pick.of(_SIMPLE)
    if kind < 6:
        return pick.of([*_TEXTS, *_NUMBERS, *_THINGS])
    if kind < 7:
        return pick.of(_NESTED)
    inside = pick.of(_INSIDE if pick.percent(70) else _SIMPLE)
    if kind < 8:
        return [inside] * (1 + pick.below(2))
    return {pick.of(_KEYS): inside} if kind < 9 else {"a": [{pick.of(_KEYS): inside}]}


#: Texts that name no workflow of any vendor.
_NAMES_NOTHING = ("", " ", ".", "..", "None")


@dataclass(frozen=True)
class Case:
    """The wrong values that an entry point is given, besides the right ones."""

    entry_point: EntryPoint
    given: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return the case as a call."""
        every = {**self.entry_point.right, **self.given}
        return f"{self.entry_point.name}({', '.join(f'{name}={_shown(value)}' for name, value in every.items())})"


def _shown(value: Any) -> str:
    try:
        return short(value)
    except (RecursionError, ValueError):
        return f"<{type(value).__name__} without a repr>"


def case(pick: Choices) -> Case:
    """Choose an entry point, and values for one or two of its parameters."""
    entry_point = pick.of(ENTRY_POINTS)
    names = list(entry_point.parameters)
    return Case(entry_point, {pick.of(names): value_of_any_type(pick) for _ in range(pick.of([1, 1, 2]))})


def check(tried: Case) -> Iterator[Problem]:
    """Make the object, build its request, and yield what was wrong."""
    entry_point = tried.entry_point
    try:
        made = limited(lambda: entry_point.make(**{**entry_point.right, **tried.given}))
        request = limited(lambda: entry_point.build(made))
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # any exception is a result here
        yield from _wrong_with_error(tried, error)
        return
    for name, value in tried.given.items():
        if _must_be_rejected(entry_point, name, value):
            yield Problem("a wrong parameter is accepted", name, repr(tried))
    if request is None:
        return
    try:
        if request.starts_run:
            limited(lambda: fingerprint_of(request))
        vendor = entry_point.vendor
        endpoint = target.open_endpoint(vendor, **target.good_connection(vendor))
        headers = limited(lambda: target.headers_of(endpoint, request))
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # as above
        yield from _wrong_with_error(tried, error)
        return
    yield from shown.wrong_with_headers(headers, entry_point.name)


def _wrong_with_error(tried: Case, error: BaseException) -> Iterator[Problem]:
    if not isinstance(error, target.WorkflowError):
        yield unexpected(error, tried.entry_point.name)
        return
    # A secret in any other parameter is not known to be one.
    if list(tried.given) == ["callback_url"]:
        texts = {"error": str(error), "repr of the error": repr(error)}
        secrets = {"callback address": CALLBACK_TOKEN}
        yield from shown.leaks(texts, secrets, tried.entry_point.name)


def _must_be_rejected(entry_point: EntryPoint, name: str, value: Any) -> bool:
    """Return whether a value is so wrong that no request may be built with it."""
    if entry_point.parameters[name] in (bool, "bool"):
        return value is not None and not isinstance(value, (bool, int))
    if name == entry_point.identifies:
        nothing = isinstance(value, str) and value.strip() in _NAMES_NOTHING
        return nothing or value is None or isinstance(value, (bool, list, dict, set, bytes))
    return False


KIND = Kind("parameters", cases(case, 24), check)
