"""The results document: its blocks, what stands out in it, and the lift of its optimized runs."""

import re

import pytest

from dspysota.errors import ConfigError
from dspysota.report import results, text
from dspysota.stats import mean_interval, paired_difference
from tests.factories import make_run
from tests.lift.steps import all_steps, right

START = right(8)


def cells(body, *words):
    """The cells of the first line that begins with these words."""
    line = next(line for line in body.splitlines() if line.startswith("| " + " | ".join(words) + " |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def usage_of(run, prompt):
    """The same run with so many prompt tokens a question."""
    cases = [
        case.model_copy(
            update={
                "calls": tuple(
                    call.model_copy(update={"usage": call.usage.model_copy(update={"prompt_tokens": prompt})})
                    for call in case.calls
                ),
                "usage": case.usage.model_copy(update={"prompt_tokens": prompt}),
            }
        )
        for case in run.cases
    ]
    return run.model_copy(update={"cases": tuple(cases)})


def three():
    """DSPy's default start, a cheap run that is better, and a dear one that is best."""
    start = make_run(START, adapter="chat", approach="zero_shot", key="start")
    cheap = usage_of(make_run(right(20), approach="zero_shot", key="cheap"), 50)
    dear = usage_of(make_run(right(24), approach="few_shot", key="dear"), 4_000)
    return start, cheap, dear


def test_a_block_of_a_name_leaves_the_others_alone():
    """A document has several, each written by a command of its own, and writing one twice changes nothing."""
    first = results.merged(results.merged("# Mine\n", "one"), "two", "optimizers-gsm8k")
    again = results.merged(first, "three", "optimizers-gsm8k")

    assert ("one" in again, "two" in again, "three" in again) == (True, False, True)
    assert results.merged(again, "three", "optimizers-gsm8k") == again
    assert results.merged(again, "four") == again.replace("one", "four")


def test_a_block_whose_name_begins_like_another_is_another():
    """Names are matched whole."""
    first = results.merged(results.merged("# Mine\n", "one", "gsm8k-long"), "two", "gsm8k")

    assert ("one" in first, "two" in first) == (True, True)
    assert results.merged(first, "three", "gsm8k") == first.replace("two", "three")


@pytest.mark.parametrize("name", ["Best", "a b", "-->", "x" * 50])
def test_a_name_that_could_end_a_marker_is_refused(name):
    """Small letters, digits and hyphens only."""
    with pytest.raises(ConfigError, match="no name for a block"):
        results.merged(None, "one", name)


def test_the_best_and_the_best_per_token_stand_beside_the_default_start():
    """Both are named, with paired differences whose intervals hold for both comparisons together."""
    start, cheap, dear = three()
    body = results.body([start, cheap, dear])
    low, high = paired_difference(dear.scores(), start.scores(), confidence=0.975)

    assert cells(body, "qwen2.5-coder-0.5b", "cot", "few_shot", "plain")[4:6] == [
        "best score",
        text.scored(0.6, mean_interval(dear.scores())),
    ]
    assert cells(body, "qwen2.5-coder-0.5b", "cot", "few_shot", "plain")[-1] == f"+0.400 [{low:+.3f}, {high:+.3f}]"
    assert cells(body, "qwen2.5-coder-0.5b", "cot", "zero_shot", "plain")[4] == "best score per token"
    assert cells(body, "qwen2.5-coder-0.5b", "cot", "zero_shot", "chat")[4] == "DSPy's default start"


def test_a_run_whose_tokens_are_not_known_is_not_the_best_per_token():
    """It took an unknown number, which is neither none nor few; its score may still be the best."""
    start, cheap, dear = three()
    body = results.body([start, cheap, usage_of(dear, None)])

    assert cells(body, "qwen2.5-coder-0.5b", "cot", "few_shot", "plain")[4] == "best score"
    assert cells(body, "qwen2.5-coder-0.5b", "cot", "few_shot", "plain")[6:8] == ["not reported", "–"]
    assert cells(body, "qwen2.5-coder-0.5b", "cot", "zero_shot", "plain")[4] == "best score per token"


def test_a_teacher_stands_beside_the_approach():
    """Two runs of an approach that differ in who taught can be told apart."""
    alone = make_run(right(20), approach="bootstrap", key="alone")
    compiled = alone.info.compile.model_copy(update={"teacher": "qwen2.5-coder-1.5b"})
    taught = make_run(right(24), approach="bootstrap", key="taught", compile=compiled)

    body = results.body([alone, taught])
    assert (
        cells(body, "qwen2.5-coder-0.5b", "cot", "bootstrap, taught by qwen2.5-coder-1.5b", "plain")[5][:5] == "0.600"
    )
    assert cells(body, "qwen2.5-coder-0.5b", "cot", "bootstrap", "plain")[5][:5] == "0.500"
    assert taught.name.endswith("bootstrap, taught by qwen2.5-coder-1.5b")


def test_without_a_default_start_nothing_is_said_to_stand_out():
    """There is nothing to compare with."""
    _, cheap, dear = three()

    assert "best score" not in results.body([cheap, dear])


def test_runs_on_other_rows_or_interrupted_ones_are_never_the_best():
    """They cannot be paired."""
    start, cheap, dear = three()
    partial = dear.model_copy(update={"cases": dear.cases[:10]})
    body = results.body([start, cheap, partial])

    assert cells(body, "qwen2.5-coder-0.5b", "cot", "zero_shot", "plain")[4] == "best score, and best per token"


def test_the_steps_to_an_optimized_run_are_a_row():
    """Each with its difference, its interval and its tokens, and the gap to the score it was chosen by."""
    body = results.body(all_steps())
    head = next(line for line in body.splitlines() if "| unoptimized |" in line)
    row = next(line for line in body.splitlines() if line.startswith(head.split("unoptimized")[0][:2]) and "× " in line)

    assert [cell.strip() for cell in head.strip("|").split("|")][4:9] == [
        "unoptimized", "format only", "+ instructions", "+ demonstrations", "in all",
    ]  # fmt: skip
    assert len(re.findall(r"[+-]0\.\d{3} \[[+-]\d\.\d{3}, [+-]\d\.\d{3}\], × \d+\.\d\d", row)) == 4


def test_weights_of_one_model_are_told_apart():
    """A model and what was trained from it have one name, and two digests."""
    run = make_run([1.0] * 4)
    trained = run.info.model.model_copy(update={"digest": "d" * 64, "source": "trained: LoRA"})
    other = run.model_copy(update={"info": run.info.model_copy(update={"key": "k2", "model": trained})})
    body = results.body([run, other])

    assert 2 == body.count(f"- model {run.info.model.name}: ")
    assert "weights trained: LoRA" in body
