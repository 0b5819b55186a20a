import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own, and its folder to stand in."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"
