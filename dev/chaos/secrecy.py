"""Whether a key in use lies anywhere that it should not: in a log, the database, a task's fields or an exception."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, create_engine, select

if TYPE_CHECKING:
    from pathlib import Path

#: Where a key belongs.
_ITS_PLACE = frozenset({"connection"})


class Keys:
    """
    The keys in use, and where they were found.

    :param keys: the keys.
    :param database: Airflow's.
    """

    def __init__(self, keys: set[str], database: str) -> None:
        self._keys = keys
        self._engine = create_engine(database)
        self._found: set[str] = set()

    def look(self) -> None:
        """Look through the database as it is now: trigger rows are gone when their tasks are over."""
        tables = MetaData()
        tables.reflect(self._engine)
        with self._engine.connect() as connection:
            for table in tables.sorted_tables:
                if table.name in _ITS_PLACE:
                    continue
                for row in connection.execute(select(table)):
                    self._check(" ".join(map(str, row)), f"table {table.name}")

    def search(self, home: Path, tasks: list[dict[str, Any]]) -> list[str]:
        """Look through everything at the end, and return where a key was found at any time."""
        self.look()
        for path in home.rglob("*.log"):
            self._check(path.read_text(errors="replace"), f"log {path.relative_to(home)}")
        self._check(json.dumps(tasks), "a task instance or its log, as the API shows it")
        self._engine.dispose()
        return sorted(self._found)

    def _check(self, text: str, where: str) -> None:
        if any(key in text for key in self._keys):
            self._found.add(where)
