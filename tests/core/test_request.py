"""Calls and answers, as values."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.parameters import header, json_object, segment
from airflow_workflow_providers.core.request import Response


class _Shape(BaseModel):
    status: str


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>", "JSON"),
        (b'{"status": "RUNN', "JSON"),
        (b"[]", "object"),
        (b"{}", "status"),
        (b'{"status": null}', "status"),
        (b"", "JSON"),
    ],
)
def test_an_unreadable_answer_says_which_field_and_shows_what_came(content: bytes, why: str) -> None:
    with pytest.raises(errors.UnexpectedResponse, match=why) as unreadable:
        Response(200, {}, content).parse(_Shape)

    assert repr(content.decode()) in str(unreadable.value)
    assert unreadable.value.__cause__ is None


def test_a_secret_is_gone_from_a_quotation_before_it_is_cut() -> None:
    """A cut could leave half of it; and it may be there percent-encoded or escaped."""
    secret = 'tk_12/34"56'
    forms = [secret, "tk_12%2F34%2256", 'tk_12/34\\"56']
    for form in forms:
        text = "x" * 495 + form + "y" * 100
        assert "tk_" not in Response(500, {}, text.encode(), (secret,)).quote()
        assert len(Response(500, {}, text.encode(), (secret,)).quote()) == 500


@pytest.mark.parametrize(
    "address",
    [
        "https://files.example/a.pdf?X-Amz-Signature=5ig",
        r"https:\/\/files.example\/a.pdf?sig=5ig&x=1",
        "http://127.0.0.1:8000/o?token=5ig",
    ],
)
def test_the_query_of_an_address_is_never_quoted(address: str) -> None:
    """A signed address is a key to what lies there."""
    said = Response(200, {}, f'{{"output_url": "{address}", "n": 1}}'.encode()).quote()

    assert "5ig" not in said
    assert '?***", "n": 1' in said


def test_repr_shows_no_header_and_no_body() -> None:
    settings = HttpSettings(
        "https://vendor", {"x-api-key": "tk_secret"}, ("tk_secret",), client_key="key.pem"
    )

    assert "tk_secret" not in repr(settings) + repr(Response(200, {}, b"tk_secret", ("tk_secret",)))


@pytest.mark.parametrize("value", ["", " ", ".", "..", "None", None])
def test_a_segment_must_name_something(value: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="workflow_id"):
        segment("workflow_id", value)


def test_a_segment_is_percent_encoded_whole() -> None:
    assert segment("workflow_id", "a/b c?d#ä") == "a%2Fb%20c%3Fd%23%C3%A4"


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\x00b", "ä"])
def test_a_header_that_cannot_be_sent_is_refused(value: str) -> None:
    with pytest.raises(errors.InvalidInput, match="slug"):
        header("slug", value)


@pytest.mark.parametrize(
    "value", [[], "{}", {"a": {1, 2}}, {"a": float("inf")}, {"a": 1_000_000.0, "b": b""}]
)
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="payload"):
        json_object("payload", value)


@pytest.mark.parametrize("depth", [100, 900, 3000, 200_000])
def test_what_is_nested_too_deep_for_python_does_not_hide_the_rest(depth: int) -> None:
    """A finished run is not lost to an output that nobody can have meant to be read."""
    deep = '[{"a\\"]": ' * depth + '"]}"' + "}]" * depth
    body = '{"status": "COMPLETED", "output": ' + deep + ', "n": 1}'

    read = Response(200, {}, body.encode()).json()

    assert (read["status"], read["n"]) == ("COMPLETED", 1)


@pytest.mark.parametrize(
    "body", ["[" * 5000, '{"a":' * 5000, '{"a": ' + "[" * 5000 + "1" + "]" * 5000, '["' + "\\" * 5001]
)
def test_brackets_alone_are_our_own_error(body: str) -> None:
    with pytest.raises(errors.UnexpectedResponse):
        Response(200, {}, body.encode()).json()
