"""The documented responses of each vendor, for each operation that this package calls: facts, with invented values."""

from __future__ import annotations

from tests.vendors.documented import altostrat, datalab, laminar, laminar_jobs, promptlayer, refold
from tests.vendors.documented.response import Documented, Outcome, Path, paths, replaced, without

__all__ = ["VENDORS", "Documented", "Outcome", "Path", "documented", "paths", "replaced", "without"]

_RESPONSES: dict[str, list[Documented]] = {
    "altostrat": altostrat.RESPONSES,
    "datalab": datalab.RESPONSES,
    "laminar": laminar.RESPONSES,
    "laminar_jobs": laminar_jobs.RESPONSES,
    "promptlayer": promptlayer.RESPONSES,
    "refold": refold.RESPONSES,
}

#: The vendors; Laminar has two APIs, which have nothing in common.
VENDORS = tuple(_RESPONSES)


def documented(vendor: str) -> list[Documented]:
    """Return every documented response of a vendor."""
    return list(_RESPONSES[vendor])
