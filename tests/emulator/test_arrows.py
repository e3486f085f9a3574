import ast
from pathlib import Path

import pytest

import airflow_workflow_providers.emulator as room

FILES = sorted(Path(room.__file__).parent.rglob("*.py"))


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_emulator_takes_nothing_from_the_rest_of_the_package(path):
    """It is a second witness: with the provider's tables in its hands it would repeat the provider's mistakes."""
    for name in imported(path):
        inside = name.startswith("airflow_workflow_providers")
        assert not inside or name.startswith("airflow_workflow_providers.emulator"), name
        assert name.split(".")[0] not in {"airflow", "httpx", "pydantic"}, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_of_the_emulator_is_longer_than_one_reading(path):
    assert len(path.read_text().splitlines()) < 300
