"""Whether two starts are the same: a digest of the workflow and its input, without what changes by itself."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: The parameters of signed addresses at Amazon, Google, Alibaba and Volcano begin so.
_PREFIXES = ("x-amz-", "x-goog-", "x-oss-", "x-tos-")

#: Other signatures: the parameter that marks a signed address, and those that come and go with it.
_SETS = {
    "sig": frozenset(
        "sig sv se st sr sp spr sip ss srt skoid sktid skt ske sks skv sdd saoid suoid scid".split()  # noqa: SIM905  # words are easier to read
    ),
    "signature": frozenset(
        "signature expires policy key-pair-id awsaccesskeyid googleaccessid ossaccesskeyid".split()  # noqa: SIM905  # words are easier to read
    ),
}


def fingerprint(fingerprint_input: Mapping[str, Any]) -> str:
    """
    Return a digest of a start.

    :param fingerprint_input: the workflow and its input: the ``fingerprint_input`` of a start's
        :class:`~airflow_workflow_providers.core.request.Request`.
    :return: 64 hexadecimal digits. Two starts have the same if they differ only in the order of an object's members and in
        the signatures of signed addresses.
    """
    plain = json.dumps(unsigned(fingerprint_input), sort_keys=True, separators=(",", ":"))
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
    for mark, members in _SETS.items():
        if mark in names:
            signing |= members
    left = [part for part, name in zip(parts, names, strict=True) if name not in signing]
    return "?".join([address, "&".join(left)]) if left else address
