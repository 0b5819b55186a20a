"""What hostile programs try, and what becomes of them."""

import os
import threading
import time

import psutil
import pytest

from dspysota import sandbox
from dspysota.sandbox import MAX_CODE, MAX_PRINTED, MEMORY, Trouble

FORBIDDEN = {
    "read a file": "print(open('{file}').read())",
    "write a file": "open('{file}', 'w').write('x')",
    "read by pathlib": "from pathlib import Path\nprint(Path('{file}').read_text())",
    "write by pathlib": "from pathlib import Path\nPath('{file}').write_text('x')",
    "list a folder": "import os\nprint(os.listdir('/'))",
    "read the environment": "import os\nprint(os.environ)",
    "read a variable": "import os\nprint(os.getenv('{variable}'))",
    "read the environment in exec": "exec('import os\\nprint(os.environ)')",
    "subprocess": "import subprocess\nsubprocess.run(['touch', '{file}'])",
    "socket": "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "urllib": "from urllib.request import urlopen\nurlopen('http://127.0.0.1')",
    "ctypes": "import ctypes\nctypes.string_at(0)",
    "signal": "import signal\nsignal.raise_signal(9)",
    "importlib": "import importlib\nimportlib.import_module('os').system('touch {file}')",
    "inline dependencies": "# /// script\n# dependencies = ['httpx']\n# ///\nimport httpx",
}

IMPOSSIBLE = {
    "a shell": "import os\nos.system('touch {file}')",
    "fork": "import os\nos.fork()",
    "kill": "import os\nos.kill(os.getppid(), 9)",
    "__import__": "__import__('os').system('touch {file}')",
    "eval": "eval(\"__import__('os').system('touch {file}')\")",
    "exec": "exec(\"import os\\nos.system('touch {file}')\")",
    "builtins": "print(__builtins__)",
    "subclasses": "print(().__class__.__mro__[1].__subclasses__())",
    "base": "print([].__class__.__base__.__subclasses__())",
    "getattr": "print(getattr(1, '__class__'))",
    "globals of a function": "print((lambda: 0).__globals__)",
    "code of a function": "print((lambda: 0).__code__)",
    "globals": "print(globals())",
    "modules": "import sys\nprint(sys.modules)",
    "frames of a generator": "print((x for x in [1]).gi_frame.f_back.f_globals)",
    "frames": "import sys\nprint(sys._getframe())",
    "traceback": "try:\n    1 / 0\nexcept Exception as error:\n    print(error.__traceback__.tb_frame)",
    "format string": "print('{{0.__class__.__mro__}}'.format(1))",
    "format string of an object": "class A:\n    pass\nprint('{{0.__init__.__globals__}}'.format(A()))",
    "exit": "import sys\nsys.exit(3)",
    "SystemExit": "raise SystemExit(3)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
}


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A file and a variable of the harness, which no program may see or change."""
    monkeypatch.setenv("DSPYSOTA_SECRET", "swordfish")
    (tmp_path / "file").write_text("swordfish")
    yield {"file": tmp_path / "file", "variable": "DSPYSOTA_SECRET"}
    assert (tmp_path / "file").read_text() == "swordfish"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("code", FORBIDDEN.values(), ids=FORBIDDEN)
def test_there_is_no_way_out(code, places):
    """Files, processes, the network and the environment are out of reach, and the attempt has a class."""
    outcome = sandbox.run(code.format(**places))

    assert outcome.trouble is Trouble.FORBIDDEN
    assert outcome.printed == ""
    assert outcome.message


@pytest.mark.parametrize("code", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_there_is_nothing_to_climb(code, places):
    """The interpreter has no doors to its own inside: the attempt is an exception like any other."""
    outcome = sandbox.run(code.format(**places))

    assert outcome.trouble is Trouble.EXCEPTION
    assert outcome.printed == ""


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "try:\n    while True:\n        pass\nexcept BaseException:\n    print('caught')",
        "sum(range(10**18))",
        "x = 7**100000\ny = 3**90000\nfor i in range(10**6):\n    x // y",
        "def f():\n    try:\n        f()\n    except BaseException:\n        f()\nf()",
        "import time\nwhile time.time() < 1e12:\n    time.sleep(1000)",
    ],
    ids=["loop", "caught", "sum", "integers", "caught recursion", "clock"],
)
def test_time_is_bounded(code):
    """A program that does not end is ended, whatever it catches."""
    outcome = sandbox.run(code, seconds=0.2)

    assert outcome.trouble is Trouble.TIME
    assert outcome.message == "Stopped after 0.2 s."


def test_one_long_step_is_killed():
    """A single operation that looks at no clock loses its process soon after its time."""
    started = time.perf_counter()
    outcome = sandbox.run("x = 7**40_000_000", seconds=0.1, memory=2**30)

    assert outcome.trouble is Trouble.TIME
    assert time.perf_counter() - started < 20  # on its own it would take far longer


@pytest.mark.parametrize(
    "code",
    [
        "9**9**9",
        "print(9**9**9)",
        "'a' * 10**12",
        "[0] * 10**10",
        "x = []\nwhile True:\n    x.append('a' * 1000)",
        "x = 'a'\nwhile True:\n    x = x + x",
        "x = []\nfor i in range(10**7):\n    x = [x]",
        "list(range(10**12))",
        "f'{1:>1000000000}'",
        "'%1000000000d' % 1",
        "import math\nmath.factorial(10**7)",
        "('a' * 1000000).replace('a', 'b' * 1000)",
        "try:\n    x = 'a' * 10**12\nexcept BaseException:\n    print('caught')",
        "','.join(['a' * 1000] * 1000000)",
        "import asyncio\nasync def f():\n    return 1\nawait asyncio.gather(*[f() for _ in range(1000000)])",
    ],
)
def test_memory_is_bounded(code):
    """Neither many values nor a huge one takes more than allowed, nor one that aborts the interpreter."""
    outcome = sandbox.run(code, seconds=20)

    assert outcome.trouble is Trouble.MEMORY
    assert outcome.printed == ""


@pytest.mark.parametrize(
    "code",
    ["def f():\n    return f()\nf()", "x = lambda: x()\nx()", "c = 'exec(c)'\nexec(c)"],
    ids=["function", "lambda", "exec"],
)
def test_depth_is_bounded(code):
    """Endless recursion ends in Python's own error."""
    assert sandbox.run(code).trouble is Trouble.RECURSION


@pytest.mark.parametrize("sign", ["(", "[", "-", "not ", "lambda: ", "f(", "{0:"])
def test_source_that_is_too_deep_is_a_syntax_error(sign):
    """The parser gives up by itself, without an end for its process."""
    assert sandbox.run("x = " + sign * 2000 + "1").trouble is Trouble.SYNTAX


@pytest.mark.parametrize("line", ["'a'", "'a' * 100_000"])
def test_printing_is_bounded_and_ends_at_once(line):
    """Who prints too much is stopped there and then; what came before is kept, within its bound."""
    outcome = sandbox.run(f"while True:\n    print({line})", seconds=60)

    assert outcome.trouble is Trouble.OUTPUT
    assert outcome.printed.startswith("a")
    assert len(outcome.printed) <= MAX_PRINTED
    assert outcome.seconds < 30


def test_printing_to_standard_error_is_bounded_too():
    """It is not kept, but counted."""
    code = "import sys\nwhile True:\n    print('a' * 1000, file=sys.stderr)"

    assert sandbox.run(code, seconds=60).trouble is Trouble.OUTPUT


def test_code_is_bounded():
    """Longer code is not even looked at."""
    assert sandbox.run("#" * MAX_CODE).trouble is None
    assert sandbox.run("#" * (MAX_CODE + 1)).trouble is Trouble.TOO_LONG


@pytest.mark.parametrize(
    "pattern, text",
    [("(a+)+$", "'a' * 5000 + 'b'"), ("(a|a)*$", "'a' * 5000 + 'b'"), (r"(a*)*\\1b", "'a' * 30")],
)
def test_regular_expressions_do_not_blow_up(pattern, text):
    """Patterns that take Python for ever are answered or refused."""
    outcome = sandbox.run(f"import re\nprint(re.match('{pattern}', {text}))", seconds=20)

    assert outcome.trouble in {None, Trouble.EXCEPTION}


def test_an_exception_is_told_within_bounds():
    """A message of megabytes is cut, and line ends in it do not survive."""
    outcome = sandbox.run("raise ValueError('a\\nb' * 1_000_000)")

    assert outcome.trouble is Trouble.EXCEPTION
    assert outcome.message.startswith("ValueError: a ba b")
    assert len(outcome.message) <= 300


@pytest.mark.parametrize("code", ["print('\ud800')", "print(1)\0", "\x00" * 100, "\ufeff\u202e"])
def test_text_that_is_no_source_is_a_syntax_error(code):
    """Lone surrogates, zero bytes and invisible marks get no further than the parser."""
    assert sandbox.run(code).trouble is Trouble.SYNTAX


def test_an_interpreter_that_is_killed_harms_nobody():
    """When the process dies under the program, that is an outcome."""
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(sandbox.run("while True:\n    pass", seconds=60)))
    before = {child.pid for child in psutil.Process().children()}
    thread.start()
    while not (new := [c for c in psutil.Process().children() if c.pid not in before and c.cpu_times().user > 0.05]):
        assert thread.is_alive()
        os.sched_yield()
    new[0].kill()
    thread.join(30)

    assert outcomes[0].trouble is Trouble.CRASH


def test_no_process_is_left():
    """After each run its interpreter is gone, however the run ended."""
    before = {child.pid for child in psutil.Process().children()}
    for code in ("print(1)", "1 / 0", "while True:\n    print('a' * 10000)", "','.join(['a' * 1000] * 1000000)"):
        sandbox.run(code, seconds=5)

    assert {child.pid for child in psutil.Process().children()} <= before


def test_the_bound_on_memory_holds_for_the_process():
    """What the operating system counts stays near what is allowed."""
    peak = []
    done = threading.Event()

    def watch():
        while not done.is_set():
            for child in psutil.Process().children():
                try:
                    # Between fork and exec a child is still a copy of this process, and as large.
                    if child.exe() != psutil.Process().exe():
                        peak.append(child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        sandbox.run("x = []\nwhile True:\n    x.append('a' * 1000)")
    finally:
        done.set()
        watcher.join()

    assert max(peak) < MEMORY + 64 * 2**20
