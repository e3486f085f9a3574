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

#: The page with the figures of the workers of batches.
WORKERS = ROOT / "docs" / "sizing.md"

#: What stands between these lines is written by this module.
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(source: Path) -> None:
    """Write the tables, the date and the picture into the pages; a part that was not measured stays as it is."""
    rows = json.loads(source.read_text())
    measured = f"Measured with `make bench` on {min(row['at'] for row in rows)[:10]}."
    tables = [
        cells for cells in (report.table(rows), report.hours(rows), report.files(rows)) if len(cells) > 1
    ]
    if any(row["where"] == "loop" for row in rows):
        shutil.copyfile(source.with_suffix(".svg"), PICTURE)
        picture = f"![CPU of a status check and memory of a wait, by contestant](pictures/{PICTURE.name})"
        _replace(PAGE, [measured, *map(report.markdown, tables), picture])
    if len(cells := report.workers(rows)) > 1:
        _replace(WORKERS, [measured, report.markdown(cells)])


def _replace(page: Path, parts: list[str]) -> None:
    new = "\n\n".join([BEGIN, *parts, END])
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: new, page.read_text(), count=1, flags=re.DOTALL))
    print(page.relative_to(ROOT))
