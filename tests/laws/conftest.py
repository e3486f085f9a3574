"""Every law is held against every vendor's row."""

from __future__ import annotations

import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.vendors import ROWS, Vendor


@pytest.fixture(params=ROWS)
def vendor(request: pytest.FixtureRequest, emulator: Emulator) -> Vendor:
    """Give each vendor's row, with its default connection set to the emulator."""
    return request.param
