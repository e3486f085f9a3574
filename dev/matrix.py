"""Run the tests that depend on the version of Airflow, on every supported minor version."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

from dev import environment

ROOT = Path(__file__).resolve().parent.parent
MATRIX = ROOT / ".matrix"
VERSIONS = ("3.1", "3.2", "3.3", "3.4")
#: The newest release. A later version is a pre-release, and is tested like an earlier one.
NEWEST = "3.3"
#: The oldest Python of a version of Airflow, if it is not that of this project.
_OLDEST_PYTHON = {"3.4": (3, 11)}
# What can differ between versions of Airflow: the guarantees, DAGs in the real task runner, object storage, the forms, the plugin.
TESTS = (
    "tests/airflow",
    "tests/contract",
    "tests/test_outputs.py",
    "tests/test_plugin.py",
    "tests/test_provider_info.py",
)
# A vendor's own modules use Airflow only through the base classes, which the guarantees of one vendor test. Besides that, a
# DAG of each vendor runs on every version.
ONLY_ON_NEWEST = "not newest and not every_vendor"
# Coverage is measured on the newest release; `make test` and `make coverage` combine it with that of other tests.
COVERAGE = ROOT / "build" / "coverage" / "data.matrix"
# The versions that are installed, whatever the constraints say.
_VERSIONS_OF = "import sys; from importlib.metadata import version; print(version('apache-airflow'), sys.version.split()[0])"


@dataclass(frozen=True)
class Cell:
    """The result of the tests on one version."""

    airflow: str
    python: str
    passed: int
    skipped: int
    failed: int
    seconds: float
    exit_code: int

    @property
    def passed_all(self) -> bool:
        """Whether pytest succeeded and at least one test passed."""
        return self.exit_code == 0 and self.passed > 0


def run(minor: str) -> Cell:
    """Make the environment of a version and run the tests in it; pytest's output goes to a file."""
    began = time.monotonic()
    python = python_of(minor)
    home = MATRIX / f"{minor}-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    report, log = home / "pytest.xml", home / "pytest.log"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    measure = ["--cov", "--cov-report=", "--cov-fail-under=0"]
    with log.open("w") as output:
        tests = subprocess.run(
            [
                *[str(python), "-m", "pytest", *TESTS, "-p", "no:cacheprovider"],
                # All tests of a file run in one worker: a DAG is run once for all tests about it.
                *["-n", "2", "--dist", "loadfile"],
                *(measure if minor == NEWEST else ["-m", ONLY_ON_NEWEST]),
                f"--junitxml={report}",
            ],
            cwd=ROOT,
            env={**inherited, "AIRFLOW_HOME": str(home), "COVERAGE_FILE": str(COVERAGE)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    passed, skipped, failed = _counts(report)
    versions = subprocess.run([str(python), "-c", _VERSIONS_OF], capture_output=True, text=True, check=True)
    airflow, python_version = versions.stdout.split()
    seconds = time.monotonic() - began
    return Cell(airflow, python_version, passed, skipped, failed, seconds, tests.returncode)


def python_of(minor: str) -> Path:
    """Return the Python of an environment with this version: the running one if it has it, else a separate one, which is made."""
    if version("apache-airflow").startswith(f"{minor}."):
        return Path(sys.executable)
    return environment.make(
        MATRIX / minor,
        environment.constraints_for(minor),
        ["--editable", ".", "--group", "test", "--group", "chaos"],
    )


def made(minor: str) -> Path | None:
    """Return the Python of the environment that `make matrix` has made for this version; ``None`` if it has made none."""
    python = MATRIX / minor / "bin" / "python"
    return python if python.exists() else None


def oldest_python(minor: str) -> tuple[int, int]:
    """Return the oldest Python on which the project runs with this version of Airflow."""
    return _OLDEST_PYTHON.get(minor, (3, 10))


def installable(python: tuple[int, ...] = sys.version_info[:2]) -> tuple[str, ...]:
    """Return the versions of Airflow that a Python can have."""
    return tuple(minor for minor in VERSIONS if python >= oldest_python(minor))


def main() -> int:
    """Run the tests on each version, two versions at a time; the exit code is 0 only if all pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=VERSIONS, help="one minor version of Airflow")
    only = parser.parse_args().only
    wanted = [only] if only else VERSIONS
    minors = [minor for minor in wanted if minor in installable()]
    for minor in wanted:
        if minor not in minors:
            needs, found = (".".join(map(str, each)) for each in (oldest_python(minor), sys.version_info[:2]))
            print(f"Airflow {minor} is left out: it needs Python {needs} or newer, and this is {found}.")
    if not minors:
        return 0
    print(f"Airflow {', '.join(minors)}: installing and testing ...", flush=True)
    # The installation of one version waits for the network while the tests of another one run. The newest release has the most
    # tests, so it begins first.
    minors.sort(key=lambda minor: minor != NEWEST)
    with ThreadPoolExecutor(2) as pool:
        cells = list(pool.map(run, minors))
    for minor, cell in zip(minors, cells, strict=True):
        if not cell.passed_all:
            print((MATRIX / f"{minor}-home" / "pytest.log").read_text(), flush=True)
    print(_table(cells))
    return 0 if all(cell.passed_all for cell in cells) else 1


def _counts(report: Path) -> tuple[int, int, int]:
    """Return the numbers of tests that passed, were skipped and failed; all 0 if pytest wrote no report."""
    if not report.exists():
        return 0, 0, 0
    suites = ET.parse(report).getroot().findall("testsuite")  # noqa: S314  # pytest has written it
    total, skipped = (sum(int(s.get(name, "0")) for s in suites) for name in ("tests", "skipped"))
    failed = sum(int(s.get("failures", "0")) + int(s.get("errors", "0")) for s in suites)
    return total - skipped - failed, skipped, failed


def _table(cells: list[Cell]) -> str:
    lines = [f"{'Airflow':<9}{'Python':<9}{'passed':>7}{'skipped':>9}{'failed':>8}{'seconds':>9}"]
    lines += [
        f"{cell.airflow:<9}{cell.python:<9}{cell.passed:>7}{cell.skipped:>9}{cell.failed:>8}{cell.seconds:>9.0f}"
        + ("" if cell.passed_all else "  failed")
        for cell in cells
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
