"""What a fault makes of a vendor's answer, as far as that can be said in one answer."""

import base64
import html
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from airflow_workflow_providers.emulator.faults import HARMLESS, STREAMED, Fault
from airflow_workflow_providers.emulator.shape import Answer, Asked, Never
from airflow_workflow_providers.emulator.vendor import Vendor

_PROXY_PAGE = b"<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body><h1>Please try again</h1></body></html>\n"
#: Stands where an answer is to be deep until it is JSON, since the library itself cannot write what is so deep.
_DEEP = "here the answer is deep"


def faulty_answer(
    vendor: Vendor[Any], asked: Asked, fault: Fault, reply: Answer | Never | None
) -> Answer | Never:
    """Return what the fault makes of the vendor's reply (None: the vendor was not asked)."""
    options = fault.options
    if fault.name in HARMLESS | STREAMED | {"truncated"}:
        whole = reply if reply is not None else vendor.error(asked.operation, 500)
        return _changed(vendor, fault, whole) if isinstance(whole, Answer) else whole
    if fault.name == "html":
        return Answer(options["status"], _PROXY_PAGE, media_type="text/html")
    if fault.name == "list_body":
        return Answer(200, [{"unexpected": "list"}])
    if fault.name == "not_json":
        return Answer(200, b"OK, but this is no JSON")
    if fault.name == "echo_secret":
        return _echo(vendor, asked, options["status"], options["encoding"])
    status = options.get("status", 429)
    worded = vendor.error(asked.operation, status)
    headers = {name: str(value) for name, value in (options.get("headers") or {}).items()}
    if options.get("retry_after") is not None:
        headers["Retry-After"] = str(options["retry_after"])
    own = options.get("body")
    body, media_type = (worded.body, worded.media_type) if own is None else (own, "application/json")
    return Answer(status, body, headers, media_type=media_type)


def _changed(vendor: Vendor[Any], fault: Fault, answer: Answer) -> Answer:
    """Return the vendor's own answer with one thing in it changed, or as it is if the fault is in how it is sent."""
    body, options, media_type = answer.body, fault.options, answer.media_type
    if fault.name == "truncated":
        whole = answer.encoded()
        body = whole[: max(len(whole) // 2, 1)]
    elif fault.name == "unknown_status":
        body = vendor.with_status(body, options["status"])
    elif fault.name == "huge":
        body = vendor.with_output_of(body, options["bytes"])
    elif fault.name == "garbled":
        field, value = options["field"], options["value"]
        body = (
            vendor.with_status(body, value) if field is None else with_value_at(body, field.split("."), value)
        )
    elif fault.name == "deep_json":
        text = json.dumps(with_value_at(body, options["field"].split("."), _DEEP))
        deep = "[" * options["depth"] + "]" * options["depth"]
        body, media_type = text.replace(json.dumps(_DEEP), deep).encode(), "application/json"
    changed = replace(answer, body=body, media_type=media_type)
    if fault.name == "garbled" and (answer.execution_id or "").encode() not in changed.encoded():
        return replace(changed, execution_id=None)
    return changed


def with_value_at(body: Any, path: list[str], value: Any) -> Any:
    """Return a body with the value at this path; what is in the way of a name becomes an object with it."""
    if not path:
        return value
    step, *rest = path
    if isinstance(body, list) and (step == "*" or step.isdecimal()):
        items = body + [None] * (0 if step == "*" else int(step) + 1 - len(body))
        return [
            with_value_at(item, rest, value) if step in ("*", str(n)) else item
            for n, item in enumerate(items)
        ]
    if isinstance(body, dict) and step == "*":
        return {name: with_value_at(inner, rest, value) for name, inner in body.items()}
    known = body if isinstance(body, dict) else {}
    return {**known, step: with_value_at(known.get(step), rest, value)}


def _echo(vendor: Vendor[Any], asked: Asked, status: int, encoding: str) -> Answer:
    """Refuse a caller and repeat its secrets in this encoding; in JSON's, the body itself is written so as well."""
    sent = [value for name, value in asked.headers.items() if name in vendor.secret_headers]
    sent += [value for name, value in asked.query.items() if name in vendor.secret_parameters]
    # A scheme, as ``Bearer``, is no secret.
    parts = [value.rpartition(" ") for value in sent]
    encode = _ENCODINGS[encoding]
    said = " ".join(scheme + space + encode(secret) for scheme, space, secret in parts)
    if encoding != "json":
        return vendor.error(asked.operation, status, f"Invalid Credentials: {said}")
    refusal = vendor.error(asked.operation, status, f"Invalid Credentials: {' '.join(sent)} ({said})")
    body = refusal.encoded()
    for _, _, secret in parts:
        body = body.replace(secret.encode(), encode(secret).encode())
    return Answer(status, body, refusal.headers, media_type=refusal.media_type)


def _every_other(write: Callable[[str], str]) -> Callable[[str], str]:
    """Return an encoding of all punctuation and of every other letter and digit: some keys have nothing else."""
    return lambda text: "".join(
        write(char) if n % 2 == 0 or not char.isalnum() else char for n, char in enumerate(text)
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


#: How a server may write what it repeats.
_ENCODINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "plain": str,
        "json": _every_other(lambda char: "\\/" if char == "/" else f"\\u{ord(char):04x}"),
        "percent": _every_other(_percent),
        "percent_lower": _every_other(lambda char: _percent(char).lower()),
        "html": _every_other(lambda char: f"&#{ord(char)};" if char.isalnum() else html.escape(char)),
        "base64": lambda text: f"{_base64(text)} Basic {_base64('airflow:' + text)}",
        "folded": lambda text: f"{text[: len(text) // 2]}\r\n {text[len(text) // 2 :]}",
        "half": lambda text: text[: len(text) // 2],
    }
)
