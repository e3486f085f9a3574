"""Rejecting bad parameters when a DAG is parsed, with an error that names the parameter."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import XComArg

from airflow_workflow_providers.compat import SET_DURING_EXECUTION
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.parameters import quoted, seconds, text
from airflow_workflow_providers.settings import MAX_POLL_INTERVAL, POLL_INTERVAL, min_poll_interval


def poll_interval(name: str, value: float | timedelta) -> float:
    """
    Return the seconds between two status checks, at least ``[workflow_providers] min_poll_interval``.

    :param name: the name of the parameter, for the error.
    :param value: a timedelta, or a number of seconds.
    :return: seconds.
    :raises InvalidInput: if it is neither.
    """
    return max(seconds(name, value), min_poll_interval())


def poll_intervals(
    name: str, least: float | timedelta | None, most: float | timedelta | None
) -> tuple[float, float]:
    """
    Return the least and the most seconds between two status checks.

    :param name: the name of the parameter with the least, for the error; the other one is ``max_poll_interval``.
    :param least: the author's choice; ``None``: ``[workflow_providers] poll_interval``.
    :param most: the author's choice. ``None``: the least if the author has chosen that, so that the interval is fixed, else
        ``[workflow_providers] max_poll_interval``.
    :return: both in seconds, at least ``[workflow_providers] min_poll_interval``.
    :raises InvalidInput: if one is not a number of seconds, or the most is less than the least.
    """
    shortest = poll_interval(name, POLL_INTERVAL if least is None else least)
    if most is None:
        return shortest, shortest if least is not None else max(shortest, MAX_POLL_INTERVAL)
    longest = poll_interval("max_poll_interval", most)
    if longest < shortest:
        raise InvalidInput(f"max_poll_interval={longest:g} is less than {name}={shortest:g}.")
    return shortest, longest


def conn_id(name: str, value: str) -> str:
    """
    Return the id of a connection; a template or an XComArg may become one when the task runs.

    :param name: the name of the parameter, for the error.
    :param value: the author's choice.
    :return: the same value.
    :raises InvalidInput: if it is not a text, or empty.
    """
    text(name, without_templates(value))
    return value


def account(value: Any, check: Callable[[object], str]) -> Any:
    """
    Return the account that a task chooses; a template or an XComArg may become one when the task runs.

    :param value: the author's choice; ``None``: the account of the connection.
    :param check: the vendor's check of an account.
    :return: the same value.
    :raises InvalidInput: if it is not an account.
    """
    if value is not None:
        check(without_templates(value))
    return value


def folder(name: str, value: Any) -> Any:
    """
    Return a folder in object storage; a template or an XComArg may become one when the task runs.

    :param name: the name of the parameter, for the error.
    :param value: the author's choice: a text, an ``ObjectStoragePath``, or ``None``.
    :return: the same value.
    :raises InvalidInput: if it is neither, or a path that depends on where a worker was started.
    """
    known = without_templates(value, None)
    if isinstance(known, str) and not (text(name, known).startswith("/") or "://" in known):
        raise InvalidInput(
            f"{name} must be a whole address, such as s3://bucket/folder or file:///folder; got {quoted(known)}."
        )
    if known is not None and not isinstance(known, str) and not hasattr(known, "protocol"):
        raise InvalidInput(f"{name} must be a text or an ObjectStoragePath; got {quoted(known)}.")
    return value


def without_templates(value: Any, stand_in: Any = "template") -> Any:
    """
    Return ``value`` with a stand-in for everything that is known only when the task runs.

    :param value: a parameter, as it is in the DAG. An XComArg, the argument of a mapped task group, and a text with a
        template in it are replaced, also inside dicts and lists.
    :param stand_in: replaces ``value`` itself; inside a dict or list the text ``"template"`` does.
    :return: ``stand_in``; of a dict, list or tuple a copy, with lists for tuples; anything else as it is. A value that is
        nested too deep is returned as it is: the check of the parameter rejects it by name.
    """
    try:
        return _without_templates(value, stand_in)
    except RecursionError:
        return value


def _without_templates(value: Any, stand_in: Any = "template") -> Any:
    # The argument of a mapped task group is not an XComArg, but it has references like one.
    if isinstance(value, XComArg) or hasattr(type(value), "iter_references"):
        return stand_in
    if value is SET_DURING_EXECUTION:  # a decorated function returns it
        return stand_in
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return stand_in
    if isinstance(value, dict):
        return {key: _without_templates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_templates(item) for item in value]
    return value
