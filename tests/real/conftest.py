"""The demo is run once for all tests of its results, because it takes a minute."""

import pytest

from tests.real.newcomer import copy_of_project, run_in


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """Run the demo in a new copy of the project."""
    return run_in(copy_of_project(tmp_path_factory.mktemp("newcomer") / "project"), "make demo")
