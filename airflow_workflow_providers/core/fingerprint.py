"""Whether two starts ask for the same: a digest of the workflow and its input, of nothing that changes by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

#: Query parameters that sign an address: such a query is new each time that the address is made.
SIGNATURES = frozenset(
    {
        "x-amz-signature",
        "x-goog-signature",
        "x-oss-signature",
        "x-tos-signature",
        "signature",
        "sig",
        "sign",
        "token",
        "hmac",
    }
)


def fingerprint(identity: Mapping[str, Any]) -> str:
    """
    Return a digest of a start.

    :param identity: the workflow and its input, as the start's :class:`~airflow_workflow_providers.core.call.Call` has
        them; labels and callback addresses are not among them.
    :return: 64 hexadecimal digits. Two starts have the same if they differ in nothing but the order of an object's
        members and the queries of signed addresses.
    """
    plain = json.dumps(unsigned(identity), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def unsigned(value: Any) -> Any:
    """Return a value with the query cut off from each signed address in it, however deep it lies."""
    if isinstance(value, str):
        return value.partition("?")[0] if _is_signed(value) else value
    if isinstance(value, Mapping):
        return {str(name): unsigned(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [unsigned(item) for item in value]
    return value


def _is_signed(text: str) -> bool:
    if not text.startswith(("http://", "https://")):
        return False
    try:
        query = urlsplit(text).query
    except ValueError:
        return False
    return any(name.lower() in SIGNATURES for name, _ in parse_qsl(query, keep_blank_values=True))
