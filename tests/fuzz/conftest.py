"""The result of the fuzzer is printed at the end of a test run, before pytest's last line."""

from __future__ import annotations

import os
import tempfile

import pytest

# hypothesis stores tables of characters there.
_storage = tempfile.TemporaryDirectory(prefix="awp-hypothesis-")
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = _storage.name


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the line of each kind, with its seed."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    lines = [line for report in reports for name, line in report.user_properties if name == "fuzz"]
    if lines:
        terminalreporter.section("fuzzer")
        for line in lines:
            terminalreporter.line(line)
