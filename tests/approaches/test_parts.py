"""A part of a prepared program: its instructions, without the demonstrations."""

import doctest
import json

import pytest

from dspysota import approaches, programs
from dspysota.compiling import saved
from dspysota.errors import ConfigError
from dspysota.experiment import make_cell
from dspysota.profiles import Profile
from dspysota.testing import FakeServer
from tests.approaches.test_prepare import counts, demos, prepare
from tests.lift.kept import instruct


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))
    return tmp_path


def start():
    return saved.state_of(programs.create("gsm8k", "cot"))


def test_docstring_examples_are_true():
    """Every example in the package's docstrings gives what it says."""
    failed, tried = doctest.testmod(approaches)

    assert (failed, tried > 0) == (0, True)


def test_a_part_is_taken_of_the_whole_which_is_prepared_once():
    """The whole is compiled under its own name and kept; its part asks nothing more."""
    with FakeServer(counts) as server:
        part = prepare(server, "bootstrap:instructions")
        asked = len(server.requests)
        whole = prepare(server)

        assert len(server.requests) == asked > 0
    assert (demos(part), len(demos(whole)[0])) == ([[]], 4)
    assert whole.info.reused
    assert part.info.program_digest == whole.info.instructions_digest != whole.info.program_digest
    assert "without its demonstrations" in part.info.notes[0]


def test_what_the_whole_was_chosen_by_says_nothing_of_its_part(home):
    """A validation score belongs to the program that had it."""
    with FakeServer(counts) as server:
        prepare(server)
        instruct(home, "Count.", validation_score=0.75, validation_rows=4, candidates=3)
        whole, part = prepare(server), prepare(server, "bootstrap:instructions")

    assert (whole.info.validation_score, whole.info.candidates) == (0.75, 3)
    assert (part.info.validation_score, part.info.validation_rows, part.info.candidates) == (None, 0, 0)


def test_demonstrations_alone_leave_the_unprepared_program(home):
    """A program with no other instructions than the task's own is the unprepared one without its demonstrations."""
    with FakeServer(counts) as server:
        bootstrap, zero_shot = prepare(server), prepare(server, "zero_shot")

    assert bootstrap.info.instructions_digest == bootstrap.info.unprepared_digest == zero_shot.info.program_digest
    assert zero_shot.info.unprepared_digest == zero_shot.info.program_digest


def test_changed_instructions_stay(home):
    """Without its demonstrations an instructed program still has its instructions."""
    with FakeServer(counts) as server:
        prepare(server)
        instruct(home, "Count slowly.")
        part = prepare(server, "bootstrap:instructions")

    (predictor,) = part.module.predictors()
    assert (predictor.signature.instructions, predictor.demos) == ("Count slowly.", [])
    assert part.info.program_digest != part.info.unprepared_digest


def test_a_program_of_several_unprepared_ones_is_the_unprepared_one():
    """Members keep their predictors under longer names; another instruction in one of them is a change."""
    (name, value) = next(iter(json.loads(start()).items()))
    members = {f"members[{place}].{name}": {**value, "demos": [{"question": "1?"}]} for place in range(2)}
    changed = {**members, f"members[1].{name}": {**value, "signature": {"instructions": "Count.", "fields": []}}}

    assert saved.without_demonstrations(json.dumps(members), start()) == start()
    bare = json.loads(saved.without_demonstrations(json.dumps(changed), start()))
    assert [one["demos"] for one in bare.values()] == [[], []]
    assert set(bare) == set(members)


@pytest.mark.parametrize(
    "name", ["bootstrap:demos", "bootstrap:", ":instructions", "bootstrap:instructions:instructions"]
)
def test_an_unknown_part_is_refused_with_the_valid_one(name):
    """The message says how a part is written, wherever the name comes from."""
    with pytest.raises(ConfigError, match="is no approach: behind the name may stand :instructions"):
        approaches.approach(name)
    with pytest.raises(ConfigError, match=r"approach: .*:instructions"):
        make_cell(Profile(name="p"), task="gsm8k", model="smollm2-135m", approach=name)


def test_a_part_of_an_unknown_approach_names_the_approaches():
    """The whole is checked as it is without a part."""
    with pytest.raises(ConfigError, match=r"'magic'.*zero_shot.*each also with :instructions"):
        approaches.approach("magic:instructions")
