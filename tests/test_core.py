"""The room without a vendor: decisions, errors and answers, told the time and sent nowhere."""

from __future__ import annotations

import pickle
import ssl
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import BaseModel

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer, Call, header, json_object, segment
from airflow_workflow_providers.core.execution import OVER, Execution, State, judge
from airflow_workflow_providers.core.http import HttpSettings, open_client
from airflow_workflow_providers.core.session import RETRY_AFTER_CAP, Session, _retry_after, _wait
from airflow_workflow_providers.core.watch import BACKOFF_CAP, PATIENCE, Verdict, Watch

NOW = 1_000_000.0


def watch(**options: Any) -> Watch:
    return Watch("ex-1", **{"deadline": NOW + 100, "poll_interval": 10.0, **options})


def execution(state: State, status: str = "WORD") -> Execution:
    return Execution("ex-1", state, status)


# -- Watch ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_a_wait_ends_with_the_run_and_not_before(state: State) -> None:
    """Whatever is not over is waited on; a word that nobody knows is not over."""
    step = watch().on_look(execution(state), NOW)

    assert (step.verdict is not None) == (state in OVER)
    if step.verdict is None:
        assert step.wait == 10.0


def test_a_pause_ends_the_wait_only_if_the_author_says_so() -> None:
    paused = execution(State.PAUSED)

    assert watch().on_look(paused, NOW).verdict is None
    assert watch(stop_at_pause=True).on_look(paused, NOW).verdict == Verdict("ended", "ex-1")


def test_the_last_look_is_at_the_deadline_and_then_it_is_over() -> None:
    """The pause before it is cut short; a run that has ended by then has ended."""
    running = execution(State.RUNNING)

    assert watch().on_look(running, NOW + 95).wait == 5.0
    assert watch().on_look(running, NOW + 100).verdict == Verdict(
        "timed_out", "ex-1", "its last status was 'WORD'", "ExecutionTimedOut"
    )
    assert watch().on_look(execution(State.SUCCEEDED), NOW + 100).verdict == Verdict("ended", "ex-1")


def test_trouble_in_passing_is_waited_out_for_as_long_as_it_takes() -> None:
    """The pauses grow, up to a cap, and no number of failures is too many before the deadline."""
    patient = watch(deadline=NOW + 1e9)

    waits = [patient.on_error(errors.Unavailable("down"), NOW).wait for _ in range(50)]

    assert waits[:3] == [20.0, 40.0, BACKOFF_CAP]
    assert waits[-1] == BACKOFF_CAP


def test_a_vendors_wish_is_obeyed_up_to_a_cap() -> None:
    assert watch().on_error(errors.QuotaExceeded("slow down", retry_after=33), NOW).wait == 33
    assert watch().on_error(errors.QuotaExceeded("slow down", retry_after=1), NOW).wait == 10
    far = watch(deadline=NOW + 1e9).on_error(errors.Unavailable("later", retry_after=86_400), NOW)
    assert far.wait == 5 * BACKOFF_CAP


@pytest.mark.parametrize("error", [errors.UnreadableAnswer("html"), errors.NotFound("who?")])
def test_an_answer_that_makes_no_sense_is_doubted_a_few_times(error: errors.WorkflowError) -> None:
    """And from anew after one that does."""
    doubting = watch()

    steps = [doubting.on_error(error, NOW) for _ in range(PATIENCE - 1)]
    assert [step.verdict for step in steps] == [None] * (PATIENCE - 1)
    assert doubting.on_look(execution(State.RUNNING), NOW).verdict is None
    steps = [doubting.on_error(error, NOW) for _ in range(PATIENCE)]

    assert steps[-2].verdict is None
    assert steps[-1].verdict is not None
    assert (steps[-1].verdict.outcome, steps[-1].verdict.error) == ("look_failed", type(error).__name__)


@pytest.mark.parametrize(
    "error", [errors.AuthFailed("no"), errors.RequestRefused("no"), errors.InvalidInput("no")]
)
def test_a_refusal_ends_the_wait_at_once(error: errors.WorkflowError) -> None:
    verdict = watch().on_error(error, NOW).verdict

    assert verdict is not None
    assert verdict.outcome == "look_failed"


def test_a_change_is_said_once_and_nothing_is_said_for_each_look() -> None:
    """In a triggerer a line costs more than a look."""
    talking = watch()
    running, unknown = execution(State.RUNNING, "RUNNING"), execution(State.UNKNOWN, "HIBERNATING")

    looks = [running, running, unknown, unknown, running]
    said = [talking.on_look(look, NOW).say for look in looks]
    failed = [talking.on_error(errors.Unavailable("down"), NOW).say for _ in range(3)]
    back = talking.on_look(running, NOW).say

    assert [bool(line) for line in said] == [True, False, True, False, True]
    assert [bool(line) for line in failed] == [True, False, False]
    assert "again" in back


def test_an_event_holds_no_words_of_an_answer() -> None:
    """Events are stored and logged in the clear, and an answer may hold an output."""
    doubting = watch()
    for _ in range(PATIENCE):
        step = doubting.on_error(errors.UnreadableAnswer("HTTP 200: 'my output'", status=200), NOW)

    assert step.verdict is not None
    assert "my output" not in str(step.verdict.event())
    assert Verdict.from_event(step.verdict.event()) == step.verdict


@pytest.mark.parametrize(
    "event",
    [None, {}, "ended", [], {"outcome": "ended"}, {"outcome": "succeeded", "execution_id": "ex-1"}],
)
def test_an_event_that_cannot_be_read_is_never_a_success(event: Any) -> None:
    with pytest.raises(errors.WorkflowError, match="cannot read"):
        Verdict.from_event(event)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SUCCEEDED])
def test_only_what_the_author_accepts_is_a_success(state: State) -> None:
    with pytest.raises((errors.ExecutionFailed, errors.ExecutionStopped), match="ex-1"):
        judge(execution(state), frozenset({State.SUCCEEDED}), vendor="Vendor")
    judge(execution(state), frozenset({state}), vendor="Vendor")


def test_a_record_has_five_keys_and_a_sixth_only_for_what_was_left_out() -> None:
    ended = Execution("ex-1", State.SUCCEEDED, "DONE", output={"a": 1}, url="https://vendor")

    assert ended.record(max_inline_output=100) == {
        "execution_id": "ex-1",
        "state": "succeeded",
        "status": "DONE",
        "output": {"a": 1},
        "url": "https://vendor",
    }
    omitted = ended.record(max_inline_output=7, fetch="so")
    assert (omitted["output"], omitted["output_omitted"]) == (None, {"bytes": 8, "fetch": "so"})


# -- errors ---------------------------------------------------------------------------------------------------------


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


# -- answers and calls ----------------------------------------------------------------------------------------------


class _Shape(BaseModel):
    status: str


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>", "JSON"),
        (b'{"status": "RUNN', "JSON"),
        (b"[]", "object"),
        (b"{}", "status"),
        (b'{"status": null}', "status"),
        (b"", "JSON"),
    ],
)
def test_an_unreadable_answer_says_which_field_and_shows_what_came(content: bytes, why: str) -> None:
    with pytest.raises(errors.UnreadableAnswer, match=why) as unreadable:
        Answer(200, {}, content).parse(_Shape)

    assert repr(content.decode()) in str(unreadable.value)
    assert unreadable.value.__cause__ is None


def test_a_secret_is_gone_from_a_quotation_before_it_is_cut() -> None:
    """A cut could leave half of it; and it may be there percent-encoded or escaped."""
    secret = 'tk_12/34"56'
    forms = [secret, "tk_12%2F34%2256", 'tk_12/34\\"56']
    for form in forms:
        text = "x" * 495 + form + "y" * 100
        assert "tk_" not in Answer(500, {}, text.encode(), (secret,)).quote()
        assert len(Answer(500, {}, text.encode(), (secret,)).quote()) == 500


@pytest.mark.parametrize(
    "address",
    [
        "https://files.example/a.pdf?X-Amz-Signature=5ig",
        r"https:\/\/files.example\/a.pdf?sig=5ig&x=1",
        "http://127.0.0.1:8000/o?token=5ig",
    ],
)
def test_the_query_of_an_address_is_never_quoted(address: str) -> None:
    """A signed address is a key to what lies there."""
    said = Answer(200, {}, f'{{"output_url": "{address}", "n": 1}}'.encode()).quote()

    assert "5ig" not in said
    assert '?***", "n": 1' in said


def test_repr_shows_no_header_and_no_body() -> None:
    settings = HttpSettings(
        "https://vendor", {"x-api-key": "tk_secret"}, ("tk_secret",), client_key="key.pem"
    )

    assert "tk_secret" not in repr(settings) + repr(Answer(200, {}, b"tk_secret", ("tk_secret",)))


@pytest.mark.parametrize("value", ["", " ", ".", "..", "None", None])
def test_a_segment_must_name_something(value: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="workflow_id"):
        segment("workflow_id", value)


def test_a_segment_is_percent_encoded_whole() -> None:
    assert segment("workflow_id", "a/b c?d#ä") == "a%2Fb%20c%3Fd%23%C3%A4"


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\x00b", "ä"])
def test_a_header_that_cannot_be_sent_is_refused(value: str) -> None:
    with pytest.raises(errors.InvalidInput, match="slug"):
        header("slug", value)


@pytest.mark.parametrize("value", [None, [], "{}", {"a": {1, 2}}, {"a": float("inf")}, {"a": NOW, "b": b""}])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="payload"):
        json_object("payload", value)


# -- session --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("", None), ("7", 7), ("soon", None), ("-1", None), ("Mon, 01 Jan 2024 00:00:00 GMT", 0)],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    assert _retry_after(Answer(429, {"retry-after": value}, b"")) == seconds


def test_retry_after_as_a_date_is_counted_from_now() -> None:
    in_a_minute = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True)

    seconds = _retry_after(Answer(503, {"retry-after": in_a_minute}, b""))

    assert seconds is not None
    assert 55 < seconds <= 60


def test_a_retry_waits_no_longer_than_the_cap() -> None:
    class Attempt:
        attempt_number = 1

        class outcome:  # noqa: N801  # tenacity's name
            @staticmethod
            def exception() -> errors.QuotaExceeded:
                return errors.QuotaExceeded("slow down", retry_after=86_400)

    assert _wait(Attempt()) == RETRY_AFTER_CAP  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (301, errors.RequestRefused),
        (303, errors.UnreadableAnswer),
        (307, errors.RequestRefused),
        (400, errors.RequestRefused),
        (401, errors.AuthFailed),
        (403, errors.AuthFailed),
        (404, errors.NotFound),
        (408, errors.Unavailable),
        (409, errors.RequestRefused),
        (422, errors.RequestRefused),
        (429, errors.QuotaExceeded),
        (500, errors.Unavailable),
        (529, errors.Unavailable),
    ],
)
def test_each_status_has_its_error(status: int, cls: type[errors.WorkflowError]) -> None:
    """The table of the session, read off by its effect."""
    session = Session("Vendor", HttpSettings("https://vendor"), lambda _: "in the vendor's words")
    call = Call("do it", "GET", "/", read=lambda _: None)

    with pytest.raises(cls) as error:
        session._read(call, Answer(status, {"location": "https://elsewhere?token=1"}, b""))

    assert type(error.value) is cls
    assert str(status) in str(error.value)
    assert "token=1" not in str(error.value)


def test_clients_share_one_tls_context() -> None:
    """Making one costs more than many requests."""

    def context(settings: HttpSettings) -> ssl.SSLContext:
        with open_client(settings) as client:
            return client._transport._pool._ssl_context  # type: ignore[attr-defined]

    one = context(HttpSettings("https://one"))

    assert context(HttpSettings("https://two")) is one
    assert one.verify_mode is ssl.CERT_REQUIRED
    assert context(HttpSettings("https://one", verify=False)).verify_mode is ssl.CERT_NONE
