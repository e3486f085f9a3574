"""The oracle and the documented responses were written apart; they agree."""

from __future__ import annotations

import json

import pytest

from dev.fuzz.expected import NOT_JSON, Response
from dev.fuzz.oracle import expected
from tests.vendors.documented import VENDORS, Documented, documented

EVERY = [response for vendor in VENDORS for response in documented(vendor)]


def judged(response: Documented):
    try:
        body = json.loads(response.content)
    except ValueError:
        body = NOT_JSON
    return expected(response.vendor, Response(response.operation, response.status, response.headers, body))


@pytest.mark.parametrize("response", EVERY, ids=str)
def test_a_documented_response_has_one_right_reading(response: Documented) -> None:
    """A success may be read of those alone that are one; and nothing but the documented outcome is right."""
    right = judged(response)

    assert right.may_succeed == response.succeeds
    if response.outcome == "unexpected" or (response.outcome == "lost_start" and response.status < 400):
        assert right.must is None
    else:
        assert right.must is not None
        assert response.outcome in right.must
    if response.execution_id is not None:
        assert response.execution_id in right.ids


def test_no_two_responses_have_the_same_name() -> None:
    assert len({str(response) for response in EVERY}) == len(EVERY)


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_documents_a_start_an_end_and_errors(vendor: str) -> None:
    outcomes = {response.outcome for response in documented(vendor)}

    assert {"succeeded", "failed", "auth_failed", "not_found", "rate_limited"} <= outcomes
    assert any(response.operation == "start" and not response.is_error for response in documented(vendor))
    assert any(response.operation == "ping" and not response.is_error for response in documented(vendor))


def test_what_decides_is_told_from_what_does_not() -> None:
    """A pattern reaches what is inside it and what holds it, and nothing beside it."""
    completed = next(r for r in documented("datalab") if r.name == "completed, by file")

    assert completed.is_decided_by(("status",))
    assert completed.is_decided_by(("steps",))
    assert completed.is_decided_by(("steps", "parse", "file-abc123", "status"))
    assert not completed.is_decided_by(("steps", "parse", "file-abc123", "output_url"))
    assert ("workflow_id",) in completed.other_fields
    assert ("steps", "parse", "file-def456", "status") not in completed.other_fields
