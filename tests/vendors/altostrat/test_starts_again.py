"""The other ways to start a run: to run one again, to resume a failed one, and to wait for the response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat_starts as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from tests.conftest import connect
from tests.vendors import ALTOSTRAT, misread, response
from tests.vendors.altostrat import run

STEPS: list[dict[str, Any]] = [{"node_id": "n1"}, {"node_id": "n2"}, {"node_id": "n3"}]


@pytest.fixture
def failed(emulator: Emulator) -> str:
    """Run a workflow that fails at its second node, repair the workflow, and return the id of the failed run."""
    emulator.add_workflow("altostrat", "fl_mine", logs=STEPS, ends="failed", failing_node="n2")
    with pytest.raises(errors.ExecutionFailed) as failure:
        run("fl_mine", context={"site": "a"})
    emulator.add_workflow("altostrat", "fl_mine", logs=STEPS, output={"sent": "{input}"})
    return str(failure.value.execution_id)


def ended(hook: AltostratHook, execution: Execution) -> Execution:
    """Read a run until its end, which comes at its second status check."""
    execution_id = str(execution.execution_id)
    assert not execution.is_terminal
    while not hook.get_status(execution_id).is_terminal:
        pass
    return hook.get_execution(execution_id)


@pytest.mark.parametrize(
    ("start", "notes", "nodes"),
    [
        (lambda hook, run: hook.rerun_run(run), {"rerun_of"}, ["n1", "n2", "n3"]),
        (lambda hook, run: hook.resume_run(run, "n1"), {"resumed_from"}, ["n2", "n3"]),
        (lambda hook, run: asyncio.run(hook.aresume_run(run, "n1")), {"resumed_from"}, ["n2", "n3"]),
    ],
)
def test_a_run_that_has_failed_is_rerun_or_resumed_as_a_new_one(
    emulator: Emulator,
    failed: str,
    start: Callable[[AltostratHook, str], Execution],
    notes: set[str],
    nodes: Any,
) -> None:
    """With the same input; the failed run stays as it is."""
    with closing(AltostratHook()) as hook:
        execution = ended(hook, start(hook, failed))
        assert hook.get_status(failed).state is State.FAILED

    first, second = emulator.runs("altostrat")
    assert (first["execution_id"], second["execution_id"]) == (failed, execution.execution_id)
    assert {second[note] for note in notes} == {failed}
    assert (execution.state, execution.output) == (State.SUCCEEDED, {"sent": {"site": "a"}})
    assert [entry["node_id"] for entry in execution.details] == nodes


def test_what_cannot_be_rerun_or_resumed_is_rejected_and_nothing_is_started(
    emulator: Emulator, failed: str
) -> None:
    with closing(AltostratHook()) as hook:
        going = str(hook.execute_workflow("fl_never_ends").execution_id)
        cases = [
            (lambda: hook.rerun_run(going), errors.RequestRejected, "rerun execution .*run_not_finished"),
            (lambda: hook.rerun_run("fl_run_x"), errors.NotFound, "rerun execution fl_run_x: .*not_found"),
            (lambda: hook.resume_run(going, "n1"), errors.RequestRejected, "run_not_failed"),
            (
                lambda: hook.resume_run(failed, "n2"),
                errors.RequestRejected,
                "from node n2: .*node_not_completed",
            ),
            (lambda: hook.resume_run(failed, "n9"), errors.NotFound, "from node n9: .*no node 'n9'"),
            (lambda: hook.execute_workflow_sync("fl_mine"), errors.RequestRejected, "no synchronous trigger"),
        ]
        for start, kind, words in cases:
            with pytest.raises(kind, match=rf"{words}.*Nothing was started"):
                start()

    assert len(emulator.runs("altostrat")) == 2


@pytest.mark.parametrize("fault", ["lost_response", "html", "truncated", "server_error", "hang"])
@pytest.mark.parametrize(
    ("operation", "start"),
    [
        ("rerun", lambda hook, run: hook.rerun_run(run)),
        ("resume", lambda hook, run: hook.resume_run(run, "n1")),
        ("execute_sync", lambda hook, run: hook.execute_workflow_sync("fl_responds")),
    ],
)
def test_a_lost_start_is_reported_and_not_sent_again(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    failed: str,
    operation: str,
    start: Callable[[AltostratHook, str], Execution],
    fault: str,
) -> None:
    connect(monkeypatch, ALTOSTRAT, emulator, read_timeout=0.5)
    monkeypatch.setattr(api, "SYNC_LIMIT", 0.5)
    emulator.fail("altostrat", operation, fault)

    with (
        closing(AltostratHook()) as hook,
        pytest.raises(errors.LostStart, match=r"a run may exist\. It is not sent again"),
    ):
        start(hook, failed)

    assert len(emulator.requests("altostrat", operation)) == 1


def test_after_501_only_a_run_that_responds_itself_may_exist(emulator: Emulator, failed: str) -> None:
    """The last node of a run determines its response."""
    for operation in ("rerun", "execute_sync"):
        emulator.fail("altostrat", operation, "status", status=501)

    with closing(AltostratHook()) as hook:
        with pytest.raises(errors.RequestRejected, match=r"HTTP 501.*Nothing was started"):
            hook.rerun_run(failed)
        with pytest.raises(errors.LostStart, match=r"HTTP 501.*a run may exist"):
            hook.execute_workflow_sync("fl_responds")


def test_a_new_run_needs_an_id_of_its_own_and_is_never_an_end() -> None:
    """The page's example of an accepted start says "completed"; only a status check shows what is true."""

    def read(body: Any) -> Any:
        executions = {
            build.parse(response(body, 202)) for build in (api.rerun_run("r"), api.resume_run("r", "n1"))
        }
        (execution,) = executions
        return execution.execution_id, execution.state.value

    lost = [{}, {"id": "fl_1"}, {"new_run": None}, {"new_run": []}, {"new_run": "fl_1"}, [], None]
    ids = [None, "", "..", 7, ["fl_1"], "a/b"]
    cases = [
        ({"message": "ok", "new_run": {"id": "fl_1", "status": "completed", "logs": 7}}, ("fl_1", "queued")),
        ({"message": None, "new_run": {"id": "fl_1", "status": "running"}}, ("fl_1", "running")),
        ({"new_run": {"id": "fl_1"}}, ("fl_1", "queued")),
        *((body, errors.UnexpectedResponse) for body in lost),
        *(({"new_run": {"id": bad, "status": "pending"}}, errors.UnexpectedResponse) for bad in ids),
    ]
    assert misread(read, cases) == {}


def test_a_synchronous_run_returns_its_response_as_the_output(emulator: Emulator) -> None:
    """JSON of any type, or text. It has no id, so nothing is read after it."""
    outputs: list[Any] = [{"a": [1, None]}, [1, 2], True, None, 7.5, "all is well", "<p>a part of a page</p>"]
    with closing(AltostratHook()) as hook:
        for output in outputs:
            emulator.add_workflow("altostrat", "fl_mine", trigger="sync_request_trigger", output=output)
            execution = hook.execute_workflow_sync("fl_mine", payload={"resource_id": "res_abc123"})

            assert (execution.execution_id, execution.state) == (None, State.SUCCEEDED)
            assert (execution.status, execution.output) == ("HTTP 200", output)

    requests = emulator.requests("altostrat")
    assert {(each["method"], each["path"]) for each in requests} == {("POST", "/workflows/sync/fl_mine")}
    assert [each["body"] for each in requests] == [{"resource_id": "res_abc123"}] * len(outputs)


def test_a_synchronous_run_has_a_timeout_of_its_own(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than the 30 s after which Altostrat ends it, and not the connection's, which is for short requests."""
    connect(monkeypatch, ALTOSTRAT, emulator, read_timeout=0.05)
    emulator.fail("altostrat", "execute_sync", "slow", seconds=0.3)

    with closing(AltostratHook()) as hook:
        assert hook.execute_workflow_sync("fl_responds").output == {"received": {}, "ok": True}

    assert 30 < float(api.execute_workflow_sync("w").timeout or 0) < 60


def test_neither_a_html_page_nor_cut_json_is_an_output() -> None:
    """A page comes from a proxy. But PHP calls every text HTML, and a framework may call every response JSON."""

    def read(case: tuple[str, bytes]) -> Any:
        return api.execute_workflow_sync("w").parse(response(case[1], content_type=case[0])).output

    html, json = "Text/HTML; charset=utf-8", "application/json"
    cases: list[tuple[tuple[str, bytes], Any]] = [
        ((html, b"<!DOCTYPE html><title>Sign in</title>"), errors.UnexpectedResponse),
        ((html, b"\xef\xbb\xbf\n <HTML lang='en'>"), errors.UnexpectedResponse),
        ((html, b"Dear <b>customer</b>"), "Dear <b>customer</b>"),
        ((html, b""), ""),
        ((html, b'{"a": 1}'), {"a": 1}),
        ((json, b'{"a": [1'), errors.UnexpectedResponse),
        ((json, b"all is well"), "all is well"),
        (("text/plain", b"{name}"), "{name}"),
    ]
    assert misread(read, cases) == {}


def test_wrong_parameters_are_rejected_and_an_id_is_one_segment_of_a_path() -> None:
    assert api.rerun_run("a/b").path == "/workflows/runs/a%2Fb/rerun"
    assert api.resume_run("a/b", "{c}/d").path == "/workflows/runs/a%2Fb/resume-from/%7Bc%7D%2Fd"
    assert api.execute_workflow_sync("a/b").path == "/workflows/sync/a%2Fb"
    wrong: list[Any] = ["", "..", "None", None, [], 1.5]
    for build in (api.rerun_run, api.execute_workflow_sync, lambda bad: api.resume_run("r", bad)):
        assert misread(build, [(bad, errors.InvalidInput) for bad in wrong]) == {}
    payloads: list[Any] = [[], "text", 7, {"a": object()}, {"a": float("nan")}]
    cases = [(bad, errors.InvalidInput) for bad in payloads]
    assert misread(lambda bad: api.execute_workflow_sync("w", payload=bad), cases) == {}
