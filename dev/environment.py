"""
Make a Python environment, mostly with this project in it, with `uv` if it is installed, else with `pip`.

This runs before anything is installed, with the Python that the Makefile finds, so it uses only the standard library.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
_PROJECT = ROOT / "pyproject.toml"


def make(path: Path, constraints: Path | None, install: Sequence[str]) -> Path:
    """
    Make an environment and return its Python.

    It is only made again if its Python, the arguments, pyproject.toml or the constraints have changed.

    :param path: its folder.
    :param constraints: a file of constraints, if there is one.
    :param install: arguments of `pip install`.
    """
    python = path / "bin" / "python"
    arguments = [*install, *(["--constraint", str(constraints)] if constraints else [])]
    made_from = path / ".made-from"
    contents = [file.read_text() for file in (_PROJECT, constraints) if file]
    decides = "\n".join([sys.version, *arguments, *contents])
    if made_from.exists() and made_from.read_text() == decides:
        return python
    shutil.rmtree(path, ignore_errors=True)
    if uv := shutil.which("uv"):
        # The Python that runs this; uv might choose another one, and download it.
        _run([uv, "venv", "--quiet", "--python", _base_python(), str(path)])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), *arguments])
    else:
        venv.create(path, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
        # Python compiles what it imports, and most of what is installed is never imported.
        pip.append("--no-compile")
        # `--group` needs pip 25.1; the pip that comes with Python is older.
        _run([*pip, "--upgrade", "pip>=25.1"])
        _run([*pip, *arguments])
    made_from.write_text(decides)
    return python


def constraints_for(airflow: str) -> Path:
    """Return the file of constraints of an Airflow minor version, such as `3.3`."""
    return ROOT / "constraints" / f"airflow-{airflow}.txt"


def _base_python() -> str:
    """Return the interpreter of this environment's base: a new environment must not depend on this one."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--airflow", required=True, help="minor version, such as 3.3")
    parser.add_argument("--group", default="dev", help="dependency group of pyproject.toml")
    chosen = parser.parse_args()
    make(chosen.path, constraints_for(chosen.airflow), ["--editable", ".", "--group", chosen.group])
