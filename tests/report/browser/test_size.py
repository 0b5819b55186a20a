"""A large report: the bars of benchmarks/report_size.py, on a tenth of its cases."""

import pytest

from benchmarks import report_size
from dspysota.report.meta import ReportMeta
from dspysota.store import load_runs, write_finished
from tests.factories import make_grid


@pytest.fixture
def folder(tmp_path):
    """A run folder of a grid."""
    (tmp_path / "runs").mkdir()
    write_finished(tmp_path / "runs", make_grid(cases=40))
    (tmp_path / "runs" / "outcomes.json").write_text(ReportMeta(command="pytest").model_dump_json())
    return tmp_path / "runs"


def test_repeated_runs_have_as_many_cases_and_no_two_alike(folder):
    """What is measured is not smaller than it looks: ids, questions and outputs differ."""
    runs = report_size.repeated(load_runs(folder), 1_234)
    assert sum(len(run.cases) for run in runs) == 1_234
    for run in runs:
        assert len({case.case_id for case in run.cases}) == len(run.cases)
        assert len({case.calls[0].messages[-1].content for case in run.cases}) == len(run.cases)


@pytest.mark.usefixtures("chromium")
def test_a_large_report_is_small_and_fast(folder, capsys):
    """Two thousand cases stay within what twenty thousand may take; whatever fails, the figures are shown."""
    outcome = report_size.main([str(folder), "--cases", "2000", "--rounds", "1", "--assert"])
    assert outcome == 0, capsys.readouterr().out
