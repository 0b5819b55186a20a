"""What is said of a run folder without reading its cases."""

from dspysota.gate import save
from dspysota.gate.baselines import Profile
from dspysota.history import baselines, entries
from tests.factories import make_run
from tests.history.keeping import COMMAND, FIRST, SECOND, begin, judged, keep


def test_a_finished_folder_tells_what_came_of_it(tmp_path):
    """Runs, cases, models, commits, verdicts and bars, as its report has them."""
    small, large = make_run([1.0] * 30 + [0.0] * 10), make_run([1.0] * 40, model_name="qwen2.5-coder-1.5b")
    keep(tmp_path, FIRST, small, large, meta=judged(small, large))

    (one,) = entries(tmp_path)

    assert (one.name, one.status, one.profile, one.command) == (FIRST, "finished", "embedded", COMMAND)
    assert (one.runs, one.measuring, one.cases) == (2, 0, 80)
    assert one.models == ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
    assert one.commits == (small.info.commit,)
    assert (one.cleared, one.missed, sum(one.verdicts.values())) == (1, 1, 1)
    assert one.bytes == sum(path.stat().st_size for path in (tmp_path / FIRST).iterdir())


def test_an_unfinished_folder_counts_what_was_answered(tmp_path):
    """Of the runs that are done and of the one that is being measured; its owner goes on undisturbed."""
    folder = begin(tmp_path, answers=3)

    (one,) = entries(tmp_path)

    assert (one.status, one.runs, one.measuring, one.cases) == ("unfinished", 1, 1, 4 + 3)
    folder.finish()
    assert entries(tmp_path)[0].status == "finished"


def test_the_newest_comes_first_and_what_is_no_run_is_left_out(tmp_path):
    """Baselines, links and other folders are none."""
    for name in (FIRST, SECOND):
        keep(tmp_path, name)
    (tmp_path / "latest").symlink_to(SECOND)
    (tmp_path / "20261109T120000Z-0009").symlink_to(SECOND)
    (tmp_path / "notes").mkdir()
    save(tmp_path, "main", [make_run()], profile=Profile(profile="embedded"))

    assert [one.name for one in entries(tmp_path)] == [SECOND, FIRST]
    assert [(one.name, one.runs, one.cases) for one in baselines(tmp_path)] == [("main", 1, 4)]


def test_a_damaged_folder_says_why_and_hides_no_other(tmp_path):
    """A list that ends at the first fault would be of no use when something is wrong."""
    keep(tmp_path, FIRST)
    keep(tmp_path, SECOND)
    (tmp_path / SECOND / "run.json").write_text('{"schema": 99}')
    (tmp_path / FIRST / "outcomes.json").write_text("{")

    second, first = entries(tmp_path)

    assert (second.status, "has format 99" in second.why) == ("damaged", True)
    assert (first.status, "cannot be read as outcomes" in first.why, first.cases) == ("finished", True, 4)


def test_no_reports_folder_is_no_runs(tmp_path):
    """Nothing was measured yet, which is no error."""
    assert (entries(tmp_path / "none"), baselines(tmp_path / "none")) == ([], [])
