"""What pytest shows of a claim that a run does not show."""

from tests.factories import make_run

pytest_plugins = ["pytester"]

CLAIMS = """
from dspysota import Claim
from dspysota.records import Run

from pathlib import Path

RUN, REFERENCE = (Run.model_validate_json(Path(name).read_text()) for name in ("run.json", "reference.json"))

def test_good():
    assert RUN.vs(RUN) >= Claim(quality=0.8)

def test_bad():
    assert RUN.vs(REFERENCE) >= Claim(quality=0.9)
"""


def test_an_assertion_explains_its_verdict(installed):
    """A verdict that is not PASS fails the test, in as many lines as it has criteria, and without a repr."""
    run = make_run([1.0] * 60 + [0.0] * 60)
    reference = make_run([1.0] * 120, model_name="qwen2.5-coder-1.5b")
    for name, one in (("run", run), ("reference", reference)):
        (installed.path / f"{name}.json").write_text(one.model_dump_json())
    installed.makepyfile(CLAIMS)

    result = installed.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    other = reference.name.removeprefix("gsm8k · ")
    result.stdout.fnmatch_lines(
        [
            f"E*assert FAIL: {run.name} (measured) against {other} (measured), error rate 5%",
            "E*quality FAIL: exact_match 0.500 against 1.000; ratio 0.500 (0.4*..0.5*), claimed at least 0.9; p < 0.0*",
        ]
    )
    assert "Versus(" not in result.stdout.str()
