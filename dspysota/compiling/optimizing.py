"""The frame in which a DSPy optimizer works: its scores noted, its chatter kept away, its end inside the budget."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import dspy

from dspysota.compiling import saved
from dspysota.compiling.budget import BudgetSpentError, refusal
from dspysota.compiling.crew import Crew
from dspysota.compiling.fit import Fitting
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.scoring import CrewEvaluate
from dspysota.errors import ProgramError, SotaError


def optimize(job: Job, search: Callable[[], dspy.Module], fitting: Fitting | None = None) -> Outcome:
    """Let `search` look for a program; return what it found, or the best one scored when the budget ran out.

    Candidates are scored on the validation rows, cut to the context before: `fitting` tells afterwards what each of
    them lost. Raises ProgramError when the budget ended before one was, when none
    scored above zero, when the server answered nothing, and when the optimizer itself failed.
    """
    if not job.validation:
        raise ProgramError(
            f"There are no validation rows of {job.task} to choose programs by; raise optimize.validation."
        )
    fitting = fitting or Fitting(job)
    settings = {**job.dspy_settings(), "callbacks": [fitting, job.board]}
    with job.progress.shown(f"Compiling {job.task} {job.program}"), quiet(), dspy.context(**settings):
        module = _guarded(job, search) or best_scored(job)
        fitting.cut(module)
        if _score_of(job, module) is None and evaluate(job, module) is None:
            module = best_scored(job)
    _check(job)
    return Outcome(
        module=module,
        validation_score=_score_of(job, module),
        candidates=len(job.board.candidates),
        notes=(*fitting.notes(saved.state_of(module)), *_as_before(job, module)),
    )


def applied(apply: Callable[[Job], Outcome], job: Job) -> Outcome:
    """Return what an approach prepares, whether or not it works in this frame: one of another distribution may not.

    Raises what it raises, but ProgramError where that is DSPy's word for a budget that is spent; and as `watch` does,
    also where the approach did not mind.
    """
    try:
        outcome = apply(job)
    except SotaError:
        raise
    except Exception as error:
        watch(job)
        if spent := refusal(error):
            raise ProgramError(f"{spent} What was paid for is kept; give it more.") from error
        raise
    watch(job)
    return outcome


def evaluate(job: Job, module: dspy.Module) -> float | None:
    """Return the mean score of a program on the validation rows, in [0, 1]; None where the budget ran out meanwhile.

    To be called under the job's DSPy settings. What is on the tape already costs nothing, also after the budget.
    """
    rows = job.held_out()
    with Crew(job.concurrency) as crew:
        try:
            result = CrewEvaluate(give=crew.give, devset=rows, metric=job.marks, failure_score=0.0)(module)
        except BudgetSpentError:
            watch(job)
            return None
    return sum(float(score) for *_, score in result.results) / len(rows)


def watch(job: Job) -> None:
    """Raise once the tape sends nothing more, for another reason than a budget that is spent.

    MetricError where the metric failed; ProgramError where the server failed every one of the first requests, or does
    not report what the budget counts.
    """
    if job.tape.ended:
        raise job.tape.ended
    if error := job.tape.given_up:
        raise ProgramError(f"Compiling {job.task} gave up: every request so far failed, the last with {error!r}.")
    if name := job.tape.uncounted:
        bound = "tokens" if job.tape.budget.tokens is not None else "US dollars"
        raise ProgramError(
            f"Compiling {job.task} gave up: its budget is in {bound}, and the server of {name!r} does not report the "
            "tokens of its answers; bound it by calls or minutes instead, or start anew on a server that reports them."
        )


def best_scored(job: Job) -> dspy.Module:
    """Return the best program scored on all validation rows. Raises ProgramError where there is none."""
    best = job.board.best
    if best is None:
        spent = f"The budget of {job.tape.stopped} was spent" if job.tape.stopped else "The search ended"
        raise ProgramError(
            f"{spent} before any program had been scored on all {len(job.validation)} validation rows; give it more. "
            "What was paid for is kept."
        )
    module = job.student()
    saved.restore(module, best.state)
    return module


def ask_ahead(job: Job, rows: list[dspy.Example]) -> None:
    """Let the teacher answer rows at once, so that an optimizer that asks one by one finds its answers on the tape."""
    with dspy.context(lm=job.teacher):
        dspy.Parallel(num_threads=job.concurrency, disable_progress_bar=True)([(job.student(), row) for row in rows])


def _as_before(job: Job, module: dspy.Module) -> tuple[str, ...]:
    """Return a note where all the search came to nothing: the program is then no other than an unprepared one."""
    same = saved.state_of(module) == saved.state_of(job.student())
    return ("Nothing better was found than the program that the search started from.",) if same else ()


def _score_of(job: Job, module: dspy.Module) -> float | None:
    return job.board.score_of(saved.state_of(module))


def _guarded(job: Job, search: Callable[[], dspy.Module]) -> dspy.Module | None:
    """Return what the search found, None where the budget ended it."""
    try:
        module = search()
    except Exception as error:
        if job.tape.stopped and not job.tape.ended:
            return None
        watch(job)
        if isinstance(error, SotaError):
            raise
        # DSPy asserts what kind of error it may meet, without a word: the one that it met says more.
        shown = error if str(error) else error.__context__ or error
        raise ProgramError(
            f"The optimizer failed with {type(shown).__name__}: {str(shown)[:300]}. What was paid for is kept; a "
            "larger teacher or other settings may help."
        ) from error
    watch(job)
    # An optimizer that swallowed the end of its budget scored what came after it as zero: its choice is not to be had.
    return None if job.tape.stopped else module


def _check(job: Job) -> None:
    """Raise ProgramError where nothing was ever right: the first of many zeros is no choice."""
    board = job.board
    if board.candidates and max(candidate.score for candidate in board.candidates) <= 0:
        raise ProgramError(
            f"None of {len(board.candidates)} programs got any of {len(job.validation)} validation questions of "
            f"{job.task} right ({board.unread:,} of {board.read + board.unread:,} outputs could not be read). See what "
            "the model can be asked in with: dspysota formats. Or take a larger model."
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep away what DSPy prints and logs while it optimizes: what failed is counted, and told in the end.

    Its progress bars go to stderr, as our own progress does, which has to hold on to the stream it was made with.
    """
    logger = logging.getLogger("dspy")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
