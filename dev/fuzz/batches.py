"""Odd batches: inputs of an author, entries of a store, and lines of a manifest, whoever has written them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.core.batch import Entry, decide_entry, positions
from airflow_workflow_providers.core.start import Start
from airflow_workflow_providers.operators.batch_begin import begin_try
from airflow_workflow_providers.operators.batch_state import BatchState
from airflow_workflow_providers.operators.batch_store import KEY, BatchStore
from airflow_workflow_providers.outputs.manifest import (
    VERSION,
    BatchManifest,
    ManifestWriter,
    XComParts,
    read_line,
)
from dev.fuzz import target
from dev.fuzz.choices import Choices, cases
from dev.fuzz.parameters import value_of_any_type
from dev.fuzz.run import Kind, Problem, TookTooLong, limited, unexpected
from dev.fuzz.trees import short
from dev.vendors import CASES, VendorCase

_SUCCESS = frozenset({"succeeded"})
_START = Start("f" * 32, {"conn_id": "fuzzed"}, 3)


class _XCom(dict[str, Any]):
    """XCom and the task state store of a task, as far as a batch uses them."""

    task_id, map_index = "fuzzed", -1

    def xcom_push(self, key: str, value: Any) -> None:
        self[key] = value

    def xcom_pull(self, *, key: str, **_: Any) -> Any:
        return self.get(key)

    set = dict.__setitem__


@dataclass(frozen=True)
class Case:
    """
    One odd thing.

    :param what: ``inputs``, ``entry``, ``store``, ``result`` or ``line``.
    :param vendor: whose batch it is.
    :param value: the thing.
    """

    what: str
    vendor: VendorCase
    value: Any

    def __repr__(self) -> str:
        """Return the case as far as it can be shown."""
        try:
            return f"{self.what} of {self.vendor.name}: {short(self.value)}"
        except (RecursionError, ValueError):
            return f"{self.what} of {self.vendor.name}: <{type(self.value).__name__} without a repr>"


def _inputs(pick: Choices, vendor: VendorCase) -> Any:
    """Return inputs of which some are odd, or have odd parameters."""
    if pick.percent(10):
        return value_of_any_type(pick)
    right = {vendor.workflow: vendor.succeeds, **vendor.required}
    made: list[Any] = []
    for _ in range(1 + pick.below(3)):
        if pick.percent(15):
            made.append(value_of_any_type(pick))
        else:
            name = pick.of([*right, vendor.input, "output_name", "no_such_parameter"])
            made.append({**right, name: value_of_any_type(pick)})
    return made


def _json(pick: Choices) -> Any:
    """Return a value as it comes back from a store: plain JSON."""
    value = value_of_any_type(pick)
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        return None


def _entry(pick: Choices) -> Any:
    known = Entry("f" * 32, "n", 1.0, 3, "7", "succeeded", 1).stored()
    if pick.percent(20):
        return _json(pick)
    known[pick.below(len(known))] = _json(pick)
    return known[: 1 + pick.below(len(known))] if pick.percent(20) else known


def _store(pick: Choices) -> dict[str, Any]:
    header = {
        "version": 1,
        "count": 2,
        "written": 1,
        "account": {},
        "deadline": 1.0,
        "inputs": "",
        "closed": {},
    }
    stored: dict[str, Any] = {
        KEY: header,
        f"{KEY}_0000": {"version": 1, "entries": [_entry(pick), _entry(pick)]},
    }
    if pick.percent(50):
        header[pick.of([*header])] = _json(pick)
    elif pick.percent(50):
        stored[pick.of([*stored])] = _json(pick)
    return stored


def _line(pick: Choices) -> Any:
    known = {"index": 0, "execution_id": "7", "state": "succeeded", "status": "x", "uri": None, "bytes": 1}
    whole: dict[str, Any] = {**known, "sha256": None, "error": None}
    whole[pick.of([*whole])] = _json(pick)
    return _json(pick) if pick.percent(20) else whole


def case(pick: Choices) -> Case:
    """Choose what is odd, and how."""
    what = pick.of(["inputs", "inputs", "entry", "store", "result", "line"])
    vendor = pick.of([each for each in CASES.values() if what != "store" or each.get_status])
    if what == "inputs":
        return Case(what, vendor, _inputs(pick, vendor))
    if what == "result":
        name = pick.of(["version", "manifest", "counts", "lines"])
        result: dict[str, Any] = {"version": VERSION, "manifest": None, "counts": {}, "lines": [_line(pick)]}
        return Case(what, vendor, {**result, name: _json(pick)})
    return Case(what, vendor, {"entry": _entry, "store": _store, "line": _line}[what](pick))


def _try_inputs(vendor: VendorCase, value: Any) -> None:
    """Do what a task does with its inputs before the first start."""
    task = vendor.batch(value)
    BatchState(
        task, task.check_inputs(task.inputs), BatchStore(_XCom()), ManifestWriter(XComParts(_XCom()))
    ).assign()


def _try_entry(_: VendorCase, value: Any) -> None:
    entry = Entry.from_stored(value)
    decide_entry(entry, {"conn_id": "fuzzed"}, _START, _SUCCESS)
    positions([entry], [entry.fingerprint, "other"])
    Entry.from_stored(json.loads(json.dumps(entry.stored())))


def _try_store(vendor: VendorCase, value: Mapping[str, Any]) -> None:
    """Begin a try with what an earlier one has left."""
    store, task = BatchStore(_XCom(value)), vendor.batch(vendor.inputs(2))
    target.give_connection(task, vendor.name)
    task.max_tries = 3
    begin_try(
        BatchState(task, task.check_inputs(task.inputs), store, ManifestWriter(XComParts(_XCom()))), 2e9
    )


def _try_result(_: VendorCase, value: Any) -> None:
    manifest = BatchManifest(value)
    list(manifest.succeeded())
    list(manifest.others())


def _try_line(_: VendorCase, value: Any) -> None:
    read_line(json.dumps(value).encode(), "A line")


_TRY = {
    "inputs": _try_inputs,
    "entry": _try_entry,
    "store": _try_store,
    "result": _try_result,
    "line": _try_line,
}


def check(tried: Case) -> Iterator[Problem]:
    """Use what is odd, as a task does; it may end with an error of ours and with no other."""
    try:
        limited(lambda: _TRY[tried.what](tried.vendor, tried.value))
    except target.WorkflowError:
        return
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # any exception is a result here
        yield unexpected(error, tried.what)


KIND = Kind("batches", cases(case, 40), check)
