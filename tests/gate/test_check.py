"""What the rules say of a run beside its baseline."""

import random

import pytest

from dspysota.gate import DEFAULTS, Rule, Word, check, compare
from dspysota.gate.identity import differences
from dspysota.gate.rules import parse_all
from dspysota.records import Failure, Prices, Run, TokenPrice, Training, Watch
from tests.factories import make_run
from tests.gate.made import only, other, seconds, spent

ACCURACY = (Rule.parse("accuracy:-2pp"),)


def test_a_drop_beyond_rule_and_noise_is_worse():
    """Thirty of a hundred questions lost is no chance, and more than two points."""
    found = only(check(make_run([1.0] * 60 + [0.0] * 40), make_run([1.0] * 90 + [0.0] * 10), ACCURACY))

    assert (found.word, found.fails) == (Word.WORSE, True)
    assert found.sentence.startswith("accuracy 0.900 -> 0.600 (-30.0pp, 95% -")
    assert found.sentence.endswith("n=100), allowed -2pp")


def test_a_drop_within_noise_passes_unless_the_gate_is_strict():
    """Two of forty questions are five points, and happen by chance; the sentence says so."""
    run, baseline = make_run([1.0] * 28 + [0.0] * 12), make_run([1.0] * 30 + [0.0] * 10)

    lenient, strict = only(check(run, baseline, ACCURACY)), only(check(run, baseline, ACCURACY, strict=True))

    assert (lenient.word, lenient.fails) == (Word.OK, False)
    assert "beyond the rule, but within noise" in lenient.sentence
    assert (strict.word, strict.fails) == (Word.WORSE, True)


def test_a_drop_beyond_noise_that_the_rule_allows_passes():
    """Who allows forty points gets forty points."""
    run, baseline = make_run([1.0] * 60 + [0.0] * 40), make_run([1.0] * 90 + [0.0] * 10)

    found = only(check(run, baseline, [Rule.parse("accuracy:-40pp")]))

    assert (found.word, found.fails) == (Word.OK, False)


def test_a_clear_gain_is_better():
    """Good news is a word of its own."""
    found = only(check(make_run([1.0] * 90 + [0.0] * 10), make_run([1.0] * 60 + [0.0] * 40), ACCURACY))

    assert (found.word, found.fails) == (Word.BETTER, False)


def test_examples_are_paired_by_their_ids():
    """The same answers in another order are the same answers."""
    baseline = make_run([1.0] * 20 + [0.0] * 20)
    run = baseline.model_copy(update={"cases": tuple(reversed(baseline.cases))})

    pairing = compare(run, baseline, ACCURACY)

    assert (pairing.lost, pairing.won) == ((), ())
    assert pairing.changes[0].change == 0


def test_flipped_examples_are_named_both_ways():
    """Full marks lost and full marks won, with their questions."""
    pairing = compare(make_run([1.0, 0.0, 1.0, 0.0]), make_run([1.0, 1.0, 0.0, 0.0]), ACCURACY)

    assert [flip.case_id for flip in pairing.lost] == ["q1"]
    assert [flip.case_id for flip in pairing.won] == ["q2"]
    assert pairing.lost[0].question == "What is 6 times 7?"


@pytest.mark.parametrize("factor, word", [(1.0, Word.OK), (1.05, Word.OK), (2.0, Word.WORSE), (0.5, Word.BETTER)])
def test_tokens_are_judged_as_a_ratio(factor, word):
    """Each question has its own length; the ratio of the sums is what is paid."""
    tokens = [100 + 7 * place for place in range(40)]
    baseline = spent(make_run([1.0] * 40), tokens=tokens)
    run = spent(make_run([1.0] * 40), tokens=[round(each * factor) for each in tokens])

    found = only(check(run, baseline, [Rule.parse("tokens_per_question:+10%")]))

    assert found.word is word


def test_unknown_tokens_are_refused_where_somebody_asked_and_noted_where_nobody_did():
    """What a server does not report is not nothing; a default rule has not been promised to anybody."""
    baseline = spent(make_run([1.0] * 10))
    run = spent(make_run([1.0] * 10), tokens=[None] * 10)
    asked = Rule.parse("tokens_per_question:+10%")

    refused = only(check(run, baseline, [asked]))
    noted = [one for one in check(run, baseline) if one.metric == "tokens_per_question"]

    assert (refused.word, refused.fails) == (Word.REFUSED, True)
    assert "a server did not report tokens, or failed over a question in the run" in refused.sentence
    assert [(one.word, one.fails) for one in noted] == [(Word.REFUSED, False)]


@pytest.mark.parametrize("metric", ["p50_seconds", "p95_seconds"])
def test_doubled_latency_is_worse(metric):
    """Already with ten questions."""
    took = seconds(10, 1)
    baseline = spent(make_run([1.0] * 10), seconds=took)
    run = spent(make_run([1.0] * 10), seconds=[2 * each for each in took])

    found = only(check(run, baseline, [Rule.parse(f"{metric}:+20%")]))

    assert found.word is Word.WORSE
    assert "(+100.0%, 95% +" in found.sentence


def test_latency_drawn_anew_is_not_worse():
    """Twenty sessions whose seconds come from one distribution: p95 varies beyond the rule, and stays within noise."""
    baseline = spent(make_run([1.0] * 40), seconds=seconds(40, 0))
    rule = [Rule.parse("p95_seconds:+5%")]

    found = [only(check(spent(make_run([1.0] * 40), seconds=seconds(40, k)), baseline, rule)) for k in range(1, 21)]

    assert any("within noise" in one.sentence for one in found)
    assert sum(one.fails for one in found) <= 1


@pytest.mark.parametrize(
    "fields, named",
    [
        ({"machine": {"cpu": "Other", "cores": 2}}, "cpu (AMD EPYC -> Other)"),
        ({"concurrency": 1}, "questions at once (32 -> 1)"),
    ],
)
def test_latency_of_another_machine_is_refused(fields, named):
    """A rule that somebody asked for and that cannot be judged must not pass in silence."""
    baseline = make_run([1.0] * 10)

    found = only(check(other(baseline, **fields), baseline, [Rule.parse("p95_seconds:+20%")]))

    assert (found.word, found.fails) == (Word.REFUSED, True)
    assert "p95_seconds is not comparable" in found.sentence
    assert named in found.sentence
    assert "p95_seconds:off" in found.sentence


@pytest.mark.parametrize("provenance", ["replayed", "published"])
def test_latency_that_was_not_measured_is_refused(provenance):
    """Seconds of another day say nothing of this change."""
    baseline = make_run([1.0] * 10)

    found = only(check(other(baseline, provenance=provenance), baseline, [Rule.parse("p50_seconds:+20%")]))

    assert (found.word, found.fails) == (Word.REFUSED, True)
    assert f"those of the run are {provenance}" in found.sentence


def test_a_new_error_is_no_noise():
    """One question without an answer breaks `errors:+0`, however many there are."""
    baseline = make_run([1.0] * 50)
    failed = baseline.cases[0].model_copy(update={"error": "timeout", "failure": Failure.TIMEOUT})
    run = Run(info=baseline.info, cases=(failed, *baseline.cases[1:]))

    found = only(check(run, baseline, [Rule.parse("errors:+0")]))

    assert (found.word, found.fails) == (Word.WORSE, True)
    assert found.sentence == "errors 0 -> 1 (+1 of 50), allowed +0"


@pytest.mark.parametrize(
    "change, named",
    [
        (lambda info: {"model": info.model.model_copy(update={"digest": "ff" * 32})}, "weights (sha256"),
        (lambda info: {"data": info.data.model_copy(update={"digest": "ff" * 32})}, "rows (10 of gsm8k test, sha256"),
        (lambda info: {"metric_version": 2}, "version of the metrics (1 -> 2)"),
        (lambda info: {"primary": "strict_match"}, "main metric (exact_match -> strict_match)"),
    ],
)
def test_other_weights_rows_or_metrics_are_refused(change, named):
    """What changed is named, with the cure; no rule is applied to what cannot be compared."""
    baseline = make_run([1.0] * 10)

    found = only(check(other(baseline, **change(baseline.info)), baseline))

    assert (found.word, found.fails) == (Word.REFUSED, True)
    assert named in found.sentence
    assert "save a new baseline" in found.sentence


def test_a_run_that_its_claim_ended_early_is_refused():
    """Such a run ends by its own scores, which lean; the sentence names the option that did it."""
    baseline = make_run([1.0] * 100)
    watch = Watch(
        quality=0.9,
        alpha=0.05,
        metric="exact_match",
        stop="decided",
        share=0.2,
        reference="r",
        outcome="FAIL",
    )
    run = other(baseline, watch=watch).model_copy(update={"cases": baseline.cases[:30]})

    found = only(check(run, baseline))

    assert (found.word, found.fails) == (Word.REFUSED, True)
    assert found.sentence.startswith("its claim ended it after 30 of 100 questions")
    assert "--sota-sequential" in found.sentence


DEAR = Rule.parse("usd_per_question:+10%")


def priced(run, dollars=None, **fields):
    """The run at a list price a million tokens, or with other prices."""
    tokens = None if dollars is None else TokenPrice(prompt=dollars, completion=dollars)
    return other(run, prices=Prices(tokens=tokens, **fields))


def test_a_raised_price_is_worse():
    """A question costs what it costs, whoever raised the price."""
    made = spent(make_run([1.0] * 20), tokens=list(range(100, 120)))

    found = only(check(priced(made, 15.0), priced(made, 10.0), [DEAR]))

    assert (found.word, found.fails) == (Word.WORSE, True)
    assert found.sentence.startswith("usd_per_question $0.0011 -> $0.00164 (+50.0%")


def test_dollars_of_two_bases_are_refused():
    """A list price and a machine's hours say as much about the bases as about the runs."""
    made = make_run([1.0] * 20)

    found = only(check(priced(made, usd_per_hour=2.0), priced(made, 1.0), [DEAR]))

    assert (found.word, found.fails) == (Word.REFUSED, True)
    assert "the baseline is counted by list, the run by machine" in found.sentence


def test_an_unknown_price_is_refused():
    """Unknown is never 0, and never equal."""
    baseline = make_run([1.0] * 20)

    found = only(check(priced(baseline), priced(baseline), [DEAR]))

    assert (found.word, found.fails) == (Word.REFUSED, True)
    assert (
        "the model has no price, or a server did not report tokens or failed over a question in the run and the"
        in found.sentence
    )


def test_examples_that_are_missing_are_gone():
    """A run that was cut short passes nothing by leaving out what is hard; further examples are counted as new."""
    whole = make_run([1.0] * 10)
    part = whole.model_copy(update={"cases": whole.cases[:7]})

    gone, new = check(part, whole, ACCURACY)[0], check(whole, part, ACCURACY)[0]

    assert (gone.word, gone.fails, gone.sentence) == (Word.GONE, True, "3 examples were not answered now: q7, q8, q9")
    assert (new.word, new.fails) == (Word.NEW, False)


def test_what_else_changed_is_named():
    """A reader looks for the reason, and it is mostly among these."""
    baseline = make_run([1.0] * 4)
    compiled = baseline.info.compile.model_copy(update={"program_digest": "aa" * 32})

    found = compare(other(baseline, compile=compiled, commit="f" * 40), baseline).differences

    assert [one.what for one in found] == ["program's text", "commit"]


def test_ten_reruns_of_an_unchanged_setup_stay_green():
    """Each flips two answers of a hundred each way, takes a tenth more or less time over each question, and answers a
    little longer or shorter."""
    chance = random.Random(0)
    lengths = seconds(100, 0)
    rules = [*DEFAULTS, *parse_all(["p50_seconds:+20%", "p95_seconds:+20%"])]

    def measured():
        scores = [float(place % 10 < 6) for place in range(100)]
        for right in (0.0, 1.0):
            for place in chance.sample([at for at, score in enumerate(scores) if score != right], 2):
                scores[place] = right
        tokens = [round((300 + 5 * place) * chance.uniform(0.97, 1.03)) for place in range(100)]
        took = [each * chance.lognormvariate(0, 0.1) for each in lengths]
        return spent(make_run(scores), seconds=took, tokens=tokens)

    baseline = measured()

    found = [one for _ in range(10) for one in check(measured(), baseline, rules)]

    assert [one.sentence for one in found if one.fails] == []
    assert len(found) == 10 * len(rules)


def taught(base, trained, scores):
    """A run of weights that were trained from `base`."""
    run = make_run(scores, approach="bootstrap_finetune")
    training = Training(digest=trained * 64, base=base * 64, by="LoRA", examples=9, tokens=900, seconds=60.0)
    compiled = run.info.compile.model_copy(update={"training": training})
    model = run.info.model.model_copy(update={"digest": trained * 64})
    return Run(info=run.info.model_copy(update={"compile": compiled, "model": model}), cases=run.cases)


def test_weights_trained_anew_from_the_same_ones_are_held_to_the_baseline():
    """Each training has a digest of its own; what it started from must be the same, and the difference is named."""
    before = taught("b", "c", [1.0] * 40)
    worse = taught("b", "d", [1.0] * 20 + [0.0] * 20)
    found = only(check(worse, before, [Rule.parse("accuracy:-2pp")]))
    other = only(check(taught("e", "d", [1.0] * 40), before, [Rule.parse("accuracy:-2pp")]))

    assert found.word is Word.WORSE
    assert "trained weights (sha256 cccccccc" in " ".join(map(str, differences(worse.info, before.info)))
    assert other.word is Word.REFUSED
