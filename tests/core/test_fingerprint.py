"""Whether two starts ask for the same: what a retry may find changed, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.request import Request
from tests.vendors.facts import FACTS


def of(start: Request[Any]) -> str:
    return fingerprint(start.fingerprint_input)


def pairs(name: str) -> pytest.MarkDecorator:
    """Give a test each pair of starts of a field of the facts."""
    return pytest.mark.parametrize(
        ("one", "other"),
        [
            pytest.param(*pair, id=f"{vendor}-{place}")
            for vendor, facts in FACTS.items()
            for place, pair in enumerate(getattr(facts, name))
        ],
    )


@pairs("same_start")
def test_labels_callbacks_and_signatures_make_no_other_start(one: Request[Any], other: Request[Any]) -> None:
    assert of(one) == of(other)


@pairs("other_start")
def test_another_workflow_or_input_is_another_start(one: Request[Any], other: Request[Any]) -> None:
    assert of(one) != of(other)


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    """It is stored: a release that computes another would stop the runs of tasks that it upgrades."""
    assert fingerprint({"workflow_id": "w", "payload": {"b": [1, None], "a": "ä"}}) == (
        "25e636b22a40c90ddd4feb352dff95342572c1a07c57d82ed73bf1c10aaf30b9"
    )


@pytest.mark.parametrize("text", ["a?b=c", "not://an address?sig", "?sig=a"])
def test_a_text_that_is_no_address_stays_what_it_is(text: str) -> None:
    assert fingerprint({"a": text}) != fingerprint({"a": text.partition("?")[0]})
