"""
The released clients of vendors, each in an environment of its own, as their users install them.

Their packages must not decide which packages this project is tested with, and the reverse.
"""

from __future__ import annotations

import fcntl
from pathlib import Path

from dev import environment

SDKS = environment.ROOT / ".sdks"


def python_sdk(name: str, requirement: str, constraints: Path | None = None) -> Path:
    """
    Install a vendor's Python client, unless it is installed already, and return the Python that can import it.

    :param name: the folder of its environment, for example the vendor.
    :param requirement: the client with its version, such as `datalab-python-sdk==0.5.0`.
    :param constraints: a file with versions of what it depends on, if they fit; default: what the package index has.
    """
    SDKS.mkdir(exist_ok=True)
    # Tests run in several processes; the first one installs, the others wait for it.
    with (SDKS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return environment.make(SDKS / name, constraints, [requirement])
