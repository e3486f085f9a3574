"""Tests that start real processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dev.real_airflow import RealAirflow


def wait_for(airflow: RealAirflow, condition: Callable[[], Any], seconds: float = 240) -> Any:
    """Wait until a condition is true, and return its value."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline
        airflow.check_alive()
        pause.wait(0.3)
    return value
