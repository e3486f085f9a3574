"""A run that waits for a person is one of Airflow's required actions, while Altostrat is still asked for its status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers import compat
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.waiter import GIVE_UP, KEEP_WAITING
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.fake_airflow import RequiredAction, Task
from tests.vendors import ALTOSTRAT
from tests.vendors.altostrat import run

#: It waits for a person until the test lets it end.
FORM = "fl_form"


@pytest.fixture(autouse=True)
def form(emulator: Emulator) -> None:
    emulator.add_workflow("altostrat", FORM, passes=["awaiting_ui_interaction"])
    emulator.set_pace(seconds=3600)


@pytest.fixture(autouse=True)
def since_3_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package see an Airflow 3.3, as the fake one is."""
    monkeypatch.setattr(compat, "HAS_REQUIRED_ACTIONS", True)


def task_for(workflow: str = FORM, *, retries: int = 0, **options: Any) -> Task:
    return Task(lambda: ALTOSTRAT.task(workflow, **{"deferrable": True, **options}), retries=retries)


def deferral_of(call: Callable[[], Any]) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        call()
    return deferred.value


def question_in(deferred: TaskDeferred) -> str:
    return str(deferred.trigger.serialize()[1]["question"])


def action_of(task: Task) -> RequiredAction:
    assert task.action is not None
    return task.action


def test_a_pause_is_asked_about_and_closed_when_the_run_goes_on(emulator: Emulator) -> None:
    """Nobody has answered in Airflow, and the wait has ended with the run."""
    emulator.add_workflow("altostrat", FORM, passes=["running", "awaiting_ui_interaction"])
    emulator.set_pace(status_checks=9)
    task = task_for()

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert [event["outcome"] for event in task.events] == ["paused", "ended"]
    action = action_of(task)
    assert (record["state"], task.asked) == ("succeeded", 1)
    assert (action.options, action.chosen, action.by_person) == (
        [KEEP_WAITING, GIVE_UP],
        [KEEP_WAITING],
        False,
    )
    # For an Airflow whose log is read, and not only its page.
    assert len([line for line in logs if "waits for a person" in str(line)]) == 1
    assert len([line for line in logs if "is a required action" in str(line)]) == 1


def test_the_question_names_workflow_run_task_and_try(emulator: Emulator) -> None:
    """A later pause or try keeps this text, so it says which try it is about."""
    task = task_for()
    deferral_of(task.execute)
    action = action_of(task)
    (run_at_vendor,) = emulator.runs("altostrat")

    assert action.is_open
    assert action.subject == f"Altostrat waits for a person: workflow {FORM}"
    assert action.body.startswith("The execution waits until a person answers at Altostrat. ")
    assert f"\n\nExecution: `{run_at_vendor['execution_id']}`\n\n" in action.body
    assert "Try 1 of the task `run` has asked this." in action.body


@pytest.mark.parametrize("can_stop", [False, True])
def test_the_question_says_what_becomes_of_a_run_that_is_given_up(
    monkeypatch: pytest.MonkeyPatch, can_stop: bool
) -> None:
    """Altostrat documents no way to stop one; a vendor that can is asked to."""
    stop = AltostratHook.api.get_status if can_stop else None
    monkeypatch.setattr(AltostratHook, "api", replace(AltostratHook.api, stop=stop))
    task = task_for()
    deferral_of(task.execute)
    body = action_of(task).body

    assert ("Altostrat is asked to stop the execution." in body) == can_stop
    assert ("The execution goes on at Altostrat." in body) != can_stop


def test_the_question_has_the_address_of_the_vendors_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Altostrat documents no such page, so none is made up."""
    address = "https://vendor.example/runs"
    api = replace(AltostratHook.api, execution_url=lambda _, execution_id: f"{address}/{execution_id}")
    monkeypatch.setattr(AltostratHook, "api", api)
    task = task_for()
    deferral_of(task.execute)

    assert f"answers at Altostrat: [open its page there]({address}/fl_run_" in action_of(task).body


def test_each_pause_of_a_run_is_asked_about(emulator: Emulator) -> None:
    """In between, the question is closed."""
    passes = ["running", "awaiting_ui_interaction", "running", "awaiting_ui_interaction", "running"]
    emulator.add_workflow("altostrat", FORM, passes=passes)
    emulator.set_pace(status_checks=31)
    task = task_for()

    assert task.run()["state"] == "succeeded"

    assert [event["outcome"] for event in task.events] == ["paused", "paused", "ended"]
    assert task.asked == 2
    assert not action_of(task).is_open


def test_the_answer_keep_waiting_continues_the_wait_without_another_question(emulator: Emulator) -> None:
    """The run may wait for the person all the same; the deadline stays."""
    task = task_for(timeout=300)
    first = deferral_of(task.execute)
    deferred = deferral_of(lambda: task.resume(first, task.answer(KEEP_WAITING)))

    assert [question_in(each) for each in (first, deferred)] == ["open", "answered"]
    assert first.kwargs is not None
    assert deferred.kwargs is not None
    assert first.kwargs["wait"]["deadline"] == deferred.kwargs["wait"]["deadline"]
    emulator.set_pace(seconds=0)
    assert task.resume(deferred, task.fire(deferred))["state"] == "succeeded"
    assert (task.asked, action_of(task).by_person) == (1, True)


def test_a_pause_that_was_answered_is_not_asked_about_again() -> None:
    """Only the deadline ends it then."""
    task = task_for(timeout=1)
    first = deferral_of(task.execute)
    deferred = deferral_of(lambda: task.resume(first, task.answer(KEEP_WAITING)))

    assert task.fire(deferred)["outcome"] == "timed_out"
    assert task.asked == 1


def test_the_answer_give_up_fails_the_task_without_a_retry(emulator: Emulator) -> None:
    """The error names the run, and says what becomes of it."""
    task = task_for(retries=2)
    deferred = deferral_of(task.execute)

    with pytest.raises(errors.ExecutionGivenUp) as given_up:
        task.resume(deferred, task.answer(GIVE_UP))

    (run_at_vendor,) = emulator.runs("altostrat")
    assert given_up.value.execution_id == run_at_vendor["execution_id"]
    assert f"given up Altostrat execution {run_at_vendor['execution_id']}" in str(given_up.value)
    assert "Altostrat cannot stop a run" in str(given_up.value)
    assert isinstance(given_up.value, errors.AirflowFailException)


def test_a_run_that_has_ended_before_the_answer_is_read_reaches_the_dag(emulator: Emulator) -> None:
    """Nothing is left to be given up."""
    task = task_for()
    deferred = deferral_of(task.execute)
    answer = task.answer(GIVE_UP)
    emulator.set_pace(seconds=0)

    assert task.resume(deferred, answer)["state"] == "succeeded"


@pytest.mark.parametrize("option", [KEEP_WAITING, GIVE_UP])
def test_an_answer_before_the_trigger_begins_is_not_lost(option: str) -> None:
    """Airflow resumes only a deferred task with an answer, and the worker may not have deferred it yet."""
    task = task_for()
    deferred = deferral_of(task.execute)
    task.answer(option)

    event = task.fire(deferred)

    assert event == {"chosen_options": [option]}
    if option == GIVE_UP:
        with pytest.raises(errors.ExecutionGivenUp):
            task.resume(deferred, event)
    else:
        again = deferral_of(lambda: task.resume(deferred, event))
        assert question_in(again) == "answered"


def test_a_trigger_that_begins_again_asks_about_a_later_pause() -> None:
    """The triggerer has died after it had closed the question about the first pause."""
    task = task_for()
    deferred = deferral_of(task.execute)
    action_of(task).chosen = [KEEP_WAITING]

    event = task.fire(deferred)

    assert event["outcome"] == "paused"
    assert question_in(deferral_of(lambda: task.resume(deferred, event))) == "open"
    assert task.asked == 2


def test_a_run_that_goes_on_before_the_worker_asks_is_not_asked_about(emulator: Emulator) -> None:
    emulator.add_workflow("altostrat", FORM, passes=["running", "awaiting_ui_interaction"])
    emulator.set_pace(status_checks=9)
    task = task_for()
    deferred = deferral_of(task.execute)
    event = task.fire(deferred)
    emulator.set_pace(seconds=0)

    assert event["outcome"] == "paused"
    assert task.resume(deferred, event)["state"] == "succeeded"
    assert task.action is None


def test_a_question_is_closed_at_the_deadline() -> None:
    task = task_for(timeout=1)

    with pytest.raises(errors.ExecutionTimedOut, match="awaiting_ui_interaction"):
        task.run()

    assert task.asked == 1
    assert not action_of(task).is_open


def test_a_question_of_an_earlier_try_is_closed_if_the_run_does_not_wait_for_a_person(
    emulator: Emulator,
) -> None:
    """Airflow hands it on to the next try, whose run may be another one."""
    task = task_for()
    deferral_of(task.execute)
    task.clear()
    emulator.add_workflow("altostrat", FORM)
    emulator.set_pace(status_checks=6)
    deferred = deferral_of(task.execute)

    assert action_of(task).is_open
    assert task.resume(deferred, task.fire(deferred))["state"] == "succeeded"
    assert (task.asked, action_of(task).chosen) == (1, [KEEP_WAITING])


def test_an_answer_to_an_earlier_try_does_not_end_a_later_one(emulator: Emulator) -> None:
    """A person has given up, then cleared the task: its new run is asked about anew."""
    task = task_for()
    deferred = deferral_of(task.execute)
    with pytest.raises(errors.ExecutionGivenUp):
        task.resume(deferred, task.answer(GIVE_UP))
    task.clear()
    deferred = deferral_of(task.execute)

    assert (question_in(deferred), task.asked) == ("open", 2)
    emulator.set_pace(seconds=0)
    assert task.resume(deferred, task.fire(deferred))["state"] == "succeeded"


def test_a_later_try_whose_run_is_not_paused_ignores_an_earlier_answer(emulator: Emulator) -> None:
    task = task_for()
    deferred = deferral_of(task.execute)
    with pytest.raises(errors.ExecutionGivenUp):
        task.resume(deferred, task.answer(GIVE_UP))
    task.clear()
    emulator.add_workflow("altostrat", FORM)
    emulator.set_pace(status_checks=6)

    assert task.try_once()["state"] == "succeeded"


def test_the_wait_continues_if_airflow_cannot_store_the_question(emulator: Emulator) -> None:
    """The log says so."""
    emulator.set_pace(status_checks=6)
    task = task_for()
    task.cannot_ask = True

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["state"] == "succeeded"
    assert [line["log_level"] for line in logs if "could not store a required action" in str(line)] == [
        "warning"
    ]


@pytest.mark.parametrize(
    "options",
    [{"required_action": False}, {"deferrable": False}, {"on_ui_interaction": "fail"}],
    ids="-".join,
)
def test_nobody_is_asked_if_the_author_does_not_want_it_or_nobody_could_read_the_answer(
    emulator: Emulator, options: dict[str, Any]
) -> None:
    """A worker cannot read an answer. The log has the warning all the same, unless the task fails at the pause."""
    emulator.set_pace(status_checks=6)
    task = task_for(**options)
    fails = "on_ui_interaction" in options

    with structlog.testing.capture_logs() as logs:
        if fails:
            with pytest.raises(errors.ExecutionFailed, match="waits for a person"):
                task.run()
        else:
            assert task.run()["state"] == "succeeded"

    assert task.action is None
    assert len([line for line in logs if "waits for a person" in str(line["event"])]) == 1


def test_a_sensor_asks_nobody(emulator: Emulator) -> None:
    """It has not started the run, so it has nothing to give up."""
    execution_id = run(FORM, wait_for_completion=False)["execution_id"]
    emulator.set_pace(status_checks=6)
    options = {"task_id": "wait", "execution_id": execution_id, "poke_interval": 0.01, "deferrable": True}
    task = Task(lambda: AltostratExecutionSensor(**options))

    assert task.run()["state"] == "succeeded"
    assert task.action is None


def test_nobody_is_asked_where_an_answer_does_not_resume_a_task(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before Airflow 3.3."""
    monkeypatch.setattr(compat, "HAS_REQUIRED_ACTIONS", False)
    emulator.set_pace(status_checks=6)
    task = task_for()

    assert task.run()["state"] == "succeeded"
    assert task.action is None


def test_a_batch_rejects_the_parameter() -> None:
    with pytest.raises(errors.InvalidInput, match="required_action"):
        ALTOSTRAT.batch([{"context": {}}], workflow_id=FORM, required_action=True)
