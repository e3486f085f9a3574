"""Refusing bad parameters when a DAG is parsed, with an error that names the parameter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import XComArg

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.parameters import flag, quoted, seconds, text, whole_number
from airflow_workflow_providers.settings import min_poll_interval

__all__ = ["conn_id", "flag", "one_of", "poll_interval", "seconds", "whole_number", "without_templates"]


def poll_interval(name: str, value: float | timedelta) -> float:
    """
    Return the seconds between two status checks: no fewer than ``[workflow_providers] min_poll_interval`` allows.

    :param name: the parameter that it came from, for the error.
    :param value: a timedelta, or a number of seconds.
    :return: seconds.
    :raises InvalidInput: if it is neither.
    """
    return max(seconds(name, value), min_poll_interval())


def one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    """
    Refuse a value that is not among ``choices``.

    :param name: the parameter that it came from, for the error.
    :param value: what its author has chosen.
    :param choices: what there is to choose from.
    :raises InvalidInput: if it is not.
    """
    if not isinstance(value, str) or value not in choices:
        raise InvalidInput(f"{name} must be one of {', '.join(map(repr, choices))}; got {quoted(value)}.")


def conn_id(name: str, value: object) -> None:
    """
    Refuse what can be no id of a connection; a template, or an XComArg, may be one when the task runs.

    :param name: the parameter that it came from, for the error.
    :param value: what its author has chosen.
    :raises InvalidInput: if it is no text, or an empty one.
    """
    text(name, without_templates(value))


def without_templates(value: Any, stand_in: Any = "template") -> Any:
    """
    Return ``value`` with something in the place of what is known only when the task runs.

    :param value: a parameter, as it stands in the DAG: an XComArg, the argument of a mapped task group, or a text with a
        template in it is replaced, also deep in dicts and lists.
    :param stand_in: what stands for ``value`` itself; deeper down it is the text ``"template"``.
    :return: ``stand_in``; of a dict, list or tuple a copy, with lists for tuples; anything else as it is. What is nested
        too deep for that is returned as it is too: the check of the parameter refuses it by its name.
    """
    try:
        return _without_templates(value, stand_in)
    except RecursionError:
        return value


def _without_templates(value: Any, stand_in: Any = "template") -> Any:
    # What a mapped task group passes on is no XComArg, but can be asked for its references like one.
    if isinstance(value, XComArg) or hasattr(type(value), "iter_references"):
        return stand_in
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return stand_in
    if isinstance(value, dict):
        return {key: _without_templates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_templates(item) for item in value]
    return value
