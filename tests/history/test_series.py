"""Which runs belong to one line of a trend, and which of them can be compared."""

from dspysota.history import Index, trends
from tests.factories import make_run
from tests.history.keeping import FIRST, SECOND, keep, over_time


def series(tmp_path):
    return trends(Index(tmp_path / "reports", tmp_path / "index.sqlite").read().points)


def test_one_experiment_is_one_line_the_oldest_first(tmp_path):
    """By data, model, program, approach and adapter, whatever the commit."""
    out = tmp_path / "reports"
    names = over_time(out, [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    keep(out, "20261120T120000Z-0bee", make_run([1.0], approach="few_shot"))

    few, zero = series(tmp_path)

    assert (few.label, zero.label) == (
        "qwen2.5-coder-0.5b · cot · few_shot",
        "qwen2.5-coder-0.5b · cot · zero_shot",
    )
    assert [(one.folder, one.score) for one in zero.points] == list(zip(names, (0.5, 1.0, 0.0), strict=True))


def test_what_was_replayed_was_measured_elsewhere(tmp_path):
    """It would count one measurement twice."""
    keep(tmp_path / "reports", FIRST, make_run())
    keep(tmp_path / "reports", SECOND, make_run(provenance="replayed"))

    assert [[one.folder for one in each.points] for each in series(tmp_path)] == [[FIRST]]


def test_scores_on_other_rows_are_not_compared(tmp_path):
    """A change between them says nothing of the program."""
    over_time(tmp_path / "reports", [[1.0] * 4, [1.0] * 4, [1.0] * 5])

    (one,) = series(tmp_path)

    assert one.before is None
    assert one.points[0].same_rows == one.points[1].same_rows != one.points[2].same_rows
