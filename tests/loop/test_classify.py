"""Every case that earns less than full marks has exactly one reason."""

import pytest

from dspysota.loop import classify
from dspysota.loop.classify import judge
from dspysota.records import ERRORS, Answer, Failure
from tests.factories import make_call
from tests.loop.asking import RULES, make_examples

CUT = make_call(output="12 and then", finish_reason="length")


@pytest.mark.parametrize(
    "answer, score, complete, expected",
    [
        pytest.param(Answer(prediction="4"), 1.0, None, None, id="full marks"),
        pytest.param(Answer(prediction="4", calls=(CUT,)), 1.0, None, None, id="right although cut"),
        pytest.param(Answer(prediction="4"), 1.0, False, None, id="right although a paragraph was missed"),
        pytest.param(Answer(prediction="5"), 0.0, None, Failure.WRONG, id="wrong"),
        pytest.param(Answer(prediction="5"), 0.5, True, Failure.WRONG, id="half right"),
        pytest.param(Answer(prediction="5"), 0.5, False, Failure.RETRIEVAL_MISS, id="paragraph missed"),
        pytest.param(Answer(prediction=None), 0.0, None, Failure.UNPARSABLE, id="unparsable"),
        pytest.param(Answer(prediction=None), 0.0, False, Failure.UNPARSABLE, id="unparsable before missed"),
        pytest.param(Answer(prediction=None, calls=(CUT,)), 0.0, None, Failure.TRUNCATED, id="cut before unparsable"),
        pytest.param(Answer(prediction="1", calls=(CUT,)), 0.0, False, Failure.TRUNCATED, id="cut before missed"),
        pytest.param(Answer(prediction="5", calls=(CUT, make_call())), 0.0, None, Failure.WRONG, id="last call counts"),
        pytest.param(Answer(prediction="5", calls=(make_call(), CUT), taken=0), 0.0, None, Failure.WRONG, id="taken"),
        pytest.param(Answer(prediction="5", calls=(CUT, make_call()), taken=0), 0.0, None, Failure.TRUNCATED, id="cut"),
        pytest.param(Answer(prediction=None, error="boom"), 0.0, None, Failure.PROGRAM_ERROR, id="error, no class"),
    ],
)
def test_first_class_that_fits_is_taken(answer, score, complete, expected):
    """The classes are tried in the order of `Failure`."""
    assert classify(answer, {"exact_match": score, "other": 1.0}, "exact_match", complete) == expected


def test_a_metric_sees_the_details_of_an_answer():
    """What a program says besides its answer, such as its supporting facts, reaches the task's metrics."""
    (example,) = make_examples(1)

    def score(example, prediction, output, details):
        return {"recall": float("Paris" in details["retrieved"])}

    answer = Answer(prediction="0", details={"retrieved": ["Paris"]})
    case = judge(example, answer, 1.0, score=score, primary="recall", complete=RULES["complete"])
    assert case.scores == {"recall": 1.0}


@pytest.mark.parametrize("failure", sorted(ERRORS))
def test_an_error_keeps_its_class(failure):
    """An answer that was not obtained is classed as its program says, however its emptiness scores."""
    answer = Answer(prediction=None, calls=(CUT,), failure=failure, error="the server said no")
    assert classify(answer, {"exact_match": 1.0}, "exact_match", False) is failure


def test_an_error_scores_zero_on_every_metric():
    """Even a metric that would be generous to an empty answer gives an error nothing, and its message is kept."""
    (example,) = make_examples(1)
    answer = Answer(prediction="0", failure=Failure.TIMEOUT, error="no answer in 5 s")
    case = judge(example, answer, 5.0, score=RULES["task_score"], primary="exact_match", complete=RULES["complete"])
    assert case.scores == {"exact_match": 0.0, "brevity": 0.0}
    assert (case.prediction, case.failure, case.error) == (None, Failure.TIMEOUT, "no answer in 5 s")


def test_half_characters_become_storable():
    """A lone surrogate from a hostile model turns into U+FFFD, everything else stays."""
    (example,) = make_examples(1)
    answer = Answer(prediction="\ud800é", calls=(make_call(output="x\udfffy"),), details={"a": ["\ud83d\ude00 \udc00"]})
    case = judge(example, answer, 1.0, score=RULES["task_score"], primary="exact_match", complete=RULES["complete"])
    assert (case.prediction, case.calls[0].output) == ("\ufffdé", "x\ufffdy")
    assert case.details == {"a": ["😀 \ufffd"]}
    assert case.model_validate_json(case.model_dump_json()) == case
