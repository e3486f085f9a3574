"""
Datalab, the processing of one document without a workflow: convert, extract and segment.

Pages: "Convert Document", "Extract Document" and "Segment Document", and the result check of each, in the API reference at
https://documentation.datalab.to/. Where they leave something open, a comment names the page.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

from airflow_workflow_providers.apis import datalab
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution, ResultFile, State, state_of
from airflow_workflow_providers.core.parameters import file_address, json_object, one_of, text, whole_number
from airflow_workflow_providers.core.request import Request, Response, execution_request
from airflow_workflow_providers.core.vendor import VendorApi

#: The statuses of a request. The pages name the first two; the vendor's own client knows the third.
STATUSES = {
    "processing": State.RUNNING,
    "complete": State.SUCCEEDED,
    "failed": State.FAILED,
}

MODES = ("fast", "balanced", "accurate")


class _Started(BaseModel):
    request_id: Any = None
    success: Any = None
    error: Any = None


class _Status(BaseModel):
    status: Any = None
    success: Any = None
    error: Any = None
    result_url: Any = None


def convert(
    *,
    file: str,
    output_format: str = "markdown",
    mode: str | None = None,
    page_range: str | None = None,
    max_pages: int | None = None,
    options: dict[str, Any] | None = None,
) -> Request[Execution]:
    """
    Convert a document to Markdown, HTML, JSON or chunks.

    :param file: the document: an http or https address, or a reference of an uploaded file, ``datalab://...``.
    :param output_format: ``markdown``, ``html``, ``json`` or ``chunks``, or several with commas between them.
    :param mode: ``fast``, ``balanced`` or ``accurate``; default: Datalab's.
    :param page_range: the pages, from 0, such as ``"0,2-4"``; default: all.
    :param max_pages: how many pages at the most; default: all.
    :param options: further fields of the request as its page names them, such as ``{"paginate": True}``.
    :return: the execution, with the ``request_id`` as its id: it is running, or has failed already.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that an execution may exist.
    """
    given = {
        "file_url": file_address("file", file, scheme="datalab"),
        "output_format": text("output_format", output_format),
        **_limits(mode, page_range, max_pages),
    }
    return _submit("convert", given, options)


def extract(
    *,
    file: str | None = None,
    page_schema: dict[str, Any] | None = None,
    schema_id: str | None = None,
    checkpoint_id: str | None = None,
    mode: str | None = None,
    page_range: str | None = None,
    max_pages: int | None = None,
    options: dict[str, Any] | None = None,
) -> Request[Execution]:
    """
    Extract data from a document by a schema.

    :param file: the document, as for ``convert``; not with ``checkpoint_id``.
    :param page_schema: a JSON schema of what to extract, with ``properties``; not with ``schema_id``.
    :param schema_id: a schema that is saved at Datalab, ``sch_...``.
    :param checkpoint_id: of a conversion with ``save_checkpoint``, whose document is used without parsing it again.
    :param mode: as for ``convert``.
    :param page_range: as for ``convert``.
    :param max_pages: as for ``convert``.
    :param options: as for ``convert``.
    :return: the execution: it is running, or has failed already.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that an execution may exist.
    """
    if (page_schema is None) == (schema_id is None):
        raise InvalidInput("An extraction needs page_schema or schema_id, and not both.")
    given = {
        **_source(file, checkpoint_id),
        "page_schema": None if page_schema is None else json.dumps(json_object("page_schema", page_schema)),
        "schema_id": None if schema_id is None else text("schema_id", schema_id),
        **_limits(mode, page_range, max_pages),
    }
    return _submit("extract", given, options)


def segment(
    *,
    file: str | None = None,
    segmentation_schema: dict[str, Any],
    checkpoint_id: str | None = None,
    mode: str | None = None,
    page_range: str | None = None,
    max_pages: int | None = None,
    options: dict[str, Any] | None = None,
) -> Request[Execution]:
    """
    Find the segments of a document, and their pages.

    :param file: the document, as for ``convert``; not with ``checkpoint_id``.
    :param segmentation_schema: the names and descriptions of the segments, as the page shows it.
    :param checkpoint_id: of a conversion with ``save_checkpoint``, whose document is used without parsing it again.
    :param mode: as for ``convert``.
    :param page_range: as for ``convert``.
    :param max_pages: as for ``convert``.
    :param options: as for ``convert``.
    :return: the execution: it is running, or has failed already.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that an execution may exist.
    """
    schema = json_object("segmentation_schema", segmentation_schema)
    if not schema:
        raise InvalidInput("segmentation_schema is empty.")
    given = {
        **_source(file, checkpoint_id),
        "segmentation_schema": json.dumps(schema),
        **_limits(mode, page_range, max_pages),
    }
    return _submit("segment", given, options)


def _source(file: str | None, checkpoint_id: str | None) -> dict[str, str | None]:
    if (file is None) == (checkpoint_id is None):
        raise InvalidInput("The document is given by file or by checkpoint_id, and not by both.")
    return {
        "file_url": None if file is None else file_address("file", file, scheme="datalab"),
        "checkpoint_id": None if checkpoint_id is None else text("checkpoint_id", checkpoint_id),
    }


def _limits(mode: str | None, page_range: str | None, max_pages: int | None) -> dict[str, str | None]:
    return {
        "mode": None if mode is None else one_of("mode", mode, MODES),
        "page_range": None if page_range is None else text("page_range", page_range),
        "max_pages": None if max_pages is None else str(whole_number("max_pages", max_pages, least=1)),
    }


def _submit(
    processor: str, given: Mapping[str, str | None], options: dict[str, Any] | None
) -> Request[Execution]:
    further = json_object("options", options)
    if twice := further.keys() & given.keys():
        raise InvalidInput(f"options has {', '.join(sorted(twice))}, which is a parameter of its own.")
    known = {**{name: _field(value) for name, value in further.items()}, **given}
    fields = {name: value for name, value in known.items() if value is not None}

    def read(response: Response) -> Execution:
        started = response.parse(_Started)
        execution_id = response.execution_id(started.request_id)
        if started.success is False:
            message = response.quote(started.error) if started.error else None
            return Execution(execution_id, State.FAILED, "failed", message=message)
        return Execution(execution_id, State.RUNNING, "processing")

    return Request(
        f"{processor} a document",
        "POST",
        f"/api/v1/{processor}",
        # The page says multipart/form-data; without a file, the vendor's own client sends the same fields like this.
        # https://documentation.datalab.to/api-reference/convert-document
        body=urlencode(fields),
        media_type="application/x-www-form-urlencoded",
        parse=read,
        starts_run=True,
        fingerprint_input={"processor": processor, **fields},
    )


def _field(value: Any) -> str | None:
    """Return a field of a form: a text as it is, anything else as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _outcome(found: _Status, response: Response) -> tuple[State, str]:
    # A team that has used up its quota of pages gets a 200 with an error and no status.
    # https://documentation.datalab.to/platform/troubleshooting
    if found.status is None and found.success is False:
        return State.FAILED, "failed"
    if not isinstance(found.status, str):
        raise response.unexpected(f" without a status: {response.quote()!r}")
    state = state_of(found.status.lower(), STATUSES)
    if state is State.SUCCEEDED and found.success is not True and (found.success is not None or found.error):
        state = State.FAILED
    return state, found.status


def _read_status(execution_id: str, response: Response) -> Execution:
    return Execution(execution_id, *_outcome(response.parse(_Status), response))


def _read(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status)
    state, status = _outcome(found, response)
    output: dict[str, Any] | None = None
    files: tuple[ResultFile, ...] = ()
    if state is State.SUCCEEDED:
        output = {name: value for name, value in response.json_object().items() if name != "result_url"}
        if found.result_url and isinstance(found.result_url, str):
            # A large result has a signed address instead of its content.
            output["document"] = {}
            files = (ResultFile(("document",), found.result_url),)
    message = response.quote(found.error) if found.error else None
    return Execution(execution_id, state, status, output, message, files=files)


def _read_by(read: Callable[[str, Response], Execution], path: str, execution_id: str) -> Request[Execution]:
    return execution_request(execution_id, path, read)


def _api(processor: str) -> VendorApi:
    path = f"/api/v1/{processor}/{{}}"
    return replace(
        datalab.API,
        get_status=partial(_read_by, _read_status, path),
        get_execution=partial(_read_by, _read, path),
        has_partial=False,
    )


CONVERT, EXTRACT, SEGMENT = _api("convert"), _api("extract"), _api("segment")
