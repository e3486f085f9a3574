"""The cost of the redaction of a vendor's text: texts that cost most, and a plain one, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from airflow_workflow_providers.core.text import shown

SIZE = 1_000_000
ROUNDS = 9
SECRET = "alto_sk_4f9QxZe7Kd2mJw8Rt5Yu1Pz6"  # noqa: S105  # of nobody

PLAIN = "lorem ipsum dolor sit amet, "
COSTLY = {
    "addresses joined by commas": "https://bucket.example/file,",
    "addresses with a signature": "https://bucket.example/file?X-Amz-Signature=0a1b2c3d,",
    "addresses without an end": "https://",
    "percent-encoded": "%68%74%74%70%73%3a%2f%2f",
    "JSON escapes": r"\u0068\u0074\u002f",
    "HTML entities": "&#104;&#116;&#x2f;",
    "pieces of the key": SECRET[:7] + " ",
    "white space": " \t\r\n",
}


def seconds(text: str) -> float:
    """Return the CPU time of one pass."""
    before = time.process_time()
    shown(text, (SECRET,))
    return time.process_time() - before


def search(text: str) -> float:
    """Return the CPU time of a search for the key with ``in``, the cheapest search."""
    before = time.process_time()
    _ = SECRET in text
    return time.process_time() - before


def run() -> None:
    """Print the median for each text, and with it that of a plain text and of a plain search."""
    print(f"{SIZE:,} characters each, medians of {ROUNDS} rounds, in ms of CPU time")  # noqa: RUF100
    print(f"{'text':28} {'redaction':>10} {'plain text':>12} {'plain search':>14} {'difference':>12}")
    plain = (PLAIN * (SIZE // len(PLAIN) + 1))[:SIZE]
    for name, piece in COSTLY.items():
        costly = (piece * (SIZE // len(piece) + 1))[:SIZE]
        columns: dict[str, list[float]] = {"redaction": [], "plain": [], "search": []}
        steps: list[tuple[str, Callable[[str], float], str]] = [
            ("redaction", seconds, costly),
            ("plain", seconds, plain),
            ("search", search, costly),
        ]
        for _ in range(ROUNDS):
            for column, measure, text in steps:
                columns[column].append(measure(text) * 1000)
        redaction, usual, least = (
            statistics.median(columns[column]) for column in ("redaction", "plain", "search")
        )
        print(f"{name:28} {redaction:10.2f} {usual:12.2f} {least:14.2f} {redaction - usual:12.2f}")
