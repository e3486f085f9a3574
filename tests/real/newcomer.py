"""A new copy of the project, in which a script does what a page tells its reader to do."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
FIRST_DAGS = sorted(path for path in (ROOT / "docs" / "first-dag").glob("*.md") if path.stem != "index")
SET_UP = ROOT / "docs" / "first-dag" / "index.md"
TIMEOUT = 600
# Variables of the caller's make, pytest or git, which a newcomer does not have.
STRAY = ("AIRFLOW", "GIT_", "MAKE", "MFLAGS", "PYTEST", "VIRTUAL_ENV", "PYTHONPATH", "KEEP", "ONLY")

# A block of commands, or a file that the page tells its reader to save.
_STEP = re.compile(
    r"^```bash\n(?P<commands>.*?)^```|"
    r"^[^\n]*[Ss]ave this as `(?P<file>[^`]+)`:\n\n```python\n(?P<content>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Outcome:
    """A script, and its result."""

    folder: Path
    script: str
    exit_code: int
    output: str


def commands(page: Path) -> list[str]:
    """Return the blocks of commands of a page."""
    return [step["commands"] for step in _STEP.finditer(page.read_text()) if step["commands"]]


def files(page: Path) -> dict[str, str]:
    """Return the files that a page tells its reader to save, by their names."""
    return {step["file"]: step["content"] for step in _STEP.finditer(page.read_text()) if step["file"]}


def steps(page: Path) -> list[str]:
    """Return everything that a page tells its reader to do, in order, as pieces of a shell script."""
    return [
        step["commands"] or f"cat > '{step['file']}' <<'END OF FILE'\n{step['content']}END OF FILE\n"
        for step in _STEP.finditer(page.read_text())
    ]


def records(page: Path) -> list[dict[str, Any]]:
    """Return the records that a page shows, without the parts that differ in each run."""
    blocks = re.findall(r"^```python\n(\{\n.*?^\}\n)```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [comparable(ast.literal_eval(block)) for block in blocks]


def comparable(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with dots for its id and for the address of the emulator."""
    url = record["url"] and record["url"].replace(record["execution_id"], "...")
    return {**record, "execution_id": "...", "url": url and re.sub(r"//127\.0\.0\.1:\d+/", "//.../", url)}


def project_urls() -> dict[str, str]:
    """Return ``[project.urls]``, the only place with the address of the repository."""
    section = (ROOT / "pyproject.toml").read_text().partition("\n[project.urls]\n")[2].partition("\n[")[0]
    return dict(re.findall(r'^(\w+) = "(https://[^"]+)"$', section, re.MULTILINE))


def copy_of_project(folder: Path) -> Path:
    """Copy what a clone would have if everything in the working tree was committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def repository(folder: Path) -> dict[str, str]:
    """Make a repository of the project; return the environment variables that make its public address lead there."""
    copy_of_project(folder)
    author = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]
    for command in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "-m", "All of it"]):
        subprocess.run(["git", *command], cwd=folder, env=_clean(os.environ), check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": project_urls()["Source"],
    }


def run_in(folder: Path, script: str, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run a script in a newcomer's shell; it ends at the first command that fails."""
    environment = {**_clean(os.environ), **(environment or {})}
    # The newcomer's `python3` is the base of the environment of these tests, so its version is supported.
    programs = folder.parent / "bin"
    programs.mkdir(exist_ok=True)
    if not (programs / "python3").exists():
        (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    environment["PATH"] = os.pathsep.join([str(programs), environment["PATH"]])
    # Not a pipe: a process that is left would keep it open, and then this would wait without end.
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
    """Return the processes whose working directory is in a folder, as is that of all processes of the project."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except (psutil.Error, OSError):
            continue
    return found


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(STRAY)}
