"""What a measurement tells while it goes on."""

from io import StringIO

import pytest
from rich.console import Console

from dspysota.experiment import ConsoleProgress, Pace
from tests.factories import make_case


def test_a_line_says_how_far_how_well_how_fast_and_how_long_yet():
    """The pace is that of this session, so that a continued run does not pretend to be fast."""
    now = [0.0]
    pace = Pace("gsm8k · cell", 30, "exact_match", clock=lambda: now[0])
    for i, score in enumerate((1.0, 0.0)):
        now[0] += 5.0
        pace.add(make_case(f"q{i}", score), done=11 + i)

    assert "gsm8k · cell: 12/30, exact_match 0.500, 0.20 q/s, 1:30 left" == pace.line()


def test_before_the_first_answer_there_is_only_the_count():
    """Nothing is divided by zero, and nothing is promised."""
    assert "x: 0/30" == Pace("x", 30, "f1", clock=lambda: 1.0).line()


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_a_commands_progress_leaves_its_last_line(terminal):
    """On a terminal a line lives, in a pipe lines are rare; both end with the state of all questions."""
    shown = StringIO()
    progress = ConsoleProgress(Console(file=shown, force_terminal=terminal, width=100), clock=lambda: 0.0)
    cases = [make_case(f"q{i}") for i in range(3)]
    progress.begin("gsm8k · [model]", 3, "exact_match")
    for done, case in enumerate(cases, 1):
        progress.case(case, done, 3)
    progress.end()

    assert "gsm8k · [model]: 3/3" in shown.getvalue().splitlines()[-1]
    assert terminal or len(shown.getvalue().splitlines()) == 1
