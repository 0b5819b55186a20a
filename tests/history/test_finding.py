"""A run is named by its folder, its name, the beginning of that, or `latest`."""

import pytest

from dspysota.errors import ConfigError
from dspysota.history import find
from dspysota.history.finding import inside
from dspysota.store.folder import point_latest
from tests.history.keeping import FIRST, SECOND, THIRD, keep


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "reports"
    for name in (FIRST, SECOND, THIRD):
        keep(out, name)
    point_latest(out / SECOND)
    return out


@pytest.mark.parametrize(
    "text,name",
    [
        (FIRST, FIRST),
        ("20261101", FIRST),
        ("20261103T1", THIRD),
        ("latest", SECOND),
        ("reports/latest", SECOND),
        (f"reports/{FIRST}", FIRST),
        (f"reports/{FIRST}/", FIRST),
    ],
)
def test_a_run_is_found_by_any_of_its_names(out, text, name):
    """All of them lead to the same folder, and `latest` to the one that it names."""
    assert find(text, out).resolve() == out / name
    assert inside(find(text, out), out) == name


def test_latest_may_be_a_file_with_a_name(out):
    """Where links are not allowed."""
    (out / "latest").unlink()
    (out / "latest").write_text(f"{FIRST}\n")

    assert find("latest", out) == out / FIRST
    assert find("reports/latest", out).name == FIRST


def test_without_latest_the_newest_is_meant(out):
    """A folder of runs that came from elsewhere has no such link."""
    (out / "latest").unlink()

    assert find("latest", out) == out / THIRD


@pytest.mark.parametrize(
    "text,said",
    [
        ("2026110", "fits 3 run folders"),
        ("2025", f"there are {THIRD}, {SECOND}, {FIRST}"),
        ("reports", "is no run folder: it has no run.json"),
        ("./nowhere", "is no run folder"),
        ("", "is no run folder"),
        ("\x1b[2J", "␛[2J"),
    ],
)
def test_a_name_that_is_none_is_one_sentence(out, text, said):
    """It says what there is, or how many would fit."""
    with pytest.raises(ConfigError) as error:
        find(text, out)

    assert said in str(error.value)
    assert "\x1b" not in str(error.value)


def test_where_nothing_was_measured_it_says_how_to(tmp_path):
    """A newcomer is told the command."""
    for text in ("latest", "2026"):
        with pytest.raises(ConfigError, match="pytest evals"):
            find(text, tmp_path / "reports")


def test_a_folder_elsewhere_can_be_read_and_is_not_inside(out, tmp_path):
    """It can be shown and exported; to delete it, the folder above it has to be named."""
    other = keep(tmp_path / "other", FIRST)

    assert find(str(other), out) == other
    with pytest.raises(ConfigError, match="nothing else is deleted"):
        inside(find(str(other), out), out)
