"""`dspysota export RUN --format …`."""

import pytest

from dspysota.cli import main
from tests.history.keeping import FIRST, begin, keep


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep(tmp_path / "reports", FIRST)
    return tmp_path / "reports"


def test_exports_go_into_the_run_folder_and_are_named(out, capsys):
    """Where `dspysota view` finds them."""
    assert main(["export", "latest", "--format", "jsonl"]) == 0

    assert capsys.readouterr().out == f"reports/{FIRST}/exports/cases.jsonl\n"
    assert (out / FIRST / "exports" / "cases.jsonl").read_text().count("\n") == 4


def test_another_place_may_be_named(out, tmp_path, capsys):
    """Folders are made."""
    assert main(["export", FIRST, "--format", "lm-eval", "--output", "a/b"]) == 0

    names = [line.split("/")[:2] for line in capsys.readouterr().out.splitlines()]
    assert names == [["a", "b"], ["a", "b"]]
    assert not (out / FIRST / "exports").exists()


def test_a_second_time_needs_force(out, capsys):
    """One sentence, and the file as it was."""
    assert main(["export", "latest", "--format", "jsonl"]) == 0
    assert main(["export", "latest", "--format", "jsonl"]) == 2

    assert "add --force" in capsys.readouterr().err
    assert main(["export", "latest", "--format", "jsonl", "--force"]) == 0


def test_what_is_not_finished_is_exported_as_it_stands(out, capsys):
    """And that is said."""
    folder = begin(out)

    assert main(["export", folder.path.name, "--format", "jsonl"]) == 0

    assert "is not finished" in capsys.readouterr().err
    assert (folder.path / "exports" / "cases.jsonl").read_text().count("\n") == 7
    folder.finish()
    assert (folder.path / "exports" / "cases.jsonl").exists()


@pytest.mark.parametrize(
    "words,part",
    [
        (["nothing", "--format", "jsonl"], "There is no run 'nothing'"),
        (["latest", "--format", "mlflow"], "--output URI"),
        (["latest", "--format", "mlflow", "--output", ""], "--output URI"),
    ],
)
def test_mistakes_are_one_sentence(out, words, part, capsys):
    """With the cure."""
    assert main(["export", *words]) == 2
    assert part in capsys.readouterr().err


def test_several_folders_make_one_report(out, capsys):
    """`dspysota report` takes every name that the others take."""
    keep(out, "20261102T120000Z-0002")

    assert main(["report", "latest", FIRST, "--output", "both"]) == 0

    page = (out.parent / "both" / "report.html").read_text()
    assert page.count('id="run-') >= 2
