"""What the vendors' oracles share: what may and what must be read of a response, and what an id can be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dev.fuzz.trees import Raw
from tests.vendors.documented.response import error_outcome

#: A body that is not JSON.
NOT_JSON = object()


@dataclass(frozen=True)
class Expected:
    """
    What may and what must be read.

    :param may_succeed: whether a success may be read.
    :param must: one of these outcomes must be read; ``None``: any outcome may be read, or an error raised.
    :param ids: for a start and a search, the ids that may be accepted.
    :param statuses: for a list, the id and the status of each entry that may be read.
    """

    may_succeed: bool = False
    must: frozenset[str] | None = None
    ids: tuple[str, ...] = ()
    statuses: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Response:
    """A response as the oracle sees it: ``body`` is the parsed JSON, or ``NOT_JSON``."""

    operation: str
    status: int
    headers: Mapping[str, str]
    body: Any


FREE = Expected()

_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")


def is_id(text: Any) -> bool:
    """Return whether a text is an id as vendors document them: it must be accepted."""
    return isinstance(text, str) and bool(_PLAIN_ID.fullmatch(text)) and text not in ("None", "null")


def wrong_with_id(text: Any) -> str | None:
    """Return what is wrong with an accepted id; ``None`` if nothing is."""
    if not isinstance(text, str):
        return "is not a text"
    if not text.strip() or text in (".", "..", "None"):
        return "names nothing"
    if len(text) > 200:
        return "is longer than 200 characters"
    if "/" in text:
        return "is more than one segment of a path"
    return "is not printable" if unprintable(text) else None


def unprintable(text: str) -> str | None:
    """Return the first character that no text may show: a control, format or line character, or a lone surrogate."""
    if text.isprintable():  # quick, and stricter than what follows
        return None
    return next((sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")), None)


def combined(every: Iterable[Expected]) -> Expected:
    """Return the expectation of a body that can be parsed in several ways."""
    each = list(every)
    musts = [one.must for one in each]
    must = None if None in musts else frozenset.union(*(one for one in musts if one is not None))
    return Expected(
        any(one.may_succeed for one in each),
        must,
        tuple(known for one in each for known in one.ids),
        tuple(pair for one in each for pair in one.statuses),
    )


def http_error(response: Response) -> Expected:
    """Return the expectation of a response that is not 2xx: from 400 on it is an error with every body."""
    if response.status < 400:
        return FREE
    return Expected(must=frozenset([error_outcome(response.status, response.operation)]))


def is_ok(response: Response) -> bool:
    return 200 <= response.status < 300


def only(outcome: str | None) -> frozenset[str] | None:
    return None if outcome is None else frozenset([outcome])


def looked_up(table: Mapping[str, str], word: Any) -> str | None:
    return table.get(word) if isinstance(word, str) else None


def members_of(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else {}


def started(response: Response, documented: Iterable[int], *names: str) -> Expected:
    """Return the expectation of a start, which needs only an id: the first of ``names``. No start is a success."""
    members = members_of(response.body)
    given = [members[name] for name in names if name in members]
    ids = tuple(
        str(value) for value in given if isinstance(value, (int, str)) and not isinstance(value, bool)
    )
    sure = response.status in documented and bool(given) and isinstance(given[0], str) and is_id(given[0])
    return Expected(must=frozenset(["started"]) if sure else None, ids=ids)


def list_of(response: Response, items: Any, of: type) -> Expected:
    right = isinstance(items, list) and all(isinstance(item, of) for item in items)
    return Expected(must=frozenset(["value"])) if response.status == 200 and right else FREE


def object_of(response: Response) -> Expected:
    """Return the expectation of an object of which nothing decides."""
    right = response.status == 200 and isinstance(response.body, dict)
    return Expected(must=frozenset(["value"])) if right else FREE


def statuses_of(response: Response, items: Any, id_field: str) -> Expected:
    """Return the expectation of a list of which only statuses are read: an odd entry does not hide the others."""
    entries = [members_of(item) for item in items] if isinstance(items, list) else []
    pairs = [(_text(entry.get(id_field)), _text(entry.get("status"))) for entry in entries]
    known = tuple((run, status) for run, status in pairs if run is not None and status is not None)
    return Expected(must=list_of(response, items, object).must, statuses=known)


def newest_of(response: Response, items: Any, id_field: str) -> Expected:
    """Return the expectation of a list of which ids are read: an odd entry does not hide the others."""
    entries = [members_of(item) for item in items] if isinstance(items, list) else []
    return Expected(
        must=list_of(response, items, object).must, ids=tuple(str(entry.get(id_field)) for entry in entries)
    )


def _text(value: Any) -> str | None:
    """Return a text; a number that is too long for Python may be read as one."""
    return value.text if isinstance(value, Raw) else value if isinstance(value, str) else None
