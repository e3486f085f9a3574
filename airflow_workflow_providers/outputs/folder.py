"""Results in object storage: a file is there whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.core.parameters import quoted
from airflow_workflow_providers.core.text import shown

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

#: The longest name of a file, in bytes of UTF-8; most file systems allow 255, and a file that is being written has a longer one.
NAME_LIMIT = 150

#: Passes the content of a file to a function, piece by piece, and returns its media type.
Fill: TypeAlias = Callable[[Callable[[bytes], None]], str]

#: The extensions of the usual results. (``mimetypes`` depends on the files of a machine, and has .xsl for XML.)
EXTENSIONS = {
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/xml": ".xml",
}

#: What was written for an execution, in its folder.
_INDEX = ".files.json"

#: How much of a file is read at once, in bytes.
_PIECE = 1024 * 1024

#: What a name may hold. All else, a slash too, becomes an underscore.
_UNSAFE = re.compile(r"[^\w.+=@-]")


class OutputFolder:
    """
    A folder in object storage.

    A file is written under another name and then moved, so a reader never sees half of it, whatever happens to the writer.

    :param path: an address that Airflow's object storage knows, such as ``s3://conn_id@bucket/folder``; or an
        ``ObjectStoragePath``.
    :raises InvalidInput: if Airflow cannot use it: the scheme or the connection is unknown, or a package is missing.
    """

    def __init__(self, path: str | ObjectStoragePath) -> None:
        # Airflow loads its object storage in a second or more, and most tasks do not need it.
        from airflow.sdk import ObjectStoragePath  # noqa: PLC0415

        try:
            self.path = ObjectStoragePath(path)
            self._fs = self.path.fs
        except Exception as error:  # noqa: BLE001  # the packages of the stores have errors of their own
            failure = InvalidInput(f"output_path {quoted(path)} cannot be used: {shown(str(error))}.")
        else:
            return
        # Outside of the handler: the error of a store may repeat a signed address, and stays out of the chain.
        raise failure

    def write(self, names: Sequence[str], fill: Fill, *, add_extension: bool = False) -> dict[str, Any]:
        """
        Write a file, and publish it when it is complete.

        :param names: its folders and its name, from anywhere: each becomes one safe segment of the path.
        :param fill: gets a function that takes one piece of the content after the other; returns the media type.
        :param add_extension: add the extension of the media type to the name, if it is one of the usual types.
        :return: ``uri``, ``bytes``, ``sha256`` (hexadecimal digits) and ``media_type``.
        :raises WorkflowError: if the store refused it or broke off. Then there is nothing under its name, or what was there
            before. An error of ``fill`` is raised as it is.
        """
        return self._write([segment(name) for name in names], fill, add_extension=add_extension)

    def _write(self, segments: Sequence[str], fill: Fill, *, add_extension: bool = False) -> dict[str, Any]:
        *folders, name = segments
        folder = self.path.joinpath(*folders)
        part = folder / f".{name.lstrip('.')}.{uuid.uuid4().hex}.part"
        content = _Content(self._fs, part.path)
        try:
            with content:
                media_type = fill(content.write)
            whole = folder / (name + (EXTENSIONS.get(media_type, "") if add_extension else ""))
            content.stored(lambda: self._fs.mv(part.path, whole.path))
        except BaseException:
            with suppress(Exception):  # it is not under the name that readers know
                self._fs.rm(part.path)
            raise
        return {
            "uri": str(whole),
            "bytes": content.size,
            "sha256": content.digest.hexdigest(),
            "media_type": media_type,
        }

    def write_value(self, names: Sequence[str], value: Any) -> dict[str, Any]:
        """
        Write a value as a file: a text as it is, anything else as JSON.

        :param names: as in :meth:`write`, without the extension of the last one.
        :param value: a text, or what JSON can hold.
        :return: as from :meth:`write`.
        :raises WorkflowError: as :meth:`write`.
        """
        is_text = isinstance(value, str)
        text = value if is_text else json.dumps(value, ensure_ascii=False)
        try:
            data = text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which only the escapes of JSON can hold
            data = text.encode("utf-8", "replace") if is_text else json.dumps(value).encode()
        *folders, name = names
        extension, media_type = (".txt", "text/plain") if is_text else (".json", "application/json")
        return self.write([*folders, name + extension], _of(data, media_type))

    def check_writable(self) -> None:
        """
        Write an empty file, and remove it.

        :raises WorkflowError: if the store refuses that.
        """
        name = f".write-test-{uuid.uuid4().hex}"
        self._write([name], _of(b"", "text/plain"))
        with suppress(Exception):  # an empty file harms nobody
            self._fs.rm((self.path / name).path)

    def read_lines(self, names: Sequence[str], *, missing_ok: bool = False) -> Iterator[bytes]:
        """
        Yield the lines of a file.

        :param names: as in :meth:`write`.
        :param missing_ok: whether a file that does not exist counts as empty.
        :raises WorkflowError: if it cannot be read.
        """
        path = self.path.joinpath(*map(segment, names))
        try:
            with self._fs.open(path.path, "rb") as file:
                for line in file:
                    yield line.rstrip(b"\n")
        except FileNotFoundError:
            if missing_ok:
                return
            failure = WorkflowError(f"{path} does not exist.")
        except Exception as error:  # noqa: BLE001  # the packages of the stores have errors of their own
            failure = WorkflowError(f"{path} could not be read: {type(error).__name__}: {shown(str(error))}")
        else:
            return
        raise failure

    def names(self, name: str) -> list[str]:
        """
        Return the names of the files in a folder of this folder.

        :param name: of that folder.
        :return: sorted; empty if there is no such folder.
        :raises WorkflowError: if it cannot be read.
        """
        path = self.path / segment(name)
        try:
            self._fs.invalidate_cache()  # another process may have written since
            found = self._fs.ls(path.path, detail=False)
        except FileNotFoundError:
            return []
        except Exception as error:  # noqa: BLE001  # as above
            failure = WorkflowError(f"{path} could not be read: {type(error).__name__}: {shown(str(error))}")
        else:
            return sorted(name for each in found if not (name := PurePosixPath(each).name).startswith("."))
        raise failure

    def files(self) -> list[tuple[tuple[str, ...], str]]:
        """
        List all files below this folder.

        :return: for each its folders and its name, and its address; sorted. Empty if there is no such folder.
        :raises WorkflowError: if it cannot be read.
        """
        above = PurePosixPath(self.path.path.strip("/"))
        try:
            self._fs.invalidate_cache()  # another process may have written since
            found = [PurePosixPath(each.strip("/")) for each in self._fs.find(self.path.path)]
            parts = sorted(each.relative_to(above).parts for each in found if each != above)
        except Exception as error:  # noqa: BLE001  # as above
            failure = WorkflowError(
                f"{self.path} could not be read: {type(error).__name__}: {shown(str(error))}"
            )
        else:
            return [(each, str(self.path.joinpath(*each))) for each in parts]
        raise failure

    def remove(self, name: str) -> None:
        """
        Remove a folder of this folder, if the store lets us.

        :param name: of that folder.
        """
        with suppress(Exception):  # what is left is not read again
            self._fs.rm((self.path / segment(name)).path, recursive=True)

    def read_index(self, name: str) -> dict[str, dict[str, Any]]:
        """
        Return what an earlier try has written for an execution.

        :param name: the name of the execution's own folder.
        :return: what :meth:`write` has returned for each file, by the file's name; empty if nothing is known.
        """
        try:
            known = json.loads(self._fs.cat_file((self.path / segment(name) / _INDEX).path))
        except Exception:  # noqa: BLE001  # then every file is written again
            return {}
        return known if isinstance(known, dict) else {}

    def write_index(self, name: str, entries: dict[str, dict[str, Any]]) -> None:
        """
        Keep for a later try what was written for an execution.

        :param name: as for :meth:`read_index`.
        :param entries: as from :meth:`read_index`.
        """
        data = json.dumps(entries).encode()
        with suppress(WorkflowError):  # it only saves time
            self._write([segment(name), _INDEX], _of(data, "application/json"))

    def holds(self, entry: dict[str, Any]) -> bool:
        """
        Return whether a file is there with the size and the digest that its entry says.

        :param entry: what :meth:`write` has returned.
        :return: False also if the file cannot be read.
        """
        digest = hashlib.sha256()
        try:
            path = type(self.path)(entry["uri"]).path
            if self._fs.size(path) != entry["bytes"]:
                return False
            with self._fs.open(path, "rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
        except Exception:  # noqa: BLE001  # then it is written again
            return False
        return bool(digest.hexdigest() == entry["sha256"])


def _of(data: bytes, media_type: str) -> Fill:
    def fill(write: Callable[[bytes], None]) -> str:
        write(data)
        return media_type

    return fill


class _Content:
    """A file that is being written: its size and its digest so far."""

    def __init__(self, fs: Any, path: str) -> None:
        self._fs, self._path = fs, path
        self.size, self.digest = 0, hashlib.sha256()

    def __enter__(self) -> None:
        self._file = self.stored(self._open)

    def __exit__(self, *failed: object) -> None:
        if failed[0] is None:
            self.stored(self._file.close)
        else:
            with suppress(Exception):
                self._file.close()

    def write(self, piece: bytes) -> None:
        self.stored(lambda: self._file.write(piece))
        self.size += len(piece)
        self.digest.update(piece)

    def stored(self, act: Callable[[], Any]) -> Any:
        """Do something with the store; its errors become one of ours."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001  # as above
            failure = WorkflowError(
                f"{self._path} could not be written: {type(error).__name__}: {shown(str(error))}"
            )
        raise failure

    def _open(self) -> Any:
        try:
            return self._fs.open(self._path, "wb")
        except FileNotFoundError:  # only some stores have folders
            self._fs.makedirs(str(PurePosixPath(self._path).parent), exist_ok=True)
            return self._fs.open(self._path, "wb")


def segment(name: str) -> str:
    """
    Return a name as one segment of a path.

    :param name: the name of a file or a step, as a vendor gave it.
    :return: the same name if it is safe. Else a safe one, with a digest of the name in it, so that two names stay two.
    """
    safe = _UNSAFE.sub("_", name).lstrip(".")
    if safe == name and 0 < len(safe.encode()) <= NAME_LIMIT:
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    stem, dot, extension = safe.rpartition(".")
    if not dot or len(extension.encode()) > 10:
        stem, dot, extension = safe, "", ""
    room = NAME_LIMIT - len(digest) - len(extension.encode()) - 2
    short = stem.encode()[:room].decode(errors="ignore")
    return f"{short}-{digest}{dot}{extension}".lstrip("-")
