"""Every kind of cases by its name."""

from __future__ import annotations

from typing import Any

from dev.fuzz import batches, connections, echoes, parameters, responses
from dev.fuzz.run import Kind

KINDS: dict[str, Kind[Any]] = {
    kind.name: kind for kind in (responses.KIND, parameters.KIND, connections.KIND, echoes.KIND, batches.KIND)
}
