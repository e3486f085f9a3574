"""The common shape of a vendor: what it is asked, what it may answer, and what it must bring along.

A vendor's module describes; it never reads a socket, checks a fault or writes the ledger. ``door`` does these once,
around every vendor's handlers.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from airflow_workflow_providers.emulator.ledger import Ledger
from airflow_workflow_providers.emulator.lifecycle import Clock

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


class Vendor(ABC):
    """What a vendor brings: name, routes, credentials, workflows, its manner of refusing, and a reset."""

    name: ClassVar[str]
    #: Headers that carry a secret; their values never reach the ledger.
    secret_headers: ClassVar[tuple[str, ...]]
    #: Query parameters that carry one, where a vendor takes it there.
    secret_parameters: ClassVar[tuple[str, ...]] = ()
    #: The members of an account that are secret, and that a revocation renews.
    secrets: ClassVar[tuple[str, ...]]

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.account = self.credentials()
        self.issued = {self.account[name] for name in self.secrets}
        self.routes = self.describe()
        self.reset()

    def revoke(self) -> None:
        """Renew the secrets; the old ones open nothing any more but are still kept out of the ledger."""
        fresh = self.credentials()
        self.account = {**self.account, **{name: fresh[name] for name in self.secrets}}
        self.issued |= {self.account[name] for name in self.secrets}

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Return new random credentials, each long enough to search a log for."""

    def addresses(self, base_url: str) -> dict[str, str]:
        """Return where the vendor listens, as an account names it; some have more than one address."""
        return {"base_url": base_url}

    @abstractmethod
    def connection(self, base_url: str) -> dict[str, Any]:
        """Return an Airflow connection to this vendor, as ``AIRFLOW_CONN_...`` takes it in JSON."""

    @abstractmethod
    def describe(self) -> tuple[Route, ...]:
        """Return the vendor's routes, called once."""

    @abstractmethod
    def refuse(self, asked: Asked) -> Answer | None:
        """Return the vendor's refusal of a caller that may not come in, or None."""

    @abstractmethod
    def error(self, operation: str, status: int, message: str | None = None) -> Answer:
        """Return an error as the vendor words it."""

    @abstractmethod
    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Take in one more workflow, described in the vendor's words, and say how it can be called."""

    @abstractmethod
    def configure(self, **options: Any) -> None:
        """Choose between things that the vendor does now so, now so."""

    @abstractmethod
    def reset(self) -> None:
        """Go back to the workflows and habits that are built in."""

    @abstractmethod
    def with_status(self, body: Any, word: str) -> Any:
        """Return a look's body with this status in it instead of the true one."""

    @abstractmethod
    def with_output_of(self, body: Any, size: int) -> Any:
        """Return a body whose output is this many bytes of JSON long."""


def padded(value: Any, size: int) -> dict[str, Any]:
    """Return the value as an object that is ``size`` bytes long in JSON, if it is not longer already."""
    grown = {**value, "padding": ""} if isinstance(value, dict) else {"value": value, "padding": ""}
    grown["padding"] = "x" * max(size - len(json.dumps(grown)), 0)
    return grown
