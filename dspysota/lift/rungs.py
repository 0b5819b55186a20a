"""Which programs lead from the unoptimized one to an optimized one, and which runs are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dspysota.records import Run, RunInfo

Name = Literal["unoptimized", "format", "instructions", "demonstrations", "weights", "samples"]

DEFAULT_ADAPTER = "chat"
"""DSPy's default, through which an unoptimized program asks."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A program that one more thing was done to than to the one before it."""

    name: Name
    program: str
    approach: str
    """How it is prepared where it was not measured yet."""
    adapter: str
    digest: str
    """Of the prepared program, and of its weights where they were trained (`CompileInfo.identity`)."""

    @property
    def asked(self) -> tuple[str, str, str]:
        """What decides the answers of a model: rungs that share it are the same program, however it was prepared."""
        return self.program, self.adapter, self.digest


def optimized(info: RunInfo) -> bool:
    """Whether a run is one of a program that a model was asked to prepare, all of it; parts of one are steps to it."""
    return info.compile.calls > 0 and ":" not in info.approach


def rungs(info: RunInfo) -> tuple[Rung, ...]:
    """The steps to the program of an optimized run, the unoptimized one first, the run's own last.

    Neighbours may be the same program: then the step brought no change. Empty where the digests were not recorded.
    """
    compiled, base = info.compile, info.program.partition("+")[0]
    bare = "zero_shot" if compiled.training else f"{info.approach}:instructions"
    if compiled.unprepared_digest is None or compiled.instructions_digest is None:
        return ()
    steps: list[tuple[Name, str, str, str, str]] = [
        ("unoptimized", base, "zero_shot", DEFAULT_ADAPTER, compiled.unprepared_digest),
        ("format", base, "zero_shot", info.adapter, compiled.unprepared_digest),
        ("instructions", base, bare, info.adapter, compiled.instructions_digest),
        ("demonstrations", base, bare if compiled.training else info.approach, info.adapter, compiled.program_digest),
    ]
    if compiled.training is not None:
        steps.append(("weights", base, info.approach, info.adapter, compiled.identity))
    if base != info.program:
        steps.append(("samples", info.program, info.approach, info.adapter, compiled.identity))
    return tuple(
        Rung(name=name, program=program, approach=approach, adapter=adapter, digest=digest)
        for name, program, approach, adapter, digest in steps
    )


def found(rung: Rung, run: Run, runs: Sequence[Run]) -> Run | None:
    """The complete run of a rung on the rows of an optimized run; None where there is none.

    The optimized run itself goes before one that was prepared as the rung says, and this before others that put the
    same program to the model: so rungs with the same program always find the same run.
    """
    fits = [one for one in runs if _asked(one.info) == rung.asked and _paired(one, run)]
    ranks = (run.info.key, rung.approach)
    return min(fits, key=lambda one: (one.info.key != ranks[0], one.info.approach != ranks[1]), default=None)


def why_not(rung: Rung, run: Run, runs: Sequence[Run]) -> str:
    """Why no run was found for a rung, in a few words."""
    named = [one for one in runs if (one.info.program, one.info.adapter) == (rung.program, rung.adapter)]
    same = [one for one in named if one.info.compile.identity == rung.digest]
    half_done = [one for one in same if _place(one.info) == _place(run.info) and not complete(one)]
    if half_done:
        how = "ended early by its claim" if half_done[0].ended_early else "interrupted"
        return f"{how} at {len(half_done[0].cases):,} of {half_done[0].info.data.rows:,} rows"
    if any(_model(one.info) == _model(run.info) for one in same):
        return "measured on other rows only"
    others = [one for one in named if _place(one.info) == _place(run.info) and one.info.approach == rung.approach]
    return "measured with another version of the program" if others else "not measured"


def complete(run: Run) -> bool:
    """Whether all rows were asked."""
    return 0 < len(run.cases) == run.info.data.rows


def same_rows(run: Run, other: Run) -> bool:
    """Whether two runs answered the same questions, in the same order, so that their scores can be paired."""
    return [case.case_id for case in run.cases] == [case.case_id for case in other.cases]


def _paired(one: Run, run: Run) -> bool:
    # A digest says which rows were meant, the cases which were asked: both have to agree before scores are paired.
    return complete(one) and _place(one.info) == _place(run.info) and (not complete(run) or same_rows(one, run))


def _asked(info: RunInfo) -> tuple[str, str, str]:
    return info.program, info.adapter, info.compile.identity


def _place(info: RunInfo) -> tuple[object, ...]:
    """What two runs must share for their answers to be compared."""
    return (*_model(info), info.data.digest)


def _model(info: RunInfo) -> tuple[object, ...]:
    """All of it but the rows."""
    # Trained weights are a step of their own, on the ladder of those that they came from.
    who = (info.model.name, info.origin or info.model.base_url)
    return (info.task, info.primary, *who, info.seed, info.sampling.get("max_tokens"), info.provenance)
