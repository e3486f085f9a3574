"""The manifest of a batch: one line of JSON for each input, with what became of it and where its output is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.parameters import quoted
from airflow_workflow_providers.outputs.folder import OutputFolder

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

#: The version of what a batch returns, and of its lines.
VERSION = 1

#: The media type of a file with one JSON value a line; https://jsonlines.org/
MEDIA_TYPE = "application/jsonl"

#: The keys of each line.
KEYS = ("index", "execution_id", "state", "status", "uri", "bytes", "sha256", "error")


class BatchManifest:
    """
    Read the manifest of a batch in another task, line by line.

    Each line is a dict: ``index`` of the input, ``execution_id``, ``state`` (ours), ``status`` (the vendor's), ``uri``,
    ``bytes`` and ``sha256`` of the output, and ``error``. What is not known is ``None``. If the output has several files, ``uri``
    is that of their folder, ``sha256`` is ``None``, and ``files`` is a list of ``name``, ``uri``, ``bytes``, ``sha256`` and
    ``media_type``. Without ``output_path`` the output itself is there, as ``output``.

    ``state`` is ``succeeded``, ``partial``, ``failed`` or ``stopped``, as of a single execution; or ``not_started``: the start
    was rejected, or nothing was sent; ``lost``: the response to the start was lost, so that an execution may exist;
    ``not_stored``: the execution has ended, and its result could not be read or stored; ``timed_out``: it had not ended at the
    deadline; ``status_unknown``: its status could no longer be read.

    :param result: what the batch has returned; or the address of its manifest.
    :raises WorkflowError: if it is not the result of a batch, or that of a later release.
    """

    def __init__(self, result: Mapping[str, Any] | str | ObjectStoragePath) -> None:
        self.counts: dict[str, int] = {}
        self._lines: list[dict[str, Any]] | None = None
        self._address: Any = result
        if isinstance(result, Mapping):
            if not {"manifest", "counts"} <= result.keys():
                raise WorkflowError(f"This is not the result of a batch: {quoted(dict(result))}.")
            _check_version(result.get("version"))
            counts, lines = result["counts"], result.get("lines")
            if not isinstance(counts, Mapping) or not isinstance(lines, (list, type(None))):
                raise WorkflowError(f"This is not the result of a batch: {quoted(dict(result))}.")
            self.counts = dict(counts)
            self._address, self._lines = result["manifest"], lines

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """
        Read the lines, in the order of the inputs.

        :yield: a line.
        :raises WorkflowError: if the manifest cannot be read, or a line is not what this release writes.
        """
        if self._lines is not None:
            for number, known in enumerate(self._lines, 1):
                yield _checked(known, f"Line {number} of the result", known)
            return
        if self._address is None:
            raise WorkflowError(
                "The manifest was too large for XCom, and the task has no output_path: only its counts are known."
            )
        folder, _, name = str(self._address).rpartition("/")
        for number, line in enumerate(OutputFolder(folder).read_lines([name]), 1):
            yield read_line(line, f"Line {number} of {self._address}")

    def succeeded(self) -> Iterator[dict[str, Any]]:
        """
        Read the lines of the inputs that have succeeded.

        :return: the lines.
        :raises WorkflowError: as from iteration.
        """
        return (line for line in self if line["state"] == "succeeded")

    def others(self) -> Iterator[dict[str, Any]]:
        """
        Read the lines of all other inputs: ``state`` and ``error`` say what became of them.

        :return: the lines.
        :raises WorkflowError: as from iteration.
        """
        return (line for line in self if line["state"] != "succeeded")


def _check_version(version: Any) -> None:
    if version != VERSION:
        raise WorkflowError(
            f"The manifest has version {quoted(version)}, and this release reads version {VERSION}: it was written by another "
            "release."
        )


def read_line(line: bytes, name: str) -> dict[str, Any]:
    """
    Read a line.

    :param line: as it was written.
    :param name: what the error calls it.
    :return: the line.
    :raises WorkflowError: if it is not what this release writes.
    """
    try:
        known = json.loads(line)
    except (ValueError, RecursionError):
        known = None
    return _checked(known, name, line[:200].decode(errors="replace"))


def _checked(known: Any, name: str, shown: Any) -> dict[str, Any]:
    if not isinstance(known, dict) or not set(KEYS) <= known.keys():
        raise WorkflowError(f"{name} is not a line of a manifest: {quoted(shown)}.")
    return known


class FolderParts:
    """
    Keeps lines in small files beside the manifest: object stores cannot append to a file.

    :param folder: the folder of the outputs.
    :param name: of the manifest, without its extension.
    """

    def __init__(self, folder: OutputFolder, name: str) -> None:
        self._folder = folder
        self._parts = f"{name}.parts"
        self._manifest = f"{name}.jsonl"

    def write(self, text: str) -> None:
        """
        Write one more file.

        :param text: whole lines.
        """
        # In the order of their names a later line of the same execution replaces an earlier one.
        self._folder.write([self._parts, f"{time.time_ns():020}-{uuid4().hex}.jsonl"], _filled([text]))

    def read(self) -> Iterator[bytes]:
        """
        Read the lines of the manifest that an earlier try has published, and of all parts.

        :yield: a line.
        :raises WorkflowError: if they cannot be read.
        """
        yield from self._folder.read_lines([self._manifest], missing_ok=True)
        for part in self._folder.names(self._parts):
            yield from self._folder.read_lines([self._parts, part], missing_ok=True)

    def publish(self, lines: Iterable[str]) -> str:
        """
        Write the manifest, and remove the parts.

        :param lines: all of them, each with its end.
        :return: its address.
        :raises WorkflowError: if it could not be written; then the parts are still there.
        """
        uri = str(self._folder.write([self._manifest], _filled(lines))["uri"])
        self._folder.remove(self._parts)
        return uri


class XComParts:
    """
    Keeps lines in the task's own XCom, which Airflow deletes before a retry.

    :param ti: the task instance.
    """

    def __init__(self, ti: Any) -> None:
        self._ti = ti
        self._count: int = self._pull("count") or 0

    def write(self, text: str) -> None:
        """
        Push one more part.

        :param text: whole lines.
        """
        self._ti.xcom_push(key=f"manifest_part_{self._count}", value=text)
        self._count += 1
        self._ti.xcom_push(key="manifest_part_count", value=self._count)

    def read(self) -> Iterator[bytes]:
        """
        Read the lines of all parts.

        :yield: a line.
        """
        for number in range(self._count):
            yield from str(self._pull(str(number)) or "").encode().splitlines()

    def _pull(self, name: str) -> Any:
        ti = self._ti
        return ti.xcom_pull(task_ids=ti.task_id, key=f"manifest_part_{name}", map_indexes=ti.map_index)


class ManifestWriter:
    """
    Collects the lines of a batch over all workers of the task.

    :param parts: where they are kept until all are known.
    """

    def __init__(self, parts: FolderParts | XComParts) -> None:
        self._parts = parts
        self._new: list[str] = []

    def add(self, line: Mapping[str, Any]) -> None:
        """
        Add the line of an input.

        :param line: the line.
        """
        self._new.append(text_of(line))

    def flush(self) -> None:
        """
        Keep the lines that were added.

        :raises Exception: if they could not be written; then they are written the next time.
        """
        count = len(self._new)
        if count:
            self._parts.write("".join(self._new[:count]))
            del self._new[:count]

    def lines(self) -> dict[str, bytes]:
        """
        Return all lines that are kept.

        :return: each as it was written, by :func:`key_of`.
        :raises WorkflowError: if they cannot be read.
        """
        known: dict[str, bytes] = {}
        for text in self._parts.read():
            with suppress(WorkflowError):  # of another release, or damaged: its result is read again
                line = read_line(text, "A line")
                known[key_of(line["execution_id"], str(line.get("fingerprint")))] = text
        return known

    def publish(self, lines: Iterable[Mapping[str, Any]]) -> str | None:
        """
        Publish the whole manifest.

        :param lines: one for each input, in their order.
        :return: its address; ``None`` if the task has no folder for outputs.
        :raises WorkflowError: if it could not be written.
        """
        if isinstance(self._parts, XComParts):
            return None
        return self._parts.publish(map(text_of, lines))


def key_of(execution_id: str | None, fingerprint: str) -> str:
    """
    Return what tells the line of an input from the others.

    :param execution_id: the vendor's id.
    :param fingerprint: of the input; it tells apart what has no id.
    :return: the id, or a text with the fingerprint.
    """
    return execution_id or f"input {fingerprint}"


def text_of(line: Mapping[str, Any]) -> str:
    """
    Return a line as it is written.

    :param line: the line.
    :return: JSON, with the end of the line.
    """
    return json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n"


def manifest_line(
    index: int,
    fingerprint: str,
    *,
    state: str,
    status: str | None = None,
    execution_id: str | None = None,
    error: str | None = None,
    files: Sequence[Mapping[str, Any]] = (),
    **output: Any,
) -> dict[str, Any]:
    """
    Return the line of an input.

    The other parameters are keywords: ``output``, ``output_omitted`` and ``output_missing``.

    :param index: of the input.
    :param fingerprint: of the workflow and the input.
    :param state: what became of it.
    :param status: the vendor's status.
    :param execution_id: the vendor's id.
    :param error: why, if it is no success.
    :param files: its output, as :func:`~.result.store` returns it.
    :return: the line.
    """
    line: dict[str, Any] = {
        "index": index,
        "execution_id": execution_id,
        "state": state,
        "status": status,
        "uri": None,
        "bytes": None,
        "sha256": None,
        "error": error,
        "fingerprint": fingerprint,
        **output,
    }
    if len(files) == 1:
        line |= {name: files[0][name] for name in ("uri", "bytes", "sha256")}
    elif files:
        line |= {
            "uri": str(files[0]["uri"]).rpartition("/")[0],
            "bytes": sum(file["bytes"] for file in files),
            "files": list(files),
        }
    return line


def _filled(lines: Iterable[str]) -> Callable[[Callable[[bytes], None]], str]:
    def fill(write: Callable[[bytes], None]) -> str:
        for line in lines:
            write(line.encode())
        return MEDIA_TYPE

    return fill
