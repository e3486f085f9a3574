"""Checking a payload against the JSON Schema that a vendor has for it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core.text import shown

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

#: How many problems an error names.
MOST = 5

#: The rules whose message has no values of the payload, only names of members.
_ABOUT_NAMES = ("required", "additionalProperties", "dependentRequired", "unevaluatedProperties")


class UnusableSchema(Exception):
    """A vendor's schema cannot be used; the text says why."""


def checker(schema: Any) -> Callable[[Any], list[str]]:
    """
    Return a function that returns what is wrong with a payload.

    :param schema: a JSON Schema, as a vendor has sent it.
    :return: from a payload to sentences that name the field and the rule, and show no value; none if the payload fits.
    :raises UnusableSchema: if it is no JSON Schema. The function raises it if the schema refers to something outside of it.
    """
    # Only for tasks that want it: this import takes half a second.
    from jsonschema import Draft202012Validator, SchemaError, validators  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    if not isinstance(schema, (dict, bool)):
        raise UnusableSchema("it is no JSON Schema")
    kind = validators.validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except (SchemaError, RecursionError):
        raise UnusableSchema("it is no JSON Schema") from None
    # An empty registry: nothing that a schema refers to is fetched.
    validator = kind(schema, registry=Registry())

    def problems(payload: Any) -> list[str]:
        try:
            return [_sentence(error) for error in islice(validator.iter_errors(payload), MOST)]
        except (Unresolvable, RecursionError) as error:
            raise UnusableSchema(
                "it refers to something outside of it, or to itself without an end"
            ) from error

    return problems


def _sentence(error: ValidationError) -> str:
    where = error.json_path.removeprefix("$").removeprefix(".")
    if error.validator in _ABOUT_NAMES:
        rule = error.message
    else:
        rule = f"does not fit the rule {error.validator!r}: {error.validator_value!r}"
    return shown(f"{where}: {rule}" if where else rule, limit=200)
