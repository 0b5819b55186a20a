"""Reading answers out of free text."""

import time

import pytest

from dspysota.programs.parsing import after_marker, labelled, last_line


def value_of(found):
    return None if found is None else found.value


@pytest.mark.parametrize(
    "text, value",
    [
        ("2 + 2 = 4\n#### 4", "4"),
        ("#### 3\nNo, wait.\n#### 4", "4"),
        ("**#### 4**", "4"),
        ("####4", "4"),
        ("####: 4", "4"),
        ("So #### 4", "4"),
        ("####\n4", "4"),
        ("#### 4\n####", "4"),
        ("The final answer is **4**", "4"),
        ("**Answer:** 4", "4"),
        ("### Final Answer: 4", "4"),
        ("the answer is: -4.5", "-4.5"),
        ("The answer is 3.\n#### 4", "4"),
        ("#### 1,234", "1,234"),
        ("#### \u202e4\x07", "\u202e4\x07"),
    ],
)
def test_the_last_marker_wins_whatever_decorates_it(text, value):
    """The answer is what stands behind the last marker that has anything behind it."""
    assert value_of(after_marker(text, "####")) == value


@pytest.mark.parametrize(
    "text, value",
    [
        ("Answer: Paris", "Paris"),
        ("answer: Paris", "Paris"),
        ("> **Answer**: Paris", "Paris"),
        ("- Answer: Paris", "Paris"),
        ("The answer: Paris", "Paris"),
        ("Answer:\n\nParis", "Paris"),
        ("Answer: `Paris`", "Paris"),
        ("Answer: Rome\nHm.\nAnswer: Paris", "Paris"),
    ],
)
def test_a_marker_of_words_starts_a_line(text, value):
    """Case, Markdown and an article do not matter."""
    assert value_of(after_marker(text, "Answer:")) == value


@pytest.mark.parametrize("text", ["", "No idea.", "####", "#### \n", "##### Step 5", "The answering machine: broken"])
def test_no_marker_no_answer(text):
    """A text without a marker, or with nothing behind it, has none."""
    assert after_marker(text, "####") is None


def test_what_stands_before_the_marker_is_the_reasoning():
    """The reasoning ends where the line of the marker starts."""
    found = after_marker("One.\nTwo.\nSo #### 4", "####")

    assert found is not None
    assert found.before == "One.\nTwo."


@pytest.mark.parametrize("text, value", [("4", "4"), ("Hm.\n\n**4**\n```\n", "4"), ("a\nb \n \n", "b")])
def test_the_last_line_is_the_last_one_with_something_on_it(text, value):
    """Empty lines and bare Markdown marks do not count."""
    assert value_of(last_line(text)) == value


@pytest.mark.parametrize("text", ["", " \n\n ", "```"])
def test_an_empty_text_has_no_last_line(text):
    """Nothing is nothing."""
    assert last_line(text) is None


def test_several_labels_are_read_in_any_order():
    """Each label's text runs up to the next label; text before the first has no name."""
    found = labelled("Hm.\nYear: 753\nB.C.\nCity: Rome", {"city": "City:", "year": "Year:"})

    assert found == {"": "Hm.", "city": "Rome", "year": "753\nB.C."}


MILLION = 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "x" * MILLION,
        " " * MILLION,
        "\n" * MILLION,
        "*" * MILLION,
        "#" * MILLION,
        "####\n" * (MILLION // 5),
        "Answer:\n" * (MILLION // 8),
        "the answer is " * (MILLION // 14),
        "the" + " " * MILLION,
        "answer" + " " * MILLION,
        "Answer" + "*" * MILLION,
        "the " * (MILLION // 4),
        "\n> " * (MILLION // 3),
    ],
    ids=lambda text: repr(text[:16]),
)
def test_a_megabyte_of_anything_is_read_in_linear_time(text):
    """No output can make the reader hang: a megabyte takes well below what even a quadratic reader would."""
    started = time.process_time()
    after_marker(text, "####")
    after_marker(text, "Answer:")
    labelled(text, {"answer": "Answer:"})
    last_line(text)

    assert time.process_time() - started < 10  # quadratic would be hours
