"""What the emulator may import: nothing of the package, and nothing in a circle."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import airflow_workflow_providers.emulator as package

NAME = package.__name__
ROOT = Path(package.__file__).parent
MODULES = {
    ".".join([NAME, *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}


def imported(path: Path) -> set[str]:
    """Return the modules that a module imports, those for types only as well."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            names |= submodules or {str(node.module)}
    return names


def test_the_emulator_imports_nothing_of_the_package():
    """It is a second witness: built from the package's tables it would repeat the package's mistakes."""
    outside = {"jsonschema", "starlette", "typing_extensions", "uvicorn"}
    allowed = {NAME.split(".")[0], *outside, *sys.stdlib_module_names}
    for module, path in MODULES.items():
        for name in imported(path):
            assert name.split(".")[0] in allowed, (module, name)
            assert not name.startswith("airflow_workflow_providers") or name.startswith(NAME), (module, name)


def test_no_module_imports_itself_through_others():
    graph = {module: imported(path) & MODULES.keys() for module, path in MODULES.items()}
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError
    assert order.index(f"{NAME}.state") < order.index(f"{NAME}.app") < order.index(f"{NAME}.emulator")


def test_the_state_knows_no_server_and_the_server_no_state():
    def reached(module: str) -> set[str]:
        return {module}.union(*(reached(name) for name in imported(MODULES[module]) & MODULES.keys()))

    assert not reached(f"{NAME}.state") & {f"{NAME}.server", f"{NAME}.app", f"{NAME}.control"}
    assert reached(f"{NAME}.server") == {f"{NAME}.server"}


def test_uvicorn_is_named_in_one_module():
    named = {
        module for module, path in MODULES.items() if any(n.startswith("uvicorn") for n in imported(path))
    }
    assert named == {f"{NAME}.server"}
