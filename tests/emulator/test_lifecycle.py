import pytest

from airflow_workflow_providers.emulator.lifecycle import Life, Pace


def life(end: str | None = "OVER", own_pace: Pace | None = None) -> Life:
    return Life(("WAITING", "GOING"), end, started=100.0, own_pace=own_pace)


def test_a_run_passes_its_states_in_order_and_is_over_when_the_seconds_are_up():
    run, pace = life(), Pace(seconds=10)
    assert [run.word(100 + s, pace) for s in (0, 4.9, 5, 9.9, 10, 99)] == [
        "WAITING",
        "WAITING",
        "GOING",
        "GOING",
        "OVER",
        "OVER",
    ]


@pytest.mark.parametrize(
    ("looks", "seen"),
    [
        (1, ["OVER", "OVER"]),
        (2, ["WAITING", "OVER", "OVER"]),
        (3, ["WAITING", "GOING", "OVER", "OVER"]),
        (5, ["WAITING", "WAITING", "GOING", "GOING", "OVER"]),
    ],
)
def test_a_run_is_over_at_the_look_that_the_pace_names(looks, seen):
    run = life()
    assert [run.look(100, Pace(looks=looks)) for _ in seen] == seen


def test_a_run_that_nobody_looks_at_never_ends_by_looks():
    run = life()
    assert run.word(1e9, Pace(looks=1)) == "WAITING"


def test_at_no_seconds_a_run_is_over_at_the_first_look():
    assert life().look(100.0, Pace(seconds=0)) == "OVER"


def test_a_run_without_an_end_goes_on_whatever_the_pace():
    run = life(end=None)
    assert run.look(1e9, Pace(seconds=1)) == "GOING"
    assert not run.over(1e9, Pace(seconds=1))


def test_a_run_does_not_go_back_when_the_pace_slows_down():
    run = life()
    assert run.word(110, Pace(seconds=10)) == "OVER"
    assert run.word(110, Pace(seconds=1000)) == "OVER"


def test_a_run_keeps_its_own_pace():
    assert life(own_pace=Pace(seconds=1000)).word(110, Pace(seconds=0)) == "WAITING"


def test_a_diverted_run_shows_one_word_a_look_and_stays_at_the_last():
    run, pace = life(), Pace(seconds=0)
    run.divert("LEAVING", "LEFT")
    assert run.word(100, pace) == "LEAVING"
    assert [run.look(100, pace) for _ in range(3)] == ["LEAVING", "LEFT", "LEFT"]


@pytest.mark.parametrize(
    "wrong", [{}, {"seconds": 1, "looks": 1}, {"seconds": -1}, {"looks": 0}, {"seconds": "soon"}]
)
def test_a_pace_that_says_nothing_or_two_things_is_refused(wrong):
    with pytest.raises(ValueError, match=r"seconds|looks"):
        Pace(**wrong)
