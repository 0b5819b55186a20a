"""`dspysota programs`: what is stored is listed, found by its key and removed, and acts on no terminal."""

import json
import os
import re

import pytest

from dspysota.cli import main
from tests.cli.stored import ROWS, exported, forge, keys, poisoned, prepared, refused, rekeyed, said

pytestmark = pytest.mark.usefixtures("home")

ESCAPE, OVERRIDE = "\x1b", "\u202e"


def test_an_empty_store_says_how_to_fill_it(capsys):
    """Nobody is left before an empty table."""
    assert main(["programs", "list"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "pytest evals -k bootstrap" in err
    assert json.loads(said(capsys, "list", "--json")) == []


def test_list_shows_what_a_program_is_and_what_it_took(home, capsys):
    """A line a program: what it is for, which model it was made with, its cost and its demonstrations."""
    prepared()
    (line,) = said(capsys, "list").splitlines()[1:]
    words = line.split()
    assert words[:7] == [keys(home)[0][:8], "gsm8k", "cot", "bootstrap", "plain", "small-1b", "ab" * 6]
    assert words[7] == "0"
    assert 4 <= int(words[10]) <= len(ROWS)
    assert int(words[11].replace(",", "")) > 4
    assert words[12:] == ["solve.predict", "4"]


def test_the_newest_comes_first_also_without_a_recorded_time(home, capsys):
    """Programs are listed by the time they were compiled; entries from before it was recorded, by their files' time."""
    for seed in range(3):
        prepared(seed=seed)
    by_seed = {entry["seed"]: entry["key"] for entry in json.loads(said(capsys, "list", "--json"))}
    meta = home / "programs" / by_seed[1][:32] / "meta.json"
    values = json.loads(meta.read_text())
    del values["made"], values["versions"]
    meta.write_text(json.dumps(values))
    os.utime(meta, (1e9, 1e9))

    listed = json.loads(said(capsys, "list", "--json"))

    assert [2, 0, 1] == [entry["seed"] for entry in listed]
    assert listed[2]["made"].startswith("2001-09-09T01:46:40")
    assert {"dspy", "dspysota"} == set(listed[0]["versions"])
    assert {"solve.predict": 4} == listed[0]["demonstrations"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 3}', "\x00"])
@pytest.mark.parametrize("file", ["program.json", "meta.json"])
def test_a_damaged_entry_is_listed_with_its_cure(home, capsys, file, damage):
    """One that cannot be read does not hide the others, is named with what to type, and that cures it."""
    prepared()
    prepared(seed=1)
    name = keys(home)[0]
    (home / "programs" / name / file).write_text(damage)

    lines = said(capsys, "list").splitlines()

    assert 3 == len(lines)
    assert lines[-1].startswith(f"{name[:8]}  damaged: ")
    cure = re.findall(r"`dspysota (programs rm \w+)`", lines[-1])[0]
    assert name[:12] in refused(capsys, "show", name)
    assert main(cure.split()) == 0
    assert 2 == len(said(capsys, "list").splitlines())


def test_half_an_entry_is_damaged_and_strangers_are_no_entries(home, capsys):
    """What a crash left is named; folders with other names are not ours to speak of."""
    for name in ("0" * 32, "notes"):
        (home / "programs" / name).mkdir(parents=True)
    (entry,) = json.loads(said(capsys, "list", "--json"))
    assert "0" * 32 == entry["key"]
    assert "not whole" in entry["damaged"]


@pytest.mark.parametrize("words", [("show",), ("export",), ("rm",)])
def test_a_key_that_means_none_or_several_is_refused(home, capsys, words):
    """As with git: a beginning is enough where it is one program's alone."""
    prepared()
    name = keys(home)[0]
    twin = name[:10] + ("0" if name[10] != "0" else "1") + name[11:]
    (home / "programs" / twin).mkdir()
    more = ("out.json",) if words == ("export",) else ()

    assert "beginning of 2 keys" in refused(capsys, *words, name[:10], *more)
    assert name[:11] in refused(capsys, *words, name[:10], *more)
    for wrong in ("f" * 9 if not name.startswith("f") else "0" * 9, "..", "*", ""):
        assert "`dspysota programs list`" in refused(capsys, *words, wrong, *more)
    assert [name, twin] == sorted(keys(home), key=lambda key: key != name)


def test_short_keys_are_as_long_as_they_must_be(home, capsys):
    """What the list shows can be typed."""
    prepared()
    name = keys(home)[0]
    (home / "programs" / (name[:10] + ("0" if name[10] != "0" else "1") + name[11:])).mkdir()
    assert name[:11] == said(capsys, "list").splitlines()[1].split()[0]
    assert name[:8] in said(capsys, "show", name[:11])


def test_nothing_that_a_model_said_acts_on_the_terminal(home, capsys):
    """Escapes, overrides of direction and other unseen characters are spelled out, wherever they hide."""
    prepared()
    values = exported(capsys, keys(home)[0])
    evil = f"x{ESCAPE}]0;owned\x07{OVERRIDE}y\r\x9bz[bold]\u200b"
    state = poisoned(values, f"{evil}\npredictor fake\nrequest 2, by fake")
    ((name, predictor_state),) = state.items()
    demo = {**predictor_state["demos"][0], "answer": evil, evil: evil}
    parts = {**values["parts"], "model": f"dspysota/{evil}", "seed": evil, "given": {"weights": evil}}
    info = {**values["info"], "notes": [evil], "teacher": evil, "stopped": evil}
    values = rekeyed({**values, "parts": parts, "info": info, "versions": {evil: evil}})
    forged = forge(values, state={name: {**predictor_state, "demos": [demo]}})

    outs = [
        said(capsys, "import", forged),
        said(capsys, "list"),
        said(capsys, "list", "--json"),
        said(capsys, "show", values["key"][:12], "--question", evil),
    ]

    text = "".join(outs).replace("\n", "")
    assert text.isprintable()
    assert "[bold]" in outs[1]
    assert "␛]0;owned" in outs[3]
    assert "⟨U+202E⟩" in outs[3]
    assert 1 == len(re.findall("^predictor ", outs[3], flags=re.MULTILINE))
    assert 1 == len(re.findall("^request ", outs[3], flags=re.MULTILINE))


def test_rm_deletes_all_that_are_named_or_none(home, capsys):
    """One wrong name among several deletes nothing."""
    for seed in range(3):
        prepared(seed=seed)
    first, second, third = keys(home)
    wrong = "f" * 32 if first[0] != "f" and third[0] != "f" else "0" * 32
    refused(capsys, "rm", first, wrong)
    assert 3 == len(keys(home))
    out = said(capsys, "rm", first[:10], second, first)
    assert 2 == out.count("deleted")
    assert [third] == keys(home)
