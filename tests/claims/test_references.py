"""Which run is the reference under a policy."""

from dataclasses import replace

from dspysota.claims.references import Asked, find
from dspysota.records import CompileInfo, ReferenceCell
from tests.factories import make_data, make_run

LARGE = "qwen2.5-coder-1.5b"
CELL = ReferenceCell(task="gsm8k", model=LARGE, program="cot", approach="zero_shot", adapter="plain")
ASKED = Asked(program="pot", approach="bootstrap", adapter="plain", data=make_data("gsm8k").digest)
PREPARED = (("cot", "zero_shot"), ("pot", "bootstrap"))
HALF, MOST, ALL = [1.0, 0.0] * 10, [1.0, 1.0, 1.0, 0.0] * 5, [1.0] * 20


def large(scores=HALF, *, validation=None, **fields):
    compiled = CompileInfo(program_digest="5f" * 32, validation_score=validation)
    return make_run(scores, model_name=LARGE, compile=compiled, **fields)


def found(policy, runs, cell=CELL, asked=ASKED):
    one = find(policy, cell, asked, runs)
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


def test_of_several_seeds_the_reference_has_those_that_are_asked_for():
    """The baseline those of its own cell, the same program the candidate's, one run each; what is lacking is told."""
    runs = [
        large(program=program, approach=approach, seed=seed) for program, approach in PREPARED for seed in (0, 1, 2)
    ]
    cell, asked = CELL.model_copy(update={"seeds": (0, 1)}), replace(ASKED, seeds=(2, 1, 3))

    baseline, same = (found(policy, [*runs, *runs], cell, asked) for policy in ("baseline", "same_program"))

    assert (runs[0], runs[1]) == baseline.runs
    assert (runs[5], runs[4]) == same.runs
    assert ((), 1) == (baseline.notes, len(same.notes))
    assert "3 seeds were to be compared with" in same.notes[0]
    assert "there are runs of 2 alone" in same.notes[0]


def test_a_run_of_another_seed_is_better_than_none():
    """A saved reference need not have the seed that the profile has now."""
    (run,) = found("baseline", [large(seed=9)], CELL.model_copy(update={"seeds": (1,)})).runs

    assert 9 == run.info.seed
