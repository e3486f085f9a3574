"""Search for a key that is in use where it must not be: in a log, the database, the fields of a task, an exception."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, create_engine, select

if TYPE_CHECKING:
    from pathlib import Path

#: The tables in which a key belongs.
_TABLES_WITH_KEYS = frozenset({"connection"})


class Keys:
    """
    The keys in use, and the places where they were found.

    :param keys: the keys.
    :param database: the address of Airflow's database.
    """

    def __init__(self, keys: set[str], database: str) -> None:
        self._keys = keys
        self._engine = create_engine(database)
        self._found: set[str] = set()

    def search_database(self) -> None:
        """Search the database as it is now: Airflow deletes the row of a trigger when its task goes on."""
        tables = MetaData()
        tables.reflect(self._engine)
        with self._engine.connect() as connection:
            for table in tables.sorted_tables:
                if table.name in _TABLES_WITH_KEYS:
                    continue
                for row in connection.execute(select(table)):
                    self._check(" ".join(map(str, row)), f"table {table.name}")

    def search(self, home: Path, tasks: list[dict[str, Any]]) -> list[str]:
        """Search everything at the end, and return where a key was found at any time."""
        self.search_database()
        for path in home.rglob("*.log"):
            self._check(path.read_text(errors="replace"), f"log {path.relative_to(home)}")
        self._check(json.dumps(tasks), "a task instance or its log, from the API")
        self._engine.dispose()
        return sorted(self._found)

    def _check(self, text: str, where: str) -> None:
        if any(key in text for key in self._keys):
            self._found.add(where)
