"""An object store in memory that fails in one operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.io.store import attach
from fsspec.implementations.memory import MemoryFileSystem


class Store(MemoryFileSystem):
    """
    An object store in memory.

    :ivar fails: the operation that fails: ``info``, ``read``, ``open`` (to write), ``write``, ``close`` or ``mv``; empty for
        none.
    """

    store: dict[str, Any] = {}  # noqa: RUF012  # as in the class of the library, but not shared with it
    pseudo_dirs = [""]  # noqa: RUF012
    fails = ""

    def info(self, path: str, **options: Any) -> Any:
        if self.fails == "info":
            self._fail()
        return super().info(path, **options)

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if self.fails == ("open" if "w" in mode else "read"):
            raise PermissionError("403 access denied")
        file = super().open(path, mode, **options)
        if "w" in mode and self.fails in ("write", "close"):
            setattr(file, self.fails, self._fail)
        return file

    def mv(self, *paths: str, **options: Any) -> None:
        if self.fails == "mv":
            self._fail()
        super().mv(*paths, **options)

    def _fail(self, *_: Any) -> None:
        raise OSError("no space left in the bucket\nPUT https://store.example/a?X-Amz-Signature=s3cret")


@pytest.fixture
def store() -> Iterator[Store]:
    """Return the store behind ``memory://`` addresses."""
    known = attach("memory", fs=Store(skip_instance_cache=True)).fs  # Airflow keeps the first one of a scheme
    known.fails = ""
    yield known
    known.store.clear()
