"""A documented response as a value, and what a test needs to change one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: Where a field is in a JSON body: names and positions from the outside in. In a pattern, ``"*"`` is any of them.
Path = tuple[str | int, ...]

#: What a correct reading gives: the state of an execution, another value, or the kind of error.
#: ``started``: an execution that has an id and has not ended, whatever status the response has.
Outcome = Literal[
    "started",
    "queued",
    "running",
    "paused",
    "stopping",
    "succeeded",
    "partial",
    "failed",
    "stopped",
    "value",
    "auth_failed",
    "not_found",
    "rejected",
    "rate_limited",
    "unavailable",
    "unexpected",
    "lost_start",
]

#: The operations that must not be sent twice: they start an execution, or create something.
STARTS: frozenset[str] = frozenset(["start", "sync_start", "rerun", "resume", "execute_sync", "create"])

ERRORS: frozenset[str] = frozenset(
    ["auth_failed", "not_found", "rejected", "rate_limited", "unavailable", "unexpected", "lost_start"]
)

JSON: Mapping[str, str] = {"content-type": "application/json"}


@dataclass(frozen=True)
class Documented:
    """
    One response that a vendor documents, or that its own client reads, for an operation that this package calls.

    :param vendor: the name of a row of ``DOCUMENTED_ROWS`` in ``dev/vendors.py``.
    :param operation: ``start``, ``sync_start``, ``status``, ``result``, ``output`` (a result that is elsewhere), ``run``,
        ``list``, ``find_started``, ``statuses`` (of many executions, from a list), ``newest`` (the newest one in a list),
        ``begun`` (the runs of a list), ``stop``, ``ping`` (what the connection test
        sends), or one that only this vendor has, as ``facts/`` names it; ``create`` must not be sent twice.
    :param name: what it is; unique in its operation.
    :param page: where it is documented.
    :param outcome: what a correct reading gives.
    :param body: a JSON value; ``bytes`` are sent as they are.
    :param status: the HTTP status.
    :param headers: names in lower case.
    :param decides: patterns of the fields on which the outcome depends; it must not depend on any other field.
    :param execution_id: of the response to a start, the id that it gives.
    """

    vendor: str
    operation: str
    name: str
    page: str
    outcome: Outcome
    body: Any = field(repr=False)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: JSON, repr=False)
    decides: tuple[Path, ...] = field(default=(), repr=False)
    execution_id: str | None = None

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    @property
    def is_error(self) -> bool:
        """Whether a correct reading raises an error."""
        return self.outcome in ERRORS

    @property
    def succeeds(self) -> bool:
        """Whether the execution has succeeded."""
        return self.outcome == "succeeded"

    @property
    def fields(self) -> list[Path]:
        """Every field of the body; none if it is not JSON."""
        return [] if isinstance(self.body, bytes) else list(paths(self.body))

    @property
    def other_fields(self) -> list[Path]:
        """The fields that must not decide the outcome."""
        return [path for path in self.fields if not self.is_decided_by(path)]

    def is_decided_by(self, path: Path) -> bool:
        """Return whether the outcome depends on the field at ``path``, or on one inside it; the body need not have it."""
        return any(
            len(path) <= len(pattern)
            and all(known in ("*", part) for known, part in zip(pattern, path, strict=False))
            for pattern in self.decides
        )

    def __str__(self) -> str:
        """Name it in a test's id."""
        return f"{self.vendor} {self.operation}: {self.name}"


def paths(body: Any, *, outer: Path = ()) -> Iterable[Path]:
    """Yield the path of each field and item of a JSON value, outer ones first."""
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in members:
        yield (*outer, name)
        yield from paths(value, outer=(*outer, name))


def replaced(body: Any, path: Path, value: Any) -> Any:
    """Return a copy of ``body`` with ``value`` at ``path``; a missing field is added."""
    if not path:
        return value
    # Only the objects on the path are copied: bodies share parts.
    changed = body.copy()
    changed[path[0]] = value if len(path) == 1 else replaced(body[path[0]], path[1:], value)
    return changed


def without(body: Any, path: Path) -> Any:
    """Return a copy of ``body`` without the field or item at ``path``."""
    changed = body.copy()
    if len(path) == 1:
        del changed[path[0]]
    else:
        changed[path[0]] = without(body[path[0]], path[1:])
    return changed


def errors(
    vendor: str,
    operations: Iterable[str],
    rows: Iterable[Mapping[str, Any]],
    decides: Mapping[str, tuple[Path, ...]] | None = None,
) -> list[Documented]:
    """
    Return each error for each operation of an API: the HTTP status alone decides which error it is.

    :param decides: by operation, the fields with which it is not this error.
    """
    return [
        Documented(
            vendor,
            operation,
            outcome=error_outcome(row["status"], operation),
            decides=(decides or {}).get(operation, ()),
            **row,
        )
        for operation in operations
        for row in rows
    ]


def error_outcome(status: int, operation: str) -> Outcome:
    """
    Return the outcome of an HTTP status of 400 or above.

    After 408 and 5xx a run may exist, so a start is lost, and so is what creates something. After 501 it is only if a run may
    have chosen the status.
    """
    known: dict[int, Outcome] = {
        401: "auth_failed",
        403: "auth_failed",
        404: "not_found",
        429: "rate_limited",
        501: "lost_start" if operation == "execute_sync" else "rejected",
    }
    if status not in known and (status == 408 or status >= 500):
        return "lost_start" if operation in STARTS else "unavailable"
    return known.get(status, "rejected")
