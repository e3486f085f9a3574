"""Refusing bad parameters when a DAG is parsed, with an error that names the parameter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import XComArg

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.settings import min_poll_interval

#: The longest wait; a moment much further away is none that Airflow can store.
LONGEST = timedelta(days=3650)


def seconds(name: str, value: float | timedelta, *, least: float = 0.0) -> float:
    """
    Return a duration in seconds.

    :param name: the parameter that it came from, for the error.
    :param value: a timedelta, or a number of seconds.
    :param least: the shortest that is allowed, in seconds.
    :return: seconds.
    :raises InvalidInput: if it is none, or too short, or longer than 3650 days.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if (
        isinstance(number, bool)
        or not isinstance(number, (int, float))
        or not least <= number <= LONGEST.total_seconds()
    ):
        raise InvalidInput(
            f"{name} must be a number of seconds or a timedelta, from {least:g} s to {LONGEST.days} days; got {value!r}."
        )
    return float(number)


def poll_interval(name: str, value: float | timedelta) -> float:
    """
    Return the seconds between two status checks: no fewer than ``[workflow_providers] min_poll_interval`` allows.

    :param name: the parameter that it came from, for the error.
    :param value: a timedelta, or a number of seconds.
    :return: seconds.
    :raises InvalidInput: if it is neither.
    """
    return max(seconds(name, value), min_poll_interval())


def flag(name: str, value: object) -> bool:
    """
    Return a value that is True or False.

    :param name: the parameter that it came from, for the error.
    :param value: what its author has chosen; text is refused, for ``"False"`` would be true.
    :return: the same value.
    :raises InvalidInput: if it is something else.
    """
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} must be True or False; got {value!r}.")
    return value


def whole_number(name: str, value: int) -> int:
    """
    Return a number that is whole and not negative.

    :param name: the parameter that it came from, for the error.
    :param value: the number; True and False are none.
    :return: the same number.
    :raises InvalidInput: if it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInput(f"{name} must be a whole number, not negative; got {value!r}.")
    return value


def one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    """
    Refuse a value that is not among ``choices``.

    :param name: the parameter that it came from, for the error.
    :param value: what its author has chosen.
    :param choices: what there is to choose from.
    :raises InvalidInput: if it is not.
    """
    if value not in choices:
        raise InvalidInput(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")


def without_templates(value: Any, stand_in: Any = "template") -> Any:
    """
    Return ``value`` with something in the place of what is known only when the task runs.

    :param value: a parameter, as it stands in the DAG: an XComArg or a text with a template in it is replaced, also
        deep in dicts and lists.
    :param stand_in: what stands for ``value`` itself; deeper down it is the text ``"template"``.
    :return: ``stand_in``; of a dict, list or tuple a copy, with lists for tuples; anything else as it is.
    """
    if isinstance(value, XComArg) or (isinstance(value, str) and ("{{" in value or "{%" in value)):
        return stand_in
    if isinstance(value, dict):
        return {key: without_templates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_templates(item) for item in value]
    return value
