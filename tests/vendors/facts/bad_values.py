"""Values that no parameter of a kind accepts, however a vendor names the parameter."""

from __future__ import annotations

import math
from typing import Any


class Hostile:
    """An object that cannot be compared or shown, as an author's own class may be."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("which one?")

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        raise TypeError("cannot be shown")


def nested(depth: int) -> dict[str, Any]:
    inner: Any = []
    for _ in range(depth):
        inner = [inner]
    return {"a": inner}


ITSELF: dict[str, Any] = {}
ITSELF["me"] = [ITSELF, ITSELF]
HUGE = 10**5_000

#: No parameter can have one of these values.
THINGS: list[Any] = [
    True,
    1.5,
    math.nan,
    b"x",
    [],
    ["x"],
    {},
    set(),
    {1},
    object(),
    Hostile(),
    1 + 2j,
    range(3),
]
TEXTS: list[Any] = ["", " ", "\ud800", "x" * 1_001]
IDS = [None, *THINGS, *TEXTS, ".", "..", "None", HUGE, -HUGE, 2**70]
NAMES = [*THINGS, *TEXTS, 7, HUGE]
#: A header holds printable ASCII only.
NO_HEADER = ["ä", "a\r\nx-api-key: other", "a\x00", "x\n"]
HEADERS = [*NAMES, *NO_HEADER]
#: An id in a header may be a number.
HEADER_IDS = [*THINGS, *TEXTS, HUGE, *NO_HEADER]
INSIDE: list[Any] = [
    *({"a": value} for value in (b"x", {1}, object(), Hostile(), math.nan, math.inf, "\ud800", HUGE, 1 + 2j)),
    *({"a": [{"b": value}]} for value in (b"x", object(), "x\udfff", -math.inf)),
    *({key: 1} for key in ("\ud800", (1,), b"x", math.nan)),
    nested(150),
    nested(100_000),
    ITSELF,
]
OBJECTS = [True, 1.5, b"x", [], "", "x", 0, 7, set(), object(), Hostile(), HUGE, *INSIDE]
ANY_JSON = [b"x", {1}, object(), Hostile(), math.nan, "\ud800", HUGE, *INSIDE]
FLAGS = [None, "False", "", 0, 1, [], {}, object(), Hostile(), HUGE]
CHOICES = [None, True, "", "FAIL", "ignore", 7, [], {}, {1}, object(), Hostile(), b"fail", HUGE]
NUMBERS = [*THINGS, "1", "", 0, -1, HUGE, -HUGE, 2**63]
SECONDS = [None, True, "", "soon", math.nan, math.inf, -1, HUGE, -HUGE, [], {}, object(), Hostile(), b"1"]
CALLBACKS: list[Any] = [
    *("", " ", "{{ var.value.s3cret }}", "s3cret.example/x", "ftp://x/s3cret", "https://", "https:///s3cret", "http://[s3cret", "https://x:s3cret/"),
    *("https://x/s3cret y", "https://x/\ns3cret", "https://x/\x00s3cret", "https://s3cret\uff03.example", "https://x/\ud800"),
    *("https://x/s3cret" + "y" * 8_000, "//x/s3cret", 7, True, [], {}, object(), Hostile(), b"https://x/s3cret", HUGE),
]  # fmt: skip
