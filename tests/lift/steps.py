"""Runs of the steps to an optimized program, made up for tests."""

from dspysota.records import CompileInfo
from tests.factories import make_run

START, INSTRUCTED, WHOLE = "a" * 64, "b" * 64, "c" * 64


def compiled(program, *, instructions=INSTRUCTED, **fields):
    """What preparing took: calls, unless the program is the unprepared one or says otherwise."""
    values = {"program_digest": program, "unprepared_digest": START, "instructions_digest": instructions, **fields}
    return CompileInfo.model_validate(values)


def start(scores, *, adapter="plain", **fields):
    """A run of the unprepared program."""
    return make_run(scores, adapter=adapter, compile=compiled(START, instructions=START), **fields)


def instructed(scores, **fields):
    """A run of the optimized program without its demonstrations."""
    approach = "mipro:instructions"
    return make_run(scores, approach=approach, compile=compiled(INSTRUCTED, calls=9), **fields)


def optimized(scores, *, program_digest=WHOLE, instructions=INSTRUCTED, chosen=None, **fields):
    """A run of an optimized program; `chosen` is its (validation score, validation rows, candidates)."""
    score, rows, candidates = chosen or (None, 0, 0)
    info = compiled(
        program_digest,
        instructions=instructions,
        calls=9,
        validation_score=score,
        validation_rows=rows,
        candidates=candidates,
    )
    return make_run(scores, **{"approach": "mipro", "compile": info, **fields})


def right(n, of=40):
    """Scores of `of` rows, the first `n` of them right."""
    return [1.0] * n + [0.0] * (of - n)


def all_steps(**fields):
    """A run of each of four steps, the optimized one last."""
    return [start(right(4), adapter="chat"), start(right(12)), instructed(right(16)), optimized(right(30), **fields)]
