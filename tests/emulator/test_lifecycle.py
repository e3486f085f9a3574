import pytest

from airflow_workflow_providers.emulator.lifecycle import Clock, Lifecycle, Pace


class Time:
    """A time that a test sets."""

    now = 100.0


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def run(time):
    """Make a run that starts at 100 s, with the pace of its clock."""

    def run(pace: Pace, end: str | None = "ENDED", own_pace: Pace | None = None) -> Lifecycle:
        return Lifecycle(Clock(pace, lambda: time.now), ("WAITING", "RUNNING"), end, own_pace)

    return run


def test_a_run_passes_its_statuses_in_order_and_ends_when_its_seconds_are_over(run, time):
    going, seen = run(Pace(seconds=10)), []
    for time.now in (100, 104.9, 105, 109.9, 110, 199):
        seen.append((going.status, going.is_terminal))
    waiting, running, ended = ("WAITING", False), ("RUNNING", False), ("ENDED", True)
    assert seen == [waiting, waiting, running, running, ended, ended]


@pytest.mark.parametrize(
    ("status_checks", "seen"),
    [
        (1, ["ENDED", "ENDED"]),
        (2, ["WAITING", "ENDED", "ENDED"]),
        (3, ["WAITING", "RUNNING", "ENDED", "ENDED"]),
        (5, ["WAITING", "WAITING", "RUNNING", "RUNNING", "ENDED"]),
    ],
)
def test_a_run_ends_at_the_status_check_that_its_pace_names(run, time, status_checks, seen):
    """Reading the status is not a check, and time does not matter."""
    going = run(Pace(status_checks=status_checks))
    before, time.now = going.status, 1e9
    assert before == going.status == "WAITING"
    for status in seen:
        assert going.next_status == status
        assert going.check() == status


def test_at_no_seconds_a_run_ends_at_once(run):
    assert run(Pace(seconds=0)).check() == "ENDED"


def test_a_run_without_an_end_never_ends(run, time):
    going, time.now = run(Pace(seconds=1), end=None), 1e9
    going.finish()
    assert going.check() == "RUNNING"
    assert not going.is_terminal


def test_a_run_does_not_go_back_when_the_pace_slows_down(run, time):
    going, time.now = run(Pace(seconds=10)), 110
    assert going.status == "ENDED"
    going._clock.pace = Pace(seconds=1000)
    assert going.status == "ENDED"


def test_a_run_keeps_its_own_pace(run):
    assert run(Pace(seconds=0), own_pace=Pace(seconds=1000)).status == "WAITING"


def test_a_stopped_run_shows_one_status_a_check_and_stays_at_the_last(run):
    going = run(Pace(seconds=1000))
    going.stop("STOPPING", "STOPPED")
    assert (going.status, going.is_terminal) == ("STOPPING", False)
    assert [going.check() for _ in range(3)] == ["STOPPING", "STOPPED", "STOPPED"]
    assert going.is_terminal


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "either"),
        ({"seconds": 1, "status_checks": 1}, "either"),
        ({"seconds": -1}, "`seconds`"),
        ({"seconds": "soon"}, "`seconds`"),
        ({"status_checks": 0}, "`status_checks`"),
        ({"status_checks": True}, "`status_checks`"),
    ],
)
def test_a_pace_is_one_of_the_two_and_a_number(wrong, named):
    with pytest.raises(ValueError, match=named):
        Pace(**wrong)
