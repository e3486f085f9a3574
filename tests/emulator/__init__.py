"""
The emulator, held to the vendors' pages.

The modules here test what is the same for every vendor, by the example of Refold or with a row for each vendor. The
folders test what one vendor does: their literals are written from the vendor's pages, not from the emulator.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

EXECUTE = "/workflow/sync-contacts/execute"


@dataclass(frozen=True, kw_only=True)
class Start:
    """
    How a vendor starts an execution, from its pages. ``starts.py`` in each vendor's folder has one for each row.

    :param path: the path and query of the request.
    :param workflow_id: the workflow that the path names.
    :param status: the status of the vendor's own response.
    :param headers: the headers, with places for values of the account.
    :param body: its body, as a parameter of httpx.
    """

    path: str
    workflow_id: str
    status: int
    headers: dict[str, str]
    body: dict[str, Any] = field(default_factory=lambda: {"json": {}})


def recorded(emulator) -> list[tuple]:
    """Return the status and the fault of every request."""
    return [(request["status"], request["fault"]) for request in emulator.requests()]


def ids_received(emulator) -> list[bool]:
    """Return for every run whether its client received its id."""
    return [run["id_received"] for run in emulator.runs()]


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; another thread brings it about within milliseconds."""
    give_up = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < give_up, "the condition did not come true"
