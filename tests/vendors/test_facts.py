"""The facts about each vendor are complete: nothing that a vendor has is left untested."""

from __future__ import annotations

import pytest

from tests.vendors import DOCUMENTED_ROWS, VendorCase
from tests.vendors.facts import FACTS


@pytest.mark.parametrize("vendor", DOCUMENTED_ROWS.values(), ids=str)
def test_only_what_a_vendor_does_not_have_is_empty(vendor: VendorCase) -> None:
    api = vendor.hook.api
    has = {
        "wrong_keys": api.ping,
        "base_urls": api.base_url,
        "explanations": api.error_message,
        "rejected": True,
        "other_start": True,
        "started": vendor.get_status,
        "successes": vendor.get_status,
        "acknowledgement": vendor.stop,
        "failed_parts": vendor.partial,
        "page": api.execution_url,
        "search": api.find_started,
        "statuses": api.list_statuses,
    }

    given = {name: bool(getattr(FACTS[vendor.name], name)) for name in has}
    assert given == {name: bool(value) for name, value in has.items()}


@pytest.mark.parametrize("vendor", DOCUMENTED_ROWS.values(), ids=str)
def test_a_row_says_what_the_vendors_api_has(vendor: VendorCase) -> None:
    """What a row lacks would not be tested."""
    api = vendor.hook.api

    assert bool(vendor.get_status) == bool(api.get_status)
    assert bool(vendor.list_statuses) == bool(api.list_statuses)
    assert bool(vendor.stop) == bool(api.stop)
    assert bool(vendor.partial) == ("on_partial_failure" not in vendor.operator.unsupported)
    assert bool(vendor.shows_nonce) == bool(api.find_started)
    assert vendor.input == next(iter(vendor.operator.template_fields_renderers), vendor.input)
