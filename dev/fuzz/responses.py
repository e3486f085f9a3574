"""Responses of every vendor: documented ones with changes, and JSON and bytes that resemble none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dev.fuzz import expected, shown, target, values, wire, words
from dev.fuzz.choices import Choices, cases
from dev.fuzz.oracles import EXECUTION_ID, oracle
from dev.fuzz.run import Kind, Problem, TookTooLong, limited, unexpected
from dev.fuzz.trees import Pairs, parsed, readings, short, write, written
from dev.vendors import DOCUMENTED_ROWS
from tests.vendors.documented import Documented, Path, documented, replaced, without

_DOCUMENTED = [response for vendor in sorted(DOCUMENTED_ROWS) for response in documented(vendor)]
_WRONG = [response for response in _DOCUMENTED if response.is_error]
_RIGHT: dict[tuple[str, str], list[Documented]] = {}
for _response in _DOCUMENTED:
    if not _response.is_error:
        # A success matters most, so it is chosen three times as often.
        _RIGHT.setdefault((_response.vendor, _response.operation), []).extend(
            [_response] * (3 if _response.succeeds else 1)
        )
# Status checks, results, starts and lists of statuses matter more than other lists and connection tests.
_SHARES = {"status": 4, "result": 4, "sync_start": 4, "start": 2, "statuses": 4}
_OFTEN = [key for key in _RIGHT for _ in range(_SHARES.get(key[1], 1))]

#: In the place of the JSON value, for a body that was not written from one.
_NO_TREE = object()


@dataclass(frozen=True)
class Case:
    """
    A response to an operation of a vendor.

    :param tree: the JSON value from which its body was written, if there is one.
    :param intact: whether the bytes of the body are unchanged.
    """

    vendor: str
    operation: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    tree: Any
    intact: bool = True

    def __repr__(self) -> str:
        """Return the case as a call."""
        return (
            f"receive({self.vendor!r}, {self.operation!r}, {self.status}, {short(dict(self.headers))}, "
            f"{written(self.content)})"
        )


_OPERATIONS = {vendor: sorted(target.requests(vendor)) for vendor in DOCUMENTED_ROWS}
_ACTIONS = ["replace"] * 5 + ["decide"] * 5 + ["add", "remove", "double", "rename", "wrap"]


def _value(pick: Choices) -> Any:
    kind = pick.below(10)
    if kind < 9:
        return pick.of(values.ODD if kind < 6 else words.WORDS)
    drawn = pick.of(["number", "text", "digits"])
    return pick.text(12) if drawn == "text" else str(pick.number()) if drawn == "digits" else pick.number()


def _from_nothing(pick: Choices, depth: int = 2) -> Any:
    """Return random JSON of names and words that some vendor uses."""
    if not depth or pick.below(10) < 4:
        return _value(pick)
    members = [(pick.of(words.NAMES), _from_nothing(pick, depth - 1)) for _ in range(pick.below(5))]
    return [value for _, value in members] if pick.percent(10) else dict(members)


def _changed(pick: Choices, response: Documented, body: Any, action: str | None = None) -> Any:
    """Return a body with one change."""
    action = action or pick.of(_ACTIONS)
    if action == "add":
        objects = [path for path in ((), *_paths(body)) if isinstance(_at(body, path), dict)]
        return replaced(body, (*pick.of(objects), pick.of(words.NAMES)), _value(pick)) if objects else body
    paths = list(_deciding(response, body) if action == "decide" else _paths(body))
    if not paths:
        return _value(pick)
    if action == "wrap":
        return pick.of([[body], {"data": body}, [body, body]])
    path = pick.of(paths)
    if action == "remove":
        return without(body, path)
    if action in ("double", "rename") and isinstance(path[-1], str):
        return _renamed(pick, body, path, twice=action == "double")
    return replaced(body, path, _nearly(pick, body, path) if action == "decide" else _value(pick))


def _nearly(pick: Choices, body: Any, path: Path) -> Any:
    """Return a value for a field that decides, similar to a documented one: to its word, to true or false, or to an id."""
    outer = _at(body, path[:-1])
    missing = isinstance(outer, dict) and path[-1] not in outer
    known = None if missing else outer[path[-1]]
    if pick.percent(20):
        return _value(pick)
    if str(path[-1]).lower().endswith("id"):
        return pick.of(words.IDS)
    if missing or isinstance(known, bool):
        return pick.of(words.NEARLY_TRUE_OR_FALSE)
    if isinstance(known, str) and pick.percent(40):
        return pick.of(words.variants(known))
    return pick.of(words.WORDS)


def _deciding(response: Documented, body: Any) -> Iterator[Path]:
    """Yield the fields that decide, also those that are missing at the top of the body."""
    yield from (path for path in _paths(body) if response.is_decided_by(path))
    if isinstance(body, dict):
        yield from (
            path for path in response.decides if len(path) == 1 and path[0] != "*" and path[0] not in body
        )


def _renamed(pick: Choices, body: Any, path: Path, *, twice: bool) -> Any:
    """Return a body in which a member has another name, or comes twice with different values."""
    outer, name = _at(body, path[:-1]), str(path[-1])
    if not twice:
        new = pick.of(words.NAMES)
        members = {(new if known == name else known): value for known, value in outer.items()}
        return replaced(body, path[:-1], members)
    others = [(known, value) for known, value in outer.items() if known != name]
    both = [(name, outer[name]), (name, _value(pick))]
    return replaced(body, path[:-1], Pairs((*others, *pick.of([both, both[::-1]]))))


def _paths(body: Any, outer: Path = ()) -> Iterator[Path]:
    # An inserted value may be deep; the documented fields are in the first four levels.
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in members:
        yield (*outer, name)
        if len(outer) < 4:
            yield from _paths(value, (*outer, name))


def _at(body: Any, path: Path) -> Any:
    for part in path:
        body = body[part]
    return body


def _others_changed(pick: Choices, response: Documented) -> Any:
    """Return a body in which only fields that decide nothing are changed, so its outcome stays the same."""
    tree = response.body
    changed: list[Path] = []
    for path in response.other_fields:
        if pick.percent(30) and not any(path[: len(outer)] == outer for outer in changed):
            changed.append(path)
            tree = replaced(tree, path, _value(pick))
    return tree


def _tree(pick: Choices, response: Documented) -> Any:
    """Return the JSON value from which the body is written."""
    how = pick.below(100)
    if how >= 92:
        return _from_nothing(pick)
    if isinstance(response.body, bytes):
        return _NO_TREE
    if how >= 60:
        return _others_changed(pick, response)
    tree = response.body
    if how >= 25:
        return _changed(pick, response, tree, action="decide")
    for _ in range(pick.of([0, 1, 1, 1, 2, 2, 3, 4])):
        tree = _changed(pick, response, tree)
    return tree


def case(pick: Choices) -> Case:
    """Choose a response."""
    response = pick.of(_WRONG) if pick.percent(15) else pick.of(_RIGHT[pick.of(_OFTEN)])
    status = pick.of(wire.STATUSES) if pick.percent(7) else response.status
    headers = {**response.headers, **pick.of(wire.HEADERS)} if pick.percent(20) else response.headers
    operation = pick.of(_OPERATIONS[response.vendor]) if pick.percent(3) else response.operation
    spoil = pick.of(wire.SPOILING) if pick.percent(7) else None
    place = pick.below(1_000)
    as_utf8 = pick.percent(10)
    no_json = pick.percent(5)
    if no_json:
        tree, content = _NO_TREE, pick.some_bytes(40) if pick.percent(30) else pick.of(wire.BODIES)
    else:
        tree = _tree(pick, response)
        content = response.content
        if tree is not _NO_TREE:
            content = write(tree, ascii_only=not as_utf8).encode("utf-8", "surrogatepass")
            if as_utf8 and b"\xed" in content:
                tree = _NO_TREE  # a lone surrogate as bytes is not UTF-8
    if spoil is not None:
        tree, content = _NO_TREE, spoil(content, place)
    return Case(response.vendor, operation, status, headers, content, tree, intact=spoil is None)


def check(tried: Case) -> Iterator[Problem]:
    """Read the response, and yield what was wrong."""
    whose = f"{tried.vendor} {tried.operation}"
    try:
        reading = limited(
            lambda: target.receive(tried.vendor, tried.operation, tried.status, tried.headers, tried.content)
        )
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # any exception is a result here
        yield unexpected(error, whose)
        return
    texts = reading.texts
    yield from wrong_with_reading(reading, texts, expectation(tried), whose)
    yield from shown.wrong_with_texts(texts, tried.vendor)
    # Nobody can see that an address was signed if a byte of it is changed.
    secrets = values.planted(tried.vendor, tried.operation, addresses=tried.intact)
    yield from shown.leaks({**texts, **reading.causes}, secrets, tried.vendor)


def expectation(tried: Case) -> expected.Expected:
    """Return what may and what must be read. Of a body that was not written from JSON, only an HTTP error must be read."""
    read = oracle(tried.vendor).expected
    if tried.tree is _NO_TREE:
        body = _parsed(tried.content)
        right = read(expected.Response(tried.operation, tried.status, tried.headers, body))
        # An HTTP error is an error with every body, and a call without an execution id has every body as its output.
        is_output = tried.operation == "start" and not DOCUMENTED_ROWS[tried.vendor].get_status
        sure = body is expected.NOT_JSON or is_output
        return right if sure else replace(right, must=None)
    return expected.combined(
        read(expected.Response(tried.operation, tried.status, tried.headers, body))
        for body in readings(tried.tree)
    )


def _parsed(content: bytes) -> Any:
    # A byte that is not UTF-8 may be in a field that nothing depends on.
    text = content.decode(json.detect_encoding(content), "replace").removeprefix("\ufeff")
    return parsed(text, expected.NOT_JSON)


def wrong_with_reading(
    reading: target.Reading, texts: Mapping[str, str], right: expected.Expected, whose: str
) -> Iterator[Problem]:
    """Yield the differences between a reading and what may and must be read."""
    if reading.outcome == "succeeded" and not right.may_succeed:
        yield Problem("a response that is no success is read as one", whose, short(texts))
    elif right.must is not None and not _is_one_of(right.must, reading):
        must = " or ".join(sorted(right.must))
        if reading.error is None:
            yield Problem(f"{must} is read as {reading.outcome}", whose, short(texts))
        else:
            yield Problem(
                "a documented outcome is rejected", f"{whose}, {reading.outcome}", f"{must}: {short(texts)}"
            )
    for known in reading.ids:
        of_a_run = reading.operation in ("status", "status_with_details", "result", "output")
        allowed = right.ids or ((EXECUTION_ID,) if of_a_run else ())
        if wrong := expected.wrong_with_id(known):
            yield Problem("an invalid id is accepted", f"{whose}: it {wrong}", short(known))
        elif known not in allowed:
            yield Problem("an id is changed", whose, f"{short(known)}, of {short(allowed)}")
    for pair in sorted(set(reading.statuses) - set(right.statuses))[:1]:
        yield Problem(
            "a status that the list does not have is read",
            whose,
            f"{short(pair)}, of {short(right.statuses)}",
        )
    wait = reading.retry_after
    if wait is not None and not (isinstance(wait, (int, float)) and wait >= 0):
        yield Problem("retry_after is not a time", whose, repr(wait))


def _is_one_of(must: frozenset[str], reading: target.Reading) -> bool:
    return reading.outcome in must or ("started" in must and bool(reading.ids) and not reading.is_terminal)


KIND = Kind("responses", cases(case, 160), check)
