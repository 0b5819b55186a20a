"""What the gate makes of a whole session: matched runs, and what is missing on either side."""

import pytest

from dspysota.gate import Asked, Scope, Word, decide, sentences
from dspysota.gate.rules import parse_all
from tests.factories import make_run
from tests.gate.made import other


def cell(run):
    info = run.info
    return Asked(info.task, info.program, info.approach, info.adapter, info.model.name, info.seed)


def test_a_session_is_green_when_nothing_is_worse():
    """A run that the baseline lacks is new, and one that nobody asked for is counted."""
    zero, few, boot = (make_run([1.0] * 10, approach=name) for name in ("zero_shot", "few_shot", "bootstrap"))

    gate = decide([zero, few], [zero, boot], name="main", scope=Scope(asked={cell(zero), cell(few)}))

    assert [one.word for one in gate.runs] == [Word.OK, Word.NEW]
    assert not gate.red
    assert gate.notes == ("1 run of the baseline was not asked for now.",)


def test_a_session_of_new_runs_alone_is_not_called_green():
    """Nothing was compared, and the headline says so; that is no failure, since new experiments are welcome."""
    gate = decide([make_run([1.0] * 10)], [make_run([1.0] * 10, approach="few_shot")], name="main", scope=Scope())

    assert not gate.red
    assert sentences.headline(gate) == "gate without a finding against main, which has none of these runs: 1 NEW"


@pytest.mark.parametrize("kind", ["asked", "removed"])
def test_a_run_that_is_missing_is_gone(kind):
    """Neither a test that could not measure it nor a cell taken out of the profile turns the gate green."""
    zero, few = (make_run([1.0] * 10, approach=name) for name in ("zero_shot", "few_shot"))

    gate = decide([zero], [zero, few], name="main", scope=Scope(**{kind: {cell(few)}}))

    assert gate.red
    assert [one.word for one in gate.runs] == [Word.OK, Word.GONE]


def test_runs_of_one_name_are_matched_by_their_rows():
    """A profile may ask one cell for two sets of rows."""
    short, long = make_run([1.0] * 10), make_run([1.0] * 20)
    long = other(long, data=long.info.data.model_copy(update={"digest": "aa" * 32}))

    gate = decide([short, long], [long, short], name="main")

    assert [one.word for one in gate.runs] == [Word.OK, Word.OK]


def test_a_rule_that_applies_to_no_run_is_noted():
    """Otherwise it would look as if it had been kept."""
    run = make_run([1.0] * 10)

    gate = decide([run], [run], name="main", shown=parse_all(["f1:-0.02"]))

    assert gate.notes == ("Rule f1:-0.02 was applied to no run: none has that metric.",)
