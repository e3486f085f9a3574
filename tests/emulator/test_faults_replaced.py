"""Faults that replace the vendor's reply, beyond what test_every_vendor.py tests of each vendor's start."""

import base64
import html
import json
from urllib.parse import unquote

import pytest

from tests.emulator import ids_received


def test_status_is_429_in_the_vendors_words_by_default(fail, send_start):
    fail("execute", "status")
    response = send_start()
    assert response.status_code == response.json()["status_code"] == 429
    assert response.json()["http_error_type"] == "TOO_MANY_REQUESTS"


def test_status_can_have_its_own_body_and_headers(emulator, fail, send_start):
    fail("execute", "status", status=418, body={"short": "stout"}, headers={"X-Pot": "tea"}, carry_out=True)
    response = send_start()
    assert (response.status_code, response.json()) == (418, {"short": "stout"})
    assert response.headers["x-pot"] == "tea"
    assert ids_received(emulator) == [False]


def test_status_204_has_no_body(fail, send_start, caplog):
    """Nor does uvicorn complain of one in its log."""
    fail("execute", "status", status=204)
    response = send_start()
    assert (response.status_code, response.content) == (204, b"")
    assert send_start().status_code == 200
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


@pytest.mark.parametrize(
    ("retry_after", "header"), [(None, None), (7, "7"), (0.5, "0.5"), ("Wed, 21 Oct 2026 07:28:00 GMT",) * 2]
)
def test_rate_limit_has_the_retry_after_that_it_is_given(fail, send_start, retry_after, header):
    fail("execute", "rate_limit", retry_after=retry_after)
    response = send_start()
    assert (response.status_code, response.headers.get("retry-after")) == (429, header)


def test_html_is_the_page_of_a_proxy(fail, send_start):
    fail("execute", "html", status=502)
    response = send_start()
    assert response.headers["content-type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")


def test_list_body_is_a_list_where_an_object_is_documented(fail, send_start):
    fail("execute", "list_body")
    assert isinstance(send_start().json(), list)


def test_not_json_says_that_it_is_json(fail, send_start):
    fail("execute", "not_json")
    response = send_start()
    assert response.headers["content-type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        response.json()


@pytest.fixture
def echo(emulator, fail, send_start):
    """Let a start repeat the key in this encoding; return the message, the body as it came, and the key."""

    def echo(encoding: str) -> tuple[str, str, str]:
        fail("execute", "echo_secret", encoding=encoding)
        response = send_start()
        assert response.status_code == 401
        return response.json()["message"], response.text, emulator.account("refold")["api_key"]

    return echo


#: How each encoding is decoded.
DECODERS = {
    "plain": str,
    "json": lambda text: json.loads(f'"{text}"'),
    "percent": unquote,
    "percent_lower": unquote,
    "html": html.unescape,
    "folded": lambda text: text.replace("\r\n ", ""),
}


@pytest.mark.parametrize("encoding", DECODERS)
def test_echo_secret_has_the_key_for_a_reader_who_decodes_it(echo, encoding):
    message, _, key = echo(encoding)
    *_, written = message.removesuffix(")").split("(") if encoding == "json" else message.split(": ")
    assert DECODERS[encoding](written) == key
    assert (written == key) is (encoding == "plain")


def test_the_encoding_json_escapes_the_body_itself_too(echo):
    """As a server does that escapes more than it must: the key is in the message, and not in the bytes."""
    message, text, key = echo("json")
    assert key in message
    assert key not in text


def test_the_encoding_percent_is_in_capitals_or_small_letters(echo):
    upper, lower = echo("percent")[0], echo("percent_lower")[0]
    assert "%5F" in upper
    assert "%5f" in lower
    assert upper.count("%") == lower.count("%") > 20


def test_the_encoding_base64_is_of_the_key_alone_and_after_a_user_name(echo):
    message, _, key = echo("base64")
    alone, after = message.removeprefix("Invalid Credentials: ").split(" Basic ")
    assert base64.b64decode(alone).decode() == key
    assert base64.b64decode(after).decode() == f"airflow:{key}"


def test_the_encoding_half_is_the_first_half(echo):
    message, text, key = echo("half")
    assert message.endswith(f": {key[: len(key) // 2]}")
    assert key not in text


def test_the_scheme_of_a_header_is_not_encoded(emulator, reach):
    account = emulator.account("altostrat")
    client = reach(account["base_url"], {"Authorization": f"Bearer {account['api_key']}"})
    emulator.fail("altostrat", "execute", "echo_secret", encoding="percent", status=403)
    message = client.post("/workflows/fl_sync_sites/execute").json()["message"]
    assert ": Bearer %61l" in message
    assert unquote(message).endswith(f"Bearer {account['api_key']}")


@pytest.mark.parametrize("where", ["headers", "params"])
def test_a_key_in_the_query_is_repeated_too(emulator, reach, where):
    """Laminar's external API accepts it there."""
    account = emulator.account("laminar")
    emulator.fail("laminar", "execute", "echo_secret")
    sent = {where: {{"headers": "X-API-KEY", "params": "api_key"}[where]: account["api_key"]}}
    response = reach(account["base_url"]).post("/workflow/execute/external/39", **sent)
    assert account["api_key"] in response.json()["error"]["message"]
