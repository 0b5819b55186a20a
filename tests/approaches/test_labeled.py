"""Demonstrations that are labelled rows."""

import dspy

from dspysota import programs
from dspysota.testing import FakeServer
from tests.approaches.asking import DATA, fickle, prepare, shown


def test_labels_are_shown_as_they_are():
    """`labeled` shows DSPy's sample of the rows, asks nothing, and says what the labels lack."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "labeled", settings={"k": 3})

        assert not server.requests
    examples = [dspy.Example(**row.inputs, answer=row.gold).with_inputs("question") for row in DATA.train]
    theirs = dspy.LabeledFewShot(k=3).compile(programs.create("gsm8k", "cot"), trainset=examples)

    assert shown(prepared) == [[demo.toDict() for demo in theirs.solve.predict.demos]]
    assert prepared.info.notes == (
        "The demonstrations of 'solve.predict' come from labelled rows, which have no reasoning.",
    )


def test_labels_of_a_program_that_does_not_reason_lack_nothing():
    """Without reasoning in the signature there is nothing to say, and four rows are shown by default."""
    with FakeServer(fickle) as server:
        prepared = prepare(server, "labeled", program_name="direct")

    assert len(shown(prepared)[0]) == 4
    assert prepared.info.notes == ()
