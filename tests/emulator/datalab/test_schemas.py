"""Datalab: each reply has the fields of its page. ``conftest.py`` checks the replies that the tests of this folder get."""

import pytest
from jsonschema import Draft202012Validator

from tests.emulator.datalab import schemas


def test_every_operation_has_a_schema_or_a_reason_for_none(emulator):
    operations = {route.operation for route in emulator.by_name["datalab"].routes}
    assert operations == schemas.SCHEMAS.keys() | schemas.WITHOUT_SCHEMA.keys()
    assert not schemas.SCHEMAS.keys() & schemas.WITHOUT_SCHEMA.keys()
    for _, schema in schemas.SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("operation", "status", "body"),
    [
        ("delete_file", 200, {"success": True}),
        ("delete_file", 200, {"message": "gone", "deleted": 1}),
        ("delete_file", 200, {"message": 7}),
        ("delete_file", 404, {"message": "not found"}),
        ("delete_file", 422, {"detail": "not found"}),
    ],
)
def test_a_reply_that_differs_from_its_page_is_found(operation, status, body):
    with pytest.raises(AssertionError):
        schemas.check(operation, status, body)


def test_replies_are_checked_when_they_come(emulator, datalab, monkeypatch):
    wrong = schemas.record({"status": schemas.WHOLE})
    monkeypatch.setitem(schemas.SCHEMAS, "user_health", ("api-health", wrong))
    with pytest.raises(AssertionError, match="user_health"):
        datalab.get("/api/v1/user_health")
