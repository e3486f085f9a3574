"""The wheel: its content, and that Airflow finds the provider when it is installed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from airflow_workflow_providers.plugin.files import TYPES
from dev import environment

pytestmark = pytest.mark.real

PACKAGE = "airflow_workflow_providers"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), "."],
        cwd=environment.ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_has_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    entry_points = next(name for name in names if name.endswith("entry_points.txt"))

    assert f"{PACKAGE}/py.typed" in names
    assert {f"{PACKAGE}/plugin/page/{name}" for name in TYPES} <= set(names)
    assert {Path(name).parts[0] for name in names} == {PACKAGE, Path(entry_points).parts[0]}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_names_the_provider_to_airflow(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        text = archive.read(name).decode()

    assert "[airflow.plugins]" in text
    assert "[apache_airflow_provider]" in text
    assert f"{PACKAGE}.get_provider_info:get_provider_info" in text


def test_airflow_finds_the_provider_in_an_empty_environment(wheel, tmp_path):
    python = environment.make(tmp_path / "venv", environment.constraints_for("3.3"), [str(wheel)])
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHONPATH"))
    }
    listed = subprocess.run(
        [str(python), "-m", "airflow", "providers", "list", "--output", "plain"],
        cwd=tmp_path,
        env={**clean, "AIRFLOW_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "airflow-workflow-providers" in listed.stdout
