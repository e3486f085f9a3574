"""A file in object storage that is the input of an execution."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.core.parameters import quoted
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.settings import input_folders

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

#: How much of a file is read at once, in bytes.
_PIECE = 1024 * 1024

#: What the file systems of Airflow's object storage call the version of a file: a digest, or when it was changed.
_VERSION = ("etag", "md5", "checksum", "mtime", "lastmodified", "updated", "modified")


@dataclass(frozen=True)
class InputFile:
    """
    A file in object storage, as it was when it was looked at.

    :param address: where it is, as Airflow's object storage knows it.
    :param size: in bytes.
    :param version: what changes if the file changes: its digest or the time of its last change; empty if the store has
        neither.
    :param content_type: its media type.
    """

    address: str
    size: int
    version: str
    content_type: str
    path: ObjectStoragePath = field(repr=False, compare=False)

    @classmethod
    def at(
        cls, address: str | ObjectStoragePath, *, content_types: Mapping[str, str], max_bytes: int
    ) -> InputFile:
        """
        Look at a file, and reject one that the vendor does not take.

        :param address: where it is. A local one must be below a folder of ``[workflow_providers] input_folders``.
        :param content_types: the media types that the vendor takes, by their extensions in lower case.
        :param max_bytes: the largest file that the vendor takes.
        :return: the file.
        :raises InvalidInput: if there is no such file, or the vendor does not take it; or Airflow cannot read it.
        """
        name = f"The file {quoted(str(address))}"
        extension = PurePosixPath(str(address)).suffix.lower()
        if extension not in content_types:
            raise InvalidInput(
                f"{name} has no extension that is accepted; it must be one of {', '.join(content_types)}."
            )
        path = input_path(name, address)
        try:
            info = path.fs.info(path.path)
        except FileNotFoundError:
            failure: WorkflowError = InvalidInput(f"{name} does not exist.")
        except Exception as error:  # noqa: BLE001  # the packages of the stores have errors of their own
            failure = WorkflowError(f"{name} cannot be read: {type(error).__name__}: {shown(str(error))}")
        else:
            size = _size(name, info, max_bytes)
            return cls(str(path), size, _version(info), content_types[extension], path)
        # Outside of the handler: the error of a store may repeat a signed address, and stays out of the chain.
        raise failure

    @property
    def name(self) -> str:
        """The name of the file, without its folders."""
        return self.path.name

    def pieces(self) -> Iterator[bytes]:
        """
        Yield the content, piece by piece.

        :raises WorkflowError: if it cannot be read, or has changed since it was looked at.
        """
        left = self.size
        try:
            with self.path.fs.open(self.path.path, "rb") as file:
                while piece := file.read(_PIECE):
                    left -= len(piece)
                    if left < 0:
                        break
                    yield piece
        except Exception as error:  # noqa: BLE001  # as above
            failure = WorkflowError(
                f"{self.address} could not be read: {type(error).__name__}: {shown(str(error))}"
            )
        else:
            if not left:
                return
            failure = WorkflowError(f"{self.address} has changed while it was uploaded")
        raise failure


def is_stored(address: Any) -> bool:
    """
    Return whether an address is one of object storage, and not one that the vendor reads by itself.

    :param address: an address, or an ``ObjectStoragePath``.
    :return: False for anything that is neither.
    """
    if not isinstance(address, str):
        return hasattr(address, "protocol")
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        return False
    return "://" in address and scheme not in ("", "http", "https", "datalab")


def input_path(name: str, address: str | ObjectStoragePath) -> ObjectStoragePath:
    """
    Return the path of an input in object storage.

    :param name: what the error calls the file.
    :param address: where it is.
    :return: its path, whose file system is known.
    :raises InvalidInput: if Airflow cannot use the address, or it is a local file outside of the allowed folders.
    """
    # Airflow loads its object storage in a second or more, and most tasks do not need it.
    from airflow.sdk import ObjectStoragePath  # noqa: PLC0415

    try:
        path = ObjectStoragePath(address)
        path.fs  # noqa: B018  # opens the file system
    except Exception as error:  # noqa: BLE001  # the packages of the stores have errors of their own
        failure = InvalidInput(f"{name} cannot be read: {shown(str(error))}.")
    else:
        _require_input_folder(name, path)
        return path
    # Outside of the handler: the error of a store may repeat a signed address, and stays out of the chain.
    raise failure


def _require_input_folder(name: str, path: ObjectStoragePath) -> None:
    """Reject a local file outside of the allowed folders: what a DAG run renders must not name any file of the machine."""
    # Airflow has no other name for a local file system.
    if path.protocol not in ("", "file", "local"):
        return
    real = Path(os.path.realpath(path.path))
    folders = input_folders()
    if not any(real.is_relative_to(os.path.realpath(folder)) for folder in folders):
        allowed = ", ".join(folders) or "none"
        raise InvalidInput(
            f"{name} is a local file outside of the allowed folders ({allowed}). Airflow's administrator can allow a folder "
            "with [workflow_providers] input_folders."
        )


def _size(name: str, info: Mapping[str, Any], max_bytes: int) -> int:
    size = info.get("size")
    if info.get("type") == "directory":
        raise InvalidInput(f"{name} is a folder.")
    if not isinstance(size, int):
        raise InvalidInput(f"{name} has no known size, so it cannot be uploaded.")
    if not size:
        raise InvalidInput(f"{name} is empty.")
    if size > max_bytes:
        raise InvalidInput(f"{name} has {size} bytes; the limit is {max_bytes} bytes.")
    return size


def _version(info: Mapping[str, Any]) -> str:
    known = {str(key).lower().replace("_", ""): value for key, value in info.items()}
    return next((str(known[key]) for key in _VERSION if known.get(key)), "")
