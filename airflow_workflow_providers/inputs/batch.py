"""The inputs of a batch: a list, or a file with one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.core.parameters import quoted, text
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.inputs.file import input_path

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

#: The parameter of an input that names its folder below ``output_path``.
OUTPUT_NAME = "output_name"


def read_inputs(
    inputs: Any, *, allowed: Collection[str], required: Collection[str], most: int
) -> list[dict[str, Any]]:
    """
    Return the inputs of a batch, or say what is wrong with them.

    :param inputs: a list of objects, or the address of a JSONL file with one object a line.
    :param allowed: the parameters that an input may have, besides ``output_name``.
    :param required: those that each input must have.
    :param most: how many inputs at the most.
    :return: the parameters of each input.
    :raises InvalidInput: if there is none, or there are too many, or one is wrong; the error names it by its place.
    :raises WorkflowError: if the file cannot be read.
    """
    given: Iterable[Any] = inputs if is_list(inputs) else _lines(inputs)
    checked: list[dict[str, Any]] = []
    names: dict[str, int] = {}
    for index, each in enumerate(given):
        if index >= most:
            raise InvalidInput(
                f"inputs has more than {most:,} objects. max_starts={most} is the most that this task may start: raise it, or "
                "give the task fewer inputs."
            )
        checked.append(_checked(index, each, allowed, required, names))
    if not checked:
        raise InvalidInput(
            "inputs is empty: there is nothing to start. To skip the task in such a case, let the task before it decide that."
        )
    return checked


def is_list(inputs: Any) -> bool:
    """
    Return whether the inputs are a list, and not a file.

    :param inputs: as for :func:`read_inputs`.
    :raises InvalidInput: if they are neither.
    """
    if isinstance(inputs, (list, tuple)):
        return True
    if not isinstance(inputs, str) and not hasattr(inputs, "protocol"):
        raise InvalidInput(
            f"inputs must be a list of objects, or the address of a JSONL file; got {quoted(inputs)}."
        )
    if isinstance(inputs, str) and "://" not in inputs:
        raise InvalidInput(
            "inputs must be a list, or the whole address of a file, such as s3://bucket/inputs.jsonl or "
            f"file:///folder/inputs.jsonl; got {quoted(inputs)}."
        )
    return False


def _checked(
    index: int, given: Any, allowed: Collection[str], required: Collection[str], names: dict[str, int]
) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InvalidInput(f"inputs[{index}] must be an object of parameters; got {quoted(given)}.")
    if unknown := sorted(str(name) for name in given.keys() - {*allowed, OUTPUT_NAME}):
        raise InvalidInput(
            f"inputs[{index}] has {', '.join(map(quoted, unknown))}, which is not a parameter that can differ; these can: "
            f"{', '.join(sorted({*allowed, OUTPUT_NAME}))}."
        )
    if missing := sorted(required - given.keys()):
        raise InvalidInput(
            f"inputs[{index}] has no {', '.join(missing)}, and the task has none that is common to all."
        )
    if OUTPUT_NAME in given:
        name = text(f"{OUTPUT_NAME} of inputs[{index}]", given[OUTPUT_NAME])
        first = names.setdefault(name, index)
        if first != index:
            raise InvalidInput(
                f"inputs[{first}] and inputs[{index}] have the same {OUTPUT_NAME}, {quoted(name)}: one output would replace the "
                "other."
            )
    return given


def _lines(address: str | ObjectStoragePath) -> Iterator[Any]:
    """Yield the object of each line of a file; blank lines are left out."""
    name = f"The file of inputs, {quoted(str(address))},"
    path = input_path(name, address)
    try:
        with path.fs.open(path.path, "rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _parsed(name, number, line)
    except FileNotFoundError:
        failure: WorkflowError = InvalidInput(f"{name} does not exist.")
    except InvalidInput:
        raise
    except Exception as error:  # noqa: BLE001  # the packages of the stores have errors of their own
        failure = WorkflowError(f"{name} cannot be read: {type(error).__name__}: {shown(str(error))}")
    else:
        return
    # Outside of the handler: the error of a store may repeat a signed address, and stays out of the chain.
    raise failure


def _parsed(name: str, number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        pass
    raise InvalidInput(
        f"{name} has a line {number} that is not JSON: {quoted(line[:200].decode(errors='replace'))}."
    )
