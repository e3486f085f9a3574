"""Run the tests that need no running Airflow on every minor version of Airflow that is supported."""

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
VERSIONS = ("3.1", "3.2", "3.3")
# What can differ between versions of Airflow: the laws, DAGs on the real task runner, the forms.
TESTS = ("tests/airflow", "tests/laws", "tests/test_provider_info.py")
# A vendor's own modules meet no Airflow but through the bases, which one vendor's laws lead through; a DAG of each
# vendor is run on every version all the same.
ONLY_ON_NEWEST = "not newest and not every_vendor"
# Packages are asked for what is installed, not what the constraints say.
_VERSIONS_OF = "import sys; from importlib.metadata import version; print(version('apache-airflow'), sys.version.split()[0])"


@dataclass(frozen=True)
class Cell:
    """How the tests went on one version."""

    airflow: str
    python: str
    passed: int
    skipped: int
    failed: int
    seconds: float
    exit_code: int

    @property
    def good(self) -> bool:
        """Whether pytest was content and there was something to be content with."""
        return self.exit_code == 0 and self.passed > 0


def run(minor: str) -> Cell:
    """Make the version's environment and run the tests in it; pytest's output goes to a file."""
    began = time.monotonic()
    python = _python(minor)
    home = MATRIX / f"{minor}-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    report, log = home / "pytest.xml", home / "pytest.log"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    with log.open("w") as output:
        tests = subprocess.run(
            [
                *[str(python), "-m", "pytest", *TESTS, "-p", "no:cacheprovider"],
                # A file keeps to one worker: a DAG is run once for all tests that look at it.
                *["-n", "2", "--dist", "loadfile"],
                *(["-m", ONLY_ON_NEWEST] if minor != VERSIONS[-1] else []),
                f"--junitxml={report}",
            ],
            cwd=ROOT,
            env={**inherited, "AIRFLOW_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    passed, skipped, failed = _counts(report)
    versions = subprocess.run([str(python), "-c", _VERSIONS_OF], capture_output=True, text=True, check=True)
    airflow, python_version = versions.stdout.split()
    seconds = time.monotonic() - began
    return Cell(airflow, python_version, passed, skipped, failed, seconds, tests.returncode)


def _python(minor: str) -> Path:
    """Return the Python of an environment with this version: the one that runs this, if it has it, or one of its own."""
    if version("apache-airflow").startswith(f"{minor}."):
        return Path(sys.executable)
    return environment.make(
        MATRIX / minor, environment.constraints_for(minor), ["--editable", ".", "--group", "test"]
    )


def main() -> int:
    """Run the versions, two at a time; 0 only if all pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=VERSIONS, help="one minor version of Airflow")
    only = parser.parse_args().only
    minors = [only] if only else VERSIONS
    print(f"Airflow {', '.join(minors)}: installing and testing ...", flush=True)
    # An installation waits for the network, and the last tests of one version for nobody but themselves.
    with ThreadPoolExecutor(2) as pool:
        cells = list(pool.map(run, minors))
    for minor, cell in zip(minors, cells, strict=True):
        if not cell.good:
            print((MATRIX / f"{minor}-home" / "pytest.log").read_text(), flush=True)
    print(_table(cells))
    return 0 if all(cell.good for cell in cells) else 1


def _counts(report: Path) -> tuple[int, int, int]:
    """Return passed, skipped and failed; all 0 when pytest did not come as far as a report."""
    if not report.exists():
        return 0, 0, 0
    suites = ET.parse(report).getroot().findall("testsuite")  # noqa: S314  (pytest wrote it just now)
    total, skipped = (sum(int(s.get(name, "0")) for s in suites) for name in ("tests", "skipped"))
    failed = sum(int(s.get("failures", "0")) + int(s.get("errors", "0")) for s in suites)
    return total - skipped - failed, skipped, failed


def _table(cells: list[Cell]) -> str:
    lines = [f"{'Airflow':<9}{'Python':<9}{'passed':>7}{'skipped':>9}{'failed':>8}{'seconds':>9}"]
    lines += [
        f"{cell.airflow:<9}{cell.python:<9}{cell.passed:>7}{cell.skipped:>9}{cell.failed:>8}{cell.seconds:>9.0f}"
        + ("" if cell.good else "  not good")
        for cell in cells
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
