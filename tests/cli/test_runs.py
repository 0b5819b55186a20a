"""`dspysota runs list | show | rm`."""

import json
import sys
from io import StringIO

import pytest

from dspysota.cli import main
from dspysota.gate import save
from dspysota.gate.baselines import Profile
from dspysota.store.folder import point_latest
from tests.factories import make_run
from tests.history.keeping import FIRST, SECOND, begin, judged, keep


@pytest.fixture
def out(tmp_path, monkeypatch):
    """A project with two finished folders and a baseline."""
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "reports"
    small, large = make_run([1.0] * 30 + [0.0] * 10), make_run([1.0] * 40, model_name="qwen2.5-coder-1.5b")
    keep(out, FIRST, small, large, meta=judged(small, large))
    keep(out, SECOND)
    point_latest(out / SECOND)
    save(out, "main", [make_run()], profile=Profile(profile="embedded"))
    return out


class Terminal(StringIO):
    def isatty(self):
        return True


def said(capsys, *words, code=0):
    capsys.readouterr()
    assert main(["runs", *words]) == code
    return capsys.readouterr()


def test_list_has_a_line_a_folder_and_the_baselines_apart(out, capsys):
    """When, profile, state, sizes, commit, verdicts, and the command without its key."""
    begin(out).close()

    lines = said(capsys, "list").out.splitlines()

    second, first = (next(line for line in lines if line.startswith(name)) for name in (SECOND, FIRST))
    assert lines.index(second) < lines.index(first)
    for part in ("2026-11-22 18:04", "embedded", "finished", "80", "3f901225", "FAIL", "1/2 bars", "--api-key ***"):
        assert part in first
    assert "not judged" in second
    assert "unfinished" in lines[1]
    assert " 1+1 " in lines[1]
    assert lines[-1].startswith("main ")
    assert "hunter2" not in "\n".join(lines)


def test_list_is_json_for_scripts(out, capsys):
    """With a schema number, and no key in it."""
    text = said(capsys, "list", "--json").out
    found = json.loads(text)

    assert found["schema"] == 1
    assert [one["name"] for one in found["runs"]] == [SECOND, FIRST]
    assert (found["runs"][1]["cases"], found["runs"][1]["missed"]) == (80, 1)
    assert [one["name"] for one in found["baselines"]] == ["main"]
    assert "hunter2" not in text


def test_nothing_measured_is_said_on_stderr(tmp_path, monkeypatch, capsys):
    """So that a script that counts lines counts none."""
    monkeypatch.chdir(tmp_path)

    out, err = said(capsys, "list")

    assert (out, "pytest evals" in err) == ("", True)
    assert json.loads(said(capsys, "list", "--json").out) == {"schema": 1, "runs": [], "baselines": []}


@pytest.mark.parametrize("name", ["latest", SECOND, "20261102", f"reports/{SECOND}"])
def test_show_finds_a_folder_by_any_name(out, name, capsys):
    """Its runs with intervals, and its files."""
    text = said(capsys, "show", name).out

    assert text.startswith(f"{SECOND}  finished, profile embedded\n")
    assert "0.750 [" in text
    assert "qwen2.5-coder-0.5b · cot · zero_shot" in text
    assert f"reports/{SECOND}/report.html" in text


def test_show_is_json_for_scripts(out, capsys):
    """The folder, and a figure that is not known is null."""
    found = json.loads(said(capsys, "show", FIRST, "--json").out)

    assert (found["run"]["name"], len(found["runs"])) == (FIRST, 2)
    assert (found["runs"][0]["score"], found["runs"][0]["cost"]) == (0.75, None)


def test_show_of_an_unfinished_folder_shows_what_there_is(out, capsys):
    """As far as it got, and its owner goes on."""
    folder = begin(out)

    text = said(capsys, "show", folder.path.name).out

    assert "unfinished" in text
    assert "1 run and 1 under way, 7 cases" in text
    folder.finish()


def test_names_cannot_act_on_a_terminal(out, capsys):
    """They come from files that somebody else may have written."""
    run = make_run(model_name="\x1b[2Jmodel")
    keep(out, "20261103T120000Z-0003", run)

    for words in (["list"], ["show", "20261103"], ["show", "20261103", "--json"]):
        assert "\x1b" not in said(capsys, *words).out


def test_rm_with_yes_deletes_and_says_how_much(out, capsys):
    """Several at once; `latest` leads to what is left."""
    keep(out, "20261103T120000Z-0003")

    text = said(capsys, "rm", "20261103", "latest", SECOND, "--yes").out

    assert [line.split(":")[0] for line in text.splitlines()] == ["20261103T120000Z-0003", SECOND]
    assert all("deleted, " in line and line.endswith(" freed") for line in text.splitlines())
    assert {path.name for path in out.iterdir()} == {FIRST, "latest", "baselines"}
    assert (out / "latest").resolve().name == FIRST


def test_rm_without_anybody_to_ask_deletes_nothing(out, monkeypatch, capsys):
    """It says what --yes would do."""
    monkeypatch.setattr(sys, "stdin", StringIO("y\n"))

    out_, err = said(capsys, "rm", FIRST, code=1)

    assert out_ == ""
    assert "With --yes these would be: 1 run folder" in err
    assert (out / FIRST).exists()


@pytest.mark.parametrize("answer, gone", [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_rm_asks_and_takes_yes_alone_for_yes(out, monkeypatch, capsys, answer, gone):
    """What was measured took hours; an answer by mistake is no."""
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    said(capsys, "rm", FIRST, code=int(not gone))

    assert (out / FIRST).exists() != gone


@pytest.mark.parametrize("name", ["nothing", "main", "reports/baselines/main", ".", "reports/latest/exports", "/"])
def test_a_mistake_in_one_name_deletes_nothing(out, name, capsys):
    """Not even the folders that were named rightly, and never anything but run folders."""
    before = sorted(out.rglob("*"))

    assert main(["runs", "rm", FIRST, name, "--yes"]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 1
    assert sorted(out.rglob("*")) == before


def test_rm_leaves_a_folder_that_is_being_written(out, capsys):
    """Its owner lives: here, this very process."""
    folder = begin(out)

    assert main(["runs", "rm", folder.path.name, "--yes"]) == 2

    assert "is being written by a living process" in capsys.readouterr().err
    folder.finish()
    assert (folder.path / "run.json").exists()


def test_show_says_what_each_column_is_of(out, capsys):
    """Tokens and cost are a question's."""
    text = " ".join(said(capsys, "show", FIRST).out.split())

    assert "cases score [95%] tokens a question cost a question p95 s bars" in text
