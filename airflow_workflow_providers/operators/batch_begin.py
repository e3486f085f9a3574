"""What a worker begins with: the decision about each input, from what earlier tries and the trigger have left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core import batch, errors
from airflow_workflow_providers.core.start import (
    Action,
    Decision,
    Start,
    account_changes,
    decide,
    on_look_up,
)
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.waiter import WaitResult
from airflow_workflow_providers.metrics import REATTACHED, Cause
from airflow_workflow_providers.operators.starter import find_run
from airflow_workflow_providers.operators.stop import stop
from airflow_workflow_providers.outputs.manifest import key_of

if TYPE_CHECKING:
    from airflow_workflow_providers.core.batch import Entry
    from airflow_workflow_providers.operators.batch_state import BatchState

#: How many files are looked at, and runs stopped, at the same time.
WIDTH = 16


class NoUploads:
    """Remembers no upload: each start of a batch uploads its own file, whose reference then proves the start."""

    def read_uploads(self, account: Mapping[str, Any]) -> dict[str, dict[str, Any]]:  # noqa: ARG002  # as Uploads
        """
        Know no file.

        :param account: what tells the account from others.
        :return: nothing.
        """
        return {}

    def write_uploads(self, account: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> None:
        """
        Forget what was uploaded.

        :param account: what tells the account from others.
        :param files: what was uploaded.
        """


def begin_try(state: BatchState, deadline: float) -> None:
    """
    Decide about each input at the begin of a try, after what earlier tries have stored.

    :param state: of the batch.
    :param deadline: when this try ends, in seconds since the epoch.
    :raises InvalidInput: if an input is wrong; the error names it, and nothing was started.
    :raises WorkflowError: if Airflow could not be asked or store what was decided; nothing was started.
    """
    store, operator = state.store, state.operator
    account = operator.hook.client.endpoint.account
    if store.read_header():
        store.read_all()
    known = state.assign()
    if store.account is not None and dict(store.account) != dict(account):
        _forget_other_account(state, known, account)
    start = Start(
        "",
        account,
        operator.max_tries,
        resubmit_on_clear=operator.on_clear == "resubmit",
        resubmit_lost=operator.on_lost_start == "resubmit",
    )
    store.account = account
    kept = state.manifest.lines() if known else {}
    changed = _changed_files(state)
    old: dict[Cause, list[str]] = {"clear": [], "changed_input": []}
    found: Counter[str] = Counter()
    for position in state.index_of:
        entry = store.entries[position]
        decision = _decide(
            state,
            position,
            replace(start, fingerprint="" if position in changed else entry.fingerprint),
            has_line=key_of(entry.execution_id, entry.fingerprint) in kept,
        )
        if decision is None:
            state.results[position] = entry.result
            found["have succeeded in an earlier try"] += 1
            continue
        if decision.action is Action.ORPHANED:
            state.lose(position)
            found["may have been started, and nobody knows"] += 1
            continue
        if entry.result or entry.submissions:
            # A worker that resumes this try must not take them for those of this try.
            entry.result, entry.submissions = "", 0
            store.changed(position)
        if decision.action is Action.REATTACH:
            state.active[str(entry.execution_id)] = position
            found["were started by an earlier try"] += 1
            continue
        if decision.action is Action.REPLACE:
            cause: Cause = "clear" if decision.is_for_clear(start) else "changed_input"
            old[cause].append(str(entry.execution_id))
        entry.forget_start()
        found["are to be started"] += 1
        state.pending.append(position)
    state.check_inputs()
    state.tally.add(REATTACHED, len(state.active))
    old["removed_input"] = _gone(state, known)
    for cause, ids in old.items():
        _stop(state, ids, cause)
    state.pending.sort()
    store.inputs, store.deadline = state.digest(), deadline
    counted = ", ".join(f"{count:,} {what}" for what, count in found.items())
    operator.log.info("This batch has %s inputs: %s.", f"{len(state.inputs):,}", counted)
    store.write_header()


def resume(state: BatchState, ended: Sequence[WaitResult] | None) -> None:
    """
    Continue a try after the trigger.

    :param state: of the batch, whose header is read.
    :param ended: the waits that have ended; ``None`` if that is not known: then each run is read.
    :raises WorkflowError: if Airflow could not be asked.
    """
    store = state.store
    if store.in_order and store.inputs == state.digest():
        store.read_open()
        state.index_of = {position: position for position in range(len(state.inputs))}
    else:
        store.read_all()
        state.assign()
    closed = {position for number in store.closed for position in store.positions_of(number)}
    by_id = {result.execution_id: result for result in ended or ()}
    for position in state.index_of:
        if position in closed:
            continue
        entry = store.entries.get(position)
        if entry is None or not (entry.result or entry.execution_id or entry.intent_at):
            state.pending.append(position)
        elif entry.result:
            state.results[position] = entry.result
        elif entry.execution_id is None:
            state.lose(position)
        elif ended is None:
            state.ended.append((position, WaitResult("ended", entry.execution_id)))
        elif result := by_id.get(entry.execution_id):
            state.ended.append((position, result))
        else:
            state.active[entry.execution_id] = position
    for position, result in state.ended:
        state.active[result.execution_id] = position
    state.pending.sort()


def _forget_other_account(state: BatchState, known: Sequence[Entry], account: Mapping[str, Any]) -> None:
    """Forget the runs of another account, before the new account is stored: there the same id is somebody else's run."""
    store = state.store
    going = [entry.execution_id for entry in known if entry.execution_id and not entry.result]
    state.operator.log.warning(
        "The runs of earlier tries belong to another account (%s) and are not used; %d of them may be going: %s.",
        account_changes(store.account or {}, account),
        len(going),
        ", ".join(map(shown, going[:10])),
    )
    for position, entry in enumerate(known):
        if entry.intent_at or entry.result:
            entry.forget_start()
            store.changed(position)
    while store.write_one_changed():
        pass


def _changed_files(state: BatchState) -> set[int]:
    """Return the entries whose files have changed since they were uploaded; a file that has gone counts as the same."""

    def has_changed(position: int) -> bool:
        one = state.one(position)
        with suppress(errors.WorkflowError):
            one.read_input(NoUploads())
            return one.files_version != state.store.entries[position].files
        return False

    uploaded = [position for position in state.index_of if state.store.entries[position].files]
    with ThreadPoolExecutor(WIDTH) as threads:
        changed = threads.map(has_changed, uploaded)
        return {position for position, differs in zip(uploaded, changed, strict=True) if differs}


def _decide(state: BatchState, position: int, start: Start, *, has_line: bool) -> Decision | None:
    """Decide about an input; ``None``: it has succeeded, and its line is in the manifest."""
    entry, account = state.store.entries[position], state.store.account
    decision = batch.decide_entry(entry, account, start, state.operator.success_results)
    if decision is None and not has_line:
        # What is known of the result is gone. It is read again, if the execution has an id.
        decision = decide(entry.record(account), start)
    if decision is None or decision.action is not Action.LOOK_UP:
        return decision
    return on_look_up(decision, _found(state, position), start)


def _found(state: BatchState, position: int) -> str | None:
    """Look for the run of an intent of an earlier try."""
    entry = state.store.entries[position]
    found = None
    try:
        found = find_run(
            state.operator.hook.client, state.request(position), entry.record(state.store.account)
        )
    except errors.WorkflowError as error:
        state.say_once("look up", f"Whether an execution exists could not be determined: {error}")
    if found is not None:
        entry.execution_id = found
        state.store.changed(position)
    return found


def _gone(state: BatchState, known: Sequence[Entry]) -> list[str]:
    """Return the runs that may be going of inputs that have gone from the list."""
    gone = [
        position
        for position, entry in enumerate(known)
        if position not in state.index_of and entry.execution_id and not entry.result and not entry.stopped
    ]
    for position in gone:
        state.store.entries[position].stopped = True
        state.store.changed(position)
    if gone:
        state.operator.log.warning(
            "%d executions may be going whose inputs have gone from the list.", len(gone)
        )
    return [str(state.store.entries[position].execution_id) for position in gone]


def _stop(state: BatchState, ids: Sequence[str], cause: Cause) -> None:
    """Stop runs that are no longer needed."""
    hook = state.operator.hook
    with ThreadPoolExecutor(WIDTH) as threads:
        for result in threads.map(lambda execution_id: stop(hook, execution_id, cause), ids):
            state.say_once(f"stop {result.requested}", result.message)
