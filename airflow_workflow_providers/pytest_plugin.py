"""
The emulator as pytest fixtures: test your own DAGs without an account.

The package registers this plugin. In a test with the fixture ``workflow_emulator`` every vendor's default connection
points to the emulator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow_workflow_providers.emulator import Emulator


@pytest.fixture(scope="session")
def workflow_emulator_process() -> Iterator[Emulator]:
    """
    Start the one emulator of a test session; most tests use ``workflow_emulator``.

    :yield: the emulator, which listens on a free port of 127.0.0.1 until the session ends.
    """
    from airflow_workflow_providers.emulator import Emulator  # noqa: PLC0415  # most sessions need no server

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def workflow_emulator(
    workflow_emulator_process: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """
    Yield an emulator without requests and runs, with a connection ``<vendor>_default`` to each of its vendors.

    Its runs end at the second status check, and ``poll_interval`` may be as short as 0.01 s. ``add_workflow`` adds your
    workflow, ``fail`` schedules faults, ``runs`` and ``requests`` return what your DAG has started and sent.

    :param workflow_emulator_process: the emulator of the session.
    :param monkeypatch: sets ``AIRFLOW_CONN_<VENDOR>_DEFAULT`` and the shortest ``poll_interval`` for the test.
    :yield: the emulator, which is reset after the test.
    """
    from airflow_workflow_providers.core import rate_limit  # noqa: PLC0415  # as above

    rate_limit.forget_all()
    emulator = workflow_emulator_process
    emulator.reset()
    emulator.set_pace(status_checks=2)
    # The shortest is 1 s otherwise, which protects a vendor; an emulator needs no protection.
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL", "0.01")
    for vendor in emulator.vendors:
        name = f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"
        monkeypatch.setenv(name, json.dumps(emulator.connection(vendor)))
    yield emulator
    emulator.reset()
