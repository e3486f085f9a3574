"""
Laminar (now Minicor), the external workflow API: one request, whose response comes when the run is over.

Pages: "Remote Workflow Execution" and "Managing Configurations" at https://docs.laminar.run/. Where they leave something
open, a comment names the page. The configuration stores are in ``laminar_configurations``. The jobs of the same vendor are another
API: ``laminar_jobs``.
"""

from dataclasses import replace
from typing import Any

from airflow_workflow_providers.apis.laminar_configurations import list_configuration_keys
from airflow_workflow_providers.core import parameters
from airflow_workflow_providers.core.errors import InvalidInput, NotSupported, UnexpectedResponse
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.request import NOT_IMPLEMENTED, Request, Response
from airflow_workflow_providers.core.secret import address_secrets
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.vendor import VendorApi

#: The base URL of each region.
REGIONS = {"us": "https://api.laminar.run", "ca": "https://ca.api.laminar.run"}

#: The greatest number of a step, an int32.
#: https://docs.laminar.run/running-an-integration/remote-workflow-execution
GREATEST_STEP = 2**31 - 1

#: The 4xx that come from Laminar itself. Every other 4xx is the response of a run.
#: https://docs.laminar.run/running-an-integration/remote-workflow-execution
NOT_A_RUN = frozenset({401, 403, 404, 408, 429})


def auth_headers(secret: str, **_: Any) -> dict[str, str]:
    """Return the header that authenticates a request; a query parameter, which is allowed too, would show up in logs."""
    return {"X-API-KEY": parameters.header("password", secret)}


def ping(
    *, workspace_id: str | None = None, configuration_id: str | None = None, **_: Any
) -> Request[str | None]:
    """
    Read the keys of a configuration store: an API key can read nothing else.

    A 401 is a wrong key; a 404 is a valid key and an unknown store.
    https://docs.laminar.run/running-an-integration/managing-configurations

    :raises NotSupported: if the connection names no store.
    :raises InvalidInput: if its workspace id is no number.
    """
    if not (workspace_id and configuration_id):
        raise NotSupported(
            "Laminar has no request that only tests a key. Enter a workspace id and a configuration store to read, or run a "
            "workflow."
        )

    listed = list_configuration_keys(configuration_id, workspace_id=workspace_id)

    def read(response: Response) -> str | None:
        if response.status == 404:
            return "Laminar accepts this key; it does not know that configuration store."
        listed.parse(response)
        return None

    return replace(
        listed.read_as(listed.summary, read), accepts=lambda response: response.ok or response.status == 404
    )


def execute_workflow(
    workflow_id: int | str,
    *,
    payload: Any = None,
    configuration_id: str | None = None,
    content_type: str | None = None,
    response_type: str | None = None,
    start_from_step: int | str | None = None,
    end_at_step: int | str | None = None,
    callback_url: str | None = None,
    timeout: float | None = None,
) -> Request[Execution]:
    """
    Run a workflow, and return when it is over.

    :param workflow_id: the workflow.
    :param payload: its input, JSON of any type.
    :param configuration_id: the configuration store to run with.
    :param content_type: the media type of ``payload``, which is then a text and sent as it is: ``text/csv``, for example.
        Default: ``payload`` is sent as JSON.
    :param response_type: as Laminar documents it; default: Laminar's, ``json``.
    :param start_from_step: the first step to run, from 1.
    :param end_at_step: the last step to run.
    :param callback_url: an address to which Laminar posts events; it may hold a secret.
    :param timeout: seconds for the whole run; default: the connection's read timeout.
    :return: the response of the run as its ``output``; it has no id. A run that failed is returned too, with its state.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that a run may be going.
    """
    name = parameters.id_or_name("workflow_id", workflow_id)
    path = f"/workflow/execute/external/{parameters.segment('workflow_id', name)}"
    first, last = _step("start_from_step", start_from_step), _step("end_at_step", end_at_step)
    if first is not None and last is not None and first > last:
        raise InvalidInput(f"start_from_step={first} comes after end_at_step={last}.")
    if content_type is None:
        body, media_type = parameters.json_value("payload", payload), "application/json"
    else:
        body, media_type = _text("payload", payload), _media_type("content_type", content_type)
    store = None if configuration_id is None else parameters.id_or_name("configuration_id", configuration_id)
    if store is not None:
        # It rejects "None", which a template over nothing renders to.
        parameters.segment("configuration_id", store)
    address = parameters.callback("callback_url", callback_url)
    return Request(
        f"run workflow {shown(name)}",
        "POST",
        path,
        query={
            "configuration_id": store,
            "response_type": None
            if response_type is None
            else parameters.text("response_type", response_type),
            "start_from_step": None if first is None else str(first),
            "end_at_step": None if last is None else str(last),
            "callback_url": address,
        },
        body=body,
        secrets=address_secrets(address) if address else (),
        parse=_read,
        starts_run=True,
        fingerprint_input={
            "workflow_id": name,
            "configuration_id": configuration_id,
            "steps": [first, last],
            "payload": payload,
            # Without it, the fingerprint of JSON is that of earlier releases.
            **({} if content_type is None else {"media_type": media_type}),
        },
        media_type=media_type,
        # A workflow may choose its HTTP status; the page documents 400 as a failed execution.
        # https://docs.laminar.run/running-an-integration/remote-workflow-execution
        accepts=lambda response: (
            response.ok
            or response.status == NOT_IMPLEMENTED
            or (400 <= response.status < 500 and response.status not in NOT_A_RUN)
        ),
        timeout=None if timeout is None else parameters.seconds("timeout", timeout),
    )


def _step(name: str, value: int | str | None) -> int | None:
    """Return the number of a step; a template renders to a text."""
    if value is None:
        return None
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
    return parameters.whole_number(name, number, least=1, most=GREATEST_STEP)


def _text(name: str, value: object) -> str:
    """Return a text that is sent as it is."""
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a text if content_type is set; got {parameters.quoted(value)}.")
    parameters.json_bytes(name, value)  # rejects what UTF-8 cannot encode
    return str.__str__(value)


def _media_type(name: str, value: object) -> str:
    plain = parameters.header(name, value)
    if "/" not in plain:
        raise InvalidInput(f"{name} must be a media type, such as text/csv; got {parameters.quoted(value)}.")
    return plain


def _read(response: Response) -> Execution:
    """Read a run from its response: JSON of any type, or text."""
    if response.status == NOT_IMPLEMENTED:
        # Laminar does not support the call, or the workflow has chosen this status: a run may exist.
        raise response.unexpected(f": {response.quote()!r}")
    if response.ok and response.headers.get("content-type", "").lower().startswith("text/html"):
        # Text is an output, but an HTML page comes from a proxy on the way.
        raise response.unexpected(f" with an HTML page: {response.quote()!r}")
    try:
        output = response.json()
    except UnexpectedResponse:  # not JSON, or nested too deep to be read as such
        output = response.content.decode("utf-8", "replace")
    if response.ok:
        return Execution(None, State.SUCCEEDED, f"HTTP {response.status}", output)
    return Execution(None, State.FAILED, f"HTTP {response.status}", output, response.quote())


#: No page documents the form of an error, so the body is shown as it is; an execution has no id, so nothing reads it.
API = VendorApi(base_url=REGIONS["us"], auth_headers=auth_headers, ping=ping)
