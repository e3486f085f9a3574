"""The gate that all of a vendor's text passes: no secret, one line, no more than the limit."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from airflow_workflow_providers.core.text import LIMIT, shown, without_secrets

SECRET = 'alto_sk_4f9/Qx+Ze"7Kd&2m=Jw'


def base64_after(before: bytes) -> Callable[[str], str]:
    return lambda secret: base64.b64encode(before + secret.encode() + b":x").decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "JSON": lambda s: json.dumps(s)[1:-1],
    r"JSON with \/": lambda s: json.dumps(s)[1:-1].replace("/", r"\/"),
    r"JSON with \u": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "JSON in JSON": lambda s: json.dumps(json.dumps(s))[1:-1],
    "percent": lambda s: quote(s, safe=""),
    "percent, every character, lower case": lambda s: "".join(f"%{ord(c):02x}" for c in s),
    "percent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "HTML": html.escape,
    "HTML, decimal": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "HTML, hexadecimal": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "base64": base64_after(b""),
    "base64 within Basic": base64_after(b"user:"),
    "base64 at another place": base64_after(b"us:"),
    "base64 for addresses": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "hexadecimal": lambda s: s.encode().hex(),
    "Python's bytes": lambda s: repr(s.encode())[2:-1],
    "split by a line fold": lambda s: s[:9] + "\r\n\t " + s[9:],
    "split by a zero-width space": lambda s: s[:9] + "\u200b" + s[9:],
    "its first half": lambda s: s[: len(s) // 2],
    "its second half": lambda s: s[len(s) // 2 :],
}


def tells(text: str, secret: str) -> bool:
    """Whether eight characters of the secret in a row can be read from the text, in any encoding of the table."""
    forms = [encode(secret) for encode in ENCODINGS.values() if encode is not ENCODINGS["upper case"]]
    return any(form[place : place + 8] in text for form in forms for place in range(len(form) - 7))


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_secret_is_found_in_every_encoding(encode: Callable[[str], str]) -> None:
    said = shown(f"Invalid key {encode(SECRET)} for you", (SECRET,))

    assert said.startswith("Invalid key ")
    assert said.endswith(" for you")
    assert "***" in said
    assert not tells(said, SECRET)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_no_half_of_a_secret_is_left_at_a_cut(encode: Callable[[str], str]) -> None:
    """Wherever the text is cut: at what is shown, and at what is read of it."""
    for cut in (LIMIT, 8 * LIMIT):
        for place in (cut - 70, cut - 25, cut - 9, cut - 1):
            said = shown("x" * place + encode(SECRET) + "y" * 9000, (SECRET,))

            assert not tells(said, SECRET), place
            assert len(said) <= LIMIT


@pytest.mark.parametrize(
    "address",
    [
        "https://files.example/a.pdf?X-Amz-Signature=5ig",
        r"https:\/\/files.example\/a.pdf?sig=5ig&x=1",
        r"https:\u002f\u002ffiles.example\u002fa.pdf\u003fsig=5ig",
        "HTTPS://files.example/a.pdf?sig=5ig",
        "https%3A%2F%2Ffiles.example%2Fa.pdf%3Fsig%3D5ig",
        "https://user:5ig@files.example/a.pdf",
        "https://files.example/#access_token=5ig",
        "https://files.example/a,https://files.example/b?sig=5ig,https://c?sig=5ig",
        "https://v1.example/workflows/webhooks/whsec_5ig",
    ],
)
def test_what_signs_an_address_is_never_shown(address: str) -> None:
    said = shown(f'{{"output_url": "{address}", "n": 1}}')

    assert "5ig" not in said
    assert "example" in said
    assert said.endswith('"n": 1}')


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "a\r\n2026-01-01 INFO b",
        "a\x1b[31mb",
        "a\0b",
        "a\x9bb",
        "a\u202eb",
        "a\u2028b",
        "a\ud800b",
        "a\ufeffb",
    ],
)
def test_no_text_forges_a_log_line(text: str) -> None:
    said = shown(text)

    assert said.isprintable()
    assert said[0] == "a"
    assert said[-1] == "b"


ANYTHING = {
    "nothing": None,
    "a number": 7,
    "a huge number": 10**5000,
    "an object": {"a": [1, {"b": "c\n"}]},
    "a long list": [[[]]] * 10**5,
    "a deep list": json.loads("[" * 900 + "]" * 900),
}


@pytest.mark.parametrize("value", ANYTHING.values(), ids=ANYTHING)
def test_anything_can_be_shown(value: object) -> None:
    """What should be text may be anything, and huge."""
    said = shown(value)

    assert said.isprintable()
    assert 0 < len(said) <= LIMIT


def test_an_ordinary_text_is_shown_as_it_is() -> None:
    text = "The workflow 'Über & Co' returned 100 % of 3 < 4 rows: {\"a\": [1, 2]} \\o/ &amp; %41"

    assert shown(text, (SECRET, "key")) == text


def test_an_output_that_repeats_a_key_does_not_keep_it() -> None:
    """A workflow may return the headers that it was called with."""
    basic = base64.b64encode(f"user:{SECRET}".encode()).decode()
    output = {"headers": [SECRET, f"Basic {basic}", quote(SECRET, safe="")], SECRET: 1, "n": [1.5, None]}

    cleaned = without_secrets(output, (SECRET,))

    assert not tells(json.dumps(cleaned, ensure_ascii=False), SECRET)
    assert cleaned["n"] == [1.5, None]
