"""Before Airflow is imported, it gets a home of its own and no settings from outside."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

for _name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[_name]
_home = tempfile.TemporaryDirectory(prefix="awp-home-")
os.environ["AIRFLOW_HOME"] = _home.name
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(Path(_home.name) / "dags")
# The example DAGs use the default; here it is short.
os.environ["AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL"] = "0.05"
os.environ["AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL"] = "0.01"
# The documents of the examples, which some tests copy into the folder of DAGs.
_documents = Path(__file__).resolve().parent.parent / "example_dags" / "documents"
_inbox = Path(tempfile.gettempdir()) / "datalab_inbox"
os.environ["AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS"] = f"{_documents},{_inbox},{_home.name}/dags"
# No proxy of the environment is used for 127.0.0.1.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

from airflow_workflow_providers.core import rate_limit  # noqa: E402  # after the home is set
from airflow_workflow_providers.emulator import Emulator  # noqa: E402  # after the home is set
from tests.object_store import store  # noqa: E402, F401  # a fixture
from tests.vendors import VendorCase  # noqa: E402


@pytest.fixture
def emulator(workflow_emulator: Emulator) -> Emulator:
    """Return the emulator of the package's own pytest plugin."""
    return workflow_emulator


@pytest.fixture(autouse=True)
def _each_test_has_a_limit_of_its_own() -> None:
    rate_limit.forget_all()


def connect(
    monkeypatch: pytest.MonkeyPatch,
    vendor: VendorCase,
    emulator: Emulator,
    change: dict[str, Any] | None = None,
    **extra: object,
) -> None:
    """Set the vendor's default connection to the emulator's, with a ``change`` of its fields, and more ``extra`` fields."""
    known = emulator.connection(vendor.conn_type)
    connection = {**known, **(change or {})}
    connection["extra"] = {**known.get("extra", {}), **(change or {}).get("extra", {}), **extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT", json.dumps(connection))
