"""Whether two starts ask for the same: a digest of the workflow and its input, of nothing that changes by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: How the parameters begin by which an address is signed at Amazon, Google, Alibaba and Volcano.
_PREFIXES = ("x-amz-", "x-goog-", "x-oss-", "x-tos-")

#: The parameters of other signatures: which one marks such an address, and which come and go with it.
_SETS = (
    (
        "sig",
        frozenset(
            [
                "sig",
                "sv",
                "se",
                "st",
                "sr",
                "sp",
                "spr",
                "sip",
                "ss",
                "srt",
                "skoid",
                "sktid",
                "skt",
                "ske",
                "sks",
                "skv",
                "sdd",
                "saoid",
                "suoid",
                "scid",
            ]
        ),
    ),
    (
        "signature",
        frozenset(
            [
                "signature",
                "expires",
                "policy",
                "key-pair-id",
                "awsaccesskeyid",
                "googleaccessid",
                "ossaccesskeyid",
            ]
        ),
    ),
)


def fingerprint(identity: Mapping[str, Any]) -> str:
    """
    Return a digest of a start.

    :param identity: the workflow and its input, as the start's :class:`~airflow_workflow_providers.core.call.Call` has
        them; labels and callback addresses are not among them.
    :return: 64 hexadecimal digits. Two starts have the same if they differ in nothing but the order of an object's
        members and the signatures of signed addresses.
    """
    plain = json.dumps(unsigned(identity), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def unsigned(value: Any) -> Any:
    """Return a value without the signatures of the addresses in it, however deep they lie."""
    if isinstance(value, str):
        return _without_signature(value)
    if isinstance(value, Mapping):
        return {str(name): unsigned(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [unsigned(item) for item in value]
    return value


def _without_signature(text: str) -> str:
    if not text.startswith(("http://", "https://")) or "?" not in text:
        return text
    address, _, query = text.partition("?")
    parts = query.split("&")
    names = [part.partition("=")[0].lower() for part in parts]
    signing = {name for name in names if name.startswith(_PREFIXES)}
    for mark, members in _SETS:
        if mark in names:
            signing |= members
    left = [part for part, name in zip(parts, names, strict=True) if name not in signing]
    return "?".join([address, "&".join(left)]) if left else address
