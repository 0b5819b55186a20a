"""The plain adapter: what a small model is shown, and how its outputs are read."""

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError

from dspysota.programs.calls import record, recording
from dspysota.programs.lm import make_lm
from dspysota.programs.plain import PlainAdapter, marked
from dspysota.programs.signatures.gsm8k import Solve
from dspysota.programs.signatures.hotpotqa import AnswerShortly
from dspysota.records import Call, Usage
from dspysota.testing import FakeServer, Fault

ADAPTER = PlainAdapter()
DIRECT = Solve
COT = dspy.ChainOfThought(Solve).predict.signature


class Place(dspy.Signature):
    """Name the place."""

    hint: str = dspy.InputField()
    city: str = dspy.OutputField()
    founded: int = dspy.OutputField(desc="a year")


class Summary(dspy.Signature):
    """Summarize."""

    text: str = dspy.InputField()
    summary: str = dspy.OutputField()


def shown(signature, demos=(), **inputs):
    return [(m["role"], m["content"]) for m in ADAPTER.format(signature, list(demos), inputs)]


def call(finish_reason):
    return Call(messages=(), output="", usage=Usage(), seconds=0.0, finish_reason=finish_reason)


def test_a_question_alone_needs_no_label():
    """The question as it is, then the instructions; no system turn takes the place of the model's own."""
    assert shown(COT, question="What is 2 + 2?") == [
        (
            "user",
            "What is 2 + 2?\n\nSolve the math problem. Think step by step. "
            'End with a last line of the form "#### N", where N is the answer as a number.',
        ),
    ]


def test_a_direct_answer_is_asked_for_as_one_line():
    """Without reasoning, only the answer line is asked for."""
    assert shown(DIRECT, question="?")[0][1].endswith(
        'Reply with one line of the form "#### N", where N is the answer as a number.'
    )


def test_paragraphs_stand_before_the_labelled_question():
    """A list is shown as paragraphs without a label; beside it the question has one."""
    [(role, text)] = shown(AnswerShortly, context=["Rome: A city.", "Paris: Another."], question="Which?")

    assert role == "user"
    assert text.startswith("Rome: A city.\n\nParis: Another.\n\nQuestion: Which?\n\n")


def test_demonstrations_are_chat_turns():
    """A demonstration is a user turn and an assistant turn; the first one carries the instructions, once."""
    demo = dspy.Example(question="1 + 1?", reasoning="One and one.", answer="2")

    (_, opening), answer, *rest = shown(COT, [demo, demo], question="?")
    assert opening.startswith("1 + 1?\n\nSolve the math problem.")
    assert answer == ("assistant", "One and one.\n#### 2")
    assert rest == [("user", "1 + 1?"), answer, ("user", "?")]


@pytest.mark.parametrize("reasoning", [{}, {"reasoning": None}, {"reasoning": ""}])
def test_missing_reasoning_is_left_out(reasoning):
    """A labelled demonstration shows the answer line alone, never an excuse for what is missing."""
    demo = dspy.Example(question="1 + 1?", answer="2", **reasoning)

    assert shown(COT, [demo], question="?")[1] == ("assistant", "#### 2")


@pytest.mark.parametrize("demo", [{"question": "1 + 1?"}, {"answer": "2"}, {"other": "x"}])
def test_half_a_demonstration_is_none(demo):
    """What lacks the question or the answer is not shown."""
    assert len(shown(COT, [demo], question="?")) == 1


def test_a_bootstrapped_output_reads_back_as_it_was():
    """What is rendered as a demonstration is parsed to the same fields."""
    fields = {"reasoning": "One and one.", "answer": "2"}

    assert ADAPTER.parse(COT, ADAPTER.format_assistant_message_content(COT, fields)) == fields


def test_several_outputs_have_a_line_each():
    """A signature of several outputs is asked for labelled lines, and they are read with their types."""
    assert shown(Place, hint="?")[0][1] == (
        '?\n\nName the place. Reply with lines of these forms: "City: CITY", where CITY is the city; '
        '"Founded: FOUNDED", where FOUNDED is a year.'
    )
    assert ADAPTER.format_assistant_message_content(Place, {"city": "Rome", "founded": -753}) == (
        "City: Rome\nFounded: -753"
    )
    assert ADAPTER.parse(Place, "Sure!\n**City:** Rome\n- Founded: 753") == {"city": "Rome", "founded": 753}


@pytest.mark.parametrize("output", ["City: Rome", "City: Rome\nFounded: long ago", ""])
def test_a_missing_or_mistyped_field_is_a_parse_error(output):
    """Nothing is made up for a field that is not there or not of its type."""
    with pytest.raises(AdapterParseError):
        ADAPTER.parse(Place, output)


def test_a_signature_without_markers_takes_the_whole_text():
    """A single output that asks for no marker is everything that was written."""
    assert shown(Summary, text="Long.")[0][1] == "Long.\n\nSummarize."
    assert ADAPTER.parse(Summary, "One.\n\nTwo.\n") == {"summary": "One.\n\nTwo."}


def test_a_marker_is_kept_by_every_signature_made_from_it():
    """`marked` survives ChainOfThought and new instructions."""

    class Own(dspy.Signature):
        """Do it."""

        task: str = dspy.InputField()
        result: str = marked("=>")

    signature = dspy.ChainOfThought(Own).predict.signature.with_instructions("Do it well.")

    assert shown(signature, task="x")[0][1] == (
        'x\n\nDo it well. Think step by step. End with a last line of the form "=> RESULT", where RESULT is the result.'
    )
    assert ADAPTER.parse(signature, "Hm.\n=> done") == {"reasoning": "Hm.", "result": "done"}


def test_an_ended_output_without_marker_gives_its_last_line():
    """The last line counts as the answer when the output ended by itself, and the recording says that it was so."""
    with recording() as calls:
        record(call("stop"))
        fields = ADAPTER.parse(COT, "Two and two.\nIt is 4")

    assert fields == {"reasoning": "Two and two.", "answer": "It is 4"}
    assert calls.notes == {"marker": "missing"}


def test_a_truncated_output_without_marker_is_no_answer():
    """A number in the middle of a cut-off calculation is not an answer."""
    with recording() as calls:
        record(call("length"))
        with pytest.raises(AdapterParseError):
            ADAPTER.parse(COT, "Two and two is 4, so")

    assert calls.notes == {}


def test_a_truncated_output_with_a_marker_has_its_answer():
    """What stands behind the marker counts even if the text goes on beyond the limit."""
    with recording():
        record(call("length"))

        assert ADAPTER.parse(COT, "#### 4\n\nNow for the next")["answer"] == "4"


def test_a_truncated_output_is_no_answer_in_dspys_own_threads():
    """Optimizers run programs through dspy.Evaluate, in threads where nobody records; truncation shows there too."""
    rows = [dspy.Example(question=f"{n} + 1?", answer=str(n + 1)).with_inputs("question") for n in range(4)]

    def outcomes(**faults):
        with FakeServer("2 + 2 is surely and certainly 4", **faults) as server:
            lm = make_lm(server.base_url, server.name, None, max_tokens=200)
            evaluate = dspy.Evaluate(devset=rows, num_threads=2, display_progress=False, max_errors=100)
            with dspy.context(lm=lm, adapter=ADAPTER, disable_history=True):
                result = evaluate(dspy.Predict(DIRECT), metric=lambda row, prediction: bool(prediction.answer))
        return [score for _, _, score in result.results]

    assert outcomes() == [True] * 4
    assert outcomes(faults={"": Fault("truncate")}) == [0.0] * 4


def test_each_recording_begins_without_a_last_call():
    """What was cut off before a recording began says nothing about what is read in it."""
    with recording():
        record(call("length"))
        with recording():
            assert ADAPTER.parse(COT, "It is 4")["answer"] == "It is 4"
        with pytest.raises(AdapterParseError):
            ADAPTER.parse(COT, "It is 4")
