"""The README is followed once for all tests that look at what comes of it: a demo costs a minute."""

import pytest

from tests.real.newcomer import FollowedReadme, copy_of_project, readme_blocks, run_in


@pytest.fixture(scope="session")
def followed_readme(tmp_path_factory):
    """Follow the README in a fresh copy; the demo is run even if no block of it does so."""
    folder = copy_of_project(tmp_path_factory.mktemp("newcomer") / "project")
    blocks = readme_blocks()
    if not any("make demo" in block for block in blocks):
        blocks.insert(0, "make demo")
    return FollowedReadme(folder, [run_in(folder, block) for block in blocks])
