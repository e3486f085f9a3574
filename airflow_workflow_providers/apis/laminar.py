"""
Laminar (now Minicor), the external workflow API: one call, which answers when the run is over.

Pages: "Remote Workflow Execution" and "Managing Configurations" at https://docs.laminar.run/; what they leave open is
said beside the line that had to choose. The jobs of the same vendor are another surface: ``laminar_jobs``.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from airflow_workflow_providers.core.call import Answer, Call, header, segment
from airflow_workflow_providers.core.errors import InvalidInput, NotFound, UnreadableAnswer
from airflow_workflow_providers.core.execution import Execution, State

#: Where a workspace is, by its region.
REGIONS = {"us": "https://api.laminar.run", "ca": "https://ca.api.laminar.run"}
BASE_URL = REGIONS["us"]

#: Statuses of 4xx that are not the author's: everything else of 4xx is what a run has answered.
NOT_A_RUN = frozenset({401, 403, 404, 408, 429})


class _Store(BaseModel):
    keys: list[str]


def credentials(secret: str, **_: Any) -> dict[str, str]:
    """Return the header that signs a request in; the page allows the query too, which would put the key into logs."""
    return {"X-API-KEY": header("password", secret)}


def explain(answer: Answer) -> str | None:
    """Return nothing: no page says how an error looks, so the body is shown as it is."""


def check() -> None:
    """Return nothing: see ``keys``, the only thing that a key can read."""


def keys(configuration_id: str, workspace_id: str) -> Call[Any]:
    """Describe the read of a configuration store's keys: 401 is a wrong key, and 404 a right one and no such store."""
    return Call(
        "read the keys of the configuration store",
        "GET",
        f"/configurations/{segment('configuration_id', configuration_id)}/keys/external",
        query={"workspaceId": workspace_id},
        read=lambda answer: answer.parse(_Store),
    )


def execute_workflow(
    workflow_id: int | str,
    *,
    payload: Any = None,
    configuration_id: str | None = None,
    response_type: str | None = None,
    start_from_step: int | None = None,
    end_at_step: int | None = None,
    callback_url: str | None = None,
    limit: float | None = None,
) -> Call[Execution]:
    """Describe the run of a workflow; parameters as in the operator, ``limit`` in seconds for the whole of it."""
    for name, step in (("start_from_step", start_from_step), ("end_at_step", end_at_step)):
        if step is not None and (isinstance(step, bool) or not isinstance(step, int) or step < 1):
            raise InvalidInput(f"{name} is the number of a step, from 1; got {step!r}.")
    if start_from_step is not None and end_at_step is not None and start_from_step > end_at_step:
        raise InvalidInput(f"start_from_step={start_from_step} comes after end_at_step={end_at_step}.")
    if configuration_id is not None:
        segment("configuration_id", configuration_id)  # refuses what a template over nothing renders to
    if response_type is not None and not (isinstance(response_type, str) and response_type.strip()):
        raise InvalidInput(f"response_type must be a word; got {response_type!r}.")
    if callback_url is not None and not _is_address(callback_url):
        # It is not repeated here: it may hold a secret.
        raise InvalidInput("callback_url must be an http or https address.")
    try:
        json.dumps(payload, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"payload cannot be sent as JSON: {error}.") from error
    return Call(
        f"run workflow {workflow_id}",
        "POST",
        f"/workflow/execute/external/{segment('workflow_id', workflow_id)}",
        query={
            "configuration_id": configuration_id,
            "response_type": response_type,
            "start_from_step": None if start_from_step is None else str(start_from_step),
            "end_at_step": None if end_at_step is None else str(end_at_step),
            "callback_url": callback_url,
        },
        body=payload,
        secrets=(callback_url,) if callback_url else (),
        read=_read,
        starts=True,
        identity={
            "workflow_id": str(workflow_id),
            "configuration_id": configuration_id,
            "steps": [start_from_step, end_at_step],
            "payload": payload,
        },
        # A workflow may choose its status: 400 is documented as a failed execution, and so is read what is like it.
        expects=lambda answer: answer.ok or (400 <= answer.status < 500 and answer.status not in NOT_A_RUN),
        limit=limit,
    )


def _is_address(text: object) -> bool:
    try:
        parts = urlsplit(str(text))
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _read(answer: Answer) -> Execution:
    """Read a run from its answer: JSON of any type, or text."""
    if answer.ok and answer.headers.get("content-type", "").lower().startswith("text/html"):
        # Text is an output, but a page for people comes from something in between.
        raise UnreadableAnswer(
            f"answered HTTP {answer.status} with an HTML page: {answer.quote()!r}", status=answer.status
        )
    try:
        output = json.loads(answer.content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        output = answer.content.decode("utf-8", "replace")
    if answer.ok:
        return Execution(None, State.SUCCEEDED, f"HTTP {answer.status}", output)
    return Execution(None, State.FAILED, f"HTTP {answer.status}", output, answer.quote())


def _no_number(name: str) -> None:
    """Refuse NaN and Infinity, which are not JSON and could not be put into XCom: such a body is text."""
    raise ValueError(name)


def look(execution_id: str) -> Call[Execution]:
    """Refuse: an execution has no id here."""
    raise NotFound(f"An external execution of Laminar has no id, and cannot be looked at: {execution_id!r}.")


def get_execution(execution_id: str) -> Call[Execution]:
    """Refuse: an execution has no id here."""
    return look(execution_id)


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop an execution."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: an execution has no id here."""
