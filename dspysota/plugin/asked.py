"""Which cells a session was to measure and under which rules, as its test reports say.

A run of the baseline is GONE when this session was to measure it: a test took its cell, was neither deselected nor
skipped, and did not pass without asking for a run. It is gone, too, when the profile of the same name had its cell when
the baseline was saved and has it no more, and the session measures that task. Everything else that the baseline has was
not asked for, and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from dspysota.errors import ConfigError
from dspysota.plugin.sights import sights_on

if TYPE_CHECKING:
    from dspysota.gate import Asked, Rule, Scope
    from dspysota.gate.baselines import Baseline
    from dspysota.plugin.session import SotaSession
    from dspysota.profiles import Cell, Profile
    from dspysota.records import Run

ATTRIBUTE = "dspysota_gate"
"""Name of the attribute on `pytest.TestReport`: builtin types only, since it crosses processes."""

MARKER = (
    "sota_gate(*rules): rules such as 'accuracy:-5pp' or 'p95_seconds:off' that the regression gate applies to "
    "the runs of this test, instead of the session's rules on the same metrics."
)


def check_marker(definition: pytest.Item) -> None:
    """Raise pytest.UsageError for a `sota_gate` marker that cannot be understood."""
    for marker in definition.iter_markers("sota_gate"):
        texts = [text for text in marker.args if isinstance(text, str)]
        if marker.kwargs or not texts or len(texts) < len(marker.args):
            raise pytest.UsageError("@pytest.mark.sota_gate takes one rule or more, such as 'accuracy:-5pp'.")
        try:
            parsed(texts)
        except ConfigError as error:
            raise pytest.UsageError(f"@pytest.mark.sota_gate: {error}") from None


def attach(item: pytest.Item, report: pytest.TestReport, session: SotaSession) -> None:
    """Put on the report which cell the test is to measure, and the rules of its markers, the nearest first."""
    if "sota" not in getattr(item, "fixturenames", ()):
        return
    callspec = getattr(item, "callspec", None)
    cell = callspec.params.get("cell") if callspec else None
    asked = None
    if cell is not None:
        asked = [cell.task, cell.program, cell.approach, cell.adapter, cell.model, _seed(cell, session.profile)]
    rules = [list(marker.args) for marker in item.iter_markers("sota_gate")]
    vars(report)[ATTRIBUTE] = {"asked": asked, "rules": rules}


@dataclass
class Watcher:
    """What the test reports of a session say of its gate."""

    cells: dict[str, Asked] = field(default_factory=dict)
    """By test."""
    idle: set[str] = field(default_factory=set)
    """Tests that were skipped, or passed without asking for a run."""
    overrides: dict[str, list[Rule]] = field(default_factory=dict)
    """By run key. Of several tests with markers all count: the strictest decides."""

    def see(self, report: pytest.TestReport) -> None:
        """Take in one phase of one test."""
        carried: dict[str, Any] | None = getattr(report, ATTRIBUTE, None)
        if carried is None:
            return
        from dspysota.gate import Asked, layered

        runs = sights_on(report)
        if carried["asked"]:
            self.cells[report.nodeid] = Asked(*carried["asked"])
        if report.outcome == "skipped" or (report.when == "call" and report.passed and not runs):
            self.idle.add(report.nodeid)
        rules = layered(*(parsed(texts) for texts in reversed(carried["rules"])), keep_off=True)
        for sight, _ in runs if rules else ():
            known = self.overrides.setdefault(sight.key, [])
            known += [rule for rule in rules if rule not in known]

    def rules(self, run: Run, session: Sequence[Rule]) -> list[Rule]:
        """The rules that hold for a run."""
        own = self.overrides.get(run.info.key, [])
        named = {rule.metric for rule in own}
        return [*(rule for rule in session if rule.metric not in named), *(rule for rule in own if not rule.off)]

    @property
    def asked(self) -> set[Asked]:
        """The cells that were to be measured."""
        return {cell for test, cell in self.cells.items() if test not in self.idle}

    def scope(self, before: Baseline, profile: Profile) -> Scope:
        """What was to be measured, and which cells the profile has lost since the baseline was saved."""
        from dspysota.gate import Scope
        from dspysota.gate.check import removed

        lost: set[Asked] = set()
        if before.profile is not None and before.profile.profile == profile.name:
            tasks = {cell.task for cell in self.cells.values()}
            lost = removed(before.profile.cells, set(cells_of(profile)), tasks)
        return Scope(asked=self.asked, removed=lost)


def cells_of(profile: Profile) -> Iterator[Asked]:
    """The cells of a profile, as far as a gate goes by them."""
    from dspysota.gate import Asked

    for cell in profile.cells:
        yield Asked(cell.task, cell.program, cell.approach, cell.adapter, cell.model, _seed(cell, profile))


def _seed(cell: Cell, profile: Profile) -> int:
    return profile.seed if cell.seed is None else cell.seed


def parsed(texts: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of texts; metrics are those of the tasks that there are. Raises ConfigError."""
    from dspysota import tasks
    from dspysota.gate.rules import parse_all

    metrics = dict.fromkeys(metric for name in tasks.names() for metric in tasks.get(name).metrics)
    return parse_all(texts, metrics)
