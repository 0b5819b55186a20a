"""Several seeds: what the choice of seeds adds to the uncertainty of a mean score.

Scores of K seeds on the same n examples form a table, and a mean over it varies for two reasons that cross: other
examples might have been drawn, and other seeds. Clustering by example alone (E. Miller 2024, "Adding error bars to
evals", arXiv:2411.00640) counts the seeds as repeated answers and leaves out that a seed shifts all its answers
together. So the variance is taken both ways (A. C. Cameron, J. B. Gelbach & D. L. Miller 2011, "Robust inference with
multiway clustering", J. Bus. Econ. Stat. 29:238-249):

    Var(mean) = Var(example means) / n + Var(seed means) / K

Their formula subtracts the variance of single cells / (nK), which both terms hold; it is left in, to err on the safe
side. With few seeds the second term is itself uncertain: it has K - 1 degrees of freedom, and the two are combined by
Banerjee's rule (`dspysota.claims.score`), which never errs too often. The price is power: two seeds decide little,
three or more do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from dspysota.claims.score import Noise


def seed_noise(table: Sequence[Sequence[float]]) -> Noise | None:
    """Variance of the grand mean that seeds explain, of a table with one row a seed; one seed says nothing: None."""
    if len(table) < 2:
        return None
    means = numpy.asarray(table, dtype=float).mean(axis=1)
    return Noise(float(means.var(ddof=1)) / len(means), float(len(means) - 1))


def example_means(table: Sequence[Sequence[float]]) -> list[float]:
    """Mean over seeds of each example's value, of a table with one row a seed."""
    return [float(value) for value in numpy.asarray(table, dtype=float).mean(axis=0)]
