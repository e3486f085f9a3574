"""The documented responses of each vendor, for each operation that this package calls: facts, with invented values."""

from __future__ import annotations

from importlib import import_module

from dev.vendors import DOCUMENTED_ROWS
from tests.vendors.documented.response import Documented, Outcome, Path, paths, replaced, without

__all__ = ["Documented", "Outcome", "Path", "documented", "paths", "replaced", "without"]

_RESPONSES: dict[str, list[Documented]] = {
    name: import_module(f"tests.vendors.documented.{name}").RESPONSES for name in DOCUMENTED_ROWS
}


def documented(vendor: str) -> list[Documented]:
    """Return every documented response of a vendor."""
    return list(_RESPONSES[vendor])
