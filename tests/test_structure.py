"""The house: which room may import which, and what is named in one place only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import airflow_workflow_providers

PACKAGE = Path(airflow_workflow_providers.__file__).parent
ROOT = Path(__file__).parent.parent
NAME = PACKAGE.name

#: The rooms, and those that each may import. Arrows go one way.
ARROWS = {
    "core": set(),
    "apis": {"core"},
    "forms": set(),
    "hooks": {"core", "apis", "forms", "compat", "get_provider_info"},
    "triggers": {"core", "hooks", "compat", "settings"},
    "operators": {"core", "apis", "hooks", "triggers", "compat", "links", "settings"},
    "sensors": {"core", "apis", "hooks", "triggers", "operators", "compat", "links", "settings"},
    "emulator": set(),
    "pytest_plugin": {"emulator"},
    "retries": {"core"},
    "compat": set(),
    "settings": set(),
    "links": set(),
    "get_provider_info": {"forms"},
    "__init__": set(),
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def room(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute, so that this test can read them"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_go_one_way(module: Path) -> None:
    here = room(module)
    there = {name.split(".")[1] for name in imports(module) if name.startswith(f"{NAME}.")}

    assert there - {here} <= ARROWS[here]


def test_every_room_is_drawn() -> None:
    assert {room(module) for module in MODULES} == set(ARROWS)


def test_the_http_library_is_named_in_one_module() -> None:
    library = {"httpx", "httpcore"}
    naming = {m.relative_to(PACKAGE) for m in MODULES if any(i.split(".")[0] in library for i in imports(m))}

    assert naming == {Path("core/engine.py")}


def test_of_airflow_the_core_knows_the_base_exceptions_only() -> None:
    known = {
        name
        for module in MODULES
        if room(module) in ("core", "apis")
        for name in imports(module)
        if name.startswith("airflow.")
    }

    assert {name.rpartition(".")[2] for name in known} == {"sdk", "AirflowException", "AirflowFailException"}


def test_no_module_is_longer_than_can_be_read_at_a_sitting() -> None:
    """About 300 lines is where to look again; this is where looking was not enough."""
    every = [
        m
        for folder in (PACKAGE, ROOT / "dev", ROOT / "tests", ROOT / "example_dags")
        for m in folder.rglob("*.py")
    ]

    assert len(every) > len(MODULES)
    assert [m for m in every if len(m.read_text().splitlines()) > 370] == []


def test_what_airflow_reads_about_the_package_imports_nothing_heavy() -> None:
    """Every Airflow process calls it at start; only the forms are loaded."""
    code = (
        "import sys; from airflow_workflow_providers.get_provider_info import get_provider_info; "
        "get_provider_info(); print(*sorted(m for m in sys.modules if m.split('.')[0] in "
        "('airflow', 'httpx', 'pydantic', 'fastapi', 'tenacity')))"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []


def test_a_dag_file_does_not_load_the_emulator_or_a_server() -> None:
    code = (
        "import sys; import airflow.sdk, airflow.triggers.base; before = set(sys.modules); "
        "import airflow_workflow_providers.operators.refold, airflow_workflow_providers.sensors.refold; "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not {"fastapi", "uvicorn", "starlette"} & set(loaded.stdout.split())
    assert f"{NAME}.emulator" not in loaded.stdout
