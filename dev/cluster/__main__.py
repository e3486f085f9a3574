"""Make the environment of the cluster, and run it there: ``python -m dev.cluster``."""

from __future__ import annotations

import subprocess
import sys

from dev import postgres, processes, redis_server
from dev.cluster import environment
from dev.environment import ROOT

if __name__ == "__main__":
    if missing := [each.MISSING for each in (postgres, redis_server) if not each.installed()]:
        sys.exit("\n".join(missing))
    command = [str(environment.python()), "-m", "dev.cluster.run", *sys.argv[1:]]
    with processes.termination_unwinds():
        sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)
