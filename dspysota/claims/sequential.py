"""Deciding a claim while answers come in: a test that may be looked at after every question, and still errs as stated.

For a claimed ratio t, "PASS" is bet on with wealth Π (1 + g (score / t - reference)), "FAIL" with Π (1 - g (score - t
reference)). Were the ratio at most (at least) t, no such bet could be expected to win, so its wealth reaches 1 /
alpha with probability alpha at most, however long one plays (J. Ville 1939; I. Waudby-Smith & A. Ramdas 2024,
"Estimating means of bounded random variables by betting", J. Roy. Stat. Soc. B 86:1-27, arXiv:2010.09686). Scores are
in [0, 1], so wealth stays positive for g < 1. How much to stake depends on what is not known, so the money is split
over four stakes and the sum counts: that never does worse than log 4 of the best of them, and needs no guess from
past questions.

What it rests on: **the order of the questions is fixed before the first answer, at random.** Answers end in another
order, and wrong ones often last; so only the questions up to the first gap in the fixed order count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from dspysota.claims.verdict import Outcome
from dspysota.errors import ConfigError, RunError
from dspysota.stats import Interval

STAKES = (0.08, 0.2, 0.4, 0.8)
"""Shares of the most that may be staked; a quarter of the money goes on each."""

SHARE = 0.2
"""Part of the error rate that is spent on stopping early: 0.01 of 0.05. The test at the end has the rest."""

Stop = Literal["decided", "fail", "pass"]
"""When to stop: at either answer, at a FAIL only (so that a PASS rests on all questions), or at a PASS only."""


class Spending(NamedTuple):
    """Error rates of a PASS and of a FAIL."""

    passed: float
    failed: float


class SequentialTest:
    """Watches pairs of scores in a fixed order, and says when the claim on their ratio is decided.

    ratio     claimed ratio of mean scores
    alphas    error rates of PASS and FAIL, over the whole run
    stop      which of them may end it early
    share     part of the error rates that early ends may use; where a side cannot end early, the end has all of it

    Not for several threads at once. Raises ConfigError for a stop rule, a share or an error rate that makes no sense.

    >>> test = SequentialTest(0.9, (0.05, 0.05))
    >>> for place in range(80):
    ...     decided = test.observe(place, 0.0, 1.0)
    >>> decided, test.outcome.value, test.n
    (True, 'FAIL', 11)
    """

    def __init__(
        self, ratio: float, alphas: tuple[float, float] = (0.05, 0.05), *, stop: Stop = "decided", share: float = SHARE
    ) -> None:
        if not 0 < ratio < math.inf:
            raise ConfigError(f"Ratio {ratio!r} cannot be claimed; it must be a number above 0, such as 0.9.")
        if stop not in get_args(Stop):
            raise ConfigError(f"Stop rule {stop!r} is unknown; valid are {', '.join(get_args(Stop))}.")
        if not 0 < share < 1 or not all(0 < alpha < 1 for alpha in alphas):
            raise ConfigError(
                f"Error rates {alphas!r} with a share of {share!r} for stopping early cannot be spent; "
                "each must lie between 0 and 1."
            )
        self.ratio = ratio
        self.spent = Spending(alphas[0] * share * (stop != "fail"), alphas[1] * share * (stop != "pass"))
        """What early ends may use."""
        self.rest = Spending(alphas[0] - self.spent.passed, alphas[1] - self.spent.failed)
        """What is left for the test on all questions."""
        self.outcome: Outcome | None = None
        """PASS or FAIL as soon as it is decided; it never changes again."""
        self._pairs: list[tuple[float, float]] = []
        self._waiting: dict[int, tuple[float, float]] = {}
        self._up, self._down = [0.0] * len(STAKES), [0.0] * len(STAKES)

    @property
    def n(self) -> int:
        """Questions that count: those up to the first gap, and none after the decision."""
        return len(self._pairs)

    @property
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """The scores that count, in the fixed order."""
        return tuple(self._pairs)

    def observe(self, place: int, score: float, reference_score: float) -> bool:
        """The two scores of the question at `place` (0, 1, …) of the fixed order, in whatever order they come in.

        True when the claim is decided. Raises RunError for a place that was seen, and for a score outside 0..1.
        """
        if place < 0 or place in self._waiting or (place < self.n):
            raise RunError(f"Question {place!r} of the fixed order was observed before, or does not exist.")
        if not (0 <= score <= 1 and 0 <= reference_score <= 1):
            raise RunError(f"Scores {score!r} and {reference_score!r} must lie in 0..1.")
        self._waiting[place] = (float(score), float(reference_score))
        while self.outcome is None and self.n in self._waiting:
            self._count(*self._waiting.pop(self.n))
        return self.outcome is not None

    def p_values(self) -> tuple[float, float]:
        """Anytime-valid p-values of "the ratio exceeds the claimed one" and "falls short of it"."""
        return min(1.0, 1 / _sum(self._up)), min(1.0, 1 / _sum(self._down))

    def interval(self) -> Interval:
        """The ratios not rejected so far: bounds that hold whenever one looks, each at the error rate of its side.

        A side that may not end the run early sets no bound.
        """
        low = _lowest(self._pairs, self.spent.passed)
        high = _lowest([(there, here) for here, there in self._pairs], self.spent.failed)
        return Interval(low, 1 / high if high > 0 else math.inf)

    def _count(self, score: float, reference: float) -> None:
        self._pairs.append((score, reference))
        for place, stake in enumerate(STAKES):
            self._up[place] += math.log1p(stake * (score / self.ratio - reference))
            self._down[place] += math.log1p(stake * (self.ratio * reference - score))
        if self.spent.passed and _sum(self._up) >= 1 / self.spent.passed:
            self.outcome = Outcome.PASS
        elif self.spent.failed and _sum(self._down) >= 1 / self.spent.failed:
            self.outcome = Outcome.FAIL


def _sum(logarithms: Iterable[float]) -> float:
    """Wealth in all; beyond e^700 it does not matter how much."""
    return sum(math.exp(min(one, 700.0)) for one in logarithms) / len(STAKES)


def _lowest(pairs: Sequence[tuple[float, float]], alpha: float) -> float:
    """The largest ratio that a bet on PASS has won against; 0 where none. Searched for on ratio / (1 + ratio)."""
    if not alpha:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        ratio = middle / (1 - middle)
        wealth = _sum(sum(math.log1p(g * (score / ratio - there)) for score, there in pairs) for g in STAKES)
        low, high = (middle, high) if wealth >= 1 / alpha else (low, middle)
    return low / (1 - low)
