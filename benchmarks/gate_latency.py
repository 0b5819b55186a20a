"""How often two runs of an unchanged setup seem to differ in a percentile of seconds, by two methods.

`python benchmarks/gate_latency.py`: a line for each number of questions and percentile, with the share of comparisons
whose 95% interval of the ratio lies above 1, and below it. 2.5% are allowed on either side. Seconds are lognormal, four
fifths of their variance that of the question and the same in both runs.
"""

from __future__ import annotations

import argparse
import math

import numpy

from dspysota.gate.intervals import of_percentiles
from dspysota.stats import Interval

RESAMPLES = 999


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description="Error rates of intervals of ratios of percentiles.")
    arguments.add_argument("--comparisons", type=int, default=1_000, help="of each line; default 1,000")
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    generator = numpy.random.default_rng(options.seed)
    print("  n  percentile  bootstrap above  below  permutation above  below")
    for n in (10, 40, 100):
        for q in (50, 95):
            pairs = [drawn(n, generator) for _ in range(options.comparisons)]
            rates = [
                share(outside)
                for found in ([resampled(*pair, q, generator) for pair in pairs], [exact(*pair, q) for pair in pairs])
                for outside in ([one.low > 1 for one in found], [one.high < 1 for one in found])
            ]
            print(f"{n:3}  {q:10}  {rates[0]:15}  {rates[1]:5}  {rates[2]:17}  {rates[3]:5}", flush=True)


def drawn(n: int, generator: numpy.random.Generator) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Seconds of two runs on the same n questions."""
    shared = 0.4 * math.sqrt(0.8) * generator.normal(size=n)
    one, other = (numpy.exp(shared + 0.4 * math.sqrt(0.2) * generator.normal(size=n)) for _ in range(2))
    return one, other


def resampled(now: numpy.ndarray, then: numpy.ndarray, q: float, generator: numpy.random.Generator) -> Interval:
    """The percentile bootstrap, pairs resampled together."""
    rows = generator.integers(0, len(now), size=(RESAMPLES, len(now)))
    ratios = numpy.percentile(now[rows], q, axis=1) / numpy.percentile(then[rows], q, axis=1)
    low, high = numpy.percentile(ratios, [2.5, 97.5])
    return Interval(float(low), float(high))


def exact(now: numpy.ndarray, then: numpy.ndarray, q: float) -> Interval:
    """What the gate takes."""
    found = of_percentiles(now.tolist(), then.tolist(), q)
    assert found is not None
    return found


def share(outside: list[bool]) -> str:
    """In percent."""
    return f"{100 * sum(outside) / len(outside):.1f}%"


if __name__ == "__main__":
    main()
