"""The oracle and the documented responses were written independently, and they agree."""

from __future__ import annotations

import json

import pytest

from dev.fuzz.expected import NOT_JSON, Expected, Response
from dev.fuzz.oracles import oracle
from dev.vendors import DOCUMENTED_ROWS
from tests.vendors.documented import Documented, documented


def expectation(response: Documented) -> Expected:
    try:
        body = json.loads(response.content)
    except ValueError:
        body = NOT_JSON
    return oracle(response.vendor).expected(
        Response(response.operation, response.status, response.headers, body)
    )


def agrees(response: Documented) -> bool:
    """Return whether the oracle requires the documented outcome, and allows a success for no other one."""
    right = expectation(response)
    known_id = response.execution_id is None or response.execution_id in right.ids
    if response.outcome == "unexpected" or (response.outcome == "lost_start" and response.status < 400):
        outcome = right.must is None
    else:
        outcome = right.must is not None and response.outcome in right.must
    return known_id and outcome and right.may_succeed == response.succeeds


@pytest.mark.parametrize("vendor", DOCUMENTED_ROWS)
def test_each_documented_response_has_one_right_reading(vendor: str) -> None:
    assert [str(response) for response in documented(vendor) if not agrees(response)] == []


@pytest.mark.parametrize("vendor", DOCUMENTED_ROWS)
def test_each_vendor_documents_a_start_an_end_and_errors(vendor: str) -> None:
    """Each response has a name of its own."""
    responses = documented(vendor)
    outcomes = {response.outcome for response in responses}

    assert {"succeeded", "failed", "auth_failed", "not_found", "rate_limited"} <= outcomes
    assert {"start", "ping"} <= {response.operation for response in responses if not response.is_error}
    assert len({str(response) for response in responses}) == len(responses)


def test_a_field_that_decides_is_known_by_its_pattern() -> None:
    """A pattern matches the field, and each object that the field is in."""
    completed = next(r for r in documented("datalab") if r.name == "completed, by file")

    assert completed.is_decided_by(("status",))
    assert completed.is_decided_by(("steps",))
    assert completed.is_decided_by(("steps", "parse", "file-abc123", "status"))
    assert not completed.is_decided_by(("steps", "parse", "file-abc123", "output_url"))
    assert ("workflow_id",) in completed.other_fields
    assert ("steps", "parse", "file-def456", "status") not in completed.other_fields
