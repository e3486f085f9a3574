"""A fresh copy of the project, and what happens when a newcomer does there what a page says."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
FIRST_DAGS = sorted(path for path in (ROOT / "docs" / "first-dag").glob("*.md") if path.stem != "index")
SET_UP = ROOT / "docs" / "first-dag" / "index.md"
TIMEOUT = 600
# What make or pytest of the caller left in the environment is nothing a newcomer has.
STRAY = ("AIRFLOW", "MAKE", "MFLAGS", "PYTEST", "VIRTUAL_ENV", "PYTHONPATH", "KEEP", "ONLY")


@dataclass(frozen=True)
class Outcome:
    """What was typed, and how that ended."""

    folder: Path
    script: str
    exit_code: int
    output: str


def commands(page: Path) -> list[str]:
    """Return the page's blocks of commands, as they stand there."""
    return re.findall(r"^```bash\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def files(page: Path) -> dict[str, str]:
    """Return the files that the page lets its reader save, by their names."""
    found = re.findall(
        r"^.*[Ss]ave this as `([^`]+)`:\n\n```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL
    )
    return dict(found)


def copy_of_project(folder: Path) -> Path:
    """Copy what a clone would have once all that is new in the working tree is committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def run_in(folder: Path, script: str) -> Outcome:
    """Run a script as a newcomer's shell would, ending at the first command that fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(STRAY)}
    # The newcomer's `python3` is one that fits: the one behind the environment of these tests.
    programs = folder.parent / "bin"
    programs.mkdir(exist_ok=True)
    if not (programs / "python3").exists():
        (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    environment["PATH"] = os.pathsep.join([str(programs), environment["PATH"]])
    # No pipe: a process that is left behind would hold it open, and the wait for it would never end.
    log = folder.parent / "output.txt"
    with log.open("w") as output:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )
    return Outcome(folder, script, done.returncode, log.read_text())


def processes_in(folder: Path) -> list[str]:
    """Return the processes that work in a folder, which is where everything that we start works."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except (psutil.Error, OSError):
            continue
    return found
