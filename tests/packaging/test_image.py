"""The files that the Dockerfile in deploy/ copies are enough to build the wheel."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.image import ROOT, copied, lets_through

pytestmark = pytest.mark.real


def test_the_image_has_the_whole_package(tmp_path):
    """Docker gets only what ``.dockerignore`` lets through."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    source = {
        name for name in listed.stdout.splitlines() if lets_through(name) and name.split("/")[0] in copied()
    }
    for name in source:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)

    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "."], cwd=tmp_path, check=True, capture_output=True
    )

    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as archive:
        names = set(archive.namelist())
    assert {name for name in source if name.startswith("airflow_workflow_providers/")} <= names
    assert any(name.endswith("entry_points.txt") for name in names)
