"""The result of an execution: its files are fetched, and kept in object storage or in the record."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import tenacity

from airflow_workflow_providers.core import transfer
from airflow_workflow_providers.core.body import Sink
from airflow_workflow_providers.core.client import ATTEMPTS, Client, retry_policy
from airflow_workflow_providers.core.errors import NotFound, WorkflowError
from airflow_workflow_providers.core.execution import Execution, ResultFile
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.core.text import without_secrets
from airflow_workflow_providers.outputs.folder import Fill, OutputFolder

#: The longest time for one file, in seconds.
FILE_TIMEOUT = 3600.0

#: How often it is kept which files are stored, in seconds.
INDEX_INTERVAL = 5.0

#: Fetches a file, and returns what the function that keeps its content returns.
_Fetch: TypeAlias = Callable[[Callable[[Fill], Any]], Any]


def store(client: Client, execution: Execution, folder: OutputFolder, name: str) -> list[dict[str, Any]]:
    """
    Store the result of an execution: its files, or its output if it has no files.

    A file that an earlier try has stored, and that is still there with the same size and digest, is not fetched again.

    :param client: reads the execution again if the addresses of its files have expired.
    :param execution: the execution, with its result.
    :param folder: where to.
    :param name: the name of the execution's own folder in it.
    :return: for each file ``name``, and what :meth:`OutputFolder.write` returns. Empty if there is no result.
    :raises WorkflowError: if a file could not be fetched or stored.
    """
    if not execution.files:
        if execution.output is None:
            return []
        with _about(client, execution, "output"):
            return [{"name": "output", **folder.write_value([name, "output"], execution.output)}]
    index, indexed_at = folder.read_index(name), time.monotonic()
    stored = []
    try:
        for file, fetch in _fetches(client, execution):
            *folders, last = file.names
            suffix = transfer.extension(file.source) if isinstance(file.source, str) else ""
            names, key = [name, *folders, last + suffix], "/".join(file.names)
            if not folder.holds(index.get(key, {})):
                index[key] = fetch(partial(folder.write, names))
            stored.append({"name": key, **index[key]})
            # A worker that is killed does not reach the end.
            if time.monotonic() > indexed_at + INDEX_INTERVAL:
                folder.write_index(name, index)
                indexed_at = time.monotonic()
    finally:
        folder.write_index(name, index)
    return stored


def load(client: Client, execution: Execution, limit: int) -> Execution | None:
    """
    Return an execution with the content of its files in its output, under ``result`` beside the status of each.

    :param client: as in :func:`store`.
    :param execution: the execution.
    :param limit: how many bytes all files together may have.
    :return: ``None`` if they have more; with a limit of 0 they are not fetched.
    :raises WorkflowError: if a file could not be fetched.
    """
    if not limit:
        return None
    output = copy.deepcopy(execution.output)
    for file, fetch in _fetches(client, execution):
        content = fetch(partial(_content, limit))
        if content is None:
            return None
        limit -= len(content)
        place = output
        for each in file.place or file.names:
            place = place[each]
        place["result"] = without_secrets(_value(content), client.endpoint.settings.secrets)
    return replace(execution, output=output)


class _TooLarge(WorkflowError):
    """A file does not fit into the record."""


def _content(limit: int, fill: Fill) -> bytes | None:
    """Return the content of a file; ``None`` if it is larger than the limit."""
    content = bytearray()

    def write(piece: bytes) -> None:
        content.extend(piece)
        if len(content) > limit:
            raise _TooLarge("")

    try:
        fill(write)
    except _TooLarge:
        return None
    return bytes(content)


def _value(content: bytes) -> Any:
    text = content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _fetches(client: Client, execution: Execution) -> Iterator[tuple[ResultFile, _Fetch]]:
    """Yield each file of an execution, and what fetches it; the caller says what becomes of its content."""
    sources = {file.names: file.source for file in execution.files}
    read_again = False

    def fetch(names: tuple[str, ...], keep: Callable[[Fill], Any]) -> Any:
        nonlocal read_again
        with _about(client, execution, "/".join(names)):
            try:
                return _attempts(client, sources[names], keep)
            except NotFound:
                if read_again:
                    raise
            # The addresses have expired; a fresh read of the execution has new ones.
            read_again = True
            fresh = client.get_execution(str(execution.execution_id))
            sources.update({file.names: file.source for file in fresh.files})
            return _attempts(client, sources[names], keep)

    for file in execution.files:
        yield file, partial(fetch, file.names)


def _attempts(client: Client, source: str | Request[Any], keep: Callable[[Fill], Any]) -> Any:
    """Fetch a file, and start again from its beginning if that fails in passing."""

    def fill(write: Callable[[bytes], None]) -> str:
        if isinstance(source, str):
            return transfer.download(client.endpoint.settings, source, write, timeout=FILE_TIMEOUT)
        request: Request[str] = replace(source, parse=transfer.media_type, timeout=FILE_TIMEOUT)
        return client.send(request, sink=Sink(write, transfer.MAX_FILE))

    policy = retry_policy(ATTEMPTS, FILE_TIMEOUT)
    return tenacity.Retrying(**policy, sleep=client.sleep)(keep, fill)


@contextmanager
def _about(client: Client, execution: Execution, what: str) -> Iterator[None]:
    """Name the execution and the file in an error."""
    try:
        yield
    except WorkflowError as error:
        name = (
            f"{client.endpoint.vendor} execution {execution.execution_id}"
            if execution.execution_id
            else "The run"
        )
        error.args = (
            f"{name} has ended as {execution.status}, and its result {what} could not be kept: {error}.",
        )
        error.execution_id = execution.execution_id
        raise
