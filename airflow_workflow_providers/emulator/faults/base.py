"""What every fault is: options, and one method that changes a reply."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from typing_extensions import override

from airflow_workflow_providers.emulator.messages import Incoming, Pending, Reply, Result, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor

Vendor = EmulatedVendor[Any]
#: The highest status that a fault sends: the last one of HTTP's classes.
_HIGHEST_STATUS = 599
#: Every fault by its name.
FAULTS: dict[str, type["Fault"]] = {}


@dataclass(frozen=True, kw_only=True)
class Fault(ABC):
    """
    One way in which a vendor misbehaves. The fields are its options; a class with a ``name`` is in :data:`FAULTS`.

    :param carry_out: whether the vendor does what the request asks before it misbehaves. By default it does where the
        reply is damaged or lost, since that is the dangerous case, and does not where the request is refused.
    """

    #: What a test calls it.
    name: ClassVar[str]
    #: The lowest status that it sends, if it has the option. h11 sends no final response with a status below 200.
    lowest_status: ClassVar[int] = 200

    carry_out: bool = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" in vars(cls):
            FAULTS[cls.name] = cls

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type in (int, float) and value < 0:
                raise ValueError(f"Option {field.name!r} of fault {self.name!r} is not negative.")
        status = getattr(self, "status", self.lowest_status)
        if isinstance(status, int) and not self.lowest_status <= status <= _HIGHEST_STATUS:
            raise ValueError(
                f"Option 'status' of fault {self.name!r} is from {self.lowest_status} to {_HIGHEST_STATUS}."
            )

    def fits(self, route: Route) -> bool:  # noqa: ARG002  # most faults fit every operation
        """Whether replies of this operation have what the fault changes."""
        return True

    @abstractmethod
    def apply(self, reply: Result | None, incoming: Incoming, vendor: Vendor) -> Result | Pending:
        """
        Return what is sent instead of the vendor's reply.

        A reply without an ``execution_id`` says that the client does not receive the id of its run.

        :param reply: the vendor's reply; None if the request was not carried out.
        :param incoming: the request.
        :param vendor: the vendor.
        """


class ReplacesReply(Fault):
    """A fault that sends something else instead of the vendor's reply."""

    @override
    def apply(self, reply: Result | None, incoming: Incoming, vendor: Vendor) -> Result | Pending:
        return self.replacement(incoming, vendor)

    @abstractmethod
    def replacement(self, incoming: Incoming, vendor: Vendor) -> Result:
        """Return what is sent instead."""


class ChangesReply(Fault):
    """A fault that changes the vendor's own reply, which is an HTTP 500 if the request was not carried out."""

    @override
    def apply(self, reply: Result | None, incoming: Incoming, vendor: Vendor) -> Result | Pending:
        own = vendor.error(incoming.operation, 500) if reply is None else reply
        return self.change(own, vendor) if isinstance(own, Reply) else own

    @abstractmethod
    def change(self, reply: Reply, vendor: Vendor) -> Result | Pending:
        """Return what is sent instead of this reply."""
