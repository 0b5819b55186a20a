import numpy
import pytest

from dspysota import Claim, Outcome, Published
from dspysota.claims.ratio import paired_ratio_interval, paired_ratio_test
from dspysota.errors import ConfigError, RunError
from dspysota.records import Failure, Run, Training
from tests.claims.drawing import right_and_wrong
from tests.factories import make_case, make_data, make_run

SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
CHEAP, DEAR = 0.0004, 0.01


def two_runs(both, only, there, neither, **fields):
    """A small model's run and a large one's, with these counts of pairs."""
    mine, theirs = right_and_wrong(both, only, there, neither)
    return make_run(mine, model_name=SMALL, **fields), make_run(theirs, model_name=LARGE, **fields)


def at(cheap, dear=DEAR):
    """Costs by the name of the model, a little uneven."""
    price = {SMALL: cheap, LARGE: dear}
    return lambda run: [price[run.info.model.name] * (1 + 0.2 * (i % 3 - 1)) for i in range(len(run.cases))]


def test_a_run_that_is_clearly_as_good_passes():
    """The comparison is a verdict, and true."""
    run, reference = two_runs(160, 20, 20, 0)
    verdict = run.vs(reference) >= Claim(quality=0.85)
    assert verdict
    assert verdict.outcome is Outcome.PASS
    assert verdict.reference == reference.name


def test_a_run_that_is_clearly_worse_fails():
    """FAIL is a finding of its own, not the lack of a PASS."""
    run, reference = two_runs(60, 5, 100, 35)
    verdict = run.vs(reference) >= Claim(quality=0.9)
    assert not verdict
    assert verdict.outcome is Outcome.FAIL


def test_a_run_too_short_to_tell_is_inconclusive_and_says_how_many_more():
    """Not true, and not a FAIL either; the number of examples missing is that of the power calculation."""
    run, reference = two_runs(20, 4, 4, 2)
    verdict = run.vs(reference) >= Claim(quality=0.9)
    assert not verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.more is not None
    assert 100 < verdict.more < 400
    assert "more examples would probably settle it" in str(verdict)


def test_a_run_at_the_margin_is_not_settled_by_more_examples():
    """An observed ratio of exactly the one claimed asks for no more examples, and says so."""
    run, reference = two_runs(90, 0, 10, 0)
    verdict = Claim(quality=0.9).judge(run.vs(reference))
    assert (verdict.outcome, verdict.more) == (Outcome.INCONCLUSIVE, None)
    assert "a hundred times as many examples would probably not settle it" in str(verdict)


def test_a_criterion_is_the_test_and_the_interval_of_the_paired_scores():
    """Estimate, interval and p-values are those of the statistics; nothing is added in between."""
    run, reference = two_runs(60, 12, 20, 8)
    [criterion] = Claim(quality=0.9, alpha=0.1).judge(run.vs(reference)).criteria
    test = paired_ratio_test(run.scores(), reference.scores(), 0.9)
    assert (criterion.value, criterion.reference_value) == (0.72, 0.8)
    assert criterion.ratio == pytest.approx(0.9)
    assert (criterion.p_pass, criterion.p_fail) == (test.above, test.below)
    assert criterion.interval == paired_ratio_interval(run.scores(), reference.scores(), 0.1, 0.1)
    assert criterion.n == 100


def test_examples_are_paired_by_id_whatever_their_order():
    """The reference answered the same examples in another order."""
    run, reference = two_runs(60, 12, 20, 8)
    turned = Run(info=reference.info, cases=reference.cases[::-1])
    claim = Claim(quality=0.9)
    assert claim.judge(run.vs(turned)).criteria == claim.judge(run.vs(reference)).criteria


def test_another_metric_can_be_claimed():
    """By its name; fractional scores are judged, too."""
    draw = numpy.random.default_rng(0)
    levels = [0.0, 0.4, 0.5, 2 / 3, 1.0]
    mine, theirs = ([float(x) for x in draw.choice(levels, 200)] for _ in "ab")
    run, reference = (make_run(scores, task="hotpotqa") for scores in (mine, theirs))
    [criterion] = Claim(quality=0.5, metric="em").judge(run.vs(reference)).criteria
    assert criterion.unit == "em"
    [criterion] = Claim(quality=0.5).judge(run.vs(reference)).criteria
    assert (criterion.unit, criterion.outcome) == ("f1", Outcome.PASS)
    with pytest.raises(ConfigError, match="exact_match, strict_match, flexible_match"):
        Claim(quality=0.9, metric="f1").judge(make_run().vs(make_run()))


def test_errors_count_as_zero_and_are_named():
    """Questions without any answer lower the ratio, and the verdict says how many there were."""
    run, reference = two_runs(160, 20, 20, 0)
    broken = [make_case(f"q{i}", 1.0, failure=Failure.TIMEOUT) for i in range(100)]
    worse = Run(info=run.info, cases=(*broken, *run.cases[100:]))
    verdict = Claim(quality=0.85).judge(worse.vs(reference))
    assert verdict.outcome is Outcome.FAIL
    assert f"100 of 200 questions of {run.name} brought no answer and count as zero." in verdict.notes


def test_a_claim_passes_only_when_all_its_criteria_do():
    """Quality and cost, each in three states: PASS needs both, FAIL one."""
    good, bad, unclear = (160, 20, 20, 0), (60, 5, 100, 35), (160, 5, 20, 15)
    found = {}
    for name, counts in (("good", good), ("bad", bad), ("unclear", unclear)):
        run, reference = two_runs(*counts)
        for cost, cheap in (("cheap", 0.0004), ("dear", 0.002), ("near", 0.0005)):
            verdict = run.vs(reference, costs=at(cheap)) >= Claim(quality=0.9, cost=0.05)
            found[name, cost] = verdict.outcome.value
    assert found == {
        ("good", "cheap"): "PASS",
        ("good", "dear"): "FAIL",
        ("good", "near"): "INCONCLUSIVE",
        ("bad", "cheap"): "FAIL",
        ("bad", "dear"): "FAIL",
        ("bad", "near"): "FAIL",
        ("unclear", "cheap"): "INCONCLUSIVE",
        ("unclear", "dear"): "FAIL",
        ("unclear", "near"): "INCONCLUSIVE",
    }


def test_with_two_criteria_each_may_fail_half_as_often():
    """A true claim of two criteria has two ways to fail; PASS keeps the full error rate."""
    run, reference = two_runs(60, 5, 22, 13)
    alone = Claim(quality=0.9).judge(run.vs(reference)).criteria[0]
    paired = Claim(quality=0.9, cost=0.05).judge(run.vs(reference, costs=at(CHEAP))).criteria[0]
    assert paired.interval is not None
    assert alone.interval is not None
    assert paired.interval.low == alone.interval.low
    assert paired.interval.high > alone.interval.high
    assert 0.025 < (alone.p_fail or 0) <= 0.05
    assert (alone.outcome, paired.outcome) == (Outcome.FAIL, Outcome.INCONCLUSIVE)


def test_costs_come_by_the_runs_key_too():
    """A mapping from keys to dollars does what a function does."""
    run, reference = two_runs(160, 20, 20, 0)
    by_key = {one.info.key: at(CHEAP)(one) for one in (run, reference)}
    claim = Claim(cost=0.05)
    assert claim.judge(run.vs(reference, costs=by_key)) == claim.judge(run.vs(reference, costs=at(CHEAP)))


@pytest.mark.parametrize(
    "costs, message",
    [
        (None, "what .* cost is unknown, which is not nothing"),
        ({}, "what .* cost is unknown"),
        (lambda run: [None, *[0.1] * (len(run.cases) - 1)], "what 1 of 200 questions of .* cost is unknown"),
        (lambda run: [float("nan")] * len(run.cases), "what 200 of 200 questions"),
        (lambda run: [0.1], "200 cases, but 1 costs"),
        (lambda run: [-0.1] * len(run.cases), "-0.1 is no cost"),
    ],
)
def test_a_cost_that_is_unknown_is_refused_and_never_nothing(costs, message):
    """The claim names a cost, so it cannot be judged without; a claim without one does not ask."""
    run, reference = two_runs(160, 20, 20, 0)
    with pytest.raises(RunError, match=message):
        Claim(quality=0.9, cost=0.05).judge(run.vs(reference, costs=costs))
    assert Claim(quality=0.85).judge(run.vs(reference, costs=costs))


def test_other_examples_are_refused_with_their_names():
    """Scores of different questions are no pairs."""
    run, reference = make_run([1.0] * 5), make_run([1.0] * 3)
    with pytest.raises(RunError, match=r"2 \(q3, q4\) only in the first, none only in the second"):
        Claim(quality=0.9).judge(run.vs(reference))


def test_other_data_under_the_same_ids_are_refused():
    """The digest tells what the ids do not."""
    run = make_run([1.0] * 4)
    data = make_data("gsm8k", rows=4).model_copy(update={"digest": "ab" * 32})
    other = make_run([1.0] * 4, data=data)
    with pytest.raises(RunError, match=r"different data under the same ids: sha256 .*… .* and abababababab…"):
        Claim(quality=0.9).judge(run.vs(other))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda run: run.vs(make_run([1.0] * 4, task="hotpotqa")), "different tasks: gsm8k and hotpotqa"),
        (lambda run: run.vs(make_run([])), "no cases"),
        (lambda run: run.vs([]), "there is none"),
        (lambda run: run.vs(run, seeds=[make_run([1.0] * 4, seed=1, approach="few_shot")]), "approaches differ"),
        (lambda run: run.vs(run, seeds=[make_run([1.0] * 4, seed=1, model_name=LARGE)]), "models differ"),
        (lambda run: run.vs(run, seeds=[make_run([1.0] * 4)]), "must differ by seed"),
        (lambda run: Run(info=run.info, cases=run.cases[:1] * 2).vs(run), "'q0' twice"),
    ],
    ids=["task", "empty", "no reference", "approach", "model", "seed", "twice"],
)
def test_what_cannot_be_compared_is_refused(make, message):
    """One sentence, naming the difference."""
    with pytest.raises(RunError, match=message):
        Claim(quality=0.9).judge(make(make_run([1.0] * 4)))


def test_a_published_reference_is_quoted_and_never_passed():
    """However far above: there is nothing to pair with."""
    published = Published(name="Llama-3-70B-Instruct, 8-shot", metric="exact_match", score=0.93, source="model card")
    verdict = make_run([1.0] * 100).vs(published) >= Claim(quality=0.5, cost=0.05)
    assert not verdict
    assert verdict.outcome is Outcome.DESCRIPTIVE
    assert verdict.criteria[0].ratio == pytest.approx(1 / 0.93)
    assert (verdict.criteria[0].interval, verdict.criteria[0].p_pass) == (None, None)
    assert "model card" in str(verdict)
    assert "PASS" not in str(verdict)


def test_a_published_number_of_another_metric_has_no_ratio():
    """An F1 is not measured against an accuracy."""
    published = Published(name="any", metric="f1", score=0.7, source="table 2")
    with pytest.raises(RunError, match="scored by exact_match, the published any by f1"):
        Claim(quality=0.9).judge(make_run().vs(published))


def test_a_run_marked_published_is_never_passed_either():
    """Whoever has cases of a published run may see its ratio; it was still not measured by this harness."""
    run, reference = two_runs(160, 20, 20, 0)
    foreign = reference.model_copy(update={"info": reference.info.model_copy(update={"provenance": "published"})})
    verdict = run.vs(foreign) >= Claim(quality=0.5)
    assert verdict.outcome is Outcome.DESCRIPTIVE
    assert not verdict


def bare(reference):
    """A reference's name without its data set, which the run's name has said."""
    return reference.name.removeprefix("gsm8k · ")


def test_the_verdict_says_where_its_numbers_come_from():
    """A replayed reference is called so, beside its name."""
    run, reference = two_runs(160, 20, 20, 0)
    saved = reference.model_copy(update={"info": reference.info.model_copy(update={"provenance": "replayed"})})
    assert f"{run.name} (measured) against {bare(reference)} (replayed)" in str(
        Claim(quality=0.85).judge(run.vs(saved))
    )


def test_seeds_that_differ_make_a_claim_harder_to_pass():
    """The same scores in all: from one seed they pass; from three that disagree they do not."""
    reference = make_run([1.0] * 200, model_name=LARGE)

    def seeded(*rights):
        runs = [make_run([1.0] * k + [0.0] * (200 - k), seed=seed) for seed, k in enumerate(rights)]
        return Claim(quality=0.8).judge(runs[0].vs(reference, seeds=runs[1:]))

    assert seeded(180, 181, 182).outcome is Outcome.PASS
    assert seeded(145, 199, 199).outcome is Outcome.INCONCLUSIVE
    assert seeded(145, 199, 199).criteria[0].value == pytest.approx(181 / 200)
    assert "three or more are better" in str(seeded(180, 182))


def test_how_many_seeds_there_were_is_told():
    """On either side, under the name that they share; seeds that changed nothing are no evidence of anything."""
    reference = make_run([1.0] * 200, model_name=LARGE)
    runs = [make_run([1.0] * 180 + [0.0] * 20, seed=seed, own_seed=seed > 0) for seed in (5, 6, 7)]

    several = Claim(quality=0.8).judge(runs[0].vs(reference, seeds=runs[1:]))
    one = Claim(quality=0.8).judge(runs[0].vs(reference))

    assert (3, 1) == (several.seeds, several.reference_seeds)
    assert "cot · zero_shot over 3 seeds (measured) against" in several.sides
    assert "cot · zero_shot · seed 5 (measured) against" in one.sides
    assert any("All 3 seeds of" in note and "came to one program" in note for note in several.notes)
    assert not any("one program" in note for note in one.notes)


def test_a_reference_may_come_in_seeds_too():
    """Its spread counts as well."""
    run = make_run([1.0] * 180 + [0.0] * 20)
    references = [make_run([1.0] * k + [0.0] * (200 - k), seed=seed) for seed, k in enumerate((150, 190, 200))]
    alike = [make_run([1.0] * 180 + [0.0] * 20, seed=seed) for seed in range(3)]
    claim = Claim(quality=0.9)
    wide, narrow = (claim.judge(run.vs(side)).criteria[0].interval for side in (references, alike))
    assert wide is not None
    assert narrow is not None
    assert wide.high - wide.low > narrow.high - narrow.low


def test_rows_that_were_not_asked_are_mentioned():
    """Half a run can be judged, but its reader is told."""
    run = make_run([1.0] * 100)
    half = Run(info=run.info, cases=run.cases[:50])
    assert any("50 of 100" in note for note in Claim(quality=0.8).judge(half.vs(half)).notes)


def test_the_sentences_hold_all_that_the_verdict_rests_on():
    """Names, error rate, estimate, interval, bar, p-value, number of examples."""
    run, reference = two_runs(160, 20, 20, 0)
    first, quality, cost = (run.vs(reference, costs=at(CHEAP)) >= Claim(quality=0.85, cost=0.05)).sentences()
    assert first == f"PASS: {run.name} (measured) against {bare(reference)} (measured), error rate 5%"
    low, high = paired_ratio_interval(run.scores(), reference.scores(), 0.05, 0.025)
    assert quality.startswith(f"quality PASS: exact_match 0.900 against 0.900; ratio 1.000 ({low:.3f}..{high:.3f}), ")
    assert quality.endswith("claimed at least 0.85; p < 0.001, 200 examples")
    assert cost.startswith("cost PASS: $0.0004 against $0.00999 a question; ratio 0.040 (0.040..0.040), ")


@pytest.mark.parametrize(
    "fields, message",
    [
        ({}, "must name a quality, a cost or both"),
        ({"quality": 90}, "quality=90 is no ratio"),
        ({"cost": 5}, "cost=5 is no ratio"),
        ({"quality": True}, "quality=True is no ratio"),
        ({"quality": 0}, "quality=0 is no ratio"),
        ({"quality": "0.9"}, "quality='0.9' is no ratio"),
        ({"quality": 0.9, "alpha": 5}, "alpha=5 is no error rate"),
        ({"quality": 0.9, "alpha": 0}, "alpha=0 is no error rate"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(fields, message):
    """Percent instead of share, or nothing at all: said at once, not after an hour."""
    with pytest.raises(ConfigError, match=message):
        Claim(**fields)


def test_other_things_do_not_compare():
    """Only a run beside a reference can show a claim."""
    with pytest.raises(TypeError):
        _ = make_run() >= Claim(quality=0.9)


def test_seeds_of_a_trained_approach_are_one_claim():
    """Each seed trains weights of its own, from the same ones; that is the spread that seeds are for."""

    def taught(seed, right, base="b"):
        digest = f"{seed:x}" * 64
        training = Training(digest=digest, base=base * 64, by="LoRA", examples=9, tokens=900, seconds=60.0)
        run = make_run([1.0] * right + [0.0] * (200 - right), approach="bootstrap_finetune", seed=seed, own_seed=True)
        info = run.info.model_copy(
            update={
                "compile": run.info.compile.model_copy(update={"training": training}),
                "model": run.info.model.model_copy(update={"digest": digest}),
            }
        )
        return Run(info=info, cases=run.cases)

    reference = make_run([1.0] * 180 + [0.0] * 20, model_name="large")
    first, *others = (taught(seed, 180 + seed) for seed in range(3))
    verdict = Claim(quality=0.9).judge(first.vs(reference, seeds=others))

    assert verdict.outcome is Outcome.PASS
    assert "one program" not in str(verdict)
    with pytest.raises(RunError, match="weights differ"):
        Claim(quality=0.9).judge(first.vs(reference, seeds=[taught(1, 180, base="e")]))
