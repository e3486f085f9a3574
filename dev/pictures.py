"""Copy the pictures of the browser tests into the documentation, and note which forms they show."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from airflow_workflow_providers.get_provider_info import get_provider_info

ROOT = Path(__file__).resolve().parent.parent
MADE = ROOT / "build" / "pictures"
SHOWN = ROOT / "docs" / "pictures"
#: A digest of the form that each picture shows: tests/test_docs.py fails if a form has changed since.
NOTE = SHOWN / "forms.json"


def forms() -> dict[str, str]:
    """Return a digest of each connection form."""
    described: list[dict[str, Any]] = get_provider_info()["connection-types"]
    return {
        form["connection-type"]: hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()[:16]
        for form in described
    }


def main() -> int:
    """Copy the pictures in the light theme."""
    SHOWN.mkdir(exist_ok=True)
    names = [f"form-{vendor}{part}.png" for vendor in forms() for part in ("", "-extra")]
    for name in names:
        shutil.copyfile(MADE / name, SHOWN / name)
    NOTE.write_text(json.dumps(forms(), indent=2) + "\n")
    made = len(list(MADE.glob("*.png")))
    print(f"build/pictures/ has {made} pictures; docs/pictures/ shows {len(names)} of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
