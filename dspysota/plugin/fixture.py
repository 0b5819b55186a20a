"""The `sota` fixture: one object, one verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import pytest

from dspysota.errors import ConfigError, DataError, LimitReachedError, NotServedError, ProgramError, SotaError
from dspysota.plugin.collect import cell_of
from dspysota.plugin.session import SESSION, SotaSession
from dspysota.plugin.sights import SEEN, Seen, Sight

if TYPE_CHECKING:
    from dspysota.claims import Claim, Verdict
    from dspysota.claims.references import Found
    from dspysota.experiment import Against, Comparison
    from dspysota.profiles import Cell, Profile
    from dspysota.records import Answer, Example, Policy, Run, Versus
    from dspysota.serving import Endpoint
    from dspysota.tasks import TaskData
    from dspysota.thresholds import Threshold

T = TypeVar("T")

WHOLE = "--sota-sequential watches one run beside one reference: with several seeds all runs are measured whole."

FINAL = (ConfigError, DataError, NotServedError, ProgramError, pytest.UsageError)
"""Failures that the same command would meet again; after others, such as a server that did not start, it may go on."""


@dataclass(frozen=True)
class Sota:
    """Measures cells of the profile, or cells that the test makes up itself.

    ```python
    @pytest.mark.sota(task="gsm8k")
    def test_gsm8k(sota, cell):
        run = sota.run(cell)
        assert run >= sota.threshold(cell, run)
    ```
    """

    _session: SotaSession
    _item: pytest.Item

    @property
    def profile(self) -> Profile:
        """The experiment grid of `--sota-profile`."""
        with plainly():
            return self._session.profile

    def run(  # noqa: PLR0913  a cell's parts, all by keyword
        self,
        cell: Cell | None = None,
        *,
        task: str = "",
        model: str = "",
        approach: str = "zero_shot",
        program: str | None = None,
        adapter: str = "plain",
        rows: int | None = None,
    ) -> Run:
        """All questions of a cell, asked and scored; at once when this command has measured it before.

        Instead of a cell, name at least `task` and `model`. `program` None takes the task's default, `rows` None all
        test questions (`--sota-limit` goes before). A mistake in a name, a model that cannot be served or rows that
        cannot be had fail the test with one sentence. With `--sota-sequential` the profile's claim, once decided, ends
        a candidate's run; its reference is measured before. A reference that is replayed is not measured: its own test
        is skipped. With `--sota-lift` the steps to an optimized program are measured
        after it; one that cannot be fails nothing, and the summary says so.
        """
        __tracebackhide__ = True
        seen = self._seen
        with plainly():
            if cell is not None:
                self._skip_replayed(cell)
        name = f"{cell.task} {cell.id}" if cell else " ".join(filter(None, (task, model, program, approach, adapter)))
        with noted(seen, name), plainly():
            if self._session.refused:
                raise ConfigError(self._session.refused)
            bench = self._session.workbench
            if cell is None:
                names = {"task": task, "model": model, "approach": approach, "adapter": adapter}
                cell = bench.cell(**names, program=program, rows=rows)
            run = bench.run(cell, against=self._against(cell))
            seen.sights[run.info.key] = Sight.of(run, str(self._session.place))
            if not seen.own or cell == cell_of(self._item):
                seen.own = run.info.key
            if self._session.settings.lift and run.info.key not in self._session.climbed:
                self._climb(cell, run)
        return run

    def threshold(self, cell: Cell, run: Run) -> Threshold:
        """The profile's bar for the cell, on the rows that the run really used."""
        with plainly():
            return cell.threshold(run.info.data.name)

    def reference(self, cell: Cell, *, policy: Policy | None = None) -> Run:
        """The run that the cell is measured against; skips the test when the profile names no reference.

        `policy` says which run of the reference's model: `baseline`, `same_program` or `best`; None takes that of the
        profile's claim, else the baseline. It is replayed where --sota-reference or the profile names a folder.
        """
        __tracebackhide__ = True
        return self._found(cell, policy or self._policy(cell)).run

    def claim(self, cell: Cell) -> Claim:
        """What the profile claims of the cell; skips the test when it claims nothing of it."""
        __tracebackhide__ = True
        terms = self.profile.claimed(cell)
        if terms is None:
            pytest.skip(f"profile {self.profile.name!r} claims nothing of {cell.task} {cell.id}")
        return terms.claim()

    def versus(self, cell: Cell, *, policy: Policy | None = None) -> Versus:
        """The cell's run beside its reference, for `assert sota.versus(cell) >= sota.claim(cell)`.

        Where the profile has the cell with several seeds, all of their runs, measured where they are not yet; so too
        on the reference's side: its own seeds, or under `same_program` the cell's.
        """
        __tracebackhide__ = True
        from dspysota.costs import of_run

        policy = policy or self._policy(cell)
        found = self._found(cell, policy, seeds=True)
        runs = [self.run(one) for one in self.profile.seeds(cell)]
        notes = (*found.notes, *([WHOLE] if self._several(cell, policy) and self._session.settings.sequential else []))
        return runs[0].vs(found.runs, seeds=runs[1:], costs=of_run, policy=policy, notes=notes)

    def verdict(self, cell: Cell, *, policy: Policy | None = None) -> Verdict:
        """What became of the profile's claim on the cell: true when it is a PASS, and in the report in any case."""
        __tracebackhide__ = True
        claim = self.claim(cell)
        with plainly():
            return claim.__le__(self.versus(cell, policy=policy))

    def compare(self, run: Run, reference: Run) -> Comparison:
        """Paired difference and ratio of two runs on the same questions; deciding nothing.

        The summary shows it, unless a claim on the same two runs was decided, whose ratio stands there.
        """
        __tracebackhide__ = True
        from dspysota.experiment import compare

        with plainly():
            comparison = compare(run, reference)
        self._seen.compared.append((run.info.key, reference.info.key, str(comparison)))
        return comparison

    def data(self, task: str) -> TaskData:
        """The task's rows in fixed, disjoint splits, from --sota-data, the hub or an offline twin."""
        __tracebackhide__ = True
        with plainly():
            return self._session.workbench.data(task)

    def serve(self, cell: Cell) -> AbstractContextManager[Endpoint]:
        """The cell's model, running within the block; others may use it too."""
        return _plain(self._session.workbench.serve(cell))

    def solver(
        self, cell: Cell, *, max_tokens: int | None = None
    ) -> AbstractContextManager[Callable[[Example], Answer]]:
        """The cell's prepared program on its running model, ours alone within the block.

        With `max_tokens=1` every request ends with its first token.
        """
        return _plain(self._session.workbench.solver(cell, max_tokens=max_tokens))

    def facts(self, cell: Cell) -> dict[str, str | int | None]:
        """What a duration measured with the cell depends on: model, weights, data, program, commit; plain values."""
        __tracebackhide__ = True
        with plainly():
            return self._session.workbench.facts(cell)

    def _policy(self, cell: Cell) -> Policy:
        terms = self.profile.claimed(cell)
        return terms.policy if terms else "baseline"

    def _several(self, cell: Cell, policy: Policy) -> bool:
        """Whether a claim on the cell is one on several seeds, on either side."""
        from dspysota.experiment import contenders

        rivals = contenders(self.profile, cell, policy, seeds=True) if policy != "best" else ()
        return len(self.profile.seeds(cell)) > 1 or len(rivals) > 1

    def _found(self, cell: Cell, policy: Policy, *, seeds: bool = False) -> Found:
        __tracebackhide__ = True
        from dspysota.experiment import contenders

        if self.profile.reference(cell.task) is None:
            pytest.skip(f"profile {self.profile.name!r} names no reference for {cell.task}")
        seen = self._seen
        with plainly():
            [rival, *_] = contenders(self.profile, cell, policy)
        with noted(seen, f"{rival.task} {rival.id}"), plainly():
            found = self._session.found(cell, policy, seeds=seeds)
            for run in found.runs:
                seen.sights[run.info.key] = Sight.of(run, str(self._session.place))
        return found

    def _against(self, cell: Cell) -> Against | None:
        """The claim that may end the cell's run early, beside its reference."""
        from dspysota.experiment import Against

        terms = self.profile.claimed(cell) if cell in self.profile.cells else None
        if not self._session.settings.sequential or terms is None or terms.quality_ratio is None:
            return None
        if self.profile.reference(cell.task) is None or self._several(cell, terms.policy):
            return None
        return Against(claim=terms.claim(), reference=self._session.found(cell, terms.policy).run)

    def _skip_replayed(self, cell: Cell) -> None:
        from dspysota.experiment import replay_folder

        folder = replay_folder(self.profile, self._session.settings, cell.task)
        rival = self.profile.reference(cell.task)
        if folder is not None and rival is not None and cell in self.profile.seeds(rival):
            pytest.skip(f"the reference of {cell.task} is replayed from {str(folder)!r}, and not measured")

    def _climb(self, cell: Cell, run: Run) -> None:
        from dspysota.experiment import climb

        self._seen.notes += climb(self._session.workbench, self._session.profile, cell, run)
        self._session.climbed.add(run.info.key)

    @property
    def _seen(self) -> Seen:
        return self._item.stash.setdefault(SEEN, Seen())


@pytest.fixture
def sota(request: pytest.FixtureRequest) -> Sota:
    """Measures experiments: `sota.run(cell)`, `sota.threshold(cell, run)`, `sota.profile`."""
    return Sota(request.config.stash[SESSION], request.node)


@contextmanager
def noted(seen: Seen, name: str) -> Iterator[None]:
    """What keeps the run of this name from being made is noted: an interruption, too; and whether a retry may help."""
    __tracebackhide__ = True
    already, seen.broken = seen.broken, True
    try:
        yield
    except pytest.fail.Exception as failure:
        seen.unmade = str(failure.msg)
        seen.missing.append(name)
        seen.limited = seen.limited or (
            isinstance(failure.__context__, LimitReachedError) and "--sota-max-cost" in seen.unmade
        )
        if isinstance(failure.__context__, FINAL):
            seen.broken = already
        raise
    seen.broken = already


@contextmanager
def plainly() -> Iterator[None]:
    """Errors that speak to the person at the keyboard need no traceback."""
    __tracebackhide__ = True
    try:
        yield
    except (SotaError, pytest.UsageError) as error:
        raise pytest.fail.Exception(f"{type(error).__name__}: {error}", pytrace=False) from None


@contextmanager
def _plain(manager: AbstractContextManager[T]) -> Iterator[T]:
    __tracebackhide__ = True
    with plainly(), manager as value:
        yield value
