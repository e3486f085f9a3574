"""What passes between a vendor and the door: what it is asked, what it may answer, and its routes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: How long a blocking call may keep its caller, whatever the pace says.
LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Asked:
    """A request, read: header names in lower case, the body parsed where it is JSON (``raw`` is empty if none)."""

    operation: str
    method: str
    path: str
    where: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    raw: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back; a body of bytes is sent as it is, anything else as JSON.

    ``execution_id`` is set where the answer tells its caller of a run that it has started.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    execution_id: str | None = None
    media_type: str = "application/json"

    def encoded(self) -> bytes:
        """Return the body as it is sent; HTTP allows none with these two statuses."""
        if self.status in (204, 304):
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Wait:
    """An answer that is given when something has come about, as a synchronous call's is."""

    until: Callable[[], bool]
    then: Callable[[], Answer]
    execution_id: str | None = None


@dataclass(frozen=True)
class Never:
    """No answer at all, which some vendors give on their own, without any fault."""


Reply = Answer | Wait | Never


@dataclass(frozen=True)
class Route:
    """One operation of a vendor; ``looks`` marks those whose answer says a run's status.

    A call names its run in its path, as ``execution_id``, or in the query's member ``run_in_query``.
    """

    operation: str
    method: str
    path: str
    handle: Callable[[Asked], Reply]
    looks: bool = False
    run_in_query: str | None = None


def padded(value: Any, size: int) -> dict[str, Any]:
    """Return the value as an object that is ``size`` bytes long in JSON, if it is not longer already."""
    grown = {**value, "padding": ""} if isinstance(value, dict) else {"value": value, "padding": ""}
    grown["padding"] = "x" * max(size - len(json.dumps(grown)), 0)
    return grown
