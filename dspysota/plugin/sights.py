"""What a test report carries of the runs that its test asked for: builtin types only, since it crosses processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from dspysota.untrusted import visible

if TYPE_CHECKING:
    from dspysota.claims import Verdict
    from dspysota.records import Run

MOST = 500
"""Characters of a failure that are kept."""

ATTRIBUTE = "dspysota"
"""Name of the attribute on `pytest.TestReport`.

Not `user_properties`, which end up in JUnit files (`properties` puts figures for them there), and not xdist's
`workeroutput`, which is lost with a worker.
"""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A run at a glance. Its cases stay in the run folder, which outlives a killed worker."""

    key: str
    name: str
    model: str
    provenance: str
    folder: str
    metric: str
    score: float
    low: float
    high: float
    tokens: float | None
    """A question; None where the server did not say."""
    p95: float
    cost: float | None
    """A question, in `unit`; None where it is unknown."""
    unit: str
    cases: int
    errors: int

    @classmethod
    def of(cls, run: Run, folder: str) -> Sight:
        """A glance at `run`, which is stored in `folder`."""
        from dspysota.costs import question_cost
        from dspysota.stats import mean_interval, percentile

        low, high = mean_interval(run.scores())
        cost, unit = question_cost(run) or (None, "")
        return cls(
            key=run.info.key,
            name=run.name,
            model=run.info.model.name,
            provenance=run.info.provenance,
            folder=folder,
            metric=run.info.primary,
            score=run.score(),
            low=float(low),
            high=float(high),
            tokens=run.tokens_per_question,
            p95=float(percentile([case.seconds for case in run.cases], 95)),
            cost=cost,
            unit=unit,
            cases=len(run.cases),
            errors=run.errors,
        )


@dataclass
class Seen:
    """What one test has seen so far."""

    sights: dict[str, Sight] = field(default_factory=dict)
    own: str = ""
    """Key of the run that the test is about: that of its own cell, else the first that it asked for."""
    notes: list[str] = field(default_factory=list)
    """What is to be said besides, such as steps of a lift that could not be measured."""
    compared: list[tuple[str, str, str]] = field(default_factory=list)
    """Comparisons: the keys of run and reference, and what is said of them."""
    broken: bool = False
    """True when a run could not be made though another try may succeed, so that the folder stays open for it."""
    limited: bool = False
    """True when it was a limit of the session's dollars that kept a run from being made."""
    unmade: str = ""
    """Why a run could not be made, in a sentence."""
    missing: list[str] = field(default_factory=list)
    """The runs that could not be made, by the names of their cells."""
    judged: dict[str, list[str]] = field(default_factory=dict)
    """Sentences of the thresholds that runs missed, by the key of each run that was compared with one."""

    verdicts: list[Verdict] = field(default_factory=list)
    """Of the claims that the test asserted."""

    @property
    def own_sight(self) -> Sight | None:
        """The run that the test is about; the first that it saw where it asked for no other than a reference."""
        return self.sights.get(self.own) or next(iter(self.sights.values()), None)

    def decide(self, verdict: Verdict, *, lenient: bool, gate: bool) -> Verdict:
        """Note the verdict of a claim; it is taken as the user said that an undecided or a refuted one is to be."""
        verdict = replace(verdict, lenient=lenient or not gate, gate=gate)
        if verdict not in self.verdicts:
            self.verdicts.append(verdict)
        return verdict

    def judge(self, run: Run, misses: Sequence[str]) -> None:
        """Note that a run was compared with a threshold; one that missed none is noted, too."""
        known = self.judged.get(run.info.key, [])
        self.judged[run.info.key] = list(dict.fromkeys([*known, *misses]))


SEEN = pytest.StashKey[Seen]()
"""On an item."""


def attach(item: pytest.Item, report: pytest.TestReport, error: BaseException | None = None) -> None:
    """Put what the test has seen on the report of its phase; `error` is what the phase ended with."""
    seen = item.stash.get(SEEN, None)
    if seen is None:
        return
    vars(report)[ATTRIBUTE] = {
        "runs": [{**asdict(sight), "misses": seen.judged.get(key)} for key, sight in seen.sights.items()],
        "own": seen.own,
        "notes": list(seen.notes),
        "compared": [list(one) for one in seen.compared],
        "broken": seen.broken,
        "limited": seen.limited,
        "unmade": seen.unmade,
        "missing": list(seen.missing),
        "verdicts": _plain(seen.verdicts),
        "undecided": report.when == "call" and _undecided(seen, report, error),
    }
    if report.when == "teardown":
        seen.judged, seen.verdicts = {}, []


def sights_on(report: pytest.TestReport) -> list[tuple[Sight, tuple[str, ...] | None]]:
    """The runs on a report, each with the sentences of the thresholds it missed; None where it met no threshold."""
    record: dict[str, Any] = getattr(report, ATTRIBUTE, None) or {"runs": ()}
    found = []
    for run in record["runs"]:
        fields = dict(run)
        misses = fields.pop("misses")
        found.append((Sight(**fields), None if misses is None else tuple(misses)))
    return found


def own_sight_on(report: pytest.TestReport) -> Sight | None:
    """The run that the test is about."""
    own = (getattr(report, ATTRIBUTE, None) or {}).get("own")
    seen = [sight for sight, _ in sights_on(report)]
    return next((sight for sight in seen if sight.key == own), seen[0] if seen else None)


def other_failure(report: pytest.TestReport) -> str:
    """Why a test that used runs failed, in a line, where neither a missed bar nor an unmade run is the reason."""
    runs = sights_on(report)
    if report.outcome != "failed" or not runs or unmade(report) or any(misses for _, misses in runs):
        return ""
    if any(not verdict for verdict in verdicts_on(report)):
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    said = str(crash.message if crash is not None else report.longreprtext).strip()
    return said.partition("\n")[0][:MOST] or "no reason given"


def broken(report: pytest.TestReport) -> bool:
    """Whether a run could not be made that another try may make."""
    return bool((getattr(report, ATTRIBUTE, None) or {}).get("broken"))


def limited(report: pytest.TestReport) -> bool:
    """Whether only a higher limit lets the same command go on."""
    return bool((getattr(report, ATTRIBUTE, None) or {}).get("limited"))


def unmade(report: pytest.TestReport) -> str:
    """Why a run could not be made; empty where all could."""
    return str((getattr(report, ATTRIBUTE, None) or {}).get("unmade", ""))


def missing(report: pytest.TestReport) -> list[str]:
    """The runs that could not be made, by the names of their cells."""
    return list((getattr(report, ATTRIBUTE, None) or {}).get("missing", ()))


def compared_on(report: pytest.TestReport) -> list[tuple[str, str, str]]:
    """Comparisons that the test made: the keys of run and reference, and the words."""
    made = (getattr(report, ATTRIBUTE, None) or {}).get("compared", ())
    return [(run, reference, said) for run, reference, said in made]


def notes_on(report: pytest.TestReport) -> list[str]:
    """What is to be said of the test besides."""
    return list((getattr(report, ATTRIBUTE, None) or {}).get("notes", ()))


def verdicts_on(report: pytest.TestReport) -> list[Verdict]:
    """The verdicts of the claims that the test asserted."""
    plain = (getattr(report, ATTRIBUTE, None) or {}).get("verdicts", ())
    if not plain:
        return []
    from dspysota.report.meta import VERDICTS

    return VERDICTS.validate_python(plain)


def undecided(report: pytest.TestReport) -> bool:
    """Whether a claim that is neither shown nor refuted is all that the test came to, whether or not that fails it."""
    return bool((getattr(report, ATTRIBUTE, None) or {}).get("undecided"))


def _undecided(seen: Seen, report: pytest.TestReport, error: BaseException | None) -> bool:
    outcomes = {str(verdict.outcome) for verdict in seen.verdicts}
    if "INCONCLUSIVE" not in outcomes or outcomes & {"FAIL", "DESCRIPTIVE"}:
        return False
    if report.outcome == "passed":
        return any(verdict.lenient for verdict in seen.verdicts)
    # Whatever else went wrong is no verdict: an assertion that failed right after an undecided claim is.
    last = seen.verdicts[-1]
    asserted = isinstance(error, AssertionError) and str(last.outcome) == "INCONCLUSIVE" and not last.lenient
    return report.outcome == "failed" and asserted and not any(seen.judged.values())


def _plain(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    if not verdicts:
        return []
    from dspysota.report.meta import VERDICTS

    plain: list[dict[str, Any]] = _sendable(VERDICTS.dump_python(list(verdicts), mode="json"))
    return plain


def _sendable(value: Any) -> Any:
    """Plain values with half characters, which neither xdist nor a file can carry, spelled out."""
    if isinstance(value, dict):
        return {key: _sendable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_sendable(one) for one in value]
    halves = isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)
    return visible(value) if halves else value
