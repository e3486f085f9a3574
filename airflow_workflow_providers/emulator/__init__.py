"""Workflow vendors behind one local port, written from the vendors' own documentation.

The emulator shares no table with the rest of the package: it is a second witness, and would agree with our
mistakes if it were built from them. A vendor is one folder under ``vendors`` and one row in its registry.
"""

from airflow_workflow_providers.emulator.server import Emulator

__all__ = ["Emulator"]
