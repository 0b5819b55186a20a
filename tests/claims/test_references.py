"""Which run is the reference under a policy."""

from dspysota.claims.references import Asked, find
from dspysota.records import CompileInfo, ReferenceCell
from tests.factories import make_data, make_run

LARGE = "qwen2.5-coder-1.5b"
CELL = ReferenceCell(task="gsm8k", model=LARGE, program="cot", approach="zero_shot", adapter="plain")
ASKED = Asked(program="pot", approach="bootstrap", adapter="plain", data=make_data("gsm8k").digest)
HALF, MOST, ALL = [1.0, 0.0] * 10, [1.0, 1.0, 1.0, 0.0] * 5, [1.0] * 20


def large(scores=HALF, *, validation=None, **fields):
    compiled = CompileInfo(program_digest="5f" * 32, validation_score=validation)
    return make_run(scores, model_name=LARGE, compile=compiled, **fields)


def found(policy, runs):
    one = find(policy, CELL, ASKED, runs)
    assert one is not None
    return one


def test_the_baseline_is_the_cell_that_the_profile_names():
    """Whatever else of its model was measured."""
    runs = [large(MOST, approach="bootstrap"), large(), make_run(ALL)]

    assert runs[1] == found("baseline", runs).run


def test_the_same_program_is_the_candidates_own_on_the_references_model():
    """Program, approach and adapter are the candidate's; one of them alone is not enough."""
    runs = [large(), large(program="pot"), large(program="pot", approach="bootstrap"), large(approach="bootstrap")]

    assert runs[2] == found("same_program", runs).run
    assert find("same_program", CELL, ASKED, runs[:2]) is None


def test_the_best_was_chosen_on_validation_rows_where_anything_was():
    """A test score has no say then, so that the verdict keeps its error rate; the choice is told."""
    runs = [large(ALL, approach="few_shot"), large(MOST, validation=0.4), large(HALF, validation=0.6)]
    best = found("best", runs)

    assert runs[2] == best.run
    assert "by its score on validation rows (0.600)" in best.notes[0]


def test_the_best_by_test_scores_says_whom_that_favours():
    """Nothing was searched for: the largest score is taken, chance included, which is against the candidate."""
    runs = [large(HALF), large(MOST, approach="few_shot")]
    best = found("best", runs)

    assert runs[1] == best.run
    assert "favours the reference: a PASS holds all the more" in best.notes[0]


def test_the_only_run_is_the_best_without_a_word():
    """Nothing was chosen."""
    assert () == found("best", [large()]).notes


def test_runs_on_other_rows_or_of_a_part_are_no_reference():
    """Neither the baseline nor the best one."""
    other = large(data=make_data("hotpotqa"))
    part = large(HALF)
    part = part.model_copy(update={"cases": part.cases[:5]})

    assert [None] * 2 == [find(policy, CELL, ASKED, [other, part]) for policy in ("baseline", "best")]


def test_a_replayed_run_goes_before_a_measured_one():
    """Where a folder was named, the claim is about its runs."""
    measured, replayed = large(), large(key="k-replayed", provenance="replayed")

    assert replayed == found("baseline", [measured, replayed]).run
