"""Faults of the connection, beyond what test_every_vendor.py tests of each vendor's start."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.emulator import EXECUTE, ids_received, recorded, wait_until


def test_a_lost_response_is_a_reset_after_the_request_was_carried_out(emulator, fail, send_start, refold):
    """A status check by an id that a client has guessed does not make the start's id received."""
    fail("execute", "lost_response")
    with pytest.raises(httpx.ReadError, match="reset"):
        send_start()
    (run,) = emulator.runs()
    assert refold.get(f"/execution/{run['execution_id']}").status_code == 200
    assert ids_received(emulator) == [False]


def test_a_reset_with_carry_out_is_a_lost_response(emulator, fail, send_start):
    fail("execute", "reset", carry_out=True)
    with pytest.raises(httpx.ReadError, match="reset"):
        send_start()
    assert (ids_received(emulator), recorded(emulator)) == ([False], [(None, "reset")])


def test_slow_sends_the_vendors_own_response_later(emulator, fail, send_start):
    fail("execute", "slow", seconds=0.1)
    before = time.monotonic()
    assert send_start().json()["execution_id"] == emulator.runs()[0]["execution_id"]
    assert time.monotonic() - before >= 0.1


def test_hold_sends_the_vendors_own_response_when_it_is_released(emulator, refold):
    emulator.fail("refold", "execute", "hold")
    with ThreadPoolExecutor(1) as pool:
        response = pool.submit(refold.post, EXECUTE, json={})
        wait_until(lambda: emulator.runs() != [])
        assert emulator.requests("refold", "execute")[0]["status"] is None
        assert ids_received(emulator) == [False]
        emulator.release()
    assert response.result().json()["execution_id"] == emulator.runs()[0]["execution_id"]
    assert ids_received(emulator) == [True]


def test_hold_keeps_a_client_that_leaves_without_its_id(emulator, refold):
    emulator.fail("refold", "execute", "hold")
    with pytest.raises(httpx.ReadTimeout):
        refold.post(EXECUTE, json={}, timeout=0.1)
    wait_until(lambda: emulator._server.open_requests == 0)
    emulator.release()
    assert ids_received(emulator) == [False]


def test_a_release_does_not_release_what_is_held_later(emulator, refold):
    emulator.fail("refold", "execute", "hold", times=2)
    emulator.release()
    with pytest.raises(httpx.ReadTimeout):
        refold.post(EXECUTE, json={}, timeout=0.1)
