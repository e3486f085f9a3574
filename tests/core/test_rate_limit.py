"""The limit of requests a second of a process, with a told clock; and how both clients keep to it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from airflow_workflow_providers.core import errors, rate_limit
from airflow_workflow_providers.core.async_client import AsyncClient
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.rate_limit import RateLimit
from tests.core.raw import blocking_and_asynchronous, endpoint, request, says, serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
TOO_MANY = b"HTTP/1.1 429 Too Many\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"


def turns(limit: RateLimit, count: int, now: float) -> list[float]:
    """Return the times of turns that are taken at the same time."""
    return [round(now + limit.reserve(now), 6) for _ in range(count)]


# -- decisions -----------------------------------------------------------------------------------------------------


def test_after_a_burst_the_requests_come_evenly() -> None:
    limit = RateLimit(10)

    assert turns(limit, 8, 100.0) == [100.0] * 5 + [100.1, 100.2, 100.3]
    assert turns(limit, 2, 100.35) == [100.4, 100.5]


def test_a_high_rate_has_a_burst_of_a_quarter_of_a_second() -> None:
    assert turns(RateLimit(1000), 252, 0.0)[248:] == [0.0, 0.0, 0.001, 0.002]


def test_a_pause_earns_one_burst_and_no_more() -> None:
    limit = RateLimit(2)
    turns(limit, 20, 0.0)

    assert turns(limit, 6, 1000.0) == [1000.0] * 5 + [1000.5]


@pytest.mark.parametrize("rate", [0.01, 0.5, 3, 10, 5000])
def test_no_stretch_of_time_has_more_than_the_burst_and_the_rate(rate: float) -> None:
    limit = RateLimit(rate)
    asked = [step * 0.37 / rate for step in range(300)]
    sent = sorted(now + limit.reserve(now) for now in asked)
    burst = max(5, rate / 4)

    for first in range(len(sent)):
        for last in (first + 1, first + 20, len(sent) - 1):
            if first < last < len(sent):
                assert last - first + 1 <= burst + rate * (sent[last] - sent[first]) + 1e-6


def test_without_a_rate_nobody_waits() -> None:
    assert turns(RateLimit(), 10_000, 7.0) == [7.0] * 10_000


@pytest.mark.parametrize("rate", [None, 10])
def test_after_a_429_nobody_sends_before_the_time_and_then_there_is_no_burst(rate: float | None) -> None:
    limit = RateLimit(rate)

    limit.hold(130.0)

    step = 0.1 if rate else 0.0
    assert turns(limit, 3, 100.0) == [130.0, 130.0 + step, 130.0 + 2 * step]


def test_a_hold_makes_nobody_earlier() -> None:
    limit = RateLimit(1)
    turns(limit, 65, 0.0)

    limit.hold(10.0)
    limit.hold(5.0)

    assert turns(limit, 1, 0.0) == [61.0]


def test_a_turn_that_comes_too_late_is_not_taken() -> None:
    """Those who give up do not push others back."""
    limit = RateLimit(1)
    turns(limit, 5, 0.0)

    assert [limit.reserve(0.0, within=0.5) for _ in range(100)] == [1.0] * 100
    assert limit.reserve(0.0, within=1.0) == 1.0
    assert limit.reserve(0.0) == 2.0


def test_a_connection_has_one_limit_for_each_role_with_the_share_of_that_role() -> None:
    worker = rate_limit.shared("datalab_default", "worker", 6.0)
    triggerer = rate_limit.shared("datalab_default", "triggerer", 6.0)

    assert (worker.rate, triggerer.rate) == (1.5, 3.0)
    assert rate_limit.shared("other", "worker", 6.0) is not worker


def test_a_limit_that_is_changed_in_the_connection_applies_to_those_who_have_it() -> None:
    """Turns that were taken before still count."""
    limit = rate_limit.shared("datalab_default", "worker", 4.0)
    turns(limit, 6, 0.0)

    assert rate_limit.shared("datalab_default", "worker", 40.0) is limit
    assert turns(limit, 3, 5.0) == [5.6, 5.7, 5.8]
    assert rate_limit.shared("datalab_default", "worker", None).rate is None


# -- the clients ---------------------------------------------------------------------------------------------------


async def asynchronously(known: Endpoint, action: Callable[[AsyncClient], Any]) -> Any:
    """Return what an action does with a new asynchronous client."""

    async def read() -> Endpoint:
        return known

    client = AsyncClient(read)
    try:
        return await action(client)
    finally:
        await client.close()


def done(known: Endpoint, action: Callable[[Any], Any], *, asynchronous: bool) -> tuple[Any, float]:
    """Return the value or the error of an action with a new client, and the seconds that it took."""
    began = time.monotonic()
    client = Client(lambda: known)
    try:
        value = asyncio.run(asynchronously(known, action)) if asynchronous else action(client)
    except errors.WorkflowError as error:
        value = error
    finally:
        client.close()
    return value, time.monotonic() - began


def send(client: Any) -> Any:
    return client.send(request(), attempts=1, budget=2.0)


@blocking_and_asynchronous
def test_requests_take_no_less_time_than_the_limit_says(asynchronous: bool) -> None:
    """Also those of several clients, one after the other."""
    rate = 20 / rate_limit.SHARES["triggerer" if asynchronous else "worker"]
    with serving(says(OK)) as address:
        known = endpoint(HttpSettings(address, requests_per_second=rate))
        took = sum(done(known, send, asynchronous=asynchronous)[1] for _ in range(15))

    assert took >= 0.49  # 5 at once, and 10 more


@blocking_and_asynchronous
def test_a_request_whose_turn_comes_too_late_says_so_and_is_not_sent(asynchronous: bool) -> None:
    with serving(says(OK)) as address:
        known = endpoint(HttpSettings(address, requests_per_second=0.2))
        results = [done(known, send, asynchronous=asynchronous) for _ in range(7)]

    late = [value for value, _ in results[5:]]
    assert [value.status for value, _ in results[:5]] == [200] * 5
    assert [(type(error), error.sent) for error in late] == [(errors.Unavailable, False)] * 2
    assert max(took for _, took in results) < 2
    rate = 0.1 if asynchronous else 0.05
    assert f"sends {rate} requests a second at the most, its share of requests_per_second" in str(late[0])
    assert "The connection is 'vendor_default'." in str(late[0])


@blocking_and_asynchronous
def test_a_429_holds_the_other_requests_of_the_connection_and_no_stop(asynchronous: bool) -> None:
    """Also those of another client in the same process."""
    with serving(says(TOO_MANY)) as address:
        known = endpoint(HttpSettings(address), stop=lambda _: request())
        first, _ = done(known, send, asynchronous=asynchronous)
        second, _ = done(known, send, asynchronous=asynchronous)
        stop, took = done(known, lambda client: client.stop("7", budget=2.0), asynchronous=asynchronous)

    assert (type(first), type(stop)) == (errors.RateLimited, errors.RateLimited)
    assert isinstance(second, errors.Unavailable)
    assert (
        "its turn comes in 30.0 s, and that is too late: the vendor has rejected a request with 429"
        in str(second)
    )
    assert took < 2


@blocking_and_asynchronous
def test_a_request_that_waits_for_its_turn_during_a_429_waits_for_another_one(asynchronous: bool) -> None:
    """Otherwise it is sent before the time that the vendor has asked for."""
    rate = 4 / rate_limit.SHARES["triggerer" if asynchronous else "worker"]
    limit = rate_limit.shared("vendor_default", "triggerer" if asynchronous else "worker", rate)
    with serving(says(OK)) as address:
        known = endpoint(HttpSettings(address, requests_per_second=rate))
        turns(limit, 5, time.monotonic())
        held = threading.Timer(0.1, lambda: limit.hold(time.monotonic() + 0.6))
        held.start()
        _, took = done(known, send, asynchronous=asynchronous)
        held.join()

    assert took >= 0.7


def test_each_attempt_takes_a_turn_but_the_first_one_of_a_request_that_is_built() -> None:
    """A start has taken its turn before its intent."""
    waits: list[float] = []
    with serving(says(b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n")) as address:
        known = endpoint(HttpSettings(address, requests_per_second=0.04))
        client = Client(lambda: known, sleep=waits.append)
        for _ in range(5):
            client.take_turn(request())
        with pytest.raises(errors.Unavailable):
            client.send(request(), built=client.build(request()), attempts=3)
        client.close()

    # The other pauses, between two attempts, are 20 s at the most.
    assert [round(wait, -1) for wait in waits if wait > 20] == [100, 200]


def test_a_status_check_takes_no_turn_because_its_caller_does() -> None:
    """The caller waits, and can do so for many checks together."""

    async def action(client: AsyncClient) -> tuple[list[float], float, float]:
        check = await client.status_check("7")
        for _ in range(20):
            await client.check(check, budget=2.0)
        turns = [client.turn(within=5.0) for _ in range(6)]
        client.hold(40.0)
        return turns, client.turn(within=5.0), client.turn(within=60.0)

    with serving(says(OK)) as address:
        settings = HttpSettings(address, requests_per_second=0.2)
        known = endpoint(settings, get_status=lambda _: request())
        turns, held, taken = asyncio.run(asynchronously(known, action))

    assert turns[:5] == [0.0] * 5
    assert 9 < turns[5] <= 10
    assert all(39 < wait <= 40 for wait in (held, taken))
