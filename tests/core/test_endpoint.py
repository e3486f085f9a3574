"""What an answer means, and how long a retry waits."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.client import RETRY_AFTER_CAP, _wait
from airflow_workflow_providers.core.endpoint import retry_after
from airflow_workflow_providers.core.http import HttpSettings, Transport
from airflow_workflow_providers.core.request import Response
from tests.core.raw import endpoint, request


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
    assert retry_after(Response(429, {"retry-after": value}, b"")) == seconds


def test_retry_after_as_a_date_is_counted_from_now() -> None:
    in_a_minute = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True)

    seconds = retry_after(Response(503, {"retry-after": in_a_minute}, b""))

    assert seconds is not None
    assert 55 < seconds <= 60


def test_a_retry_waits_no_longer_than_the_cap() -> None:
    class Attempt:
        attempt_number = 1

        class outcome:  # noqa: N801  # tenacity's name
            @staticmethod
            def exception() -> errors.RateLimited:
                return errors.RateLimited("slow down", retry_after=86_400)

    assert _wait(Attempt()) == RETRY_AFTER_CAP  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (301, errors.RequestRejected),
        (303, errors.UnexpectedResponse),
        (307, errors.RequestRejected),
        (400, errors.RequestRejected),
        (401, errors.AuthFailed),
        (403, errors.AuthFailed),
        (404, errors.NotFound),
        (408, errors.Unavailable),
        (409, errors.RequestRejected),
        (422, errors.RequestRejected),
        (429, errors.RateLimited),
        (500, errors.Unavailable),
        (501, errors.RequestRejected),
        (529, errors.Unavailable),
    ],
)
def test_each_status_has_its_error(status: int, cls: type[errors.WorkflowError]) -> None:
    """The table of the session, read off by its effect."""
    vendor = endpoint(HttpSettings("https://vendor"), error_message=lambda _: "in the vendor's words")

    with pytest.raises(cls) as error:
        vendor.receive(request(), Response(status, {"location": "https://elsewhere?token=1"}, b""))

    assert type(error.value) is cls
    assert str(status) in str(error.value)
    assert "token=1" not in str(error.value)


def test_transports_share_one_tls_context() -> None:
    """Making one costs more than many requests."""

    def context(settings: HttpSettings) -> ssl.SSLContext:
        return Transport(settings)._route._tls

    one = context(HttpSettings("https://one"))

    assert context(HttpSettings("https://two")) is one
    assert one.verify_mode is ssl.CERT_REQUIRED
    assert context(HttpSettings("https://one", verify=False)).verify_mode is ssl.CERT_NONE
