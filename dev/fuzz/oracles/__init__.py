"""
What the fuzzer knows of each vendor: a module for each row of ``dev/vendors.py``, from the vendor's pages alone.

A success may be read only if the fields that decide are exactly as documented. If they are, their outcome must be read,
with any values of the other fields. In all other cases anything but a success may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from dev.fuzz.expected import Expected, Response

#: The execution that every request is about.
EXECUTION_ID = "48291"
#: The secret part of a callback address, which a start of some vendors can have.
CALLBACK_TOKEN = "9f3Kq7Lw2Xn8Vt4R"  # noqa: S105  # of nobody
CALLBACK = f"https://hooks.example/airflow/{CALLBACK_TOKEN}"


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """
    What the fuzzer knows of a vendor.

    :param expected: returns what may and what must be read of a response.
    :param start: parameters of a start besides the required ones, so that more of its response is read.
    :param other_starts: by operation, the parameters of a start that has another response.
    :param methods: by operation, the hook's method that sends a request which only this vendor has, and its parameters.
    :param execution_id: the execution that the requests about one are about.
    :param label: the label in the responses to a search for a lost start, if these are to be read.
    :param ping: the fields of a connection on which the connection test depends.
    :param key_field: the field of a connection that has the key.
    :param extra: what the extra of a valid connection has besides the key.
    :param fields: for each extra field that not every vendor has, values that must work and values that must be rejected.
    :param secrets: by name, a secret that no text may show, and a text that has it.
    :param sent: by operation, a secret in the body of its request, which no text about the operation may show.
    """

    expected: Callable[[Response], Expected]
    start: Mapping[str, Any] = field(default_factory=dict)
    other_starts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    methods: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    execution_id: str = EXECUTION_ID
    label: str = ""
    ping: Mapping[str, str] = field(default_factory=dict)
    key_field: str = "password"
    extra: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, tuple[list[Any], list[Any]]] = field(default_factory=dict)
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)


@cache
def oracle(vendor: str) -> Oracle:
    """Return what is known of a vendor; one without a module here is an error."""
    return import_module(f"{__name__}.{vendor}").ORACLE  # type: ignore[no-any-return]  # a module of this folder
