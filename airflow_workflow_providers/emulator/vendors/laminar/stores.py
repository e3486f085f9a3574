"""Laminar's configuration stores: what each request does to them, and what is replied ("Managing Configurations")."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

#: The names in the store that an account has from the start, with values of nobody.
FIRST = {"PORTAL_URL": "https://portal.example", "PORTAL_USER": "acme"}


class Refused(Exception):  # it is a reply, and not a mistake of the emulator
    """A request that is refused, with the HTTP status and the message of its reply."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Store:
    """A configuration store; ``properties`` has the id and the value of each key."""

    number: int
    name: str
    external_id: str
    properties: dict[str, tuple[int, str]] = field(default_factory=dict)
    is_archived: bool = False


class Stores:
    """
    The stores of one workspace, with the first one.

    A deleted store is archived: what is left of it is its external id, which stays taken. The pages do not say so.
    """

    def __init__(self, workspace_id: str, external_id: str) -> None:
        self._workspace = int(workspace_id)
        self._ids = itertools.count(1)
        self._stores: dict[str, Store] = {}
        self._add("Acme", external_id, FIRST)

    def create(self, body: Any) -> dict[str, Any]:
        """Create a store. The page has no refusal: that of an external id that is taken is inferred."""
        given = body if isinstance(body, dict) else {}
        workspace, name, external_id = (given.get(each) for each in ("workspaceId", "name", "externalId"))
        if not (isinstance(workspace, int) and not isinstance(workspace, bool)):
            raise Refused(400, "workspaceId must be an int64")
        if not (isinstance(name, str) and isinstance(external_id, str) and name and external_id):
            raise Refused(400, "name and externalId must be texts")
        properties = _properties(given)
        if workspace != self._workspace:
            raise Refused(404, "Workspace not found")
        if external_id in self._stores:
            raise Refused(409, "A configuration store with this externalId exists")
        return self._shown(self._add(name, external_id, properties))

    def keys(self, external_id: str, query: dict[str, str]) -> dict[str, Any]:
        """Return the names in a store, without their values."""
        store = self._find(external_id, query)
        return {"keys": list(store.properties), "externalId": store.external_id, "name": store.name}

    def set(self, external_id: str, query: dict[str, str], body: Any) -> dict[str, Any]:
        """Set properties. That the others stay is inferred from the word update."""
        store = self._find(external_id, query)
        self._set(store, _properties(body if isinstance(body, dict) else {}))
        return self._shown(store)

    def remove(self, external_id: str, key: str, query: dict[str, str]) -> None:
        """Remove a property."""
        if self._find(external_id, query).properties.pop(key, None) is None:
            raise Refused(404, "Property not found")

    def archive(self, external_id: str) -> None:
        """Archive a store. That it is not found then is inferred."""
        self._find(external_id).is_archived = True

    def restore(self, external_id: str) -> dict[str, Any]:
        """Restore an archived store, with its properties."""
        store = self._stores.get(external_id)
        if store is None or not store.is_archived:
            raise Refused(404, "Archived configuration store not found")
        store.is_archived = False
        return self._shown(store)

    def _find(self, external_id: str, query: dict[str, str] | None = None) -> Store:
        """Return a store that is not archived; with a query, of the workspace that it names."""
        workspace = str(self._workspace) if query is None else query.get("workspaceId", "")
        if not is_integer(workspace, bits=64):
            raise Refused(400, "workspaceId must be an int64")
        store = self._stores.get(external_id)
        if store is None or store.is_archived or int(workspace) != self._workspace:
            raise Refused(404, "Configuration not found")
        return store

    def _add(self, name: str, external_id: str, properties: dict[str, str]) -> Store:
        store = self._stores[external_id] = Store(next(self._ids), name, external_id)
        self._set(store, properties)
        return store

    def _set(self, store: Store, properties: dict[str, str]) -> None:
        for key, value in properties.items():
            number, _ = store.properties.get(key) or (next(self._ids), "")
            store.properties[key] = (number, value)

    def _shown(self, store: Store) -> dict[str, Any]:
        """Return the schema ConfigurationStore, in which the properties have their values."""
        return {
            "id": store.number,
            "workspaceId": self._workspace,
            "name": store.name,
            "externalId": store.external_id,
            "properties": [
                {"id": number, "key": key, "value": value}
                for key, (number, value) in store.properties.items()
            ],
        }


def is_integer(text: str, *, bits: int) -> bool:
    """Whether it is an integer of at most this many bits."""
    limit = 2 ** (bits - 1)
    return re.fullmatch(r"[+-]?[0-9]{1,19}", text) is not None and -limit <= int(text) < limit


def _properties(body: dict[str, Any]) -> dict[str, str]:
    """Return the properties of a request: the schema PropertyDTO has two texts."""
    given = body.get("properties")
    properties: dict[str, str] = {}
    for each in given if isinstance(given, list) else [None]:
        key, value = (each.get("key"), each.get("value")) if isinstance(each, dict) else (None, None)
        if not (isinstance(key, str) and isinstance(value, str)):
            raise Refused(400, "properties must be a list of keys and values")
        properties[key] = value
    return properties
