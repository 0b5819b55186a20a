"""What a measurement tells while it goes on."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from dspysota.experiment import ConsoleProgress, Course, Pace
from dspysota.records import Failure, Prices, TokenPrice, Usage
from dspysota.stats import mean_interval
from tests.factories import METRICS, make_call, make_case

DEAR = TokenPrice(prompt=1000.0, completion=1000.0)
"""Three cents for a case of the factories, which takes 30 tokens."""


class Clock:
    """Stands still until told otherwise."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def course(total=30, **fields):
    return Course(**{"name": "gsm8k · cell", "total": total, "primary": "exact_match", **fields})


def cases(*scores, start=0, **fields):
    return tuple(make_case(f"q{start + i}", score, **fields) for i, score in enumerate(scores))


def paced(course, *answers, seconds=5.0):
    """A pace with these answers, one every five seconds; a pair says that it is a second one."""
    clock = Clock()
    pace = Pace(course, clock)
    for answer in answers:
        clock.now += seconds
        case, again = answer if isinstance(answer, tuple) else (answer, False)
        pace.add(case, again=again)
    return pace


def test_a_line_says_how_far_how_well_how_fast_and_how_long_yet():
    """The score has its 95% interval: after two questions nobody is to believe in 0.5."""
    line = paced(course(), *cases(1.0, 0.0)).line()

    assert "gsm8k · cell: 2/30, exact_match 0.500 [0.095, 0.905], 0.20 q/s, 2:20 left" == line


def test_the_line_in_the_documentation_is_a_real_one():
    """docs/options.md shows what such a run would show, to the last digit."""
    price = TokenPrice(prompt=17.08, completion=17.08)
    run = course(total=40, name="gsm_symbolic · qwen2.5-coder-0.5b-bootstrap", prices=Prices(tokens=price))

    line = paced(run, *cases(*[1.0] * 4, *[0.0] * 20), seconds=1 / 0.45).line()

    assert f"\n  {line}\n" in (Path(__file__).parents[2] / "docs" / "options.md").read_text()


def test_before_the_first_answer_there_is_only_the_count():
    """Nothing is divided by zero, and nothing is promised."""
    assert "gsm8k · cell: 0/30" == paced(course()).line()
    assert "gsm8k · cell: 0/30" == paced(course()).line(over=True)


def test_a_run_that_goes_on_shows_the_score_of_all_its_answers():
    """Two of ten were right before and one of two now: the line says 3 of 12, at the pace of this session alone."""
    known = cases(1.0, 1.0, *[0.0] * 8)

    pace = paced(course(known=known), *cases(1.0, 0.0, start=10))

    assert "gsm8k · cell: 12/30, exact_match 0.250 [0.089, 0.532], 0.20 q/s, 1:30 left" == pace.line()


def test_before_its_first_answer_a_run_that_goes_on_shows_what_there_is():
    """How fast it will be is not known yet, how well it did is."""
    line = paced(course(known=cases(1.0, 0.0))).line()

    assert "gsm8k · cell: 2/30, exact_match 0.500 [0.095, 0.905]" == line


def test_second_askings_count_for_the_pace_and_not_for_the_score():
    """The server answers both kinds, and what is left has both: leaving one out would be half as fast and half done."""
    (right, wrong, again) = cases(1.0, 0.0, 0.0)

    line = paced(course(total=3, twice=3), right, (again, True), wrong, (again, True)).line()

    assert "gsm8k · cell: 2/3 + 2/3 again, exact_match 0.500 [0.095, 0.905], 0.20 q/s, 0:10 left" == line


def test_second_answers_of_earlier_sessions_are_not_asked_for_again():
    """They are there, and nothing is left to wait for."""
    pace = paced(course(total=1, twice=1, known_again=cases(0.0)), *cases(1.0))

    assert pace.whole
    assert ": 1/1 + 1/1 again, exact_match 1.000 [0.207, 1.000], 0.20 q/s, 0:00 left" in pace.line()


@pytest.mark.parametrize("scores", [(1.0, 0.0, 0.0), tuple(i / 40 for i in range(40))], ids=["binary", "fractional"])
def test_the_last_line_has_the_interval_of_the_report(scores):
    """Two numbers for one thing would make both doubtful. Until then the line's is never the narrower one."""
    made = cases(*scores, metrics=METRICS["hotpotqa"])
    low, high = mean_interval(scores)
    pace = paced(course(total=len(scores), primary="f1"), *made)

    assert f"[{low:.3f}, {high:.3f}], 0.20 q/s, took {len(scores) * 5 // 60}:{len(scores) * 5 % 60:02d}" in pace.line(
        over=True
    )
    shown = pace.line().partition("[")[2].partition("]")[0]
    assert float(shown.split(", ")[0]) <= round(low, 3)
    assert float(shown.split(", ")[1]) >= round(high, 3)


def test_dollars_are_those_of_all_askings_so_far():
    """Earlier sessions and second answers are on the same bill."""
    priced = course(total=4, twice=1, known=cases(1.0), prices=Prices(tokens=DEAR))
    (second,) = cases(0.0)

    line = paced(priced, *cases(1.0, start=1), (second, True)).line()

    assert "0.20 q/s, $0.09, " in line


def test_dollars_of_a_machine_are_those_of_the_time():
    """Where the profile counts by the machine, each second costs, whoever answers; earlier sessions count too."""
    rented = Prices(basis="machine", usd_per_hour=36.0, tokens=DEAR)

    assert ", $1.05, " in paced(course(prices=rented, earlier_seconds=100.0), *cases(1.0)).line()


@pytest.mark.parametrize(
    "prices,fields",
    [
        (None, {}),
        (Prices(), {}),
        (Prices(tokens=DEAR), {"calls": (make_call(usage=Usage(prompt_tokens=None, completion_tokens=None)),)}),
        (Prices(tokens=DEAR), {"failure": Failure.TIMEOUT, "calls": ()}),
    ],
    ids=["older", "no price", "no tokens told", "lost"],
)
def test_dollars_that_are_not_known_are_not_shown(prices, fields):
    """Unknown is never 0, and half a sum is no sum."""
    known, unknown = cases(1.0), cases(0.0, start=1, **fields)

    assert "$" not in paced(course(prices=prices), *known, *unknown).line()


def test_hours_are_told_as_hours():
    """Ninety minutes and more are read wrongly as `130:00`."""
    assert "2:20:05 left" in paced(course(total=1682), *cases(1.0)).line()


def test_a_name_gives_way_to_a_narrow_terminal():
    """A live line that wraps could not be rewritten; the numbers stay whole, and so does the end of the name."""
    pace = paced(course(name="gsm_symbolic · qwen2.5-coder-0.5b-bootstrap"), *cases(1.0))

    line = pace.line(width=80)

    assert 80 == len(line)
    assert line.startswith("…")
    assert "-bootstrap: 1/30, exact_match 1.000 [0.207, 1.000]" in line
    assert re.fullmatch("…b-bootstrap: 1/30, exact_match 1.000 .*…", pace.line(width=60))
    assert 60 == len(pace.line(width=60))


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_a_commands_progress_leaves_its_last_line(terminal):
    """On a terminal a line lives, in a pipe lines are rare; both end with the state of all questions."""
    shown = StringIO()
    progress = ConsoleProgress(Console(file=shown, force_terminal=terminal, width=100), clock=lambda: 0.0)
    progress.begin(course(name="gsm8k · [model]", total=3))
    for case in cases(1.0, 0.0, 1.0):
        progress.case(case)
    progress.end()

    assert "gsm8k · [model]: 3/3" in shown.getvalue().splitlines()[-1]
    assert terminal or len(shown.getvalue().splitlines()) == 1


def test_in_a_pipe_a_line_is_written_every_ten_seconds():
    """A log shows that it goes on, and is not flooded."""
    shown, clock = StringIO(), Clock()
    progress = ConsoleProgress(Console(file=shown, force_terminal=False, width=100), clock=clock)
    progress.begin(course(total=100))
    for i in range(30):
        clock.now += 1.0
        progress.case(make_case(f"q{i}"))

    assert [10, 20, 30] == [int(line.split(": ")[1].split("/")[0]) for line in shown.getvalue().splitlines()]
