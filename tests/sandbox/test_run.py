"""What honest programs can do, and what is told of them."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from dspysota import sandbox
from dspysota.errors import RunError
from dspysota.sandbox import Outcome, Trouble

WORKS = {
    "print(2 + 3 * 4 - 1)": "13",
    "print(7 / 2, 7 // 2, 7 % 2, 2**10, -7 // 2, divmod(7, 2))": "3.5 3 1 1024 -4 (3, 1)",
    "print(round(2.567, 2), round(2.5), abs(-3), min(1, 2), max([3, 4]), sum([1, 2]), int('3'), float('2.5'))": (
        "2.57 2 3 1 4 3 3 2.5"
    ),
    "x = 3.14159\nprint(f'{x:.2f} {1000000:,} {x!r:>8}')": "3.14 1,000,000  3.14159",
    "total = 0\nfor i in range(5):\n    if i % 2:\n        continue\n    total += i\nprint(total)": "6",
    "n = 0\nwhile True:\n    n += 1\n    if n == 5:\n        break\nprint(n)": "5",
    "def f(a, b=2, *c, **d):\n    return a + b + sum(c) + d['e']\nprint(f(1, 2, 3, e=4))": "10",
    "def f(n):\n    return 1 if n < 2 else n * f(n - 1)\nprint(f(20))": "2432902008176640000",
    "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x += 1\n    g()\n    return x\nprint(f())": "2",
    "print([x * x for x in range(4)], {k: v for k, v in zip('ab', [1, 2])})": "[0, 1, 4, 9] {'a': 1, 'b': 2}",
    "print(sorted([3, 1, 2], key=lambda v: -v), list(map(str, [1])), any([0, 1]))": "[3, 2, 1] ['1'] True",
    "class Shop:\n    def __init__(self, n):\n        self.n = n\n    def sold(self):\n        return self.n\n"
    "print(Shop(4).sold())": "4",
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)": "division by zero",
    "if __name__ == '__main__':\n    print('main')": "main",
    "import math\nprint(math.ceil(2.1), math.floor(2.9), math.sqrt(16), math.gcd(12, 18))": "3 2 4.0 6",
    "from decimal import Decimal\nprint(Decimal('0.1') * 3)": "0.3",
    "from datetime import date, timedelta\nprint(date(2020, 2, 28) + timedelta(days=2))": "2020-03-01",
    "from collections import Counter\nprint(Counter('aab')['a'])": "2",
    "import itertools\nprint(len(list(itertools.permutations([1, 2, 3]))))": "6",
    "from typing import List\ndef f(x: List[int]) -> int:\n    '''Add.'''\n    return sum(x)\nprint(f([1, 2]))": "3",
    "print('a b'.split(), 'abc'.upper(), '7'.isdigit(), '1,000'.replace(',', ''))": "['a', 'b'] ABC True 1000",
    "print(eval('1 + 1'))": "2",
}


@pytest.mark.parametrize("code", WORKS, ids=lambda code: code[:30])
def test_what_a_word_problem_needs_works(code):
    """Arithmetic, text, loops, functions, classes and the usual modules do what Python does."""
    outcome = sandbox.run(code)

    assert (outcome.trouble, outcome.printed) == (None, WORKS[code] + "\n")


@pytest.mark.parametrize(
    "code, trouble, message",
    [
        ("x = = 1", Trouble.SYNTAX, "SyntaxError"),
        ("The answer is 4.", Trouble.SYNTAX, "SyntaxError"),
        ("1 / 0", Trouble.EXCEPTION, "ZeroDivisionError: division by zero"),
        ("print(x)", Trouble.EXCEPTION, "NameError: name 'x' is not defined"),
        ("x = input()", Trouble.EXCEPTION, "NameError: name 'input' is not defined"),
        ("assert 1 > 2", Trouble.EXCEPTION, "AssertionError"),
        ("def f():\n    yield 1", Trouble.UNSUPPORTED, "NotImplementedError"),
        ("import fractions", Trouble.FORBIDDEN, "ModuleNotFoundError: No module named 'fractions'"),
        ("import numpy", Trouble.FORBIDDEN, "ModuleNotFoundError: No module named 'numpy'"),
    ],
)
def test_what_stops_a_program_has_a_class_and_a_message(code, trouble, message):
    """The class is ours, the message is Python's; nothing is raised."""
    outcome = sandbox.run(code)

    assert outcome.trouble is trouble
    assert outcome.message.startswith(message)


def test_what_was_printed_before_the_trouble_is_kept():
    """It helps whoever reads the case; it is not a result."""
    outcome = sandbox.run("print(1)\n1 / 0", show=("1",))

    assert (outcome.printed, outcome.shown, outcome.trouble) == ("1\n", ("",), Trouble.EXCEPTION)


def test_expressions_are_shown_in_the_state_the_program_left():
    """Each has a text, empty where it has no value, and none spoils the next."""
    code = "x = 4\ndef f():\n    print('here')\n    return x * 2"

    assert sandbox.run(code, show=("x", "y", "f()", "1 +", "f")).shown[:4] == ("4\n", "", "here\n8\n", "")


def test_expressions_are_bounded_like_the_program():
    """One that does not end takes the rest with it, and the program's own outcome stands."""
    code = "print(1)\ndef f():\n    while True:\n        pass"
    outcome = sandbox.run(code, show=("f()", "1"), seconds=0.3)

    assert (outcome.printed, outcome.shown, outcome.trouble) == ("1\n", ("", ""), None)


def test_programs_know_nothing_of_each_other():
    """What one defines or shadows is gone with it."""
    sandbox.run("x = 1\nprint = None\nstr = None")

    assert sandbox.run("print(str(x))").message == "NameError: name 'x' is not defined"


def test_the_same_program_has_the_same_outcome():
    """Chance and clock stand still, so that a run repeats."""
    code = "import random, time\nprint(random.random(), time.time(), random.choice(range(10**9)))"

    assert sandbox.run(code).printed == sandbox.run(code).printed != ""


def test_sixty_four_programs_at_once():
    """Threads share nothing: hostile programs neither delay nor mix up the others."""

    def ask(i):
        return sandbox.run("while True:\n    pass", seconds=1.0) if i % 8 == 7 else sandbox.run(f"print({i} * 2)")

    with ThreadPoolExecutor(64) as pool:
        outcomes = list(pool.map(ask, range(64)))

    assert [o.printed for i, o in enumerate(outcomes) if i % 8 != 7] == [f"{i * 2}\n" for i in range(64) if i % 8 != 7]
    assert {o.trouble for o in outcomes[7::8]} == {Trouble.TIME}


def test_seconds_are_those_of_the_clock():
    """The clock comes in as an argument."""
    ticks = iter(range(100))

    assert sandbox.run("#" * 30_000) == Outcome(
        trouble=Trouble.TOO_LONG, message="30000 characters; 20000 are allowed."
    )
    assert sandbox.run("1", clock=lambda: float(next(ticks))).seconds == 2.0


def test_a_sandbox_that_does_not_start_is_an_error_with_a_cure(monkeypatch, tmp_path):
    """A broken installation is the harness's trouble, never the program's."""
    broken = tmp_path / "monty"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    for place in (broken, tmp_path / "none"):
        monkeypatch.setenv("MONTY_BIN", str(place))
        with pytest.raises(RunError, match=r"does not start: .*pip install"):
            sandbox.run("print(1)")


def test_importing_the_sandbox_is_light():
    """The interpreter is loaded by the first run, not by the import."""
    code = (
        "import sys, dspysota.sandbox\nprint(*[m for m in ('pydantic_monty', 'dspy', 'pydantic') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert run.stdout.split() == []
