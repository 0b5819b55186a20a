"""The tables of docs/statistics.md on stopping early."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy

from benchmarks import claim_draws as draws
from benchmarks.claim_tables import SCORES, Row, Table, error, percent, seeded
from dspysota.claims.cost import ratio_of_sums
from dspysota.claims.score import Floats
from dspysota.claims.sequential import SequentialTest, Stop


def tables(reps: int) -> list[Table]:
    """All of them; `reps` runs are drawn for each row, fewer where one takes long, and the text says how many."""
    return [boundary(reps), watched(reps), saved(reps), orders(reps), priced(reps)]


def boundary(reps: int) -> Table:
    """Errors of the sequential rules at the boundary."""
    cells = [(p, a) for p in SCORES for a in (0.3, 0.6)]
    return Table(
        "The sequential rules, at the boundary",
        "True ratio 0.9, at most 1,319 questions: the early end and the test at the end together, for each stop rule. "
        f"{reps:,} draws a row ({error(reps)} points).",
        ["reference", "agreement", *(f"{rule}: {side}" for rule in RULES for side in ("PASS", "FAIL"))],
        [partial(_boundary, reps, *cell) for cell in cells],
    )


RULES: tuple[Stop, ...] = ("decided", "fail", "pass")


def _boundary(reps: int, score: float, agreement: float) -> Row:
    kinds = draws.shares(score, draws.CLAIMED, agreement)
    wrong = numpy.zeros(2 * len(RULES))
    for path in draws.paths(seeded(score, agreement), reps, 1319, kinds):
        wrong += _wrong(path)
    return [f"{score:g}", f"{agreement:g}", *map(percent, wrong / reps)]


def watched(reps: int) -> Table:
    """Errors of the sequential rules on fractional scores."""
    few = max(1, reps // 4)
    cells = [(p, a) for p in SCORES for a in (0.3, 0.95)]
    return Table(
        "The sequential rules on fractional scores, at the boundary",
        f"The same for scores such as F1 gives them; {few:,} draws a row ({error(few)} points).",
        ["reference", "agreement", *(f"{rule}: {side}" for rule in RULES for side in ("PASS", "FAIL"))],
        [partial(_watched, few, *cell) for cell in cells],
    )


def _watched(reps: int, score: float, agreement: float) -> Row:
    here, there, kinds = draws.fractional(score, draws.CLAIMED, agreement)
    wrong = numpy.zeros(2 * len(RULES))
    for path in draws.paths(seeded(score, agreement), reps, 1319, kinds):
        wrong += _wrong(path, here, there)
    return [f"{score:g}", f"{agreement:g}", *map(percent, wrong / reps)]


def _wrong(path: Any, here: Floats = draws.HERE, there: Floats = draws.THERE) -> list[int]:
    """How many runs end in PASS, and in FAIL, by each rule."""
    wealth = draws.wealths(path, here, there)
    n = path.shape[1]
    counts = numpy.stack([(path == kind).sum(axis=1) for kind in range(len(here))], axis=1).astype(float)
    binary = len(here) == len(draws.HERE)
    end = draws.judged(counts, n) if binary else draws.judged_fractional(here - draws.CLAIMED * there, counts / n, n)
    found = []
    for rule in RULES:
        test = SequentialTest(draws.CLAIMED, stop=rule)
        up, down = (draws.first(side, alpha) for side, alpha in zip(wealth, test.spent, strict=True))
        late = numpy.minimum(up, down) > n
        found.append(int(((up < down) | (late & (end.above <= test.rest.passed))).sum()))
        found.append(int(((down < up) | (late & (end.below <= test.rest.failed))).sum()))
    return found


def saved(reps: int) -> Table:
    """Questions saved when the answer is clear."""
    few = max(1, reps // 8)
    ratios = (0.6, 0.7, 0.75, 0.95, 1.0, 1.1, 1.2)
    cells = [(p, r, a) for p in (0.55, 0.8) for r in ratios if r * p < 1 for a in (0.3, 0.6)]
    return Table(
        "Questions saved",
        f"Of 1,319, by the rule *decided*; {few:,} draws a row. *Early*: percent of runs that ended before the last "
        "question; PASS and FAIL count the test at the end, too.",
        ["reference", "true ratio", "agreement", "mean questions", "saved %", "early", "PASS", "FAIL"],
        [partial(_saved, few, *cell) for cell in cells],
    )


def _saved(reps: int, score: float, ratio: float, agreement: float) -> Row:
    test, asked, ended = SequentialTest(draws.CLAIMED), 0.0, 0
    verdicts = numpy.zeros(2 * len(RULES))
    for path in draws.paths(seeded(score, ratio, agreement), reps, 1319, draws.shares(score, ratio, agreement)):
        wealth = draws.wealths(path)
        firsts = numpy.minimum(*(draws.first(side, alpha) for side, alpha in zip(wealth, test.spent, strict=True)))
        asked += float(numpy.minimum(firsts, 1319).sum())
        ended += int((firsts < 1319).sum())
        verdicts += _wrong(path)
    mean = asked / reps
    shown = (1 - mean / 1319, ended / reps, verdicts[0] / reps, verdicts[1] / reps)
    return [f"{score:g}", f"{ratio:g}", f"{agreement:g}", f"{mean:,.0f}", *(f"{100 * one:.1f}" for one in shown)]


def orders(reps: int) -> Table:
    """Errors when questions come in other orders."""
    few = max(1, reps // 4)
    return Table(
        "The order of the questions",
        "True ratio 0.9 over 1,319 questions, half of them easy for the run (ratio 1.15) and half hard (0.65); rule "
        f"*decided*, {few:,} draws a row ({error(few)} points). The first line is what the test does, whatever order "
        "the answers end in, since it counts up to the first gap; the others show why. In the last, wrong answers take "
        "60 questions longer than right ones.",
        ["order", "wrong PASS", "wrong FAIL"],
        [partial(_order, few, order) for order in ORDERS],
    )


ORDERS = (
    "drawn at random, fixed before the first answer",
    "easy ones first",
    "drawn at random, counted as answers end",
)


def _order(reps: int, order: str) -> Row:
    generator, wrong = seeded(len(order)), numpy.zeros(2)
    # Both kinds have a reference of 0.6; the run's right answers are independent of the reference's.
    scores = (0.69, (0.54 * 1319 - 0.69 * 660) / 659)
    easy, hard = (numpy.array([p * 0.6, p * 0.4, (1 - p) * 0.6, (1 - p) * 0.4]) for p in scores)
    rows = numpy.where((numpy.arange(1319) < 660)[:, None], easy, hard)
    for path in draws.paths(generator, reps, 1319, rows):
        if order != ORDERS[1]:
            path = generator.permuted(path, axis=1)
        if order == ORDERS[2]:
            late = numpy.arange(1319) + 60 * (path >= 2) + generator.random(path.shape)
            path = numpy.take_along_axis(path, late.argsort(axis=1), axis=1)
        wrong += _wrong(path)[:2]
    return [order, *map(percent, wrong / reps)]


def priced(reps: int) -> Table:
    """Errors of the test of costs after an early end that the scores decided."""
    few = max(1, reps // 20)
    return Table(
        "Costs after an early end",
        "The quality (true ratio 1.1, reference 0.8) ends the run early, and the costs up to there are tested at their "
        "true ratio, with what the early end left: 0.04 of 0.05. Wrong answers cost twice as much as right ones, so "
        "costs and the end are not independent. "
        f"{few:,} draws a row ({error(few)} points).",
        ["agreement", "wrong PASS", "wrong FAIL"],
        [partial(_priced, few, agreement) for agreement in (0.3, 0.6)],
    )


def _priced(reps: int, agreement: float) -> Row:
    generator, wrong, test = seeded(agreement), numpy.zeros(2), SequentialTest(draws.CLAIMED)
    kinds = draws.shares(0.8, 1.1, agreement)
    true = 0.05 * (2 - 0.88) / (2 - 0.8)
    for path in draws.paths(generator, reps, 1319, kinds):
        ends = draws.first(draws.wealths(path)[0], test.spent.passed)
        for rep, (run, end) in enumerate(zip(path, numpy.minimum(ends, 1319), strict=True)):
            seen = run[: int(end)]
            pair = draws.costs(generator, len(seen), "tame", seen < 2, (seen == 0) | (seen == 2))
            found = ratio_of_sums(*pair, seed=rep, resamples=399)
            wrong += [found.below(true) <= test.rest.passed, found.above(true) <= test.rest.failed]
    return [f"{agreement:g}", *map(percent, wrong / reps)]
