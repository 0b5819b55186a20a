"""DSPy's random search with all its candidates bootstrapped and scored at once."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import dspy

from dspysota.compiling.budget import BudgetSpentError
from dspysota.compiling.concurrently import ConcurrentBootstrap, first_successes
from dspysota.compiling.crew import Crew, Give
from dspysota.compiling.scoring import CrewEvaluate

AHEAD = 4
"""Bootstrapping is a chain of questions, scoring is not. So a candidate is bootstrapped before this many others that
come before it are scored: else the last one would be alone in the end, with a server that is mostly idle."""


class Scored(NamedTuple):
    """A candidate: its seed, its score in percent (DSPy's, rounded to two digits), and that of each row."""

    seed: int
    program: dspy.Module
    score: float
    subscores: list[float]

    def as_dspy(self) -> dict[str, Any]:
        """Return the entry of DSPy's `candidate_programs`."""
        return self._asdict()


class ConcurrentRandomSearch(dspy.BootstrapFewShotWithRandomSearch):
    """`dspy.BootstrapFewShotWithRandomSearch` over `concurrency` threads, with the same program as its result.

    The candidates are the same, with the same demonstrations and scores, and of equal scores the first wins, as there.
    Only the order of asking is ours: a question is asked as soon as it is certain that one after the other would have
    come to it too. So where equal requests are sent once, by a cache or a tape, no request is sent that DSPy would not
    have sent. With `first_alone` nothing else is asked until zero-shot is scored, so that a budget that is soon spent
    leaves something to choose.

    Neither failed questions nor a score end the search (`max_errors` and `stop_at_score` are without effect), except
    that a request beyond the budget ends the candidate that asked it. `on_end()` is called after each question, and
    what it raises ends the search.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        first_alone: bool = False,
        on_end: Callable[[], object] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.concurrency = concurrency
        self.first_alone = first_alone
        self.on_end = on_end
        self.scored: list[Scored] = []
        """Candidates that were scored on all rows, in the order of their seeds."""

    def compile(
        self,
        student: dspy.Module,
        *,
        teacher: dspy.Module | None = None,
        trainset: list[dspy.Example],
        valset: list[dspy.Example] | None = None,
        restrict: Iterable[int] | None = None,
        labeled_sample: bool = True,
    ) -> dspy.Module:
        """Return the best candidate, all of them attached as `candidate_programs`, best first.

        Raises BudgetSpentError where the budget ended before any was scored on all rows.
        """
        wanted = None if restrict is None else set(restrict)
        seeds = [seed for seed in range(-3, self.num_candidate_sets) if wanted is None or seed in wanted]
        make = _Maker(self, student, teacher, trainset, labeled_sample)
        may_begin = threading.Event()
        if not (self.first_alone and -3 in seeds):
            may_begin.set()
        with Crew(self.concurrency) as crew:

            def candidate(place: int) -> Scored | None:
                try:
                    if seeds[place] != -3:
                        may_begin.wait()
                    return self._candidate(seeds[place], make, valset or trainset, crew)
                except BudgetSpentError:
                    return None
                except BaseException as error:
                    crew.dismiss(error)
                    raise
                finally:
                    if seeds[place] == -3:
                        may_begin.set()

            found, _ = first_successes(candidate, len(seeds), len(seeds), concurrency=len(seeds))
        self.scored = list(found.values())
        if not self.scored:
            raise BudgetSpentError("The budget was spent before any candidate was scored.")
        best = max(self.scored, key=lambda one: one.score).program
        ranked = sorted(self.scored, key=lambda one: one.score, reverse=True)
        best.candidate_programs = [one.as_dspy() for one in ranked]
        return best

    def _candidate(self, seed: int, make: _Maker, valset: list[dspy.Example], crew: Crew) -> Scored:
        place = seed + 3
        first = seed < -1  # neither asks anything before it is scored
        program = make(seed, crew.at(max(1, place - AHEAD)), self._told)
        evaluate = CrewEvaluate(
            give=crew.at(0 if first else place), on_end=self._told, devset=valset, metric=self.metric, failure_score=0.0
        )
        result = evaluate(program)
        return Scored(seed, program, result.score, [score for *_, score in result.results])

    def _told(self, *_: int) -> None:
        if self.on_end is not None:
            self.on_end()


class _Maker(NamedTuple):
    """Makes the candidate of a seed as DSPy does."""

    search: ConcurrentRandomSearch
    student: dspy.Module
    teacher: dspy.Module | None
    trainset: list[dspy.Example]
    labeled_sample: bool

    def __call__(self, seed: int, give: Give, on_end: Callable[[int, int], None]) -> dspy.Module:
        """Return it: -3 is zero-shot, -2 has labels only, -1 is bootstrapped as the rows come, others shuffled."""
        rows = list(self.trainset)
        if seed == -3:
            return self.student.reset_copy()
        if seed == -2:
            labeled = dspy.LabeledFewShot(k=self.search.max_labeled_demos)
            return labeled.compile(self.student, trainset=rows, sample=self.labeled_sample)
        size = self.search.max_num_samples
        if seed >= 0:
            random.Random(seed).shuffle(rows)
            size = random.Random(seed).randint(self.search.min_num_samples, size)
        bootstrap = ConcurrentBootstrap(
            concurrency=max(1, len(rows)),
            give=give,
            certain=True,
            on_end=on_end,
            metric=self.search.metric,
            metric_threshold=self.search.metric_threshold,
            max_bootstrapped_demos=size,
            max_labeled_demos=self.search.max_labeled_demos,
            teacher_settings=self.search.teacher_settings,
            max_rounds=self.search.max_rounds,
        )
        return bootstrap.compile(self.student, teacher=self.teacher, trainset=rows)
