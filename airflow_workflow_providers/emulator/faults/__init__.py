"""
Faults: each is one class that says how it changes a vendor's reply.

``connection`` loses or delays the response, ``replaced`` sends another one, ``changed`` alters one thing in the vendor's
own, ``streamed`` sends that byte by byte, endlessly or compressed. ``schedule`` says which request meets which fault.
"""

from typing import Any

from airflow_workflow_providers.emulator.faults import changed, connection, replaced, streamed
from airflow_workflow_providers.emulator.faults.base import FAULTS, Fault
from airflow_workflow_providers.emulator.faults.schedule import FaultSchedule
from airflow_workflow_providers.emulator.options import from_options

__all__ = ["FAULTS", "Fault", "FaultSchedule", "build_fault", "changed", "connection", "replaced", "streamed"]


def build_fault(name: str, options: dict[str, Any]) -> Fault:
    """Return the fault of this name with these options, or raise ValueError."""
    if name not in FAULTS:
        raise ValueError(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
    return from_options(FAULTS[name], options, f"fault {name!r}")
