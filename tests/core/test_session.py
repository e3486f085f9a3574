"""What an answer means, and how long a retry waits."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer, Call
from airflow_workflow_providers.core.http import HttpSettings, Transport
from airflow_workflow_providers.core.session import RETRY_AFTER_CAP, Session, _wait, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("7", 7),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("1e3", None),
        ("Mon, 01 Jan 2024 00:00:00 GMT", 0),
        ("Monday, 01-Jan-24 00:00:00 GMT", 0),
        ("Mon Jan  1 00:00:00 2024", 0),
        ("Mon, 01 Jan 2024 00:00:00", 0),
        ("Mon, 01 Jan 2024 00:00:00 -0000", 0),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 99 Jan 2024 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(Answer(429, {"retry-after": value}, b"")) == seconds


def test_retry_after_as_a_date_is_counted_from_now() -> None:
    in_a_minute = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True)

    seconds = retry_after(Answer(503, {"retry-after": in_a_minute}, b""))

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
        session.receive(call, Answer(status, {"location": "https://elsewhere?token=1"}, b""))

    assert type(error.value) is cls
    assert str(status) in str(error.value)
    assert "token=1" not in str(error.value)


def test_transports_share_one_tls_context() -> None:
    """Making one costs more than many requests."""

    def context(settings: HttpSettings) -> ssl.SSLContext:
        return Transport(settings)._route.tls

    one = context(HttpSettings("https://one"))

    assert context(HttpSettings("https://two")) is one
    assert one.verify_mode is ssl.CERT_REQUIRED
    assert context(HttpSettings("https://one", verify=False)).verify_mode is ssl.CERT_NONE
