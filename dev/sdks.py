"""
The released clients of vendors, and providers that work with this one, each in an environment of its own, as users install them.

Their packages must not decide which packages this project is tested with, and the reverse.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dev import environment

#: The oldest Node in which a client loads: it requires modules of another kind.
NODE = (20, 19)

SDKS = environment.ROOT / ".sdks"


def python_sdk(name: str, requirement: str, constraints: Path | None = None) -> Path:
    """
    Install a vendor's Python client, unless it is installed already, and return the Python that can import it.

    :param name: the folder of its environment, for example the vendor.
    :param requirement: the client with its version, such as `datalab-python-sdk==0.5.0`.
    :param constraints: a file with versions of what it depends on, if they fit; default: what the package index has.
    """
    with _installing(name):
        return environment.make(SDKS / name, constraints, [requirement])


def airflow_with(name: str, requirement: str, airflow: str) -> Path:
    """
    Install this project on an Airflow together with another provider, unless it is installed already, and return its Python.

    :param name: the folder of its environment; the version of Airflow is added to it.
    :param requirement: the provider with its version, such as `apache-airflow-providers-openlineage==2.20.3`.
    :param airflow: the minor version, such as `3.3`.
    """
    constraints = environment.constraints_for(airflow)
    with _installing(f"{name}-{airflow}"):
        return environment.make(SDKS / f"{name}-{airflow}", constraints, ["--editable", ".", requirement])


def missing_node() -> str | None:
    """Return why no JavaScript client can be installed here; None if one can."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        return f"{' and '.join(missing)} not installed (Debian: apt-get install nodejs npm)"
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    version = tuple(int(part) for part in said.removeprefix("v").split(".")[:2])
    return None if version >= NODE else f"Node {said} is too old (npm install --global node@22)"


def javascript_sdk(name: str, requirement: str) -> Path:
    """
    Install a vendor's JavaScript client, unless it is installed already, and return the folder of modules that has it.

    :param name: the folder of its environment.
    :param requirement: the client with its version, such as `promptlayer@1.3.6`.
    """
    folder = SDKS / name
    with _installing(name):
        made_from = folder / ".made-from"
        if not (made_from.exists() and made_from.read_text() == requirement):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            # npm would install into a folder above that has a package.json.
            (folder / "package.json").write_text("{}")
            npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
            # No script of a package runs: none is needed to use this one.
            subprocess.run([*npm, "--ignore-scripts", requirement], cwd=folder, check=True)
            made_from.write_text(requirement)
    return folder / "node_modules"


@contextlib.contextmanager
def _installing(name: str) -> Iterator[None]:
    """Let one process install: tests run in several, and the others wait for it."""
    SDKS.mkdir(exist_ok=True)
    with (SDKS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
