"""A fresh copy of the project, and what happens in it when a newcomer follows the README."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT = 600
# What make or pytest of the caller left in the environment is nothing a newcomer has.
STRAY = ("AIRFLOW", "MAKE", "MFLAGS", "PYTEST", "VIRTUAL_ENV", "PYTHONPATH", "KEEP", "ONLY")


@dataclass(frozen=True)
class Outcome:
    """A block of the README as it was run, and how that ended."""

    script: str
    exit_code: int
    output: str


@dataclass(frozen=True)
class FollowedReadme:
    """The copy in which the README was followed, and how each block ended."""

    folder: Path
    outcomes: list[Outcome]

    def demo(self) -> Outcome:
        """Return the block that runs the demo: the README opens with it."""
        return next(outcome for outcome in self.outcomes if "make demo" in outcome.script)


def readme_blocks() -> list[str]:
    """Return the README's bash blocks as they are to be run here.

    Left out are `make test`, which is what runs this, and from the first block the way to get a copy and enter it.
    """
    readme = ROOT / "README.md"
    found = re.findall(r"^```bash\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
    blocks = []
    for number, block in enumerate(found):
        skipped = ("git clone", "cd ") if number == 0 else ()
        lines = [line for line in block.splitlines() if line != "make test" and not line.startswith(skipped)]
        if any(line.strip() for line in lines):
            blocks.append("\n".join(lines))
    return blocks


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
    return Outcome(script, done.returncode, log.read_text())


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
