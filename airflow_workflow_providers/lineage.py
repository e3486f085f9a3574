"""
Lineage: which files a task reads and writes, and which run it is about, for OpenLineage and for Airflow's own collector.

Nothing of OpenLineage is imported before its provider asks a task. An error in here never fails a task.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from airflow_workflow_providers.core.text import HIDDEN, shown

#: The most inputs, and the most outputs, of one task: more files are named by their folders. Airflow's collector takes no more.
MOST_DATASETS = 100

#: The longest name of a file, in characters: object stores have shorter ones.
LONGEST_NAME = 2000

#: The name of the run facet: https://openlineage.io/docs/spec/facets/#custom-facet-naming
FACET = "workflowProviders_execution"

#: The fields of the run facet.
_FIELDS = ("vendor", "workflow", "executionId", "url", "state", "status", "counts", "manifest")

#: OpenLineage's names of schemes that have several: https://openlineage.io/docs/spec/naming/
_SCHEMES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "local": "file"}

_log = logging.getLogger(__name__)


class File(NamedTuple):
    """
    A file, or a folder that stands for the files in it.

    :param namespace: the store or the server, as OpenLineage names it: ``s3://bucket``, ``https://host`` or ``file``.
    :param name: the path in it.
    :param size: in bytes; ``None`` if it is not known.
    :param files: how many files it stands for.
    """

    namespace: str
    name: str
    size: int | None = None
    files: int = 1

    @property
    def uri(self) -> str:
        """Its address, as Airflow names an asset."""
        root = "file://" if self.namespace == "file" else self.namespace
        return f"{root}/{self.name.lstrip('/')}"


@dataclass(frozen=True)
class Lineage:
    """
    What a task knows of its run and its files.

    :param vendor: the vendor's name.
    :param workflow: the workflow, as the task names it.
    :param execution_id: the vendor's id of the run.
    :param url: the page of the run, or else the address of the vendor.
    :param state: our state of the run.
    :param status: the vendor's status of it.
    :param counts: of a batch, how many inputs have come to each state.
    :param manifest: of a batch, the address of its manifest.
    :param inputs: the addresses of the files that the run reads.
    :param outputs: what was written, as :meth:`.OutputFolder.write` returns it.
    :param secrets: what no name may hold.
    """

    vendor: str = ""
    workflow: str | None = None
    execution_id: str | None = None
    url: str | None = None
    state: str | None = None
    status: str | None = None
    counts: Mapping[str, int] | None = None
    manifest: str | None = None
    inputs: Iterable[Any] = ()
    outputs: Iterable[Mapping[str, Any]] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def input_files(self) -> list[File]:
        """
        Name the inputs.

        :return: those that have an address; a reference of the vendor's own has none.
        """
        return _few(map(file_at, self.inputs), self.secrets)

    def output_files(self) -> list[File]:
        """
        Name the outputs.

        :return: all of them, or their folders.
        """
        return _few((file_at(each["uri"], size=each.get("bytes")) for each in self.outputs), self.secrets)

    def facet(self) -> dict[str, Any]:
        """
        Return the run facet.

        :return: its fields by their names; what is not known is ``None``.
        """
        manifest = _few([file_at(self.manifest)], self.secrets)
        values = (
            self.vendor,
            self.workflow and shown(self.workflow, self.secrets),
            self.execution_id,
            self.url,
            self.state,
            self.status,
            None if self.counts is None else dict(self.counts),
            manifest[0].uri if manifest else None,
        )
        return dict(zip(_FIELDS, values, strict=True))


def file_at(address: Any, *, size: int | None = None) -> File | None:
    """
    Return a file as OpenLineage names it: without a query, a user or a connection.

    :param address: a text, or an ``ObjectStoragePath``.
    :param size: in bytes.
    :return: ``None`` if it is no address of object storage, and no http or https address.
    """
    if not isinstance(address, str) and not hasattr(address, "protocol"):
        return None
    text = str(address)
    text = f"file://{text}" if text.startswith("/") else text
    if "://" not in text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    scheme, host = _SCHEMES.get(parts.scheme, parts.scheme), parts.netloc.rpartition("@")[2]
    if scheme in ("", "datalab"):
        return None
    path = parts.path
    if scheme in ("http", "https"):
        host = host.lower()
    elif parts.fragment:
        # In object storage this is an ordinary character of a name.
        path = text.partition("://")[2].partition("/")[2].partition("?")[0]
    if scheme == "file":
        return File(f"file://{host}" if host else "file", f"/{path.lstrip('/')}", size)
    return File(f"{scheme}://{host}", path.lstrip("/") or "/", size)


def _few(files: Iterable[File | None], secrets: tuple[str, ...]) -> list[File]:
    """Return the files without secrets, each once; too many of them by their folders, the deepest ones first."""
    known: dict[tuple[str, str], File] = {}
    for file in files:
        if file is not None:
            known.setdefault(file[:2], file)
    while len(known) > MOST_DATASETS and (deepest := max(_depth(file) for file in known.values())):
        folded: dict[tuple[str, str], File] = {}
        for file in known.values():
            place = _folder(file) if _depth(file) == deepest else file
            if (other := folded.get(place[:2])) is not None:
                sizes = (place.size, other.size)
                size = None if None in sizes else sum(each or 0 for each in sizes)
                place = place._replace(size=size, files=place.files + other.files)
            folded[place[:2]] = place
        known = folded
    return [_without_secrets(file, secrets) for file in sorted(known.values())[:MOST_DATASETS]]


def _without_secrets(file: File, secrets: tuple[str, ...]) -> File:
    # A name is changed only if there is something to hide, in whatever encoding.
    name = shown(file.name, secrets, limit=LONGEST_NAME)
    return file._replace(name=name) if HIDDEN in name or len(file.name) > LONGEST_NAME else file


def _depth(file: File) -> int:
    return len(file.name.strip("/").split("/")) if file.name.strip("/") else 0


def _folder(file: File) -> File:
    return file._replace(name=file.name.rstrip("/").rpartition("/")[0] or "/")


def to_openlineage(know: Callable[[], Lineage]) -> Any:
    """
    Return the lineage of a task as OpenLineage's provider takes it.

    :param know: returns what the task knows.
    :return: an ``OperatorLineage``; an empty one, and a line in the log, if something is wrong with it.
    """
    # Only that provider calls this, so that it is there.
    from airflow.providers.openlineage.extractors import OperatorLineage  # noqa: PLC0415

    try:
        return OperatorLineage(**_openlineage(know()))
    except Exception as error:  # noqa: BLE001  # whatever it is, the task is worth more
        # Its text may hold an address that is not fit to be shown.
        _log.warning("The lineage of this task is not known: %s.", type(error).__name__)
        return OperatorLineage()


def _openlineage(known: Lineage) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import (  # noqa: PLC0415  # as above
        Dataset,
        OutputDataset,
        OutputStatisticsOutputDatasetFacet,
    )

    def written(file: File) -> Any:
        statistics = {
            name: value
            for name, value in (("size", file.size), ("fileCount", file.files))
            if value is not None
        }
        facet = OutputStatisticsOutputDatasetFacet(**statistics)
        return OutputDataset(file.namespace, file.name, outputFacets={"outputStatistics": facet})

    return {
        "inputs": [Dataset(file.namespace, file.name) for file in known.input_files()],
        "outputs": [written(file) for file in known.output_files()],
        "run_facets": {FACET: _facet_class()(**known.facet())},
    }


@functools.cache
def _facet_class() -> type[Any]:
    """Return the class of the run facet."""
    import attr  # noqa: PLC0415  # OpenLineage needs it
    from airflow.providers.common.compat.openlineage.facet import RunFacet  # noqa: PLC0415

    fields = {name: attr.field(default=None) for name in _FIELDS}
    return attr.make_class("WorkflowProvidersExecutionRunFacet", fields, bases=(RunFacet,))


def report(hook: Any, know: Callable[[], Lineage]) -> None:
    """
    Tell Airflow's collector which files in object storage were read and written; a plugin such as OpenLineage's reads it.

    Airflow's ``ObjectStoragePath`` tells it only what is read and written with its own methods, which this package does not use.

    :param hook: the hook with which that was done.
    :param know: returns what is known; all but the files is left out.
    """
    try:
        known = know()
        inputs = [file for file in known.input_files() if not file.namespace.startswith("http")]
        outputs = known.output_files()
        if not inputs and not outputs:
            return
        from airflow.providers.common.compat.lineage.hook import (  # noqa: PLC0415  # most tasks move no file
            get_hook_lineage_collector,
        )

        collector: Any = get_hook_lineage_collector()  # type: ignore[no-untyped-call]
        for files, add in ((inputs, collector.add_input_asset), (outputs, collector.add_output_asset)):
            for file in files:
                with suppress(ValueError):  # an asset has no characters besides ASCII
                    add(context=hook, uri=file.uri)
    except Exception as error:  # noqa: BLE001  # as above
        _log.warning("Airflow was not told which files this task has moved: %s.", type(error).__name__)
