"""What it costs to make a vendor's text fit to be shown: the worst text beside a plain one, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from airflow_workflow_providers.core.text import shown

SIZE = 1_000_000
ROUNDS = 9
SECRET = "alto_sk_4f9QxZe7Kd2mJw8Rt5Yu1Pz6"  # noqa: S105  # of nobody

PLAIN = "lorem ipsum dolor sit amet, "
WORST = {
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


def scan(text: str) -> float:
    """Return the CPU time of looking for the key with ``in``, the cheapest search there is."""
    before = time.process_time()
    _ = SECRET in text
    return time.process_time() - before


def run() -> None:
    """Print, for each worst text, its median beside a plain text's and a plain scan's."""
    print(f"{SIZE:,} characters each, medians of {ROUNDS} rounds in turn, ms of CPU time")  # noqa: RUF100
    print(f"{'text':32} {'gate':>8} {'gate, plain text':>18} {'plain scan':>12} {'more than plain':>16}")
    plain = (PLAIN * (SIZE // len(PLAIN) + 1))[:SIZE]
    for name, piece in WORST.items():
        worst = (piece * (SIZE // len(piece) + 1))[:SIZE]
        columns: dict[str, list[float]] = {"gate": [], "plain": [], "scan": []}
        steps: list[tuple[str, Callable[[str], float], str]] = [
            ("gate", seconds, worst),
            ("plain", seconds, plain),
            ("scan", scan, worst),
        ]
        for _ in range(ROUNDS):
            for column, measure, text in steps:
                columns[column].append(measure(text) * 1000)
        gate, usual, least = (statistics.median(columns[column]) for column in ("gate", "plain", "scan"))
        print(f"{name:32} {gate:8.2f} {usual:18.2f} {least:12.2f} {gate - usual:16.2f}")
