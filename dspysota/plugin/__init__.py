"""The pytest plugin: options, the `sota` fixture and marker, and the report. Thin hooks; the work is done elsewhere.

Without one of its options, and without a test that uses the `sota` fixture, it does nothing: it writes nothing and
imports neither DSPy nor a model library.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from dspysota.plugin import asked, claiming, collect, dryrun, options, properties, rootdir, sights
from dspysota.plugin.collector import Collector
from dspysota.plugin.fixture import Sota, plainly, sota
from dspysota.plugin.html import HtmlColumns
from dspysota.plugin.session import SESSION, SotaSession
from dspysota.plugin.terminal import summarize

__all__ = ["Sota", "sota"]

COLLECTOR = pytest.StashKey[Collector]()

MARKER = (
    "sota(task, **filters): parametrize `cell` with the profile's cells of this task; filters are model, program, "
    "approach, adapter and role; against='reference' keeps the cells that can be compared with one, claimed=True those "
    "of which the profile claims something."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Set up the session's state; check the options now where one was given on the command line."""
    config.addinivalue_line("markers", MARKER)
    config.addinivalue_line("markers", asked.MARKER)
    session = config.stash[SESSION] = SotaSession(config)
    if hasattr(config, "workerinput"):
        return
    if options.any_given(config):
        rootdir.check(config)
        session.check()
    with suppress(pytest.UsageError):  # a bad variable disturbs only tests that use it
        if session.dry_run:
            dryrun.without_workers(config)
    collector = config.stash[COLLECTOR] = Collector(config)
    config.pluginmanager.register(collector, "dspysota-collector")
    page = config.getoption("htmlpath", None)
    if page and config.pluginmanager.hasplugin("html"):
        config.pluginmanager.register(HtmlColumns(collector, Path(page).absolute()), "dspysota-html")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `cell` its values."""
    with plainly():
        asked.check_marker(metafunc.definition)
        collect.parametrize(metafunc)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order tests by model."""
    collect.order(config, items)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a limit that cannot be kept, now that -k and -m have chosen."""
    collect.check_limits(session.config, session.items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """With --sota-dry-run, say what the tests would take, and run none; not where some could not be collected."""
    state = session.config.stash[SESSION]
    if session.testsfailed or session.config.option.collectonly:
        return None
    if not collect.asking(session.items) and not options.any_given(session.config):
        return None  # a variable in the environment is no reason to keep other projects' tests from running
    return dryrun.instead_of_running(session) if state.dry_run else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Watch which runs a test compares with a threshold, and which claims it asserts: it judges them, and no other."""
    if "sota" not in getattr(item, "fixturenames", ()):
        return (yield)
    from dspysota import claims, thresholds

    seen = item.stash.setdefault(sights.SEEN, sights.Seen())
    with thresholds.witnessed(seen.judge), claims.witnessed(claiming.decider(item, seen)):
        return (yield)


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """Explain a missed threshold, bar by bar, or a claim that is not shown, criterion by criterion."""
    if op != ">=" or type(right).__name__ not in {"Threshold", "Claim"}:
        return None
    if type(right).__name__ == "Claim":
        return _verdict(left, right)
    from dspysota.records import Run
    from dspysota.thresholds import Threshold

    if isinstance(left, Run) and isinstance(right, Threshold):
        return [f"{left.name} misses its bar", *right.misses(left)]
    return None


def _verdict(left: object, right: object) -> list[str] | None:
    from dspysota.claims import Claim
    from dspysota.records import Versus

    return right.judge(left).sentences() if isinstance(left, Versus) and isinstance(right, Claim) else None


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Let a bar that does not fit a run, and whatever else speaks to the user, fail its test in one sentence."""
    if "sota" not in pyfuncitem.fixturenames:
        return (yield)
    with plainly():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the runs of the test, and the verdicts of its claims, ride on its report."""
    properties.put(item)
    report = yield
    sights.attach(item, report, call.excinfo.value if call.excinfo else None)
    claiming.warn(item, report)
    asked.attach(item, report, item.config.stash[SESSION])
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Count undecided claims apart from those that hold and those that do not."""
    if sights.undecided(report):
        return "inconclusive", "I", ("INCONCLUSIVE", {"yellow": True})
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the section."""
    if COLLECTOR in config.stash:
        summarize(terminalreporter, config.stash[COLLECTOR], config)
