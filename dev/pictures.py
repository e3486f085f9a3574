"""Copy the pictures of the browser tests into the documentation, and note what they show."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from airflow_workflow_providers.get_provider_info import get_provider_info
from airflow_workflow_providers.operators.waiting import QUESTION

ROOT = Path(__file__).resolve().parent.parent
MADE = ROOT / "build" / "pictures"
SHOWN = ROOT / "docs" / "pictures"
#: A digest of what each picture shows: tests/test_docs.py fails if one of them has changed since.
NOTE = SHOWN / "forms.json"
#: The files of the page of an execution, and the pictures of it that the documentation shows.
PAGE = ROOT / "airflow_workflow_providers" / "plugin" / "page"
PAGE_PICTURES = ("execution-in-airflow.png", "execution-batch.png", "execution-going-phone-dark.png")
#: The pictures of the question about an execution that waits for a person.
QUESTION_PICTURES = ("required-action.png", "required-action-phone-dark.png")


def forms() -> dict[str, str]:
    """Return a digest of each connection form."""
    described: list[dict[str, Any]] = get_provider_info()["connection-types"]
    return {
        form["connection-type"]: hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()[:16]
        for form in described
    }


def page() -> str:
    """Return a digest of the page of an execution."""
    content = b"".join(path.read_bytes() for path in sorted(PAGE.iterdir()))
    return hashlib.sha256(content).hexdigest()[:16]


def question() -> str:
    """Return a digest of the question about an execution that waits for a person; it has the answers in it."""
    return hashlib.sha256(QUESTION.encode()).hexdigest()[:16]


def shown() -> dict[str, str]:
    """Return a digest of everything that the pictures show."""
    return {**forms(), "remote-execution": page(), "required-action": question()}


def main() -> int:
    """Copy the pictures of the documentation."""
    SHOWN.mkdir(exist_ok=True)
    names = [f"form-{vendor}{part}.png" for vendor in forms() for part in ("", "-extra")]
    names += [*PAGE_PICTURES, *QUESTION_PICTURES]
    for name in names:
        shutil.copyfile(MADE / name, SHOWN / name)
    NOTE.write_text(json.dumps(shown(), indent=2) + "\n")
    made = len(list(MADE.glob("*.png")))
    print(f"build/pictures/ has {made} pictures; docs/pictures/ shows {len(names)} of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
