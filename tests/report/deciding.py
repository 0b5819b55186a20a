"""Runs with a claim on the first of them, and what a test made of it."""

from dspysota import Claim
from dspysota.records import ReferenceCell
from dspysota.report.meta import Decision, ReportMeta, Terms
from tests.factories import make_run

SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
CELL = ReferenceCell(task="gsm8k", model=LARGE, program="cot", approach="zero_shot", adapter="plain")
TERMS = Terms(reference=CELL, quality=0.9)
TEST = "evals/test_comparison.py::test_claim"


def decided(right, *, rows=100, outcome="failed", policy="baseline", **fields):
    """Two runs, and what a test made of the claim on the first."""
    run = make_run([1.0] * right + [0.0] * (rows - right), approach="bootstrap")
    reference = make_run([1.0] * rows, model_name=LARGE, **fields)
    verdict = Claim(quality=0.9).judge(run.vs(reference, policy=policy))
    meta = ReportMeta(
        command="pytest evals",
        title="Small against large",
        verdicts=(Decision(test=TEST, verdict=verdict, outcome=outcome),),
        terms=(TERMS,),
    )
    return [run, reference], meta


def seeded(scores, seeds, **fields):
    return [make_run(scores, key=f"{fields}-{seed}", seed=seed, own_seed=seed > 0, **fields) for seed in seeds]
