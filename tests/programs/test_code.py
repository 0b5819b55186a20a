"""Reading programs out of free text."""

import time

import pytest

from dspysota.programs.code import read, results


def code_of(text, **options):
    found = read(text, **options)
    return None if found is None else found.value


@pytest.mark.parametrize(
    "text, code",
    [
        ("```python\nprint(4)\n```", "print(4)"),
        ("```py\nprint(4)\n```", "print(4)"),
        ("``` Python3\nprint(4)\n```", "print(4)"),
        ("```\nprint(4)\n```", "print(4)"),
        ("```python\r\nprint(4)\r\n```", "print(4)"),
        ("Sure!\n\n```python\nprint(4)\n```\nThis prints 4.", "print(4)"),
        ("1. So:\n   ```python\n   if x:\n       print(4)\n   ```", "if x:\n    print(4)"),
        ("```python\nprint(4)", "print(4)"),
        ("```python\nx = 4\n```\nThen\n```python\nprint(x)\n```", "x = 4\nprint(x)"),
        ("```\n4 apples\n```\n```python\nprint(4)\n```", "print(4)"),
        ("```python\nprint(4)\n```\nOutput:\n```\n4\n```", "print(4)"),
        ("```\nprint(4)\n```\nOutput:\n```\n4\n```", "print(4)"),
        ("```python\nx = 4\n```python\nprint(x)\n```", "x = 4\nprint(x)"),
    ],
)
def test_fenced_code_wins_over_what_stands_around_it(text, code):
    """Blocks labelled Python are joined; without any, the first bare block counts; the last may lack its end."""
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text, code",
    [
        ("print(4)", "print(4)"),
        ("x = 4\n\nprint(x)\n", "x = 4\n\nprint(x)"),
        ("Here is the program:\n\nx = 4\nprint(x)\n\nThe answer is 4.", "x = 4\nprint(x)"),
        ("def solution():\n    return 4\n\nThis function returns 4.", "def solution():\n    return 4"),
        ("import math\nprint(math.pi)", "import math\nprint(math.pi)"),
        ("total: int = 4\ntotal += 1", "total: int = 4\ntotal += 1"),
        ("a, b = 1, 2\nif a < b:\n    b = 3\nelse:\n    b = 4", "a, b = 1, 2\nif a < b:\n    b = 3\nelse:\n    b = 4"),
        ("prices[0] = 4\nNow it is done.", "prices[0] = 4"),
    ],
)
def test_without_a_fence_the_code_is_cut_out_of_the_prose(text, code):
    """It runs from the first line that looks like code to the last."""
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text", ["", " \n", "The answer is 4.", "If you add 2 and 2, you get 4.", "```python\n```", "```java\nint x;\n```"]
)
def test_no_code_is_none(text):
    """Prose, an empty block and another language are no program."""
    assert read(text) is None


@pytest.mark.parametrize(
    "text", ["```python\nprint(4", "print(4", "Sure!", "```python\nx = 1\n```\n```python\nprint(x"]
)
def test_cut_off_code_is_none(text):
    """A program that was still being written when the token limit struck is not guessed at."""
    assert read(text, ended=False) is None


def test_a_whole_block_counts_whatever_is_cut_off_behind_it():
    """The program was there; only the talk about it is missing."""
    assert code_of("```python\nprint(4)\n```\nThis pro", ended=False) == "print(4)"


def test_what_stands_before_the_code_is_the_reasoning():
    """Text behind it is dropped."""
    found = read("Two and two.\n\n```python\nprint(4)\n```\nDone.")

    assert found is not None
    assert found.before == "Two and two."


@pytest.mark.parametrize(
    "code, expected",
    [
        ("x = 4", ("answer", "result")),
        ("def f():\n    return 4\ndef g():\n    return 5", ("answer", "result", "g()")),
        ("def solution():\n    return 4\ndef g():\n    return 5", ("answer", "result", "solution()")),
        ("x = 4\nx", ("answer", "result", "x")),
        ("def f():\n    return 4\nf()", ("answer", "result", "f()")),
        ("class A:\n    def f(self):\n        return 4", ("answer", "result")),
        ("x = 4\nx.__class__.mro(1)[0]", ("answer", "result")),
    ],
)
def test_where_a_silent_program_may_have_left_its_result(code, expected):
    """Two names, a function nobody called, and a bare last line, in this order."""
    assert tuple(results(code)) == expected


MILLION = 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "x" * MILLION,
        " " * MILLION,
        "\n" * MILLION,
        "`" * MILLION,
        "```\n" * (MILLION // 4),
        "```python\n" * (MILLION // 10),
        "a," * (MILLION // 2),
        "a[" * (MILLION // 2),
        "a\n" * (MILLION // 2),
        "x = 1\n" * (MILLION // 6),
        " \t" * (MILLION // 2),
        "def f(" * (MILLION // 6),
        "def f():\n" * (MILLION // 9),
        "> " * (MILLION // 2),
        "    \n" * (MILLION // 5),
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.parametrize("fence", ["", "```python\n"])
def test_a_megabyte_of_anything_is_read_in_linear_time(fence, text):
    """No output can make the reader hang: a megabyte takes well below what even a quadratic reader would."""
    started = time.process_time()
    read(fence + text)
    results(text)

    assert time.process_time() - started < 10  # quadratic would be hours
