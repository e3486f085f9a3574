"""Which component of the cluster a process belongs to, and which process a request comes from."""

import os

from dev.real_airflow import COMPONENT

#: The header with which a process says which one it is: its role, and its number.
PROCESS_HEADER = "X-Process"


def name() -> str:
    """Return the name of the component, which stands for that of a machine: then Airflow says which component does what."""
    return os.environ.get(COMPONENT, "cluster")
