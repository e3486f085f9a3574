"""
The tests of all vendors use the rows of ``dev/vendors.py``, and the facts about each row in ``facts/`` and ``documented/``.

Each other package below tests what is particular to one vendor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.request import Response
from dev.vendors import (
    ALTOSTRAT,
    CASES,
    CONTRACT_ROWS,
    DATALAB,
    DATALAB_DOCUMENTS,
    DATALAB_PIPELINES,
    DOCUMENTED_ROWS,
    LAMINAR,
    LAMINAR_JOBS,
    PROMPTLAYER,
    PROMPTLAYER_SCORECARDS,
    PROMPTLAYER_SHEETS,
    REFOLD,
    VendorCase,
)

__all__ = [
    "ALTOSTRAT",
    "CASES",
    "DATALAB",
    "DATALAB_DOCUMENTS",
    "DATALAB_PIPELINES",
    "DOCUMENTED_ROWS",
    "LAMINAR",
    "LAMINAR_JOBS",
    "PROMPTLAYER",
    "PROMPTLAYER_SCORECARDS",
    "PROMPTLAYER_SHEETS",
    "REFOLD",
    "ROWS",
    "VENDORS",
    "VendorCase",
    "misread",
    "response",
]

#: ``LAMINAR``, the external call, is not among them: its runs have no id, so no status check, retry or stop can name one. Its
#: tests are in ``tests/vendors/laminar``; CONTRIBUTING.md names the guarantees that it cannot give.
VENDORS = [vendor for vendor in CASES.values() if vendor.get_status]

#: The quick check runs the tests of all vendors for one of them, the whole test for each.
ROWS = [
    pytest.param(vendor, id=str(vendor), marks=[] if vendor is REFOLD else [pytest.mark.every_vendor])
    for vendor in (*VENDORS, *CONTRACT_ROWS)
]


def response(body: Any, status: int = 200, **headers: str) -> Response:
    """
    Return a response with this body.

    :param body: JSON, unless it is bytes.
    :param status: the HTTP status.
    :param headers: with an underscore for each hyphen of a name.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def misread(read: Callable[[Any], Any], cases: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """
    Return what is read otherwise than expected, so that one test shows every wrong case of a table.

    :param read: what is tested.
    :param cases: what it is given, and the value that it must return, or the class of the error that it must raise.
    """
    wrong = {}
    for given, expected in cases:
        try:
            value = read(given)
        except WorkflowError as error:
            value = type(error)
        if repr(value) != repr(expected):  # 0 equals False, and NaN does not equal NaN
            wrong[repr(given)[:200]] = value
    return wrong
