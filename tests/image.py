"""What the Dockerfile in deploy/ says: which files go into the image."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def dockerfile() -> str:
    """Return the Dockerfile."""
    return (ROOT / "deploy" / "Dockerfile").read_text()


def copied() -> list[str]:
    """Return the files and folders of the repository that the image is made of."""
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile(), re.MULTILINE)
    return [name for line in lines for name in line.split()]


def lets_through(name: str) -> bool:
    """Return whether ``.dockerignore`` gives a file to Docker: the last pattern that fits the file or a folder of it decides."""
    parts = name.split("/")
    paths = ["/".join(parts[: number + 1]) for number in range(len(parts))]
    given = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        expression = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(expression, path) for path in paths):
            given = line.startswith("!")
    return given
