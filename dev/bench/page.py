"""The figures of the last benchmark, in the page of the documentation that explains them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from dev.bench import report
from dev.environment import ROOT

PAGE = ROOT / "docs" / "many-executions.md"
PICTURE = ROOT / "docs" / "pictures" / "bench.svg"

#: What stands between these lines is written by this module.
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(source: Path) -> None:
    """Write the tables, the date and the picture into the page."""
    rows = json.loads(source.read_text())
    shutil.copyfile(source.with_suffix(".svg"), PICTURE)
    date = min(row["at"] for row in rows)[:10]
    tables = [
        cells
        for cells in (report.table(rows), report.workers(rows), report.hours(rows), report.files(rows))
        if len(cells) > 1
    ]
    parts = [
        f"Measured with `make bench` on {date}.",
        *map(report.markdown, tables),
        f"![CPU of a status check and memory of a wait, by contestant](pictures/{PICTURE.name})",
    ]
    new = "\n\n".join([BEGIN, *parts, END])
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: new, PAGE.read_text(), count=1, flags=re.DOTALL))
    print(f"{PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)}")
