"""
Laminar, the configuration stores of a workspace: the values of each customer, with which a workflow runs.

Page: "Managing Configurations" at https://docs.laminar.run/api-guide/managing-configurations. The values may be credentials. No
error shows one, no method returns one, and no error shows the body of a successful response, which has all of them.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.parameters import id_or_name, json_bytes, segment, text, whole_number
from airflow_workflow_providers.core.request import Request, Response, read_request
from airflow_workflow_providers.core.secret import SHORTEST
from airflow_workflow_providers.core.text import shown

#: The path of all stores.
CONFIGURATIONS = "/configurations"

#: What is returned of a store besides the keys of its properties. Earlier versions of the page have credentials too.
_SHOWN = ("id", "workspaceId", "name", "externalId", "archivedAt")

#: The most digits of an int64.
_DIGITS = 19


class _Keys(BaseModel):
    keys: list[Any]


def create_configuration(
    name: str, external_id: str, properties: Mapping[str, str], *, workspace_id: int | str | None = None
) -> Request[dict[str, Any]]:
    """
    Create a configuration store.

    It is described at https://docs.laminar.run/api-guide/managing-configurations

    No page says what becomes of a second request with the same external id, so it is sent again only if nothing can have been
    created.

    :param name: its name.
    :param external_id: your own id of it, for example that of a customer.
    :param properties: its values, texts by their keys; it may be empty. Values of 12 characters or more are masked in the log.
    :param workspace_id: the workspace; default: that of the connection.
    :return: ``id``, ``workspaceId``, ``name`` and ``externalId`` as Laminar has them, and ``keys``, the keys of its properties.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that the store may exist. ``list_configuration_keys`` shows whether it does.
    """
    known = text("external_id", external_id).strip()
    segment("external_id", known)  # all other requests have it in their path
    sent, secrets = _properties(properties)
    return Request(
        f"create configuration store {shown(known)}",
        "POST",
        f"{CONFIGURATIONS}/external",
        body={
            "workspaceId": _workspace(workspace_id),
            "name": text("name", name),
            "externalId": known,
            "properties": sent,
        },
        secrets=secrets,
        parse=_store,
        creates="configuration store",
    )


def list_configuration_keys(
    external_id: str, *, workspace_id: int | str | None = None
) -> Request[dict[str, Any]]:
    """
    Read the keys of the properties of a configuration store. Laminar shows no values.

    It is described at https://docs.laminar.run/api-guide/managing-configurations

    :param external_id: your own id of the store.
    :param workspace_id: the workspace; default: that of the connection.
    :return: ``keys``, ``externalId`` and ``name``.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises NotFound: if there is no such store.
    """
    known = id_or_name("external_id", external_id)
    return read_request(
        f"read the keys of configuration store {shown(known)}",
        f"{CONFIGURATIONS}/{segment('external_id', known)}/keys/external",
        model=_Keys,
        query={"workspaceId": _workspace(workspace_id)},
    )


def set_configuration_properties(
    external_id: str, properties: Mapping[str, str], *, workspace_id: int | str | None = None
) -> Request[dict[str, Any]]:
    """
    Set properties of a configuration store.

    It is described at https://docs.laminar.run/api-guide/managing-configurations

    The page calls this an update of several properties. It does not say what becomes of those that are not sent.

    :param external_id: your own id of the store.
    :param properties: the values, texts by their keys. Values of 12 characters or more are masked in the log.
    :param workspace_id: the workspace; default: that of the connection.
    :return: the store, as :func:`create_configuration` returns it.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises NotFound: if there is no such store.
    """
    sent, secrets = _properties(properties)
    if not sent:
        raise InvalidInput("properties is empty, so there is nothing to set.")
    return _change(
        "set the properties of",
        external_id,
        "PUT",
        "/properties",
        query={"workspaceId": str(_workspace(workspace_id))},
        body={"properties": sent},
        secrets=secrets,
        parse=_store,
    )


def delete_configuration_property(
    external_id: str, key: str, *, workspace_id: int | str | None = None
) -> Request[None]:
    """
    Delete a property of a configuration store.

    It is described at https://docs.laminar.run/api-guide/managing-configurations

    :param external_id: your own id of the store.
    :param key: the key of the property.
    :param workspace_id: the workspace; default: that of the connection.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises NotFound: if there is no such store, or no such property in it: also if the first response was lost, and the request
        was sent again.
    """
    return _change(
        f"delete property {shown(id_or_name('key', key))} of",
        external_id,
        "DELETE",
        f"/properties/{segment('key', key)}",
        query={"workspaceId": str(_workspace(workspace_id))},
        parse=_nothing,
    )


def delete_configuration(external_id: str) -> Request[None]:
    """
    Delete a configuration store: Laminar archives it, and :func:`restore_configuration` brings it back.

    It is described at https://docs.laminar.run/api-guide/managing-configurations

    :param external_id: your own id of the store.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises NotFound: if there is no such store: also if the first response was lost, and the request was sent again.
    """
    return _change("delete", external_id, "DELETE", "", parse=_nothing)


def restore_configuration(external_id: str) -> Request[dict[str, Any]]:
    """
    Restore a configuration store that was deleted.

    It is described at https://docs.laminar.run/api-guide/managing-configurations

    :param external_id: your own id of the store.
    :return: the store, as :func:`create_configuration` returns it.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises NotFound: if no such store is archived: also if the first response was lost, and the request was sent again.
    """
    return _change("restore", external_id, "PUT", "/restore", parse=_store)


def _change(action: str, external_id: str, method: str, below: str, **options: Any) -> Request[Any]:
    """Return a request that has the same effect if it is sent twice."""
    known = id_or_name("external_id", external_id)
    path = f"{CONFIGURATIONS}/{segment('external_id', known)}{below}/external"
    return Request(f"{action} configuration store {shown(known)}", method, path, **options)


def _workspace(value: object) -> int:
    """Return the id of a workspace, which the connection has as text."""
    if value is None:
        raise InvalidInput("workspace_id is missing: give it, or enter it in the connection.")
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _DIGITS
    return whole_number("workspace_id", int(value) if is_number else value)  # type: ignore[call-overload]  # a text


def _properties(given: object) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """Return properties as they are sent, and the values that no message may repeat. No error shows a value."""
    if not isinstance(given, Mapping):
        raise InvalidInput(f"properties must be a dict of texts by their keys; got {type(given).__name__}.")
    sent = []
    for name, value in given.items():
        key = text("a key of properties", name)
        if not isinstance(value, str):
            raise InvalidInput(
                f"The value of property {shown(key)} must be a text; got {type(value).__name__}."
            )
        json_bytes(f"the value of property {shown(key)}", value)  # rejects what UTF-8 cannot encode
        sent.append({"key": key, "value": str.__str__(value)})
    values = dict.fromkeys(each["value"] for each in sent)
    return sent, tuple(value for value in values if len(value) >= SHORTEST)


def _store(response: Response) -> dict[str, Any]:
    body = response.json_object()
    properties = body.get("properties")
    if not isinstance(properties, list):
        # The values may be in what was cut or garbled, also those that were not sent.
        raise response.unexpected(
            " without the properties of the store; the body is not shown, because it may hold values"
        )
    keys = [each.get("key") for each in properties if isinstance(each, dict)]
    return {
        **{name: body[name] for name in _SHOWN if name in body},
        "keys": [key for key in keys if isinstance(key, str)],
    }


def _nothing(_: Response) -> None:
    """Read nothing: the page has no body here."""
