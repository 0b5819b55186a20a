"""Which tests there are, in which order."""

import pytest

from tests.plugin.projects import EVALS

pytest_plugins = ["pytester"]

PROFILE = """
name: embedded
models:
  smollm2-135m: {}
  phi-2: {}
cells:
  - {task: [gsm8k, hotpotqa], model: smollm2-135m, approach: [zero_shot, bootstrap]}
  - {task: [gsm8k, hotpotqa], model: phi-2, approach: zero_shot, role: reference}
"""


@pytest.fixture
def collect(installed):
    folder = installed.path / "fixtures" / "profiles"
    folder.mkdir(parents=True)
    (folder / "embedded.yaml").write_text(PROFILE)

    def collect(*arguments, **files):
        installed.makepyfile(**files)
        result = installed.runpytest_inprocess("--collect-only", "-q", *arguments)
        return [line for line in result.outlines if "::" in line], result

    return collect


def test_ids_say_model_and_approach(collect):
    """A cell is selected the pytest way, by what its id says."""
    names, _ = collect("-k", "bootstrap", test_a=EVALS)

    assert ["test_a.py::test_gsm8k[smollm2-135m-bootstrap]"] == names


def test_one_model_after_the_other(collect):
    """Tests are ordered by model, so that each server starts once; other tests keep their places."""
    hotpotqa = EVALS.replace("gsm8k", "hotpotqa") + "\ndef test_other(): pass\n"
    names, _ = collect(test_a=EVALS, test_b=hotpotqa)

    assert [
        "test_a.py::test_gsm8k[smollm2-135m-zero_shot]",
        "test_a.py::test_gsm8k[smollm2-135m-bootstrap]",
        "test_b.py::test_hotpotqa[smollm2-135m-zero_shot]",
        "test_b.py::test_hotpotqa[smollm2-135m-bootstrap]",
        "test_a.py::test_gsm8k[phi-2-zero_shot]",
        "test_b.py::test_hotpotqa[phi-2-zero_shot]",
        "test_b.py::test_other",
    ] == names


def test_comparisons_come_after_the_runs_they_compare(collect):
    """A test against the reference needs both models, so it comes last of the later one's; the reference has none."""
    against = EVALS.replace('task="gsm8k"', 'task="gsm8k", against="reference"').replace("test_gsm8k", "test_both")
    names, _ = collect(test_a=against, test_b=EVALS)

    assert [
        "test_b.py::test_gsm8k[smollm2-135m-zero_shot]",
        "test_b.py::test_gsm8k[smollm2-135m-bootstrap]",
        "test_b.py::test_gsm8k[phi-2-zero_shot]",
        "test_a.py::test_both[smollm2-135m-zero_shot]",
        "test_a.py::test_both[smollm2-135m-bootstrap]",
    ] == names


def test_a_marker_may_ask_for_the_cells_of_which_something_is_claimed(collect, installed):
    """Candidates of another model than the reference's, on the tasks that the claim names."""
    path = installed.path / "fixtures" / "profiles" / "embedded.yaml"
    path.write_text(PROFILE + "claim: {gsm8k: {quality_ratio: 0.9}}\n")
    claimed = EVALS.replace('task="gsm8k"', 'task="gsm8k", claimed=True')
    names, _ = collect(test_a=claimed, test_b=claimed.replace("gsm8k", "hotpotqa"))

    assert [
        "test_a.py::test_gsm8k[smollm2-135m-zero_shot]",
        "test_a.py::test_gsm8k[smollm2-135m-bootstrap]",
        "test_b.py::test_hotpotqa[none]",
    ] == names


def test_where_claims_end_runs_the_references_model_comes_first(collect):
    """Its run must be complete before a candidate is asked anything, and each server still starts once."""
    names, _ = collect("--sota-sequential", test_a=EVALS)

    assert "test_a.py::test_gsm8k[phi-2-zero_shot]" == names[0]


def test_a_marker_may_filter_cells(collect):
    """Any property of a cell can be asked for."""
    names, _ = collect(test_a=EVALS.replace('task="gsm8k"', 'task="gsm8k", role="reference"'))

    assert ["test_a.py::test_gsm8k[phi-2-zero_shot]"] == names


@pytest.mark.parametrize("marker", ['"gsm8k"', 'model="phi-2"', 'task="gsm8k", modle="phi-2"'])
def test_a_misspelt_marker_says_what_it_takes(collect, marker):
    """A marker that cannot be understood ends the collection with its valid arguments, without a traceback."""
    _, result = collect(test_a=EVALS.replace('task="gsm8k"', marker))

    assert 0 != result.ret
    result.stdout.fnmatch_lines(["*@pytest.mark.sota takes task=*approach, adapter, role, against and claimed*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stdout.no_fnmatch_line("*collect.py:*")


@pytest.mark.parametrize(
    "marker, valid",
    [
        ('task="gsm9k"', "gsm8k, hotpotqa"),
        ('task="gsm8k", adapter="plane"', "plain, chat*"),
        ('task="gsm8k", against="refrence"', "candidate, reference, baseline"),
        ('task="gsm8k", claimed="yes"', "True, False"),
    ],
)
def test_a_misspelt_value_names_the_valid_ones(collect, marker, valid):
    """A value that no profile could have is refused; it would skip the experiment without a word."""
    _, result = collect(test_a=EVALS.replace('task="gsm8k"', marker))

    assert 0 != result.ret
    result.stdout.fnmatch_lines([f"*@pytest.mark.sota has *it must be one of *{valid}*"])


@pytest.mark.parametrize(
    "program, valid", [("cott", "cot, direct, pot, each also with*"), ("cot+vote1", "from 2 to 64")]
)
def test_a_misspelt_program_names_the_valid_ones_and_their_forms(collect, program, valid):
    """A program may be an expression, whose base and form are checked."""
    _, result = collect(test_a=EVALS.replace('task="gsm8k"', f'task="gsm8k", program="{program}"'))

    assert 0 != result.ret
    result.stdout.fnmatch_lines([f"*@pytest.mark.sota has program:*{valid}*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


@pytest.mark.parametrize(
    "approach, valid",
    [("bootstrp", "bootstrap, *each also with :instructions*"), ("bootstrap:demos", ":instructions*")],
)
def test_a_misspelt_approach_names_the_valid_ones_and_their_parts(collect, approach, valid):
    """An approach may be an expression, whose whole and part are checked."""
    _, result = collect(test_a=EVALS.replace('task="gsm8k"', f'task="gsm8k", approach="{approach}"'))

    assert 0 != result.ret
    result.stdout.fnmatch_lines([f"*@pytest.mark.sota has approach:*{valid}*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_broken_default_profile_says_what_is_wrong(collect, installed):
    """A profile that nobody named on the command line is read when a test needs it, and its fault is one sentence."""
    (installed.path / "fixtures" / "profiles" / "embedded.yaml").write_text("name: embedded\ncell: []\n")

    _, result = collect(test_a=EVALS)

    result.stdout.fnmatch_lines(["*unknown key 'cell'; valid keys here are*cells*"])
    result.stdout.no_fnmatch_line("*reading.py:*")
