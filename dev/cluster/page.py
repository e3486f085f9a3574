"""Write the figures of the last ``make cluster`` into the documentation: ``python -m dev.cluster.page``."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timezone
from typing import Any

from airflow_workflow_providers.core.rate_limit import SHARES
from dev.bench.report import markdown
from dev.cluster.requests import NOT_LIMITED
from dev.cluster.run import LIMITS, REPORT
from dev.environment import ROOT

PAGE = ROOT / "docs" / "sizing.md"

#: What stands between two such lines is written by this module.
MARK = "<!-- cluster: {} -->"

DOCUMENTS = 1_000_000
DAY, HOUR = 86_400, 3_600

#: The operations that the poller of a triggerer sends, once for many executions.
_BY_THE_TRIGGERER = frozenset({"list", "list_pipeline_executions"})


def outcome(result: dict[str, Any]) -> str:
    """Return the table of what became of the inputs."""
    names = {
        "inputs": "inputs",
        "started": "executions started",
        "finished": "finished",
        "duplicated": "run twice",
        "lost_starts": "lost starts, named as such",
        "failed": "failed for another reason",
        "lost": "neither finished nor named",
        "outputs_written": "outputs stored by the batch",
        "outputs_wrong": "outputs that are wrong or of another input",
        "throttled": "requests that were rejected with 429",
        "limit_exceeded": "requests above a process's share, or before `Retry-After` had passed",
    }
    rows = [["", "number"], *([text, f"{result[name]:,}"] for name, text in names.items())]
    killed = [
        ["what was killed or restarted", "work goes on after"],
        *([each["what"], f"{each['recovery_seconds']:g} s"] for each in result["recovery_seconds"]),
    ]
    return f"{markdown(rows)}\n\n{markdown(killed)}"


def price(result: dict[str, Any]) -> str:
    """Return the table of the CPU of an execution."""
    batch, mapped = result["cpu_seconds_batch"], result["cpu_seconds_mapped"]
    kinds = ("worker", "triggerer", "scheduler", "database", "api-server")
    rows = [["CPU seconds of an execution", "in a batch", "as a mapped task"]]
    rows += [[kind, f"{batch[kind]:.3f}", f"{mapped[kind]:.3f}"] for kind in kinds]
    rows += [["the first four together", f"{batch['compared']:.3f}", f"{mapped['compared']:.3f}"]]
    return markdown(rows)


def per_hour(result: dict[str, Any]) -> str:
    """Return the table of what an account can do in an hour at the limit that its vendor documents."""
    rows = [["vendor", "limit", "requests of an execution", "executions in an hour", "of one batch"]]
    for vendor, requests in {**result["requests_of_mapped"], "datalab": result["requests_of_batch"]}.items():
        counted = {name: n for name, n in requests.items() if name not in NOT_LIMITED | _BY_THE_TRIGGERER}
        if vendor not in LIMITS:
            rows.append([vendor, "none documented", f"{sum(counted.values()):.1f}", "-", "-"])
            continue
        # Datalab counts each address of its API by itself.
        each_counts = vendor == "datalab"
        most = max(counted.values()) if each_counts else sum(counted.values())
        account = LIMITS[vendor] * HOUR / most
        batch = LIMITS[vendor] * SHARES["worker"] * HOUR / sum(counted.values())
        limit = f"{LIMITS[vendor] * 60:g} a minute" + (" for each address" if each_counts else "")
        rows.append([vendor, limit, f"{sum(counted.values()):.1f}", f"{account:,.0f}", f"{batch:,.0f}"])
    return markdown(rows)


def a_million(result: dict[str, Any]) -> str:
    """Return what a million documents a day take."""
    batch, mapped = result["cpu_seconds_batch"], result["cpu_seconds_mapped"]
    counted = {
        name: n
        for name, n in result["requests_of_batch"].items()
        if name not in NOT_LIMITED | _BY_THE_TRIGGERER
    }
    every, most, limit = sum(counted.values()), max(counted.values()), LIMITS["datalab"]
    rate = DOCUMENTS / DAY
    of_batch = limit * SHARES["worker"] / every
    cores, of_mapped = rate * batch["compared"], rate * mapped["compared"]
    lines = (
        f"{rate:.1f} documents a second, and {rate * every:.0f} requests a second to the vendor.",
        (
            f"**Accounts:** {rate * most / limit:.1f} times the limit of one account: the address that is used most gets {most:.1f} "
            f"requests for a document, and Datalab documents {limit * 60:g} a minute."
        ),
        (
            f"**Batches:** with a worker's share of one account's limit a batch does {of_batch:.2f} documents a second. With a "
            f"`requests_per_second` of {rate * every / SHARES['worker']:.0f} one batch at a time is enough."
        ),
        (
            f"**CPU:** {cores:.2f} cores for workers, triggerers, scheduler and database together. As mapped tasks it would be "
            f"{of_mapped:.0f} cores."
        ),
    )
    return "\n".join(f"- {line}" for line in lines)


def main() -> int:
    """Write all parts; the exit code says whether there are figures."""
    if not REPORT.exists() or "cpu_seconds_batch" not in (result := json.loads(REPORT.read_text())):
        print("Run `make cluster` first, not its short form.", file=sys.stderr)
        return 1
    date = datetime.fromtimestamp(REPORT.stat().st_mtime, tz=timezone.utc).date()
    parts = {
        "outcome": f"Measured with `make cluster` on {date}.\n\n{outcome(result)}",
        "price": price(result),
        "hour": per_hour(result),
        "million": a_million(result),
    }
    text = PAGE.read_text()
    for name, part in parts.items():
        begin, end = MARK.format(f"{name} begin"), MARK.format(f"{name} end")
        text = re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n\n{part}\n\n{end}", text, flags=re.DOTALL)  # noqa: B023  # used at once
    PAGE.write_text(text)
    print(PAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
