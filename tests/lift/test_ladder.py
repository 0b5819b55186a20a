"""Where a lift came from: a pure function of stored runs."""

import doctest

import pytest

from dspysota.lift import found, ladders, rungs, sentences, words
from dspysota.records import Failure, Run, Training, Usage
from dspysota.stats import paired_difference
from tests.factories import make_call, make_case, make_grid, make_run
from tests.lift.steps import INSTRUCTED, START, WHOLE, all_steps, compiled, instructed, optimized, right, start

NAMES = ["unoptimized", "format", "instructions", "demonstrations"]


def only(runs):
    (ladder,) = ladders(runs)
    return ladder


def states(ladder):
    return [step.state for step in ladder.steps]


def without(run, cases):
    """The run as it is when it was interrupted before its last `cases` cases."""
    return Run(info=run.info, cases=run.cases[:-cases])


def of_weights(digest, run):
    """The run as it is on weights of that digest."""
    model = run.info.model.model_copy(update={"digest": digest})
    return Run(info=run.info.model_copy(update={"model": model}), cases=run.cases)


def test_docstring_examples_are_true():
    """Every example in the module's docstrings gives what it says."""
    failed, tried = doctest.testmod(words)

    assert (failed, tried > 0) == (0, True)


def test_each_step_has_its_score_and_its_paired_difference_to_the_one_before():
    """The intervals are those of the stats; the steps add up to the lift as a whole."""
    runs = all_steps()
    ladder = only(runs)

    assert [step.name for step in ladder.steps] == NAMES
    assert [step.score for step in ladder.steps] == [0.1, 0.3, 0.4, 0.75]
    assert ladder.steps[0].change is None
    for step, run, before in zip(ladder.steps[1:], runs[1:], runs, strict=False):
        assert step.change.interval == paired_difference(run.scores(), before.scores())
    assert sum(step.change.value for step in ladder.steps[1:]) == pytest.approx(ladder.total.value)
    assert ladder.total.interval == paired_difference(runs[-1].scores(), runs[0].scores())


def test_the_order_of_the_runs_does_not_matter():
    """A folder's runs come in the order in which they were measured."""
    assert only(all_steps()) == only(all_steps()[::-1])


def test_tokens_are_those_of_a_question_with_all_its_calls():
    """What a step costs is told beside what it brings."""
    runs = all_steps()
    cases = tuple(case.model_copy(update={"calls": case.calls * 3}) for case in runs[-1].cases)
    ladder = only([*runs[:-1], Run(info=runs[-1].info, cases=cases)])

    assert [step.tokens for step in ladder.steps] == [30.0, 30.0, 30.0, 90.0]
    assert ladder.steps[-1].change.tokens_ratio == ladder.total.tokens_ratio == 3.0


def test_tokens_that_a_server_did_not_report_have_no_ratio():
    """Neither as what a step took nor as what the step before it took."""
    first, *runs = all_steps()
    silent = Usage(prompt_tokens=None, completion_tokens=None)
    calls = (make_call(usage=silent),)
    cases = tuple(case.model_copy(update={"calls": calls}) for case in first.cases)
    ladder = only([first.model_copy(update={"cases": cases}), *runs])

    assert [step.tokens for step in ladder.steps][:2] == [None, 30.0]
    assert (ladder.steps[1].change.tokens_ratio, ladder.total.tokens_ratio) == (None, None)


def test_instructions_that_were_not_changed_need_no_run():
    """Of a program with nothing but demonstrations the step is no change, and keeps the numbers of the one before."""
    ladder = only([start(right(4), adapter="chat"), start(right(12)), optimized(right(30), instructions=START)])
    _, plain, instructions, demonstrations = ladder.steps

    assert states(ladder) == ["measured", "measured", "no change", "measured"]
    assert (instructions.score, instructions.change, instructions.run_key) == (plain.score, None, plain.run_key)
    assert demonstrations.change.value == pytest.approx(0.45)


def test_instructions_alone_are_the_whole_program():
    """Of a program without demonstrations the last step is no change, and its run is the one with instructions."""
    runs = [start(right(4), adapter="chat"), start(right(12)), optimized(right(20), program_digest=INSTRUCTED)]
    ladder = only(runs)

    assert states(ladder) == ["measured", "measured", "measured", "no change"]
    assert ladder.steps[2].run_key == ladder.run_key
    assert ladder.steps[2].approach == "mipro"
    assert [step.described for step in ladder.steps] == [
        "cot · zero_shot · chat",
        "cot · zero_shot · plain",
        "cot · mipro · plain (the same program)",
        "cot · mipro · plain",
    ]


def test_the_default_adapter_is_no_step():
    """An optimized program that asks through DSPy's default has the same format as the unoptimized one."""
    runs = [start(right(4), adapter="chat"), optimized(right(8), adapter="chat", instructions=START)]

    assert states(only(runs)) == ["measured", "no change", "no change", "measured"]


def test_a_search_that_kept_the_unprepared_program_is_said_to():
    """Then only the format is a step, and the run itself answers for it: nothing is shown twice with other numbers."""
    kept = optimized(right(13), program_digest=START, instructions=START)
    ladder = only([start(right(4), adapter="chat"), start(right(12)), kept])

    assert ladder.kept_unprepared
    assert states(ladder) == ["measured", "measured", "no change", "no change"]
    assert ladder.steps[1].run_key == ladder.steps[-1].run_key == kept.info.key
    assert ladder.total.value == pytest.approx(9 / 40)
    assert "The search kept the unprepared program." in sentences(ladder)


def test_nothing_but_the_unprepared_program_through_the_default_adapter_is_no_lift():
    """A run is not compared with itself."""
    ladder = only([optimized(right(13), adapter="chat", program_digest=START, instructions=START)])

    assert (states(ladder)[1:], ladder.total, ladder.missing) == (["no change"] * 3, None, ())


def test_samples_are_a_step_of_their_own():
    """A program expression is its base and samples, and the base program's run is the step before."""
    sampled = optimized(right(34), program="cot+vote5")
    with_base, without_base = ladders([*all_steps(), sampled])[1], only([*all_steps()[:-1], sampled])

    assert [step.name for step in with_base.steps] == [*NAMES, "samples"]
    change = with_base.steps[-1].change
    assert change is not None
    assert change.value == pytest.approx(0.1)
    assert states(without_base)[-2:] == ["missing", "measured"]
    assert without_base.steps[-1].change is None
    assert without_base.total.value == pytest.approx(0.75)


def test_a_missing_step_breaks_the_chain_and_no_more():
    """Neither it nor the step after it has a difference; the sentences name it and the cure."""
    ladder = only([start(right(4), adapter="chat"), instructed(right(16)), optimized(right(30))])

    assert states(ladder) == ["measured", "missing", "measured", "measured"]
    assert [step.change is None for step in ladder.steps] == [True, True, True, False]
    assert [step.name for step in ladder.missing] == ["format"]
    assert any("Missing: format only (not measured)." in said and "--sota-lift" in said for said in sentences(ladder))


def foreign(run):
    """The run, with a digest that says its rows, and cases that are of others."""
    cases = tuple(case.model_copy(update={"case_id": f"other-{case.case_id}"}) for case in run.cases)
    return Run(info=run.info, cases=cases)


PLAIN = start(right(12))
OTHER = PLAIN.info.data.model_copy(update={"digest": "f" * 64})


@pytest.mark.parametrize(
    "there,why",
    [
        (Run(info=PLAIN.info.model_copy(update={"data": OTHER}), cases=PLAIN.cases), "measured on other rows only"),
        (foreign(PLAIN), "measured on other rows only"),
        (start(right(12, of=39)), "measured on other rows only"),
        (without(PLAIN, 28), "interrupted at 12 of 40 rows"),
        (start(right(12), model_name="qwen2.5-coder-1.5b"), "not measured"),
        (start(right(12), seed=1), "not measured"),
        (start(right(12), sampling={"max_tokens": 64}), "not measured"),
        (make_run(right(12), compile=compiled("d" * 64)), "measured with another version of the program"),
    ],
)
def test_runs_are_paired_on_the_same_rows_of_the_same_model_only(there, why):
    """A run that answers another question is no step, and the ladder says what is the matter with it."""
    ladder = only([start(right(4), adapter="chat"), there, instructed(right(16)), optimized(right(30))])

    assert (ladder.steps[1].state, ladder.steps[1].remark) == ("missing", why)
    assert ladder.steps[2].change is None


def test_an_endpoint_without_a_digest_is_told_by_its_place():
    """Two servers that both call a model by one name may serve two models."""
    there = [run.info.model.model_copy(update={"digest": None}) for run in all_steps()]
    elsewhere = there[0].model_copy(update={"base_url": "http://elsewhere/v1"})
    here = [
        Run(info=r.info.model_copy(update={"model": m}), cases=r.cases) for r, m in zip(all_steps(), there, strict=True)
    ]
    mixed = [Run(info=here[0].info.model_copy(update={"model": elsewhere}), cases=here[0].cases), *here[1:]]

    assert states(only(here)) == ["measured"] * 4
    assert states(only(mixed)) == ["missing", "measured", "measured", "measured"]


def test_an_interrupted_optimized_run_has_steps_and_no_lift():
    """What was measured of it is not compared with whole runs."""
    runs = all_steps()
    ladder = only([*runs[:-1], without(runs[-1], 5)])

    assert states(ladder) == ["measured", "measured", "measured", "missing"]
    assert ladder.steps[-1].remark == "interrupted at 35 of 40 rows"
    assert ladder.total is None


def test_errors_count_as_zero_and_are_told():
    """A step whose errors look like a drop says how many there were."""
    plain = start(right(12))
    broken = make_case("q0", 0.0, failure=Failure.SERVER_ERROR)
    ladder = only([all_steps()[0], Run(info=plain.info, cases=(broken, *plain.cases[1:])), *all_steps()[2:]])

    assert (ladder.steps[1].score, ladder.steps[1].errors) == (11 / 40, 1)
    assert any(said.startswith("1 question brought no answer at all") for said in sentences(ladder))


def test_few_rows_are_told():
    """With a handful of rows an interval says little, and the ladder says so."""
    few = [start(right(1, of=8), adapter="chat"), start(right(2, of=8)), optimized(right(3, of=8), instructions=START)]

    assert "With 8 rows only very large steps can be told from chance." in sentences(only(few))
    assert not any("told from chance" in said for said in sentences(only(all_steps())))


def test_a_lift_that_may_be_chance_is_said_to():
    """The sentence on the whole follows its interval."""
    small = [start(right(12), adapter="chat"), start(right(13)), optimized(right(13), instructions=START)]

    assert any("which chance may explain" in said for said in sentences(only(small)))
    assert any(said.startswith("In all +0.650 (") and "chance" not in said for said in sentences(only(all_steps())))


@pytest.mark.parametrize(
    "score,said",
    [
        (1.0, "0.250 less: the score it was chosen by flatters"),
        (0.8, "0.050 less: no more than the held-out rows leave open"),
        (0.75, "the same: no more than"),
        (0.2, "0.550 more: its validation rows were the harder ones"),
    ],
)
def test_the_score_a_program_was_chosen_by_stands_beside_the_held_out_one(score, said):
    """The best of several scores flatters; the held-out one comes with its interval and its rows."""
    ladder = only(all_steps(chosen=(score, 24, 11)))
    (sentence,) = (one for one in sentences(ladder) if one.startswith("Chosen"))

    assert (ladder.selection.held_out, ladder.selection.rows) == (0.75, 40)
    assert ladder.selection.interval == ladder.steps[-1].interval
    assert f"Chosen among 11 by {score:.3f} on 24 validation rows" in sentence
    assert said in sentence


def test_samples_of_a_chosen_program_do_not_answer_for_it():
    """What was chosen is the program that asks once; where only samples were measured nothing is held against it."""
    sampled = optimized(right(34), program="cot+vote5", chosen=(0.9, 24, 11))
    alone, beside = only([*all_steps()[:-1], sampled]), ladders([*all_steps(), sampled])[1]

    assert (alone.selection.held_out, alone.selection.interval) == (None, None)
    assert any("was not measured" in said for said in sentences(alone) if said.startswith("Chosen"))
    assert beside.selection is not None
    assert beside.selection.held_out == 0.75


def test_only_optimized_programs_have_ladders():
    """Runs that asked no model to prepare, parts of programs, and runs of before digests were kept have none."""
    old = make_run(right(30), approach="mipro", compile=compiled(WHOLE, calls=9, instructions=None))

    assert ladders([start(right(12)), instructed(right(16)), old, *make_grid(cases=3)]) == ()
    assert rungs(old.info) == ()
    assert ladders([]) == ()


def test_a_rung_names_what_measures_it_and_finds_it():
    """What is not there can be measured by the names of a rung; what is there is found by its program's digest."""
    runs = all_steps()
    unoptimized, plain, instructions, _ = rungs(runs[-1].info)

    assert (unoptimized.approach, unoptimized.adapter) == ("zero_shot", "chat")
    assert (plain.approach, plain.adapter) == ("zero_shot", "plain")
    assert (instructions.approach, instructions.digest) == ("mipro:instructions", INSTRUCTED)
    assert found(instructions, runs[-1], runs) is runs[2]
    assert found(instructions, runs[-1], runs[:2]) is None


def test_trained_weights_are_a_step_of_their_own():
    """The program is the unprepared one throughout; what changed are the weights, whose digest is another one."""
    training = Training(digest="d" * 64, base="b" * 64, by="LoRA", examples=9, tokens=900, seconds=60.0)
    taught = compiled(START, instructions=START, calls=9, training=training)
    own = make_run(right(30), approach="bootstrap_finetune", compile=taught)
    before = [start(right(4), adapter="chat"), start(right(12))]
    ladder = only([*(of_weights("b" * 64, run) for run in before), of_weights("d" * 64, own)])

    assert [step.name for step in ladder.steps] == [*NAMES, "weights"]
    assert states(ladder) == ["measured", "measured", "no change", "no change", "measured"]
    assert ladder.steps[-1].change.value == pytest.approx(30 / 40 - 12 / 40)
    assert ladder.total.value == pytest.approx(26 / 40)
    assert not ladder.kept_unprepared
