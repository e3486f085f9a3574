"""The layout: which package imports which, and what only one module does."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import airflow_workflow_providers
from airflow_workflow_providers.get_provider_info import VENDORS
from dev.matrix import ROOT, TESTS

PACKAGE = Path(airflow_workflow_providers.__file__).parent
NAME = PACKAGE.name

#: Each package and module at the top, and what it may import. The arrows go one way.
ARROWS = {
    "core": set(),
    "apis": {"core"},
    "forms": set(),
    "hooks": {
        "core",
        "apis",
        "forms",
        "compat",
        "get_provider_info",
        "inputs",
        "outputs",
        "lineage",
        "metrics",
    },
    "polling": {"core", "hooks", "metrics"},
    "triggers": {"core", "hooks", "polling", "compat", "metrics", "settings"},
    "operators": {
        "core",
        "apis",
        "hooks",
        "polling",
        "triggers",
        "compat",
        "links",
        "inputs",
        "outputs",
        "lineage",
        "metrics",
        "settings",
    },
    "sensors": {"core", "apis", "hooks", "triggers", "operators", "compat", "links", "settings"},
    "decorators": {"core", "operators", "compat"},
    "commands": {"core", "hooks", "operators", "outputs", "get_provider_info"},
    "cli": set(),
    "inputs": {"core", "settings"},
    "outputs": {"core"},
    "lineage": {"core"},
    "metrics": {"core", "compat", "settings"},
    "emulator": set(),
    "plugin": {"settings"},
    "pytest_plugin": {"core", "emulator"},
    "retries": {"core"},
    "webhooks": set(),
    "assets": set(),
    "compat": set(),
    "settings": set(),
    "links": set(),
    "get_provider_info": {"forms"},
    "__init__": set(),
}

#: What a decision needs of the standard library: types and values. Not time, a socket, a file or a logger.
WITHOUT_IO = {
    "__future__",
    "base64",
    "collections",
    "collections.Counter",
    "collections.abc",
    "dataclasses",
    "enum",
    "functools",
    "html",
    "itertools",
    "json",
    "math",
    "re",
    "typing",
    "urllib.parse",
}

#: The base classes of the errors.
AIRFLOW_IN_CORE = {
    "airflow.providers.common.compat.sdk",
    "airflow.providers.common.compat.sdk.AirflowException",
    "airflow.providers.common.compat.sdk.AirflowFailException",
}

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imports(path: Path) -> set[str]:
    """Return what a module imports, by whole names; of ``from a import b`` both ``a`` and ``a.b``."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute, so that this test can read them"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def own(names: set[str]) -> set[str]:
    """Return the modules of this package among names."""
    return {name.removeprefix(f"{NAME}.") for name in names} & MODULES.keys()


def classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]


def loaded_by(code: str) -> set[str]:
    """Return the modules that a new process prints."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_imports_follow_the_arrows() -> None:
    drawn = {name.split(".")[0] for name in MODULES}
    wrong = {
        name: sorted(there)
        for name, path in MODULES.items()
        if (here := name.split(".")[0])
        if (there := {known.split(".")[0] for known in own(imports(path))} - {here} - ARROWS[here])
    }

    assert drawn == ARROWS.keys()
    assert wrong == {}


def test_the_decisions_about_starting_and_waiting_do_no_io() -> None:
    """Nor does anything that they import."""
    reached, left = set(), {"core", "core.start", "core.waiter", "core.batch", "core.snapshot"}
    while left:
        module = left.pop()
        reached.add(module)
        left |= own(imports(MODULES[module])) - reached
    known = {name for module in reached for name in imports(MODULES[module])}
    foreign = {name for name in known if not name.startswith(NAME)}

    assert reached == {
        "core",
        "core.start",
        "core.waiter",
        "core.batch",
        "core.snapshot",
        "core.execution",
        "core.errors",
        "core.secret",
        "core.text",
    }
    assert {name for name in foreign if not any(f"{name}.".startswith(f"{w}.") for w in WITHOUT_IO)} == (
        AIRFLOW_IN_CORE
    )


def test_a_vendors_api_is_described_and_never_sent() -> None:
    """No module of apis/ imports what sends."""
    sends = {"core.http", "core.network", "core.client", "core.async_client", "core.endpoint", "core.engine"}

    assert {
        name: own(imports(path)) & sends
        for name, path in MODULES.items()
        if name.startswith("apis.") and own(imports(path)) & sends
    } == {}


def test_no_class_has_stubs_for_another_class() -> None:
    """A block under ``if TYPE_CHECKING`` in a class says that a class was cut in two because its file was long."""
    wrong = [
        f"{name}.{cls.name}"
        for name, path in MODULES.items()
        for cls in classes(path)
        if any(isinstance(part, ast.If) for part in cls.body)
    ]

    assert wrong == []


def test_one_module_names_the_http_library() -> None:
    naming = {
        name
        for name, path in MODULES.items()
        if {"httpx", "httpcore", "httpx2", "httpcore2"} & {n.split(".")[0] for n in imports(path)}
    }

    assert naming == {"core.engine"}


def test_the_core_knows_only_the_base_errors_of_airflow() -> None:
    known = {
        imported
        for name, path in MODULES.items()
        if name.split(".")[0] in ("core", "apis")
        for imported in imports(path)
        if imported.split(".")[0] == "airflow"
    }

    assert known == AIRFLOW_IN_CORE


def test_the_providers_description_imports_only_the_forms() -> None:
    """Each process of Airflow reads it when it starts."""
    loaded = loaded_by(
        "import sys; from airflow_workflow_providers.get_provider_info import get_provider_info; "
        "get_provider_info(); print(*{m.split('.')[0] for m in sys.modules})"
    )

    assert NAME in loaded
    libraries = {"httpx", "httpcore", "httpx2", "httpcore2", "pydantic", "fastapi", "tenacity"}
    assert loaded & {"airflow", *libraries} == set()


def test_a_dag_file_loads_neither_the_emulator_nor_a_server_nor_openlineage() -> None:
    """Whatever it imports of what an author uses: of every vendor, and in one process."""
    used = [
        name
        for name in MODULES
        if name.split(".")[0] in ("operators", "sensors", "triggers", "hooks", "links")
    ]

    loaded = loaded_by(
        "import sys; from importlib import import_module; import airflow.sdk; before = set(sys.modules); "
        f"[import_module(name) for name in {[f'{NAME}.{name}' for name in used]}]; "
        "print(*(set(sys.modules) - before))"
    )

    vendors = {
        f"{NAME}.{folder}.{vendor}"
        for folder in ("operators", "sensors", "triggers", "hooks")
        for vendor in VENDORS
    }
    assert vendors <= loaded
    assert [
        name
        for name in loaded
        if name.split(".")[0] in ("fastapi", "uvicorn", "starlette", "openlineage")
        or name.startswith((f"{NAME}.emulator", "airflow.providers.openlineage"))
    ] == []


def test_every_airflow_command_loads_only_the_names_of_the_commands() -> None:
    """Each ``airflow`` command imports the module, so nothing comes with it."""
    loaded = loaded_by(
        "import sys; import airflow.cli.cli_config; before = set(sys.modules); "
        "from airflow_workflow_providers.cli import get_cli_commands; get_cli_commands(); "
        "print(*(set(sys.modules) - before))"
    )

    assert {name for name in loaded if name.split(".")[0] != NAME} == set()
    assert {name for name in loaded if name.startswith(f"{NAME}.")} == {f"{NAME}.cli"}


def test_the_tests_that_the_matrix_runs_are_those_that_the_makefile_leaves_to_it() -> None:
    """Else `make test` would run a test never, or twice."""
    makefile = (ROOT / "Makefile").read_text()
    [left] = re.findall(r"^IN_MATRIX := (.*)$", makefile, re.MULTILINE)
    assert [f"tests/{name}" for name in left.split()] == list(TESTS)
