"""
The vendors behind one local port, written from the vendors' own documentation.

The emulator is a second witness: it imports nothing of the rest of the package, since it would repeat the package's
mistakes if it were built from its tables.

``emulator`` is the ``Emulator`` that tests use: ``state`` (what the vendors know), served by ``server``. ``app`` is what
happens to a request around its vendor's handler, ``control`` the same API over HTTP, ``faults`` how a vendor
misbehaves, ``vendors`` one folder for each vendor.
"""

from airflow_workflow_providers.emulator.emulator import Emulator

__all__ = ["Emulator"]
