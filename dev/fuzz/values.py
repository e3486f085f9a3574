"""Unusual values for JSON fields; the plain ones first, because hypothesis shrinks to them."""

from __future__ import annotations

from typing import Any

from dev.fuzz.oracles import CALLBACK, CALLBACK_TOKEN, oracle
from dev.fuzz.target import KEY
from dev.fuzz.trees import Raw, nested
from dev.vendors import DOCUMENTED_ROWS

#: A signed address opens what it leads to.
SIGNATURE = "5ig9cZ7rQ2mWk8Tx"
SIGNED = f"https://files.example/7/out.json?X-Amz-Expires=3600&X-Amz-Signature={SIGNATURE}"
#: So many addresses that a search for the end of each, from its beginning, takes too long.
ADDRESSES = "https://files.example/7/a.pdf," * 4_000


def planted(vendor: str, operation: str, *, addresses: bool) -> dict[str, str]:
    """Return what no text of an operation may show, by name; the secrets of ``addresses`` only if these are unchanged."""
    secrets = {"key": KEY}
    if operation in oracle(vendor).sent:
        secrets["sent value"] = oracle(vendor).sent[operation]
    if not addresses:
        return secrets
    secrets["signature"] = SIGNATURE
    if operation == "start" and CALLBACK in oracle(vendor).start.values():
        secrets["callback address"] = CALLBACK_TOKEN
    return secrets | {name: secret for name, (secret, _) in oracle(vendor).secrets.items()}


_TYPES: list[Any] = [
    *(None, True, False, 0, 1, -1, "", "x", [], {}, 1.5, [None], {"a": 1}, ["x"], {"status": "FAILED"}),
]
_NUMBERS: list[Any] = [
    *(2**63, -(2**63) - 1, 2**64, 10**400, 1e308, 5e-324, -0.0),
    *map(Raw, ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0.1e-999", "9" * 4301, "-" + "9" * 5000)),
]
_TEXTS: list[Any] = [
    *(" ", ".", "..", "None", "null", "a/b", "../../x", "a b", "?q=1#f", "%2e%2e", "ä€😀", "\ud800"),
    *("x\udfffy", "\x00", "\x07bell\x7f", "one\ntwo", "one\r\n[2026-01-01] INFO - forged"),
    *("\x1b[31mred\x1b[0m\x1b]0;title\x07", "\u2028\u2029\x85", "\u202egnp.exe", "\ufeffbom"),
    *("zero\u200bwidth", "\u00a0", "x" * 200, "x" * 201, "x" * 2_001, "x" * 100_000, "\n" * 100_000),
    *("é" * 50_000, "{" * 3_000, "\ud83d" * 3_000, ADDRESSES, "https://" * 12_000),
]
_SECRETS: list[Any] = [
    *(KEY, f"Invalid key {KEY}!", {"key": KEY, "nested": [KEY]}, "x" * 490 + KEY, "x" * 1_990 + KEY),
    *(" " * 3_990 + KEY, f"no such callback: {CALLBACK}", SIGNED, f"see {SIGNED}, {SIGNED}"),
    *({"output_url": SIGNED}, (SIGNED + ",") * 3_000),
    *(text for vendor in sorted(DOCUMENTED_ROWS) for _, text in oracle(vendor).secrets.values()),
    *(
        f"{sent} is not valid"
        for vendor in sorted(DOCUMENTED_ROWS)
        for sent in set(oracle(vendor).sent.values())
    ),
]
_DEEP: list[Any] = [
    nested(opening, closing, depth, inside)
    for depth in (5, 50, 150, 250, 900, 1_100, 2_000)
    for opening, closing, inside in (("[", "]", ""), ('{"a": ', "}", "1"), ('[{"status": ', "}]", '"x"'))
]
_RESERVED: list[Any] = [
    {"__classname__": "airflow.sdk.definitions.asset.Asset", "__version__": 1, "__data__": {"uri": "x"}},
    {"__classname__": 5},
    {"__type": "dict", "__var": {"__type": "x"}},
    {"__proto__": {"status": "COMPLETED"}},
    {"": ""},
    {"x" * 5_000: 1},
    {"\x1b[1m\n": {"status": "FAILED", "error": "\x1b[1m\n"}},
    {KEY: {"status": "FAILED"}},
]

#: What a field can hold; the most usual first.
ODD: list[Any] = [*_TYPES, *_TEXTS, *_NUMBERS, *_RESERVED, *_DEEP, *_SECRETS]
