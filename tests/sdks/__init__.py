"""
The vendors' released clients, unmodified and in environments of their own, against the emulator.

A client runs in a process of its own and prints JSON. What it did is read from the emulator's ledger too, so that a client
that swallows an error does not hide it.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run_client(
    command: list[str], folder: Path, environment: Mapping[str, str], *, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """
    Run a vendor's client, and return what it printed and its exit code.

    :param command: the program and its arguments.
    :param folder: where it runs and has its home; nothing of this project is on its path.
    :param environment: the environment variables that it gets, besides `PATH` and `HOME`.
    :param timeout: seconds until it is killed.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def printed_json(command: list[str], folder: Path, environment: Mapping[str, str]) -> Any:
    """Run a script that prints JSON on its last line, and return that."""
    done = run_client(command, folder, environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


#: A program that prints which installed files of a distribution, named by its argument, differ from the released ones.
CHANGED_FILES = """
import base64, hashlib, json, sys
from importlib.metadata import distribution

changed = []
for file in distribution(sys.argv[1]).files:
    if file.hash is not None and "__pycache__" not in file.parts and not file.parts[0] == "..":
        digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            changed.append(str(file))
print(json.dumps([distribution(sys.argv[1]).version, changed]))
"""
