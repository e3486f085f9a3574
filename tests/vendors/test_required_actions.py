"""A run that waits for a person is one of Airflow's required actions, while the vendor is still asked for its status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers import compat
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.waiter import GIVE_UP, KEEP_WAITING
from airflow_workflow_providers.emulator import Emulator
from tests.contract import requests, start
from tests.contract.test_poller import crowd, events_of
from tests.fake_airflow import RequiredAction, Task
from tests.vendors import ALTOSTRAT, REFOLD, VendorCase

#: A workflow that waits for a person until the test lets it end.
FORM = "fl_form"


@dataclass(frozen=True)
class Asking:
    """
    A vendor whose runs can wait for a person.

    :param vendor: its row.
    :param going: the emulator's name of the status of a run that goes on.
    :param paused: of one that waits for a person; its status in the task's log, too.
    :param answers: what the question says that a person does.
    :param consequence: what the question says of the run that is given up.
    :param options: with which such a run is a required action.
    """

    vendor: VendorCase
    going: str
    paused: str
    answers: str
    consequence: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def add_form(self, emulator: Emulator, *passes: str) -> None:
        """Add the workflow, whose runs pass through these statuses; default: that of waiting for a person."""
        emulator.add_workflow(self.vendor.conn_type, FORM, passes=passes or [self.paused])

    def task(self, workflow: str = FORM, *, retries: int = 0, **options: Any) -> Task:
        """Return a task that waits for a run of the workflow."""
        known = {"deferrable": True, **self.options, **options}
        return Task(lambda: self.vendor.task(workflow, **known), retries=retries)

    @property
    def name(self) -> str:
        """The vendor's name."""
        return str(self.vendor.hook().hook_name)

    def __str__(self) -> str:
        """Name it in the id of a test."""
        return self.vendor.name


ROWS = [
    Asking(
        ALTOSTRAT,
        "running",
        "awaiting_ui_interaction",
        "answers at Altostrat",
        "The execution goes on at Altostrat.",
    ),
    Asking(
        REFOLD,
        "RUNNING",
        "Waiting",
        "submits the form that Refold has sent by e-mail",
        "Refold is asked to stop the execution.",
        {"required_action": True},
    ),
]


@pytest.fixture(params=ROWS, ids=str)
def asking(request: pytest.FixtureRequest) -> Asking:
    return request.param  # type: ignore[no-any-return]  # a row


@pytest.fixture(autouse=True)
def form(asking: Asking, emulator: Emulator) -> None:
    asking.add_form(emulator)
    emulator.set_pace(seconds=3600)


@pytest.fixture(autouse=True)
def since_3_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package see an Airflow 3.3, as the fake one is."""
    monkeypatch.setattr(compat, "HAS_REQUIRED_ACTIONS", True)


def deferral_of(call: Callable[[], Any]) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        call()
    return deferred.value


def question_in(deferred: TaskDeferred) -> str:
    return str(deferred.trigger.serialize()[1]["question"])


def action_of(task: Task) -> RequiredAction:
    assert task.action is not None
    return task.action


def test_a_pause_is_asked_about_and_closed_when_the_run_goes_on(asking: Asking, emulator: Emulator) -> None:
    """Nobody has answered in Airflow, and the wait has ended with the run."""
    asking.add_form(emulator, asking.going, asking.paused)
    emulator.set_pace(status_checks=9)
    task = asking.task()

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


@pytest.mark.parametrize("has_page", [False, True])
def test_the_question_names_workflow_run_task_and_try_and_what_to_do(
    asking: Asking, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, has_page: bool
) -> None:
    """A later pause or try keeps this text, so it says which try it is about. No page of a run is made up."""
    address = "https://vendor.example/runs"
    page = (lambda _, execution_id: f"{address}/{execution_id}") if has_page else None
    monkeypatch.setattr(asking.vendor.hook, "api", replace(asking.vendor.hook.api, execution_url=page))
    task = asking.task()
    deferral_of(task.execute)
    action = action_of(task)
    (run_at_vendor,) = emulator.runs(asking.vendor.conn_type)
    execution_id = run_at_vendor["execution_id"]

    link = f": [open its page at {asking.name}]({address}/{execution_id})" if has_page else ""
    assert action.is_open
    assert action.subject == f"{asking.name} waits for a person: workflow {FORM}"
    assert action.body.startswith(f"The execution waits until a person {asking.answers}{link}. ")
    assert f"\n\nExecution: `{execution_id}`\n\n" in action.body
    assert f"**{GIVE_UP}** makes the task fail, without a retry. {asking.consequence}\n" in action.body
    assert "Try 1 of the task `run` has asked this." in action.body


def test_each_pause_of_a_run_is_asked_about(asking: Asking, emulator: Emulator) -> None:
    """In between, the question is closed."""
    going, paused = asking.going, asking.paused
    asking.add_form(emulator, going, paused, going, paused, going)
    emulator.set_pace(status_checks=31)
    task = asking.task()

    assert task.run()["state"] == "succeeded"

    assert [event["outcome"] for event in task.events] == ["paused", "paused", "ended"]
    assert task.asked == 2
    assert not action_of(task).is_open


def test_the_answer_keep_waiting_continues_the_wait_without_another_question(
    asking: Asking, emulator: Emulator
) -> None:
    """The run may wait for the person all the same; the deadline stays."""
    task = asking.task(timeout=300)
    first = deferral_of(task.execute)
    deferred = deferral_of(lambda: task.resume(first, task.answer(KEEP_WAITING)))

    assert [question_in(each) for each in (first, deferred)] == ["open", "answered"]
    assert first.kwargs is not None
    assert deferred.kwargs is not None
    assert first.kwargs["wait"]["deadline"] == deferred.kwargs["wait"]["deadline"]
    emulator.set_pace(seconds=0)
    assert task.resume(deferred, task.fire(deferred))["state"] == "succeeded"
    assert (task.asked, action_of(task).by_person) == (1, True)


def test_a_pause_that_was_answered_is_not_asked_about_again(asking: Asking) -> None:
    """Only the deadline ends it then."""
    task = asking.task(timeout=1)
    first = deferral_of(task.execute)
    deferred = deferral_of(lambda: task.resume(first, task.answer(KEEP_WAITING)))

    assert task.fire(deferred)["outcome"] == "timed_out"
    assert task.asked == 1


def test_the_answer_give_up_fails_the_task_without_a_retry(asking: Asking, emulator: Emulator) -> None:
    """The error names the run, and says what becomes of it."""
    task = asking.task(retries=2)
    deferred = deferral_of(task.execute)

    with pytest.raises(errors.ExecutionGivenUp) as given_up:
        task.resume(deferred, task.answer(GIVE_UP))

    (run_at_vendor,) = emulator.runs(asking.vendor.conn_type)
    assert given_up.value.execution_id == run_at_vendor["execution_id"]
    assert f"given up {asking.name} execution {run_at_vendor['execution_id']}" in str(given_up.value)
    said = "was asked to stop" if asking.vendor.stop else "cannot stop a run"
    assert f"{asking.name} {said}" in str(given_up.value)
    assert run_at_vendor["stops"] == (1 if asking.vendor.stop else 0)
    assert isinstance(given_up.value, errors.AirflowFailException)


def test_a_run_that_has_ended_before_the_answer_is_read_reaches_the_dag(
    asking: Asking, emulator: Emulator
) -> None:
    """Nothing is left to be given up."""
    task = asking.task()
    deferred = deferral_of(task.execute)
    answer = task.answer(GIVE_UP)
    emulator.set_pace(seconds=0)

    assert task.resume(deferred, answer)["state"] == "succeeded"


@pytest.mark.parametrize("option", [KEEP_WAITING, GIVE_UP])
def test_an_answer_before_the_trigger_begins_is_not_lost(asking: Asking, option: str) -> None:
    """Airflow resumes only a deferred task with an answer, and the worker may not have deferred it yet."""
    task = asking.task()
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


def test_a_trigger_that_begins_again_asks_about_a_later_pause(asking: Asking) -> None:
    """The triggerer has died after it had closed the question about the first pause."""
    task = asking.task()
    deferred = deferral_of(task.execute)
    action_of(task).chosen = [KEEP_WAITING]

    event = task.fire(deferred)

    assert event["outcome"] == "paused"
    assert question_in(deferral_of(lambda: task.resume(deferred, event))) == "open"
    assert task.asked == 2


def test_a_run_that_goes_on_before_the_worker_asks_is_not_asked_about(
    asking: Asking, emulator: Emulator
) -> None:
    asking.add_form(emulator, asking.going, asking.paused)
    emulator.set_pace(status_checks=9)
    task = asking.task()
    deferred = deferral_of(task.execute)
    event = task.fire(deferred)
    emulator.set_pace(seconds=0)

    assert event["outcome"] == "paused"
    assert task.resume(deferred, event)["state"] == "succeeded"
    assert task.action is None


def test_a_question_is_closed_at_the_deadline(asking: Asking) -> None:
    task = asking.task(timeout=1)

    with pytest.raises(errors.ExecutionTimedOut, match=asking.paused):
        task.run()

    assert task.asked == 1
    assert not action_of(task).is_open


def test_a_question_of_an_earlier_try_is_closed_if_the_run_does_not_wait_for_a_person(
    asking: Asking,
    emulator: Emulator,
) -> None:
    """Airflow hands it on to the next try, whose run may be another one."""
    task = asking.task()
    deferral_of(task.execute)
    task.clear()
    asking.add_form(emulator, asking.going)
    emulator.set_pace(status_checks=6)
    deferred = deferral_of(task.execute)

    assert action_of(task).is_open
    assert task.resume(deferred, task.fire(deferred))["state"] == "succeeded"
    assert (task.asked, action_of(task).chosen) == (1, [KEEP_WAITING])


def test_an_answer_to_an_earlier_try_does_not_end_a_later_one(asking: Asking, emulator: Emulator) -> None:
    """A person has given up, then cleared the task: its new run is asked about anew."""
    task = asking.task()
    deferred = deferral_of(task.execute)
    with pytest.raises(errors.ExecutionGivenUp):
        task.resume(deferred, task.answer(GIVE_UP))
    task.clear()
    deferred = deferral_of(task.execute)

    assert (question_in(deferred), task.asked) == ("open", 2)
    emulator.set_pace(seconds=0)
    assert task.resume(deferred, task.fire(deferred))["state"] == "succeeded"


def test_a_later_try_whose_run_is_not_paused_ignores_an_earlier_answer(
    asking: Asking, emulator: Emulator
) -> None:
    task = asking.task()
    deferred = deferral_of(task.execute)
    with pytest.raises(errors.ExecutionGivenUp):
        task.resume(deferred, task.answer(GIVE_UP))
    task.clear()
    asking.add_form(emulator, asking.going)
    emulator.set_pace(status_checks=6)

    assert task.try_once()["state"] == "succeeded"


def test_the_wait_continues_if_airflow_cannot_store_the_question(asking: Asking, emulator: Emulator) -> None:
    """The log says so."""
    emulator.set_pace(status_checks=6)
    task = asking.task()
    task.cannot_ask = True

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["state"] == "succeeded"
    assert [line["log_level"] for line in logs if "could not store a required action" in str(line)] == [
        "warning"
    ]


@pytest.mark.parametrize(
    ("asking", "options"),
    [
        *((row, {name: False}) for row in ROWS for name in ("required_action", "deferrable")),
        (ROWS[0], {"on_ui_interaction": "fail"}),  # only Altostrat's operator has it
    ],
    indirect=["asking"],
    ids=lambda value: str(value) if isinstance(value, Asking) else "-".join(value),
)
def test_nobody_is_asked_if_the_author_does_not_want_it_or_nobody_could_read_the_answer(
    asking: Asking, emulator: Emulator, options: dict[str, Any]
) -> None:
    """
    A worker cannot read an answer.

    The log has the warning all the same, unless the task fails at the pause, or only details would show it.
    """
    fails = "on_ui_interaction" in options
    emulator.set_pace(status_checks=6)
    task = asking.task(**options)

    with structlog.testing.capture_logs() as logs:
        if fails:
            with pytest.raises(errors.ExecutionFailed, match="waits for a person"):
                task.run()
        else:
            assert task.run()["state"] == "succeeded"

    is_hidden = "required_action" in options and bool(asking.options)
    assert task.action is None
    warned = [line for line in logs if "waits for a person" in str(line["event"])]
    assert len(warned) == (0 if is_hidden else 1)


def test_a_sensor_asks_nobody(asking: Asking, emulator: Emulator) -> None:
    """It has not started the run, so it has nothing to give up."""
    execution_id = start(asking.vendor, FORM)
    emulator.set_pace(status_checks=6)
    options = {"task_id": "wait", "execution_id": execution_id, "poke_interval": 0.01, "deferrable": True}
    task = Task(lambda: asking.vendor.sensor(**options))

    assert task.run()["state"] == "succeeded"
    assert task.action is None


def test_nobody_is_asked_where_an_answer_does_not_resume_a_task(
    asking: Asking, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before Airflow 3.3."""
    monkeypatch.setattr(compat, "HAS_REQUIRED_ACTIONS", False)
    emulator.set_pace(status_checks=6)
    task = asking.task()

    assert task.run()["state"] == "succeeded"
    assert task.action is None


def test_a_batch_rejects_the_parameter(asking: Asking) -> None:
    with pytest.raises(errors.InvalidInput, match="required_action"):
        asking.vendor.batch(asking.vendor.inputs(1, FORM), required_action=True)


@pytest.mark.parametrize("with_details", [False, True])
def test_a_list_serves_only_waits_that_need_nothing_but_the_status(
    asking: Asking, emulator: Emulator, with_details: bool
) -> None:
    """A list shows neither the entries of a log nor nodes."""
    asking.add_form(emulator, asking.going)
    emulator.set_pace(seconds=2)
    vendor = asking.vendor
    triggers = crowd(vendor, FORM, poll_interval=0.1, with_details=with_details)

    events = asyncio.run(events_of(triggers))

    assert {event["outcome"] for event in events} == {"ended"}
    assert bool(requests(emulator, vendor, vendor.list_statuses)) is not with_details
