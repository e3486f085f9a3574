"""The tree of errors."""

from __future__ import annotations

import pickle

import pytest

from airflow_workflow_providers.core import errors


def _tree(cls: type[errors.WorkflowError]) -> list[type[errors.WorkflowError]]:
    below = [leaf for child in cls.__subclasses__() for leaf in _tree(child)]
    return [cls, *(leaf for leaf in below if leaf.__module__ == errors.__name__)]


@pytest.mark.parametrize("cls", _tree(errors.WorkflowError))
def test_every_error_is_drawn_can_be_named_and_survives_a_pickle(cls: type[errors.WorkflowError]) -> None:
    """An event names the class; Airflow may move the object between processes."""
    error = cls("what happened", execution_id="ex-1", status=418)

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes

    assert cls.__name__ in str(errors.__doc__)
    assert errors.by_name(cls.__name__) is cls
    assert (type(copy), str(copy), vars(copy)) == (cls, "what happened", vars(error))


@pytest.mark.parametrize("name", ["NoSuchError", "Any", "by_name", ""])
def test_a_name_that_is_no_error_is_still_an_error(name: str) -> None:
    assert errors.by_name(name) is errors.WorkflowError
