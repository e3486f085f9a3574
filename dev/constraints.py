"""
Make `constraints/`: for each Airflow, the version of every package that the project and its tests are installed with.

A version that a file has already is kept as long as it fits; `--upgrade` takes the newest version of every package. This
needs `uv`, which resolves for all supported Pythons at the same time.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dev import environment
from dev.matrix import VERSIONS, oldest_python

# Packages whose later versions break an Airflow. 3.2: with newer ones, neither its DAG processor nor dag.test() can build the
# execution API; Airflow 3.3 itself has the first bound.
_BROKEN_BY_NEWER = {"3.2": ("fastapi<0.137", "svcs<26")}
# The oldest pre-release of a version that is not released yet. uv takes a pre-release only of what is named with one.
_PRE_RELEASES = {
    "3.4": (
        "apache-airflow>=3.4.0b2,<3.5",
        "apache-airflow-core>=3.4.0b2",
        "apache-airflow-task-sdk>=1.4.0b2",
    )
}
_HEAD = """\
# The packages that the project and its tests are installed with on Airflow {minor}, for Python {python} to 3.13.
# Made by `make constraints` (`make constraints UPGRADE=1` for the newest version of every package).
"""


def make(uv: str, minor: str, *, upgrade: bool) -> None:
    """Resolve the packages for one minor version of Airflow and write its file."""
    path = environment.constraints_for(minor)
    python = ".".join(map(str, oldest_python(minor)))
    with tempfile.TemporaryDirectory() as folder:
        only = Path(folder, "airflow.in")
        airflow = _PRE_RELEASES.get(minor, (f"apache-airflow~={minor}.0",))
        only.write_text("\n".join([*airflow, *_BROKEN_BY_NEWER.get(minor, ())]))
        command = [
            uv,
            "pip",
            "compile",
            "--quiet",
            "pyproject.toml",
            "--group",
            "dev",
            "--constraint",
            str(only),
        ]
        command += ["--universal", "--python-version", python, "--output-file", str(path)]
        command += [
            "--no-emit-index-url",
            "--no-annotate",
            "--no-header",
            *(["--upgrade"] if upgrade else []),
        ]
        subprocess.run(command, cwd=environment.ROOT, check=True)
    path.write_text(_HEAD.format(minor=minor, python=python) + path.read_text())


def main() -> int:
    """Make all files; the exit code says whether uv is installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest version of every package")
    upgrade = parser.parse_args().upgrade
    uv = shutil.which("uv")
    if uv is None:
        print(
            "The constraints are made with uv, which is not installed. (pip resolves for one Python only.)",
            file=sys.stderr,
        )
        return 1
    for minor in VERSIONS:
        make(uv, minor, upgrade=upgrade)
    return 0


if __name__ == "__main__":
    sys.exit(main())
