"""Listens to test reports, in the controller or in a plain session, and writes the report when the session ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dspysota.errors import SotaError
from dspysota.plugin import gate, mlflow
from dspysota.plugin.asked import Watcher
from dspysota.plugin.place import met_at, take_over
from dspysota.plugin.session import SESSION, STARTED
from dspysota.plugin.sights import (
    Sight,
    broken,
    compared_on,
    limited,
    missing,
    notes_on,
    other_failure,
    sights_on,
    undecided,
    unmade,
    verdicts_on,
)

if TYPE_CHECKING:
    from dspysota.claims import Verdict
    from dspysota.gate import Gate
    from dspysota.records import Run
    from dspysota.report import Outcome, ReportMeta
    from dspysota.report.meta import Decision
    from dspysota.store import RunFolder


OPEN_ENDS = (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
"""Exit codes after which the same command goes on where this one stopped."""


class Collector:
    """The runs that this session's tests asked for, and what the tests made of them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.sights: dict[str, Sight] = {}
        self.notes: list[str] = []
        self.runs: tuple[Run, ...] = ()
        """All runs of the folder, once the report is written."""
        self.meta: ReportMeta | None = None
        self.report: Path | None = None
        """The folder of the report, once it is written."""
        self.open_end = False
        """Whether the same command will go on with the same folder."""
        self.limited = False
        """Whether that needs a higher limit."""
        self.trouble = ""
        """Why the report could not be written, in a sentence."""
        self.gate: Gate | None = None
        """The decision against the baseline, where one was named."""
        self.saved = gate.Saved()
        self.logged = mlflow.Logged()
        self._watcher = Watcher()
        self._outcomes: dict[str, Outcome] = {}
        self._decisions: dict[tuple[str, Verdict], Decision] = {}
        self._unmade: dict[str, str] = {}
        self._missing: dict[str, None] = {}
        self._compared: list[tuple[str, str, str]] = []
        self._failed: dict[str, str] = {}
        self._uid: str | None = None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The claims that tests asserted."""
        return tuple(self._decisions.values())

    @property
    def comparisons(self) -> list[str]:
        """Those that tests made, in words; where a claim on the same two runs was decided its ratio is enough."""
        decided = {
            (one.verdict.run_key, one.verdict.reference_key)
            for one in self.decisions
            if one.verdict.outcome != "DESCRIPTIVE" and one.verdict.seeds == one.verdict.reference_seeds == 1
        }
        return [said for run, reference, said in self._compared if (run, reference) not in decided]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one phase of one test."""
        self.open_end = self.open_end or broken(report)
        self.limited = self.limited or limited(report)
        self._watcher.see(report)
        if report.when == "call":
            self.notes += notes_on(report)
            if reason := unmade(report):
                self._unmade[report.nodeid] = reason
            self._missing |= dict.fromkeys(missing(report))
            self._compared += compared_on(report)
        if reason := other_failure(report):
            self._failed[report.nodeid] = reason
        for sight, misses in sights_on(report):
            self.sights[sight.key] = sight
            if misses is not None:
                self._judge(sight.key, report, misses)
        if report.when == "call":
            self._decide(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Remember under which name the workers meet, and tell them when the session began."""
        given = vars(node)["workerinput"]
        self._uid = given["testrunuid"]
        given[STARTED] = self._config.stash[SESSION].started

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        """Note that a worker died: it may leave a run half done."""
        self.open_end = self.open_end or bool(error)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report, also after failures and interruptions, and let a red gate decide the exit code.

        xdist's session was registered later and therefore comes before, so its workers have ended; pytest-html comes
        last and can lead to the report.
        """
        try:
            self._finish(exitstatus)
        except (SotaError, pytest.UsageError) as error:
            self.trouble = str(error)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if session.exitstatus == pytest.ExitCode.OK and (not self.saved.whole or (self.gate and self.gate.red)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _finish(self, exitstatus: int) -> None:
        folder = self._folder()
        self.open_end = self.open_end or (folder is not None and exitstatus in OPEN_ENDS)
        self.runs = tuple(folder.runs()) if folder else ()
        self._pass_gate(folder.path if folder else None)
        if folder is None:
            return
        from dspysota import report

        if self.runs or self._unmade:
            self.meta = self._make_meta()
            written = report.write_all(folder.path, self.runs, self.meta)
            self.report = folder.path
            self.notes += filter(None, [gate.append_summary(written["summary.md"])])
        if self.open_end:
            folder.close()
        else:
            folder.finish()
        self.logged = mlflow.log(self._config.stash[SESSION], folder.path, self.runs, self.meta, open_end=self.open_end)

    def _pass_gate(self, own: Path | None) -> None:
        """Compare with the baseline and save the next one, where the options say so."""
        session = self._config.stash[SESSION]
        if not gate.mentioned(session) or not (own or self._watcher.cells):
            return
        want, profile = session.gate, session.profile
        if self.open_end:
            self.gate = gate.unfinished(want)
            return
        self.gate = gate.decide(want, self._watcher, self.runs, profile, own)
        if want.save is not None:
            self.saved = gate.save(want, self._watcher, self.runs, profile, self._outcomes, self.gate)

    def _folder(self) -> RunFolder | None:
        if self._uid is None:
            return self._config.stash[SESSION].folder
        path = met_at(self._uid)
        return None if path is None else take_over(path)

    def _judge(self, key: str, report: pytest.TestReport, misses: tuple[str, ...]) -> None:
        """Only a test that compared the run with a threshold decides, and a missed bar outlasts a cleared one."""
        from dspysota.report import Outcome

        known = self._outcomes.get(key)
        if not misses:
            self._outcomes.setdefault(key, Outcome(test=report.nodeid, outcome="passed"))
        elif report.outcome == "failed":  # a test that expected the miss decides nothing
            first, earlier = (known.test, known.misses) if known and known.misses else (report.nodeid, ())
            missed = tuple(dict.fromkeys([*earlier, *misses]))
            self._outcomes[key] = Outcome(test=first, outcome="failed", misses=missed)

    def _decide(self, report: pytest.TestReport) -> None:
        """Each claim that the test asserted, with what its verdict did to the test."""
        for verdict in verdicts_on(report):
            from dspysota.report.meta import Decision

            outcome = "inconclusive" if undecided(report) else "failed" if report.outcome == "failed" else "passed"
            decision = Decision(test=report.nodeid, verdict=verdict, outcome=outcome)
            self._decisions[report.nodeid, verdict] = decision

    def _make_meta(self) -> ReportMeta:
        from dspysota.plugin.stated import margins, quotes, stated
        from dspysota.report import ReportMeta

        session = self._config.stash[SESSION]
        return ReportMeta(
            command=session.settings.command,
            title=f"dspysota: {session.profile.name}",
            outcomes=self._outcomes,
            unmade=self._unmade,
            missing=tuple(self._missing),
            failed=self._failed,
            verdicts=self.decisions,
            terms=stated(session.profile),
            published=quotes(session.profile),
            margins=margins(session.profile, self.runs),
            gate=self.gate,
        )
