"""What each vendor says in an error response, and the error of a start that the vendor rejects."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.vendors import CASES, VendorCase, misread, response
from tests.vendors.facts import FACTS


@pytest.mark.parametrize("vendor", [row for row in CASES.values() if row.hook.api.error_message], ids=str)
def test_an_error_shows_the_vendors_explanation(vendor: VendorCase) -> None:
    """Whatever form the body has."""
    read = vendor.hook.api.error_message

    assert misread(lambda body: read(response(body, 400)), FACTS[vendor.name].explanations) == {}


@pytest.mark.parametrize(
    ("vendor", "workflow", "options", "fault", "error", "said"),
    [
        pytest.param(vendor, *start, id=f"{vendor}-{start[0]}-{start[3].__name__}")
        for vendor in CASES.values()
        for start in FACTS[vendor.name].rejected
    ],
)
def test_a_start_that_the_vendor_rejects_fails_with_the_vendors_explanation(
    vendor: VendorCase,
    workflow: str,
    options: dict[str, Any],
    fault: dict[str, Any],
    error: type[errors.WorkflowError],
    said: str,
    emulator: Emulator,
) -> None:
    """The error names the workflow and the connection, and says that nothing was started; the start is sent once."""
    if fault:
        emulator.fail(vendor.conn_type, vendor.start, "status", **fault)

    with pytest.raises(error) as rejected:
        Task(lambda: vendor.task(workflow, **options)).run()

    connection = f"The connection is '{vendor.conn_type}_default'."
    parts = [said, f" {workflow}: HTTP ", connection, "Nothing was started."]
    assert [part for part in parts if part not in str(rejected.value)] == []
    assert type(rejected.value) is error
    assert len(emulator.requests(vendor.conn_type)) == 1
    assert emulator.runs(vendor.conn_type) == []
