"""Run folders are taken away whole, one at a time, and never while somebody writes into them."""

import os

import pytest

from dspysota.errors import RunError
from dspysota.store import RunFolder, load_runs, remove
from dspysota.store.folder import point_latest
from tests.history.keeping import FIRST, SECOND, begin, keep


@pytest.fixture
def out(tmp_path):
    return tmp_path / "reports"


def test_a_finished_folder_is_gone_and_the_others_are_not(out):
    """Only the one that was named."""
    keep(out, FIRST)
    keep(out, SECOND)

    remove(out, FIRST)

    assert [path.name for path in out.iterdir()] == [SECOND]
    assert load_runs(out / SECOND)


def test_an_unfinished_folder_goes_once_its_owner_has_ended(out):
    """A command that will not be continued leaves nothing that could not be deleted."""
    folder = begin(out)
    folder.close()

    remove(out, folder.path.name)

    assert not folder.path.exists()


def test_what_a_living_process_writes_is_left_alone(out):
    """The owner's lock says so, and the folder goes on as if nobody had asked."""
    folder = begin(out)

    with pytest.raises(RunError, match="is being written by a living process"):
        remove(out, folder.path.name)

    folder.finish()
    assert load_runs(folder.path)


def test_a_journal_that_is_being_written_keeps_its_folder(out):
    """A worker may outlive the process that opened the folder."""
    folder = begin(out)
    folder.close()
    with RunFolder.join(folder.path).journal("going"):
        with pytest.raises(RunError, match="is being written"):
            remove(out, folder.path.name)
        assert (folder.path / "cases" / "going.jsonl").exists()


@pytest.mark.parametrize("name", ["..", "baselines", "latest", "20261101T120000Z", ".", "", "notes"])
def test_nothing_else_is_deleted(out, name):
    """Whatever is no run folder of this very folder stays, whoever asks."""
    keep(out, FIRST)
    point_latest(out / FIRST)
    for other in ("baselines", "notes"):
        (out / other).mkdir()

    with pytest.raises(RunError, match="is no run folder"):
        remove(out, name)

    assert {path.name for path in out.iterdir()} == {FIRST, "latest", "baselines", "notes"}


def test_a_link_with_the_name_of_a_run_is_not_followed(out, tmp_path):
    """What it leads to is somebody else's."""
    elsewhere = keep(tmp_path / "elsewhere", FIRST)
    out.mkdir()
    (out / SECOND).symlink_to(elsewhere)

    with pytest.raises(RunError):
        remove(out, SECOND)

    assert (elsewhere / "run.json").exists()


def test_links_inside_a_folder_are_not_followed(out, tmp_path):
    """They are deleted as links."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    keep(out, FIRST)
    (out / FIRST / "exports").symlink_to(precious)

    remove(out, FIRST)

    assert (precious / "file").read_text() == "kept"


@pytest.mark.parametrize("links", [True, False])
def test_latest_leads_to_the_newest_that_is_left(out, links):
    """A link, or a file with a name where links are not allowed."""
    keep(out, FIRST)
    keep(out, SECOND)
    point_latest(out / SECOND)
    if not links:
        (out / "latest").unlink()
        (out / "latest").write_text(f"{SECOND}\n")

    remove(out, SECOND)

    assert (out / "latest").resolve().name == FIRST
    remove(out, FIRST)
    assert not os.path.lexists(out / "latest")


def test_latest_stays_where_another_folder_goes(out):
    """It is repaired, and otherwise not touched."""
    keep(out, FIRST)
    keep(out, SECOND)
    point_latest(out / FIRST)

    remove(out, SECOND)

    assert (out / "latest").resolve().name == FIRST


def test_what_a_killed_removal_has_left_is_swept(out):
    """It is no run folder any more, so nobody would find it."""
    keep(out, FIRST)
    keep(out, SECOND)
    (out / FIRST).rename(out / f".removing-{FIRST}")

    remove(out, SECOND)

    assert list(out.iterdir()) == []
