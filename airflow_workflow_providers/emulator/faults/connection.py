"""Faults of the connection: the response is lost, late, or never comes."""

import threading
import time
from dataclasses import dataclass, field

from typing_extensions import override

from airflow_workflow_providers.emulator.faults.base import ChangesReply, ReplacesReply, Vendor
from airflow_workflow_providers.emulator.messages import (
    ConnectionReset,
    Incoming,
    NoResponse,
    Pending,
    Reply,
    Result,
)


@dataclass(frozen=True, kw_only=True)
class Reset(ReplacesReply):
    """The connection breaks before anything is done: a TCP reset, or an orderly close (``clean``)."""

    name = "reset"

    carry_out: bool = False
    clean: bool = False

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Result:
        return ConnectionReset(clean=self.clean)


@dataclass(frozen=True, kw_only=True)
class LostResponse(Reset):
    """The connection breaks after the request was carried out, before the response."""

    name = "lost_response"

    carry_out: bool = True


@dataclass(frozen=True, kw_only=True)
class Hang(ReplacesReply):
    """The vendor never responds."""

    name = "hang"

    carry_out: bool = False

    @override
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Result:
        return NoResponse()


@dataclass(frozen=True, kw_only=True)
class Slow(ChangesReply):
    """The vendor's own reply, this many seconds late."""

    name = "slow"

    seconds: float = 1.0

    @override
    def change(self, reply: Reply, vendor: Vendor) -> Pending:
        due = time.monotonic() + self.seconds
        return Pending(lambda: time.monotonic() >= due, lambda: reply, timeout=None)


@dataclass(frozen=True, kw_only=True)
class Hold(ChangesReply):
    """The vendor's own reply, when the test calls ``release()``."""

    name = "hold"

    #: Each request has its own, so that a release meets those that have come by then.
    released: threading.Event = field(default_factory=threading.Event, init=False, compare=False)

    @override
    def change(self, reply: Reply, vendor: Vendor) -> Pending:
        return Pending(self.released.is_set, lambda: reply, timeout=None)
