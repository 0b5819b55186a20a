import pytest

from dspysota.report.meta import Outcome, ReportMeta
from tests.factories import make_grid


@pytest.fixture(scope="session")
def grid():
    """Two tasks, five cells each; frozen, so that tests can share it."""
    return make_grid(cases=12)


@pytest.fixture(scope="session")
def meta(grid):
    """Outcomes of the grid: one run failed, eight passed, the last was not judged."""
    miss = "accuracy 0.167 < 0.3 (95% interval 0.047..0.448, 12 cases)"
    outcomes = {run.info.key: Outcome(outcome="passed", test=f"evals/x.py::t[{i}]") for i, run in enumerate(grid[:-1])}
    outcomes[grid[3].info.key] = Outcome(outcome="failed", misses=(miss,), test="evals/x.py::t[3]")
    return ReportMeta(command="pytest evals --sota-limit 12", title="Small against large", outcomes=outcomes)
