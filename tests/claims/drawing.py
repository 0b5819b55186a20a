"""Paired scores and costs drawn at will, and exact error rates by adding up every table there is."""

import numpy
from scipy.stats import multinomial


def right_and_wrong(both, only, reference_only, neither):
    """Scores of a run and a reference with these counts of pairs."""
    mine = [1.0] * both + [1.0] * only + [0.0] * reference_only + [0.0] * neither
    theirs = [1.0] * both + [0.0] * only + [1.0] * reference_only + [0.0] * neither
    return mine, theirs


def tables(n):
    """All (both, only, reference_only, neither) with sum n, one a row."""
    a, b, c = (axis.ravel() for axis in numpy.meshgrid(*[numpy.arange(n + 1)] * 3, indexing="ij"))
    fits = a + b + c <= n
    a, b, c = a[fits], b[fits], c[fits]
    return numpy.column_stack([a, b, c, n - a - b - c])


def boundary(reference_score, ratio, agreement):
    """Shares of the four kinds of pairs when the true ratio is `ratio`."""
    score = ratio * reference_score
    both = score * reference_score + agreement * (min(score, reference_score) - score * reference_score)
    return numpy.array([both, score - both, reference_score - both, 1 - score - reference_score + both])


def chances(counts, shares):
    """Probability of each table."""
    return multinomial.pmf(counts, n=int(counts[0].sum()), p=shares)
