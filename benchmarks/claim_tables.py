"""The tables of docs/statistics.md on whole runs: each row is a task that can run in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy
from scipy.stats import norm

from benchmarks import claim_draws as draws
from dspysota.claims.cost import ratio_of_sums

SIZES = (50, 100, 300, 1319)
SCORES = (0.2, 0.55, 0.8, 0.93)
Row = list[str]


@dataclass(frozen=True)
class Table:
    """A heading, what it shows, its columns, and one task a row."""

    title: str
    text: str
    columns: Sequence[str]
    tasks: Sequence[Callable[[], Row]]


def tables(reps: int) -> list[Table]:
    """All of them; `reps` runs are drawn for each row, fewer where one takes long, and the text says how many."""
    return [right_and_wrong(reps), others(), fractional(reps), coverage(reps), power(reps), seeds(reps), costs(reps)]


def error(n: int, p: float = 0.05) -> str:
    """Two standard errors of a simulated rate, in percentage points."""
    return f"±{200 * (p * (1 - p) / n) ** 0.5:.2f}"


def right_and_wrong(reps: int) -> Table:
    """Errors of the test of right and wrong answers."""
    cells = [(n, p, a) for n in SIZES for p in SCORES for a in (0.3, 0.6, 0.95)]
    return Table(
        "Right and wrong answers, at the boundary",
        "Error rates in percent at a true ratio of 0.9, nominal 5. For 50 and 100 questions every possible outcome is "
        f"added up: no sampling error. For more, {reps:,} draws a row ({error(reps)} points). *Plain*: the statistic "
        "of Nam & Blackwelder with normal quantiles; *t*: Student's t on the differences.",
        ["n", "reference", "agreement", "wrong PASS", "wrong FAIL", "plain PASS", "plain FAIL", "t PASS", "t FAIL"],
        [partial(_right_and_wrong, reps, *cell) for cell in cells],
    )


def _right_and_wrong(reps: int, n: int, score: float, agreement: float) -> Row:
    kinds = draws.shares(score, draws.CLAIMED, agreement)
    if n <= 100:
        counts = draws.every_table(n)
        weight = draws.chances(counts, kinds)
    else:
        counts = seeded(n, score, agreement).multinomial(n, kinds, size=reps).astype(float)
        weight = numpy.full(reps, 1 / reps)
    found = draws.judged(counts, n)
    plain = norm.isf(0.05)
    t = draws.students(numpy.array([1 - draws.CLAIMED, 1.0, -draws.CLAIMED, 0.0]), counts / n, n)
    wrong = [found.above <= 0.05, found.below <= 0.05, found.statistic > plain, found.statistic < -plain, *t]
    return [f"{n:,}", f"{score:g}", f"{agreement:g}", *(percent(weight[one].sum()) for one in wrong)]


def others() -> Table:
    """The worst errors at other claimed ratios and any reference."""
    return Table(
        "Other claims, at their boundaries",
        "The worst of references from 0.05 to 0.999 and agreements of 0, 0.3, 0.6 and 0.95, every outcome added up; "
        "and the worst of references from 0.2 to 0.93 among them.",
        ["n", "claimed", "wrong PASS", "wrong FAIL", "PASS, 0.2 to 0.93", "FAIL, 0.2 to 0.93"],
        [partial(_others, n, ratio) for n in (10, 20, 50, 100) for ratio in (0.8, 0.9, 0.95, 1.0)],
    )


def _others(n: int, ratio: float) -> Row:
    counts = draws.every_table(n)
    found = draws.judged(counts, n, ratio)
    wrong = numpy.stack([found.above <= 0.05, found.below <= 0.05], axis=1).astype(float)
    scores = (0.05, 0.1, 0.2, 0.4, 0.55, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98, 0.99, 0.999)
    cells = [(score, agreement) for score in scores for agreement in (0.0, 0.3, 0.6, 0.95)]
    rates = numpy.array([draws.chances(counts, draws.shares(p, ratio, a)) @ wrong for p, a in cells])
    usual = numpy.array([0.2 <= p <= 0.93 for p, _ in cells])
    return [f"{n:,}", f"{ratio:g}", *map(percent, (*rates.max(axis=0), *rates[usual].max(axis=0)))]


def fractional(reps: int) -> Table:
    """Errors of the test of fractional scores."""
    half = reps // 2
    cells = [(n, p, a) for n in SIZES for p in SCORES for a in (0.3, 0.95)]
    return Table(
        "Fractional scores, at the boundary",
        f"The same for scores such as F1 gives them; {half:,} draws a row ({error(half)} points).",
        ["n", "reference", "agreement", "wrong PASS", "wrong FAIL", "t PASS", "t FAIL"],
        [partial(_fractional, half, *cell) for cell in cells],
    )


def _fractional(reps: int, n: int, score: float, agreement: float) -> Row:
    here, there, kinds = draws.fractional(score, draws.CLAIMED, agreement)
    values, wrong = here - draws.CLAIMED * there, numpy.zeros(4)
    parts, generator = max(1, reps // 5_000), seeded(n, score, agreement)
    for _ in range(parts):
        weights = generator.multinomial(n, kinds, size=reps // parts) / n
        found = draws.judged_fractional(values, weights, n)
        t = draws.students(values, weights, n)
        wrong += [numpy.mean(one) / parts for one in (found.above <= 0.05, found.below <= 0.05, *t)]
    return [f"{n:,}", f"{score:g}", f"{agreement:g}", *map(percent, wrong)]


def coverage(reps: int) -> Table:
    """How often 95% intervals hold the true ratio."""
    cells = [(n, p, r) for n in SIZES for p in SCORES for r in (0.7, 0.95, 1.05)]
    return Table(
        "Coverage of the interval",
        f"Percent of {reps:,} draws whose 95% interval holds the true ratio ({error(reps, 0.025)} points a side), "
        "agreement 0.6. An interval holds a ratio exactly when neither side of the test rejects it, nor one between it "
        "and the observed ratio.",
        ["n", "reference", "true ratio", "coverage", "too high", "too low"],
        [partial(_coverage, reps, *cell) for cell in cells],
    )


def _coverage(reps: int, n: int, score: float, ratio: float) -> Row:
    counts = seeded(n, score, ratio).multinomial(n, draws.shares(score, ratio, 0.6), size=reps).astype(float)
    found = draws.judged(counts, n, ratio)
    high, low = (found.above <= 0.025).mean(), (found.below <= 0.025).mean()
    return [f"{n:,}", f"{score:g}", f"{ratio:g}", *map(percent, (1 - high - low, high, low))]


def power(reps: int) -> Table:
    """Power where (z_α + z_β)² σ² / δ² promises 80%, and on all of GSM8K."""
    sizes = [(0.55, 0.95, 2641, 1603), (0.55, 1.0, 643, 370), (0.8, 0.92, 5903, 3984), (0.8, 0.95, 889, 572),
             (0.8, 1.0, 197, 113), (0.93, 0.95, 350, 255), (0.93, 1.0, 60, 34)]  # fmt: skip
    cells = [(p, r, a, n) for p, r, low, high in sizes for a, n in ((0.3, low), (0.6, high))]
    cells += [(p, r, a, 1319) for p, r in ((0.55, 0.95), (0.8, 0.95), (0.93, 0.95)) for a in (0.3, 0.6)]
    return Table(
        "Power",
        "Percent of PASS when the claim is 0.9 and the true ratio higher. Sample sizes other than 1,319 are those for "
        "80% power by (z_α + z_β)² σ² / δ², a formula that knows nothing of this test: what is missing is what it "
        f"takes to hold 5% with few questions and a reference that is nearly always right. {reps:,} draws a row.",
        ["reference", "true ratio", "agreement", "n", "power"],
        [partial(_power, reps, *cell) for cell in cells],
    )


def _power(reps: int, score: float, ratio: float, agreement: float, n: int) -> Row:
    counts = seeded(n, score, ratio).multinomial(n, draws.shares(score, ratio, agreement), size=reps)
    power = (draws.judged(counts.astype(float), n).above <= 0.05).mean()
    return [f"{score:g}", f"{ratio:g}", f"{agreement:g}", f"{n:,}", percent(power)]


def seeds(reps: int) -> Table:
    """Errors with several compile seeds."""
    few = max(1, reps // 8)
    cells = [(k, s) for k in (2, 3, 5) for s in (0.0, 0.01, 0.03, 0.06)]
    return Table(
        "Several seeds, at the boundary",
        "Programs whose true scores differ by seed with the standard deviation given, on average at a ratio of 0.9; "
        f"400 questions, {few:,} draws a row ({error(few)} points). *Examples only*: clustered by question, as if "
        "seeds were repeated answers.",
        ["seeds", "spread", "wrong PASS", "wrong FAIL", "examples only PASS", "examples only FAIL"],
        [partial(_seeds, few, *cell) for cell in cells],
    )


def _seeds(reps: int, count: int, spread: float) -> Row:
    generator, wrong = seeded(count, spread), numpy.zeros(4)
    parts = max(1, reps // 2_500)
    for _ in range(parts):
        both, examples = draws.seed_runs(generator, reps // parts, 400, count, spread)
        wrong += [(one <= 0.05).mean() / parts for one in (both.above, both.below, examples.above, examples.below)]
    return [str(count), f"{spread:g}", *map(percent, wrong)]


def costs(reps: int) -> Table:
    """Errors of the test of costs."""
    few = max(1, reps // 40)
    cells = [(n, kind) for n in (10, 30, 100, 300) for kind in ("tame", "skewed", "retries", "hidden")]
    return Table(
        "Costs, at the boundary",
        f"True ratio 0.05; 399 resamples instead of 9,999, {few:,} draws a row ({error(few)} points). *Tame* and "
        "*skewed* are log-normal (σ 0.3 and 1); with *retries*, 5% of the questions of either side cost eight times as "
        "much; with *hidden* ones, 3% of the run's alone cost fifteen times as much.",
        ["n", "costs", "wrong PASS", "wrong FAIL", "BCa PASS", "BCa FAIL"],
        [partial(_costs, few, *cell) for cell in cells],
    )


def _costs(reps: int, n: int, kind: str) -> Row:
    generator, wrong = seeded(n, *kind.encode()), numpy.zeros(4)
    for rep in range(reps):
        pair = draws.costs(generator, n, kind)
        found = ratio_of_sums(*pair, seed=rep, resamples=399)
        low, high = draws.bca(*pair, seed=rep)
        wrong += [found.below(0.05) <= 0.05, found.above(0.05) <= 0.05, high < 0.05, low > 0.05]
    return [f"{n:,}", kind, *map(percent, wrong / reps)]


def seeded(*seed: float) -> numpy.random.Generator:
    """Draws that a row alone has, and has again next time."""
    return numpy.random.default_rng([round(1000 * part) for part in seed])


def percent(share: float) -> str:
    """With two digits."""
    return f"{100 * share:.2f}"
