"""Draws of pairs of scores and costs with a known true ratio, and claims decided on thousands of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
from scipy.special import gammaln, ndtr, ndtri, stdtrit

from dspysota.claims.planning import expected
from dspysota.claims.score import Floats, Noise, Tails, bounded, right_or_wrong, tails
from dspysota.claims.sequential import STAKES

CLAIMED = 0.9
"""The ratio claimed, throughout."""

LEVELS = numpy.array([0.0, 0.25, 0.4, 0.5, 2 / 3, 0.8, 1.0])
"""Scores as F1 gives them."""

HERE, THERE = numpy.array([1.0, 1.0, 0.0, 0.0]), numpy.array([1.0, 0.0, 1.0, 0.0])
"""Scores of the four kinds of pairs: both right, right only here, right only there, both wrong."""

CHUNK = 1_000
"""Runs watched question by question at once."""


def shares(reference_score: float, ratio: float, agreement: float) -> Floats:
    """Of pairs both right, right only here, right only there, both wrong."""
    return expected(reference_score, ratio * reference_score, agreement).counts.astype(float)


def every_table(n: int) -> Floats:
    """All counts of the four kinds of pairs with sum `n`, one a row."""
    a, b, c = (axis.ravel() for axis in numpy.meshgrid(*[numpy.arange(n + 1)] * 3, indexing="ij"))
    fits = a + b + c <= n
    return numpy.column_stack([a[fits], b[fits], c[fits], n - a[fits] - b[fits] - c[fits]]).astype(float)


def chances(counts: Floats, kinds: Floats) -> Floats:
    """Probability of each table."""
    ways = gammaln(counts[0].sum() + 1) - gammaln(counts + 1).sum(axis=1)
    return numpy.asarray(numpy.exp(ways + counts @ numpy.log(numpy.maximum(kinds, 1e-300))))


def judged(counts: Floats, n: int, ratio: float = CLAIMED) -> Tails:
    """The test of right and wrong answers, on many tables."""
    return tails(right_or_wrong(counts.T[:3], n, ratio), n)


def fractional(reference_score: float, ratio: float, agreement: float) -> tuple[Floats, Floats, Floats]:
    """Pairs of fractional scores that occur, and their shares, at a true ratio of at most 1.

    Up to 35% of the reference's scores are between 0 and 1. The run keeps the reference's score in `agreement` of the
    questions and has one of its own in the others; in a share 1 - ratio of either it scores 0.
    """
    middle = numpy.array([0, 0.1, 0.2, 0.3, 0.2, 0.1, 0])
    part = min(0.35, reference_score, 2 * (1 - reference_score))
    theirs = part * middle / middle.sum()
    theirs[-1] += reference_score - theirs @ LEVELS
    theirs[0] += 1 - theirs.sum()
    mine = ratio * theirs
    mine[0] += 1 - ratio
    kept = numpy.diag(ratio * theirs)
    kept[0] += (1 - ratio) * theirs
    joint = (agreement * kept + (1 - agreement) * numpy.outer(mine, theirs)).ravel()
    here, there = (side.ravel() for side in numpy.meshgrid(LEVELS, LEVELS, indexing="ij"))
    occurs = joint > 1e-12
    return here[occurs], there[occurs], joint[occurs] / joint[occurs].sum()


def judged_fractional(values: Floats, weights: Floats, n: int) -> Tails:
    """The test of fractional scores, on many samples of the same values."""
    rows = len(weights)
    return tails(bounded(values, weights, numpy.full(rows, -CLAIMED), numpy.ones(rows)), n)


def students(values: Floats, weights: Floats, n: int, alpha: float = 0.05) -> tuple[Any, Any]:
    """What Student's t test on the same differences says: above zero, below zero."""
    mean = weights @ values
    deviation = numpy.sqrt(numpy.maximum(0.0, weights @ values**2 - mean**2) / (n - 1))
    bound = float(stdtrit(n - 1, 1 - alpha)) * deviation
    return mean > bound + 1e-12, mean < -bound - 1e-12


def seed_runs(generator: numpy.random.Generator, reps: int, n: int, seeds: int, spread: float) -> tuple[Tails, Tails]:
    """Runs of several seeds whose true scores differ with standard deviation `spread`; mean ratio 0.9, reference 0.6.

    The test with the spread between seeds, and without it.
    """
    shifts = generator.normal(0.0, spread, size=(reps, seeds))
    theirs = generator.random((reps, n)) < 0.6
    right, means = numpy.zeros((reps, n), dtype=int), []
    for seed in range(seeds):
        answers = generator.random((reps, n)) < 0.54 + shifts[:, seed : seed + 1]
        right += answers
        means.append(answers.mean(axis=1))
    noise = Noise(numpy.var(means, axis=0, ddof=1) / seeds, seeds - 1.0)
    kinds = [(level, there) for level in range(seeds + 1) for there in (False, True)]
    weights = numpy.column_stack([((right == level) & (theirs == there)).mean(axis=1) for level, there in kinds])
    values = numpy.array([level / seeds - CLAIMED * there for level, there in kinds])
    found = bounded(values, weights, numpy.full(reps, -CLAIMED), numpy.ones(reps))
    return tails(found, n, [noise]), tails(found, n)


def costs(
    generator: numpy.random.Generator, n: int, kind: str, right: Any = None, other_right: Any = None
) -> tuple[Floats, Floats]:
    """Dollars of a run and its reference at a true ratio of 0.05: `tame`, `skewed`, with `retries`, or `hidden` ones.

    A wrong answer costs twice as much as a right one where it is said which were right; the ratio is then not 0.05.
    """
    shared, *own = generator.normal(size=(3, n))
    spread = 1.0 if kind == "skewed" else 0.3
    x, y = (numpy.exp(spread * numpy.sqrt(0.5) * (shared + part) - spread**2 / 2) for part in own)
    if kind == "retries":
        x, y = (side * numpy.where(generator.random(n) < 0.05, 8.0, 1.0) / 1.35 for side in (x, y))
    if kind == "hidden":
        x = x * numpy.where(generator.random(n) < 0.03, 15.0, 1.0) / 1.42
    if right is not None:
        x, y = x * numpy.where(right, 1.0, 2.0), y * numpy.where(other_right, 1.0, 2.0)
    return 0.0005 * x, 0.01 * y


def bca(x: Floats, y: Floats, seed: int, alpha: float = 0.05, resamples: int = 399) -> tuple[float, float]:
    """Bounds of sum(x) / sum(y) by the bias-corrected and accelerated bootstrap, each at error rate alpha.

    B. Efron (1987), "Better bootstrap confidence intervals", J. Amer. Stat. Assoc. 82:171-185.
    """
    rows = numpy.random.default_rng(seed).integers(0, len(x), size=(resamples, len(x)))
    ratio, again = x.sum() / y.sum(), x[rows].sum(axis=1) / y[rows].sum(axis=1)
    influence = x - ratio * y
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    bias = ndtri(numpy.clip((again < ratio).mean(), 0.5 / resamples, 1 - 0.5 / resamples))
    z = bias + ndtri(numpy.array([alpha, 1 - alpha]))
    low, high = numpy.quantile(again, ndtr(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


def paths(generator: numpy.random.Generator, reps: int, n: int, kinds: Floats) -> Iterator[Any]:
    """Kind of pair (0, 1, …) of every question, in chunks of runs.

    `kinds` are the shares: of shape (k,), or (n, k) where they differ from question to question.
    """
    edges = numpy.cumsum(kinds, axis=-1)[..., :-1]
    for start in range(0, reps, CHUNK):
        drawn = generator.random((min(CHUNK, reps - start), n))
        if edges.ndim == 1:
            yield numpy.searchsorted(edges, drawn, side="right").astype(numpy.int8)
        else:
            yield (drawn[..., None] >= edges).sum(axis=-1, dtype=numpy.int8)


def wealths(path: Any, scores: Floats = HERE, reference: Floats = THERE) -> tuple[Any, Any]:
    """Logarithm of the wealth of the bets on PASS and on FAIL after every question, as SequentialTest keeps it.

    `path` as from `paths`, with the scores of each kind of pair. Shape (runs, questions) each.
    """
    g = numpy.array(STAKES)[:, None]
    gains = (g * (scores / CLAIMED - reference), g * (CLAIMED * reference - scores))
    up, down = (
        sum(
            numpy.exp(numpy.minimum(numpy.cumsum(bet[path], axis=1), 80))
            for bet in numpy.log1p(gain).astype(numpy.float32)
        )
        for gain in gains
    )
    return numpy.log(up / len(STAKES)), numpy.log(down / len(STAKES))


def first(wealth: Any, alpha: float) -> Any:
    """Questions after which the wealth first reaches 1 / alpha; a number beyond any run where it never does."""
    if not alpha:
        return numpy.full(len(wealth), NEVER)
    hit = wealth >= -numpy.log(alpha)
    return numpy.where(hit.any(axis=1), hit.argmax(axis=1) + 1, NEVER)


NEVER = 10**9
