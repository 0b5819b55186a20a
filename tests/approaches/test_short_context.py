"""Searches for a model whose context cannot hold every demonstration: what is scored is what is delivered."""

import re
from typing import Any

import pytest

from dspysota import create_optimizer, programs
from dspysota.testing import FakeServer
from tests.approaches.optimizing import gsm8k, make_lm

ROWS = tuple(
    row.model_copy(update={"inputs": {"question": f"{row.inputs['question']} {'blah ' * 120}"}}) for row in gsm8k(16)
)
TRAIN, VALIDATION = ROWS[:9], ROWS[9:]

SETTINGS: dict[str, dict[str, Any]] = {
    "mipro": {"max_bootstrapped_demos": 2},
    "infer_rules": {"num_candidates": 1, "max_bootstrapped_demos": 2},
    "simba": {"bsize": 6, "num_candidates": 2, "max_steps": 2},
    "random_search": {},
    "ensemble": {},
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))


def needs_two(chat):
    """Right where two demonstrations are shown, which are long, and with every third question."""
    n = re.findall(r"Count to (\d+)", chat[-1]["content"])
    if not n or not re.search(r'of the form "(####|Answer:)', chat[0]["content"]):
        return "Do it."
    right = int(n[-1]) % 3 == 0 or len(chat) >= 5
    return f"x\n#### {n[-1] if right else 999}"


@pytest.mark.parametrize("name", SETTINGS)
def test_the_score_that_is_told_is_that_of_the_program_that_is_given(name):
    """No search chooses, or boasts, by demonstrations that the program will not show."""
    with FakeServer(needs_two) as server:
        lm = make_lm(server)
        optimizer = create_optimizer(name, task="gsm8k", lm=lm, progress=False, context_length=600, **SETTINGS[name])
        prepared = optimizer.compile(TRAIN, VALIDATION)
        compiled = len(server.requests)
        solve = programs.make_solver(prepared.module, lm, "plain")
        right = sum(solve(row).prediction == row.gold for row in VALIDATION)

    assert prepared.info.validation_score == right / len(VALIDATION)
    assert prepared.info.calls == compiled


@pytest.mark.parametrize("name", ["mipro", "random_search"])
def test_what_was_cut_before_it_was_scored_is_told(name):
    """Where what fits is the better program nevertheless, a note says what it lost."""

    def shown_helps(chat):
        return needs_two([*chat, chat[-1], chat[-1]]) if len(chat) > 1 + 1 else needs_two(chat)

    with FakeServer(shown_helps) as server:
        lm = make_lm(server)
        optimizer = create_optimizer(
            name, task="gsm8k", lm=lm, progress=False, context_length=600, max_bootstrapped_demos=3
        )
        info = optimizer.compile(TRAIN, VALIDATION).info

    assert info.validation_score == 1.0
    assert any(re.match(r"[12] of [23] demonstrations of .* would not fit into 600 tokens", n) for n in info.notes)
