"""Which request meets which fault."""

from dataclasses import dataclass, replace

from airflow_workflow_providers.emulator.faults.base import Fault
from airflow_workflow_providers.emulator.faults.connection import Hold


@dataclass
class _Entry:
    vendor: str
    operation: str
    fault: Fault
    times: int | None
    after: int
    after_end: bool
    workflow_id: str | None


class FaultSchedule:
    """The faults that are still to come, and the responses that are held back."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._held: list[Hold] = []

    def add(
        self,
        vendor: str,
        operation: str,
        fault: Fault,
        *,
        times: int | None,
        after: int,
        after_end: bool,
        workflow_id: str | None,
    ) -> None:
        """
        Schedule a fault for the next ``times`` requests (None: for all), after ``after`` requests without it.

        With a workflow, only requests for it and for its runs count; with ``after_end``, only requests for runs whose end
        the client has been told.
        """
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise ValueError("`times` is a whole number from 1, or null for always.")
        if isinstance(after, bool) or not isinstance(after, int) or after < 0:
            raise ValueError("`after` is a whole number from 0.")
        if after_end not in (True, False):
            raise ValueError("`after_end` is true or false.")
        self._entries.append(_Entry(vendor, operation, fault, times, after, after_end, workflow_id))

    def due(
        self, vendor: str, operation: str, workflow_id: str | None, *, end_reported: bool
    ) -> Fault | None:
        """Return the fault of this request, if any. Faults of one operation follow one another."""
        found: Fault | None = None
        for entry in self._entries:
            if (entry.vendor, entry.operation) != (vendor, operation):
                continue
            if entry.workflow_id not in (None, workflow_id):
                continue
            if entry.after_end and not end_reported:
                continue
            if entry.after:
                entry.after -= 1
            elif found is None:
                found = entry.fault
                if entry.times is not None:
                    entry.times -= 1
        self._entries = [entry for entry in self._entries if entry.times != 0]
        if isinstance(found, Hold):
            found = replace(found)
            self._held.append(found)
        return found

    def release(self) -> None:
        """Let all responses go that are held back."""
        for hold in self._held:
            hold.released.set()
        self._held.clear()

    def reset(self) -> None:
        """Forget every fault that is still to come; what is held back stays so until it is released."""
        self._entries.clear()
