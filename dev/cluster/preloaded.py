"""Imported by each process of the cluster's Airflow that sends requests to a vendor: they then say which process sends them."""

import os
import sys
from dataclasses import replace
from typing import Any

from airflow_workflow_providers.core import http
from dev.cluster.host import PROCESS_HEADER

_build = http.build
_role = "triggerer" if "triggerer" in sys.argv else "worker"


def build(settings: http.HttpSettings, request: Any) -> http.BuiltRequest:
    """Build a request with one more header. The number is read each time, because a worker forks a process for each task."""
    headers = {**settings.headers, PROCESS_HEADER: f"{_role} {os.getpid()}"}
    return _build(replace(settings, headers=headers), request)


http.build = build
