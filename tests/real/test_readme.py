"""What the README says to type does what it says, on a machine that has seen nothing of this project."""

import re

import pytest

from tests.real.newcomer import ROOT

pytestmark = pytest.mark.real


def test_every_command_of_the_readme_works_in_a_fresh_copy(followed_readme):
    broken = [outcome for outcome in followed_readme.outcomes if outcome.exit_code != 0]

    assert not broken, "\n\n".join(f"$ {o.script}\nexit code {o.exit_code}\n{o.output}" for o in broken)


def test_the_readme_opens_with_the_demo_and_the_tests():
    first = re.search(r"^```bash\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)

    assert first is not None, "README.md has no bash block"
    assert {"make demo", "make test"} <= set(first.group(1).splitlines())
