import subprocess

from dspysota.experiment import provenance


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_a_commit_says_when_files_differ_from_it(tmp_path):
    """`+dirty` warns that the commit alone does not give the code back; untracked files do not count."""
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "a")
    (tmp_path / "untracked").write_text("1")
    clean = provenance.commit(tmp_path)
    (tmp_path / "a").write_text("2")

    assert clean is not None
    assert 40 == len(clean)
    assert f"{clean}+dirty" == provenance.commit(tmp_path)


def test_without_a_repository_there_is_no_commit(tmp_path):
    """A project without git is measured all the same."""
    assert provenance.commit(tmp_path) is None


def test_versions_and_machine_are_known():
    """What shapes an answer or its latency is recorded, and nothing that names the user."""
    assert {"python", "dspy", "pydantic"} <= set(provenance.versions())
    assert provenance.versions(served_here=False).items() <= provenance.versions().items()
    assert {"system", "cpu", "cores", "memory_gib"} <= set(provenance.machine())
