"""
Laminar (now Minicor), the external workflow API: one call, which answers when the run is over.

Pages: "Remote Workflow Execution" and "Managing Configurations" at https://docs.laminar.run/; what they leave open is
said beside the line that had to choose. The jobs of the same vendor are another surface: ``laminar_jobs``.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.call import Answer, Call, header
from airflow_workflow_providers.core.errors import InvalidInput, NotFound, UnreadableAnswer
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.parameters import (
    callback,
    id_or_name,
    json_value,
    quoted,
    seconds,
    segment,
    text,
    whole_number,
)
from airflow_workflow_providers.core.secret import address_secrets
from airflow_workflow_providers.core.text import shown

#: Where a workspace is, by its region.
REGIONS = {"us": "https://api.laminar.run", "ca": "https://ca.api.laminar.run"}
BASE_URL = REGIONS["us"]

#: The greatest number of a step: an int32, says the page.
#: https://docs.laminar.run/running-an-integration/remote-workflow-execution
GREATEST_STEP = 2**31 - 1

#: Statuses of 4xx that are not the author's: everything else of 4xx is what a run has answered.
NOT_A_RUN = frozenset({401, 403, 404, 408, 429})


class _Store(BaseModel):
    keys: list[Any]


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
    name = id_or_name("workflow_id", workflow_id)
    path = f"/workflow/execute/external/{segment('workflow_id', name)}"
    for step_name, step in (("start_from_step", start_from_step), ("end_at_step", end_at_step)):
        if step is not None:
            whole_number(step_name, step, least=1, most=GREATEST_STEP)
    if start_from_step is not None and end_at_step is not None and start_from_step > end_at_step:
        raise InvalidInput(f"start_from_step={start_from_step} comes after end_at_step={end_at_step}.")
    store = None if configuration_id is None else id_or_name("configuration_id", configuration_id)
    if store is not None:
        segment("configuration_id", store)  # refuses what a template over nothing renders to
    address = callback("callback_url", callback_url)
    return Call(
        f"run workflow {shown(name)}",
        "POST",
        path,
        query={
            "configuration_id": store,
            "response_type": None if response_type is None else text("response_type", response_type),
            "start_from_step": None if start_from_step is None else str(start_from_step),
            "end_at_step": None if end_at_step is None else str(end_at_step),
            "callback_url": address,
        },
        body=json_value("payload", payload),
        secrets=address_secrets(address) if address else (),
        read=_read,
        starts=True,
        identity={
            "workflow_id": name,
            "configuration_id": configuration_id,
            "steps": [start_from_step, end_at_step],
            "payload": payload,
        },
        # A workflow may choose its status: 400 is documented as a failed execution, and so is read what is like it.
        # https://docs.laminar.run/running-an-integration/remote-workflow-execution
        expects=lambda answer: answer.ok or (400 <= answer.status < 500 and answer.status not in NOT_A_RUN),
        limit=None if limit is None else seconds("limit", limit),
    )


def _read(answer: Answer) -> Execution:
    """Read a run from its answer: JSON of any type, or text."""
    if answer.ok and answer.headers.get("content-type", "").lower().startswith("text/html"):
        # Text is an output, but a page for people comes from something in between.
        raise UnreadableAnswer(
            f"returned HTTP {answer.status} with an HTML page: {answer.quote()!r}", status=answer.status
        )
    try:
        output = answer.json()
    except UnreadableAnswer:  # not JSON, or nested too deep to be read as such
        output = answer.content.decode("utf-8", "replace")
    if answer.ok:
        return Execution(None, State.SUCCEEDED, f"HTTP {answer.status}", output)
    return Execution(None, State.FAILED, f"HTTP {answer.status}", output, answer.quote())


def look(execution_id: str) -> Call[Execution]:
    """Refuse: an execution has no id here."""
    raise NotFound(
        f"An external execution of Laminar has no id, and cannot be looked at: {quoted(execution_id)}."
    )


def get_execution(execution_id: str) -> Call[Execution]:
    """Refuse: an execution has no id here."""
    return look(execution_id)


def stop_execution(execution_id: str) -> None:
    """Return nothing: no page tells of a way to stop an execution."""


def execution_url(base_url: str, execution_id: str) -> None:
    """Return nothing: an execution has no id here."""
