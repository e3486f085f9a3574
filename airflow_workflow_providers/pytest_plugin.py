"""
The emulator as pytest fixtures: test your own DAGs without an account.

The package registers this plugin; a test asks for ``workflow_emulator`` and finds every vendor's default connection
pointing at it.
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
    Give the one emulator of a test session; most tests want ``workflow_emulator``.

    :yield: the emulator, which listens on a free port of 127.0.0.1 until the session is over.
    """
    # pytest loads this module in every session; a server is loaded only where one is asked for.
    from airflow_workflow_providers.emulator import Emulator  # noqa: PLC0415

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def workflow_emulator(
    workflow_emulator_process: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """
    Give an emulator that remembers nothing, with a connection ``<vendor>_default`` to each of its vendors.

    Its runs are over at the second status check, and a ``poll_interval`` may be as short as 0.01 s. ``add_workflow``
    adds yours, ``fail`` scripts faults, ``runs`` and ``calls`` tell what your DAG has asked of a vendor.

    :param workflow_emulator_process: the emulator of the session.
    :param monkeypatch: sets ``AIRFLOW_CONN_<VENDOR>_DEFAULT``, and the least ``poll_interval``, until the test is over.
    :yield: the emulator, which forgets it all after the test.
    """
    emulator = workflow_emulator_process
    emulator.reset()
    emulator.set_pace(looks=2)
    # The least is 1 s otherwise, which spares a vendor; an emulator needs no sparing.
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL", "0.01")
    for vendor in emulator.vendors:
        name = f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"
        monkeypatch.setenv(name, json.dumps(emulator.connection(vendor)))
    yield emulator
    emulator.reset()
